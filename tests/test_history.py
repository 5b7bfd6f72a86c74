"""Table histories: what is asked of one by name or id, and its logs."""

from snapshots.commit_point import ChainPoint
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.refs import MAIN
from snapshots.schema import SchemaVersion
from snapshots.snapshot_log import Current
from snapshots.time_travel import RecordedEntry
from strategies import field, lost, point, snapshot, tag


def _history(*chain: ChainPoint) -> TableHistory:
    return TableHistory(
        identity=TableIdentity(TableFormat.ICEBERG, "9c12"),
        location="/lake/t",
        chain=chain,
        recorded=(RecordedEntry(Instant(10), 1),),
        snapshots=(snapshot(1, at=10), snapshot(2, parent_id=1, at=20)),
        schemas=(SchemaVersion(0, (field(1, "a"),)),),
        listed=frozenset({2}),
        expiries=(),
        gaps=(),
        features=(),
    )


def test_a_snapshot_or_schema_is_found_by_its_id_and_none_by_another() -> None:
    history = _history()
    found = history.snapshot(snapshot_id=2)
    assert found is not None
    assert found.parent_id == 1
    assert history.snapshot(snapshot_id=3) is None
    assert history.schema(schema_id=0) == history.schemas[0]
    assert history.schema(schema_id=1) is None


def test_the_head_is_the_newest_commit_that_can_be_read() -> None:
    assert _history().head() is None
    readable = point(0, 10, 1)
    assert _history(readable, lost(1, 20)).head() == readable


def test_every_ref_that_ever_was_has_a_log_and_main_comes_first() -> None:
    history = _history(point(0, 20, 2, refs=(tag("v1", 1), tag("audit", 2))), point(1, 30, 2))
    assert history.ref_names() == (MAIN, "audit", "v1")
    logs = history.logs()
    assert list(logs) == [MAIN, "audit", "v1"]
    assert all(log == history.log(ref) for ref, log in logs.items())
    assert [entry.state for entry in logs[MAIN].entries] == [Current(1), Current(2)]


def test_a_field_is_found_by_its_path_and_letter_case_counts_only_where_it_must() -> None:
    schema = SchemaVersion(0, (field(1, "Amount"), field(2, "id"), field(3, "ID")))
    amount = schema.at_path("amount")
    assert amount is not None
    assert amount.field_id == 1
    exact = schema.at_path("ID")
    assert exact is not None
    assert exact.field_id == 3
    assert schema.at_path("Id") is None
    assert schema.at_path("missing") is None
