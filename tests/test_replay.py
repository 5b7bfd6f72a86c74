"""A run's SQL is run again over what it read, and gives what it wrote, or says why it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from reproduce_lake import Lake
from snapshots.errors import BadTargetError
from snapshots.instant import Instant
from temporal_lineage.replay.change import said
from temporal_lineage.replay.errors import NoEngineError, NotReplayableError
from temporal_lineage.replay.statement import matched, replayable
from temporal_lineage.reproduce.answer import Replay
from temporal_lineage.session import wall_clock

DATASETS = ("delta.orders", "lake.raw.customers", "dataset:file//x/customers")
TOTALS = pa.schema([("name", pa.string()), ("total", pa.decimal128(12, 2)), ("n", pa.int64())])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def told(
    lake: Lake, sql: str, *, read: str, wrote: str, begun: Instant, dialect: str = "spark"
) -> str:
    """Tell the ledger of a run that asked this SQL; `read` and `wrote` are `table@version`."""
    run_id = "00000000-0000-4000-8000-000000000001"

    def dataset(one: str) -> dict[str, Any]:
        name, _, version = one.partition("@")
        facet = {"_producer": "https://test", "_schemaURL": "", "datasetVersion": version}
        return {
            "namespace": "file",
            "name": str(lake.delta / name),
            "facets": {"version": facet},
        }

    events = []
    for kind, at in (("START", begun), ("COMPLETE", wall_clock())):
        facet = {"_producer": "https://test", "_schemaURL": "", "query": sql, "dialect": dialect}
        events.append(
            {
                "eventType": kind,
                "eventTime": at.isoformat(),
                "producer": "https://test",
                "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
                "run": {"runId": run_id, "facets": {}},
                "job": {"namespace": "shop", "name": "totals", "facets": {"sql": facet}},
                "inputs": [dataset(read)],
                "outputs": [dataset(wrote)] if kind == "COMPLETE" else [],
            }
        )
    path = lake.root / "events.ndjson"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    lake.session.ingest_openlineage([str(path)])
    return f"run:{run_id}"


def replayed(lake: Lake, run: str) -> Replay:
    """Replay a run."""
    answer = lake.session.reproduce(run, replay=True)
    assert answer.replay is not None
    return answer.replay


def _orders(lake: Lake) -> Instant:
    """Write what will be read; give the time from which on a run can have read it."""
    table = pa.table({"name": ["a", "b", "a"], "amount": [1.5, 2.0, 0.25]})
    write_deltalake(lake.delta / "orders", table)
    return wall_clock().plus(micros=2000)


def _totals(lake: Lake, *rows: tuple[str, str, int], mode: Any = "append") -> None:  # noqa: ANN401
    from decimal import Decimal

    table = pa.table(
        {
            "name": [name for name, _, _ in rows],
            "total": pa.array([Decimal(total) for _, total, _ in rows], TOTALS.field(1).type),
            "n": pa.array([count for _, _, count in rows], pa.int64()),
        }
    )
    write_deltalake(lake.delta / "totals", table, mode=mode)


SQL = """\
INSERT OVERWRITE totals
SELECT name, SUM(amount) AS total, COUNT(*) AS n FROM spark_catalog.delta.orders GROUP BY name"""


def test_what_a_run_wrote_comes_out_again_whatever_became_of_its_input(lake: Lake) -> None:
    begun = _orders(lake)
    _totals(lake, ("b", "2.00", 1), ("a", "1.75", 2))
    lake.harvest()
    run = told(lake, SQL, read="orders@0", wrote="totals@0", begun=begun)
    write_deltalake(
        lake.delta / "orders", pa.table({"name": ["z"], "amount": [9.0]}), mode="append"
    )

    found = replayed(lake, run)

    assert found.verdict == "same", found
    assert found.written == "delta.totals@0"
    assert found.expected == found.replayed
    assert lake.tl_status("reproduce", run, "--replay") == 0


def test_an_insert_is_compared_with_the_rows_that_it_added(lake: Lake) -> None:
    begun = _orders(lake)
    _totals(lake, ("old", "1.00", 1))
    _totals(lake, ("a", "1.75", 2), ("b", "2.00", 1))
    lake.harvest()
    text = SQL.replace("OVERWRITE", "INTO")
    found = replayed(lake, told(lake, text, read="orders@0", wrote="totals@1", begun=begun))
    assert found.verdict == "same", found
    assert found.expected is not None
    assert found.expected.startswith("tlf1:2:")


def test_other_rows_than_were_written_are_told_with_both_fingerprints(lake: Lake) -> None:
    begun = _orders(lake)
    _totals(lake, ("a", "1.75", 2), ("b", "2.01", 1))
    lake.harvest()
    run = told(lake, SQL, read="orders@0", wrote="totals@0", begun=begun)
    found = replayed(lake, run)
    assert found.verdict == "different"
    assert found.expected != found.replayed
    assert lake.tl_status("reproduce", run, "--replay") == 3


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT name FROM delta.orders", "the query gives 1 columns, and delta.totals@0 has 3"),
        ("SELECT name, amount, mystery(1) FROM delta.orders", "DuckDB cannot run it"),
        ("SELECT name, amount, 1 FROM delta.customers", "no input of the run is the table"),
        ("SELECT * FROM read_csv('/etc/passwd')", "no input of the run is the table"),
        ("SELECT name, getenv('HOME'), 1 FROM delta.orders", "DuckDB cannot run it"),
        ("SELECT 'a', 'many', 1 FROM delta.orders", "its columns do not fit those written"),
    ],
)
def test_what_cannot_be_replayed_is_said_plainly(lake: Lake, sql: str, reason: str) -> None:
    begun = _orders(lake)
    _totals(lake, ("a", "1.75", 2))
    lake.harvest()
    run = told(lake, sql, read="orders@0", wrote="totals@0", begun=begun, dialect="duckdb")
    found = replayed(lake, run)
    assert (found.verdict, found.expected) == ("not-replayed", None)
    assert found.reason is not None
    assert reason in found.reason
    assert lake.tl_status("reproduce", run, "--replay") == 3


def test_a_state_that_is_gone_is_no_reason_to_guess(lake: Lake) -> None:
    begun = _orders(lake)
    write_deltalake(
        lake.delta / "orders", pa.table({"name": ["z"], "amount": [9.0]}), mode="overwrite"
    )
    _totals(lake, ("a", "1.75", 2), ("b", "2.00", 1))
    lake.harvest()
    lake.vacuum()
    found = replayed(lake, told(lake, SQL, read="orders@0", wrote="totals@0", begun=begun))
    assert found.reason == "delta.orders@0 cannot be read any more"


def test_a_state_is_no_run(lake: Lake) -> None:
    _orders(lake)
    lake.harvest()
    with pytest.raises(BadTargetError, match="name a run"):
        lake.session.reproduce("delta.orders@0", replay=True)


def test_without_duckdb_the_extra_is_named(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = _orders(lake)
    _totals(lake, ("a", "1.75", 2))
    lake.harvest()
    run = told(lake, SQL, read="orders@0", wrote="totals@0", begun=begun)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(NoEngineError, match=r"pip install 'temporal-lineage\[replay\]'"):
        lake.session.reproduce(run, replay=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ALTER TABLE t ADD COLUMN a INT", "ALTER is not replayed"),
        ("UPDATE t SET a = rand()", "gives other rows each time"),
        ("INSERT INTO t VALUES (1)", "it writes values and no query"),
        ("INSERT OVERWRITE t PARTITION (d) SELECT a, d FROM s", "partitions that its rows name"),
        ("MERGE INTO t USING (SELECT 1 AS a) ON t.a = 1 WHEN MATCHED THEN UPDATE SET *", "a name"),
        ("SELECT current_date FROM s", "gives other rows each time"),
        ("SELECT a, rand() FROM s", "gives other rows each time"),
        ("SELECT a FROM s LIMIT 3", "LIMIT without ORDER BY"),
        ("SELECT a FROM s; SELECT b FROM s", "it asked 2 statements"),
        ("SELECT FROM WHERE", "its SQL cannot be parsed"),
        ("", "no event tells its SQL"),
    ],
)
def test_a_statement_that_does_not_decide_its_rows_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotReplayableError, match=reason):
        said(replayable([text] if text else [], dialect="spark"), changed=("a", "d"))


def test_a_statement_is_said_in_the_words_of_the_engine() -> None:
    text = (
        "WITH x AS (SELECT id FROM a.b)"
        " INSERT INTO t (n) SELECT nvl(x.id, 0) FROM x JOIN c.d ON 1 = 1"
    )
    found = replayable([text], dialect="spark")
    (query,) = said(found, changed=None)
    assert set(found.tables) == {("a", "b"), ("c", "d")}
    assert found.columns == ("n",)
    assert "COALESCE" in query.upper()
    assert "input_0" in query


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        (("orders",), 0),
        (("delta", "orders"), 0),
        (("spark_catalog", "raw", "CUSTOMERS"), 1),
    ],
)
def test_a_table_of_a_query_is_the_one_input_that_its_name_ends(
    parts: tuple[str, ...], found: int
) -> None:
    assert matched(parts, DATASETS) == found


@pytest.mark.parametrize("parts", [("raw", "orders"), ("customers",)])
def test_a_table_that_no_input_or_more_than_one_fits_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(NotReplayableError, match=r"input(s fit| of the run is) the table"):
        matched(parts, DATASETS)
