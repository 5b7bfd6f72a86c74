"""`tl sql`: what a text reads and writes, with the schemas of the time asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from temporal_lineage.cli.root import tl
from temporal_lineage.sql.errors import UnknownDialectError, UnreadableSqlError
from told_tables import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """`a` of src is called b from August on."""
    shop = Shop(tmp_path)
    shop.commit("src", 0, "2026-03-01", "a", "c")
    shop.commit("src", 1, "2026-08-01", "b", "c")
    shop.harvest(at="2026-09-01")
    return shop


def asked(shop: Shop, text: str, *options: str) -> Result:
    return CliRunner().invoke(tl, ["sql", "-", *options], input=text, obj=shop.session)


def told(result: Result) -> list[dict[str, str]]:
    assert result.exception is None, result.output
    statement = json.loads(result.output.splitlines()[0])
    return [
        {"column": one["target_column"], "from": f"{one['source']}#{one['source_column']}"}
        for one in statement["flows"]
    ]


def test_a_star_is_that_of_the_time_asked_for(shop: Shop) -> None:
    text = "SELECT * FROM lake.s.src"
    early = asked(shop, text, "--as-of", "2026-04-01", "--output", "ndjson")
    assert told(early) == [
        {"column": "a", "from": "lake.s.src#a"},
        {"column": "c", "from": "lake.s.src#c"},
    ]
    assert told(asked(shop, text, "--output", "ndjson"))[0]["column"] == "b"


def test_a_pin_wins_over_the_time_asked_for(shop: Shop) -> None:
    text = "SELECT * FROM lake.s.src VERSION AS OF 0"
    result = asked(shop, text, "--dialect", "spark", "--output", "ndjson")
    assert told(result)[0] == {"column": "a", "from": "lake.s.src#a"}


def test_what_the_ledger_did_not_know_yet_is_not_known(shop: Shop) -> None:
    shop.commit("late", 0, "2026-03-01", "x")
    shop.harvest(at="2026-09-20")
    text = "SELECT * FROM late"
    options = ("--in", "lake.s", "--output", "ndjson")
    assert told(asked(shop, text, *options))[0]["column"] == "x"
    before = told(asked(shop, text, *options, "--as-known", "2026-09-10"))
    assert before == [{"column": "*", "from": "late#*"}]


def test_names_stand_in_what_is_said_or_are_doubted(shop: Shop) -> None:
    text = "SELECT c FROM src"
    inside = json.loads(asked(shop, text, "--in", "lake.s", "--output", "json").output)
    alone = json.loads(asked(shop, text, "--output", "json").output)
    for answer in (inside, alone):
        (read,) = answer["answer"]["statements"][0]["reads"]
        assert read == {"name": "src", "dataset": "lake.s.src", "pin": None}
    assert inside["doubts"] == []
    assert alone["doubts"] == ["src is taken for lake.s.src"]


def test_a_statement_that_does_not_parse_ends_with_1_after_the_others(shop: Shop) -> None:
    result = asked(shop, "SELECT c FROM lake.s.src;\nSELEC c FROM")
    assert "lake.s.src#c" in result.output
    assert isinstance(result.exception, UnreadableSqlError)
    assert result.exception.exit_status == 1
    assert "line 2, column 9, near 'FROM'" in str(result.exception)


def test_a_dialect_that_is_none_names_the_nearest(shop: Shop) -> None:
    result = asked(shop, "SELECT 1", "--dialect", "snowflak")
    assert isinstance(result.exception, UnknownDialectError)
    assert result.exception.exit_status == 2
    assert "did you mean snowflake?" in str(result.exception)


def test_python_gets_the_same_answer(shop: Shop) -> None:
    answer = shop.session.sql_lineage(
        "INSERT INTO t SELECT c, 1 AS one FROM src", inside="lake.s", dialect="trino"
    )
    (statement,) = answer.statements
    assert (answer.dialect, statement.kind) == ("trino", "INSERT")
    assert statement.columns == ("c", "one")
    assert [(flow.target, flow.source) for flow in statement.flows] == [("t", "lake.s.src")]


def test_without_a_ledger_tables_are_not_known_and_the_rest_is(tmp_path: Path) -> None:
    from snapshots.instant import Instant
    from temporal_lineage.session import Session
    from temporal_lineage.workspace import Workspace

    session = Session(
        Workspace(tmp_path, str(tmp_path / "none.db")), clock=lambda: Instant.parse("2026-09-01")
    )
    answer = session.sql_lineage("SELECT a FROM t")
    assert answer.statements[0].flows[0].source == "t"
    assert "does not exist" in answer.doubts[0]
