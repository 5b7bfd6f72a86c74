"""Scripts and dialects: several statements, refusals, and which SQL a run speaks."""

from __future__ import annotations

import pytest

from sql_answers import answer, columns, only
from temporal_lineage.sql.dialects import dialect, dialect_of_run, known_dialects
from temporal_lineage.sql.errors import UnknownDialectError


def test_the_statements_of_a_procedure_are_found_between_its_words() -> None:
    script = answer(
        "CREATE PROCEDURE p() BEGIN DECLARE n INT64; IF n > 1 THEN INSERT INTO b SELECT x FROM a;"
        " ELSEIF n > 2 THEN DELETE FROM b WHERE x IN (SELECT x FROM c); END IF; END",
        "bigquery",
    )
    assert script.refused == ()
    kinds = [one.kind for one in script.read if one.writes]
    assert kinds == ["INSERT", "DELETE"]
    assert script.doubts == ("the statements of p run when it is called",)


def test_statements_without_semicolons_are_two_in_tsql() -> None:
    script = answer("insert into a select * from b\ninsert into c select * from d", "tsql")
    assert [str(one.writes[0].place) for one in script.read] == ["a", "c"]


def test_what_does_not_parse_leaves_the_other_statements() -> None:
    script = answer("SELECT a FROM t; SELEC b FROM; INSERT INTO u SELECT a FROM t")
    assert [one.kind for one in script.read] == ["SELECT", "INSERT"]
    (refusal,) = script.refused
    assert (refusal.line, refusal.near) == (1, "FROM")


def test_a_template_is_refused_as_one() -> None:
    (refusal,) = answer("SELECT *\nFROM {{ ref('orders') }}").refused
    assert str(refusal).startswith("line 2, column 6, near \"{{ ref('orders') }}\": a template")


def test_an_unknown_dialect_names_the_nearest() -> None:
    with pytest.raises(UnknownDialectError, match="did you mean snowflake"):
        dialect("snowflak")


def test_every_dialect_reads_a_query() -> None:
    for name in known_dialects():
        assert columns(only("SELECT a FROM t", name)) == {"a": ["t.a IDENTITY"]}


@pytest.mark.parametrize(
    ("told", "engine", "producer", "namespaces", "expected"),
    [
        ("trino", "spark", "", [], "trino"),
        (None, "spark", "", [], "spark"),
        (None, None, "https://github.com/OpenLineage/x/integration/spark", [], "spark"),
        (None, None, "", ["snowflake://org-account"], "snowflake"),
        (None, None, "", ["bigquery"], "bigquery"),
        (None, None, "", ["sqlserver://host:1433"], "tsql"),
        ("cobol", None, "", ["s3://lake"], "generic"),
    ],
)
def test_the_dialect_of_a_run_is_what_is_told_of_it(
    told: str | None, engine: str | None, producer: str, namespaces: list[str], expected: str
) -> None:
    found, doubt = dialect_of_run(
        told=told, engine=engine, producer=producer, namespaces=namespaces
    )
    assert str(found) == expected
    assert (doubt is None) == (expected != "generic")
