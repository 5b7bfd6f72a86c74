"""Past states of Iceberg tables are read exactly, found where they still lie, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.types import LongType

from catalogs.iceberg.kept import KEPT
from catalogs.iceberg.source import IcebergSource
from catalogs.iceberg.state import IcebergState
from catalogs.storage import Storage
from catalogs.table import TableState
from iceberg_lake import lake, newest, orders, rows
from snapshots.availability import Gone
from snapshots.errors import UnknownNameError, UnreadableError
from snapshots.files import AlteredFile, FileContent


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with lake(tmp_path) as opened:
        yield opened


@pytest.fixture
def table(catalog: Catalog) -> Table:
    return orders(catalog)


def test_every_state_is_read_as_it_was(table: Table) -> None:
    table.append(rows(1, 2))
    table.append(rows(3))
    table.upsert(rows(2, 4, name="y"), join_cols=["id"])
    table.delete("id = 3")
    for snapshot in table.snapshots():
        expected = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
        assert _read(_state(table, snapshot.snapshot_id)) == sorted(expected.to_pylist(), key=_key)


def test_a_state_is_read_under_the_schema_it_was_written_under(table: Table) -> None:
    table.append(rows(1))
    old = newest(table)
    with table.update_schema() as update:
        update.rename_column("name", "label")
    with table.update_schema() as update:
        update.add_column("name", LongType())
    table.append(pa.table({"id": pa.array([2]), "label": ["l"], "name": pa.array([7])}))
    assert _read(_state(table, old)) == [{"id": 1, "name": "x1"}]
    assert _read(_state(table, newest(table))) == [
        {"id": 1, "label": "x1", "name": None},
        {"id": 2, "label": "l", "name": 7},
    ]
    assert [one.name for one in _state(table, old).schema.columns()] == ["id", "name"]


def test_columns_can_be_chosen_by_their_names_then(table: Table) -> None:
    table.append(rows(1))
    state = _state(table, newest(table))
    assert state.batches(columns=["name"]).read_all().to_pydict() == {"name": ["x1"]}
    with pytest.raises(UnknownNameError, match="nearest: name"):
        state.batches(columns=["nmae"])


def test_a_state_without_files_has_its_schema_and_no_rows(table: Table) -> None:
    table.append(rows(1))
    table.delete("id = 1")
    read = _state(table, newest(table)).batches(columns=None).read_all()
    assert (read.num_rows, read.column_names) == (0, ["id", "name"])


def test_an_expired_state_is_found_in_older_metadata(table: Table) -> None:
    first, before = _expire_first(table)
    state = _state(table, first)
    assert state.plan is not None
    assert state.plan.how == before
    assert _read(state) == [{"id": 1, "name": "x1"}]
    assert _state(table, newest(table)).plan is None


def test_an_expired_state_is_found_in_kept_bytes_when_the_metadata_is_gone(table: Table) -> None:
    first, _ = _expire_first(table)
    source = _source(table)
    kept = list(source.raw_commits(source.history(known=None), skip=()))
    _forget(table)
    state = _source(table).state(first, kept=kept)
    assert isinstance(state, IcebergState)
    assert state.plan is not None
    assert state.plan.how == KEPT
    assert _read(state) == [{"id": 1, "name": "x1"}]


def test_a_state_that_no_metadata_lists_is_gone_by_the_act_that_is_known(table: Table) -> None:
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    known = _source(table).history(known=None)
    table.maintenance.expire_snapshots().by_id(first).commit()
    _forget(table)
    source = _source(table)
    (expiry,) = source.history(known=known).expiries
    assert source.state(first, kept=()) == Gone(
        missing=(), lost=0, since=expiry.since, act=expiry.act
    )


def test_a_state_whose_file_list_was_deleted_is_gone_and_blamed(table: Table) -> None:
    table.append(rows(1))
    snapshot = table.current_snapshot()
    assert snapshot is not None
    table.append(rows(2))
    table.maintenance.expire_snapshots().by_id(snapshot.snapshot_id).commit()
    Path(snapshot.manifest_list).unlink()
    gone = _source(table).state(snapshot.snapshot_id, kept=())
    assert isinstance(gone, Gone)
    assert gone.missing == (snapshot.manifest_list,)
    assert gone.since is not None
    assert gone.act == f"expired by metadata file {Path(table.metadata_location).name}"


def test_a_snapshot_nobody_ever_heard_of_is_an_unknown_name(table: Table) -> None:
    table.append(rows(1))
    with pytest.raises(UnknownNameError, match="no snapshot 77"):
        _source(table).state(77, kept=())


def test_missing_files_are_those_gone_or_of_another_size(table: Table) -> None:
    table.append(rows(1))
    table.append(rows(2))
    state = _state(table, newest(table))
    assert state.missing() == ()
    one, other = state.files
    assert one.content is FileContent.DATA
    Path(one.path).unlink()
    Path(other.path).write_bytes(b"")
    gone, altered = state.missing()
    assert gone == one
    assert isinstance(altered, AlteredFile)
    assert altered.path == other.path
    with pytest.raises(UnreadableError, match=Path(one.path).name):
        state.batches(columns=None).read_all()


def test_a_file_that_does_not_hold_the_rows_it_should_is_not_read_over(table: Table) -> None:
    table.append(rows(1))
    table.append(rows(2, 3))
    state = _state(table, newest(table))
    small, large = sorted(state.files, key=lambda file: file.rows or 0)
    Path(large.path).write_bytes(Path(small.path).read_bytes())
    with pytest.raises(UnreadableError, match="holds 1 rows, and its manifest says 2"):
        state.batches(columns=None).read_all()


def _expire_first(table: Table) -> tuple[int, str]:
    """Write two snapshots and expire the first; give it and the last metadata that lists it."""
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    before = table.metadata_location
    table.maintenance.expire_snapshots().by_id(first).commit()
    return first, before


def _forget(table: Table) -> None:
    """Delete every metadata file but the current one."""
    current = Path(table.metadata_location)
    for path in current.parent.glob("*.metadata.json"):
        if path != current:
            path.unlink()


def _source(table: Table) -> IcebergSource:
    return IcebergSource(table.metadata_location, storage=Storage({}), properties={})


def _state(table: Table, snapshot_id: int) -> TableState:
    state = _source(table).state(snapshot_id, kept=())
    assert isinstance(state, IcebergState)
    return state


def _read(state: TableState) -> list[dict[str, object]]:
    return sorted(state.batches(columns=None).read_all().to_pylist(), key=_key)


def _key(row: dict[str, object]) -> int:
    number = row["id"]
    assert isinstance(number, int)
    return number
