"""Pieces: states put together from manifest lists and manifests that nothing names."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from pyiceberg.table import Table

from catalogs.iceberg.avro import read_header, read_records
from catalogs.iceberg.avro_writing import container
from catalogs.storage import Storage
from reproduce_lake import Lake, current, local, orders
from snapshots.errors import UnknownNameError
from snapshots.recovery import Keeper, Piece

PROPERTIES = "lost for good: the table's properties, a name mapping among them"
WHEN = "lost for good: when it was committed: its list was written at "


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_state_that_no_harvest_saw_is_found_by_its_list_once_all_metadata_is_lost(
    lake: Lake,
) -> None:
    table = lake.iceberg()
    lake.append(table)
    lake.harvest()
    with table.update_schema() as update:
        update.rename_column("name", "title")
    table.append(orders(2).rename_columns(["id", "title"]))
    new = current(table)
    _lose_metadata(table)

    every = lake.session.available("lake.raw.orders")
    assert [one.verdict for one in every.states] == ["recoverable", "recoverable"]
    assert any(
        "no harvest saw a state that only its manifest list tells" in doubt
        for doubt in every.doubts
    )
    answer = lake.session.recover(f"lake.raw.orders@{new}", into=lake.root / "out")
    assert answer.state.columns == ("id", "title")
    assert answer.state.plan is not None
    assert [(step.piece, step.keeper, len(step.names)) for step in answer.state.plan.steps] == [
        (Piece.MANIFEST_LIST, Keeper.TABLE, 1),
        (Piece.MANIFEST, Keeper.TABLE, 2),
    ]
    assert PROPERTIES in answer.doubts
    assert any(doubt.startswith(WHEN) for doubt in answer.doubts)
    assert answer.made is not None
    assert lake.session.recover(str(lake.root / "out")).state.rows == 5


def test_a_table_that_was_never_harvested_is_recovered_by_its_folder(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write_delta()
    lake.harvest()
    table = lake.iceberg()
    first = lake.append(table)
    lake.append(table, rows=2)
    _lose_metadata(table)
    place = str(local(table.location()))

    with pytest.raises(UnknownNameError, match="which of its states was current") as refused:
        lake.session.recover(place)
    assert len(refused.value.nearest) == 2
    answer = lake.session.recover(f"{place}@{first}", into=lake.root / "out", copy_files=True)
    assert answer.made is not None
    assert answer.state.rows == 3
    shutil.rmtree(lake.root / "warehouse")
    assert lake.session.recover(str(lake.root / "out")).state.verdict == "live"
    with pytest.raises(UnknownNameError, match="no file there names it"):
        lake.session.recover(f"{lake.root / 'out'}@99")
    monkeypatch.chdir(lake.root)
    assert lake.session.recover(f"out@{first}").state.rows == 3


def test_of_two_lists_that_differ_none_is_taken_for_the_one_that_was_committed(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    table = lake.iceberg()
    first = lake.append(table)
    second = lake.append(table, rows=2)
    lists = {one: _list(table, one) for one in (first, second)}
    body, other = lists[second].read_bytes(), lists[first].read_bytes()
    # As a retried commit leaves it: the same snapshot, listed otherwise.
    header = read_header(other, location="")
    records = read_records(other, header, wanted={}, location="")
    again = container(header.schema, records, metadata={"snapshot-id": second})
    (lists[second].parent / f"snap-{second}-1-again.avro").write_bytes(again)
    _lose_metadata(table)
    place = str(local(table.location()))

    answer = lake.session.recover(f"{place}@{second}")
    assert answer.state.verdict == "gone"
    assert not answer.is_readable
    (lists[second].parent / f"snap-{second}-1-again.avro").write_bytes(body)
    assert lake.session.recover(f"{place}@{second}").is_readable


def test_manifests_that_were_merged_later_bring_back_a_state_whose_own_is_gone(
    lake: Lake,
) -> None:
    table = lake.iceberg()
    with table.transaction() as transaction:
        transaction.set_properties(
            {"commit.manifest-merge.enabled": "true", "commit.manifest.min-count-to-merge": "2"}
        )
    first = lake.append(table)
    snapshot = table.snapshot_by_id(int(first))
    assert snapshot is not None
    own = local(snapshot.manifests(table.io)[0].manifest_path)
    lake.append(table, rows=2)
    own.unlink()
    lake.harvest()

    (state, newest) = lake.session.available("lake.raw.orders").states
    assert (state.verdict, newest.verdict) == ("recoverable", "live")
    rows = lake.session.scan(f"lake.raw.orders@{first}").batches.read_all()
    assert sorted(rows["id"].to_pylist()) == [0, 1, 2]


def test_a_snapshot_that_java_expired_before_the_first_harvest_is_found_by_its_list(
    lake: Lake,
) -> None:
    table = lake.iceberg()
    first, second = lake.append(table), lake.append(table, rows=2)
    current_file = local(table.metadata_location)
    for file in current_file.parent.glob("*.json"):
        if file != current_file:
            file.unlink()
    metadata = json.loads(current_file.read_text())
    del metadata["snapshots"][0]  # its child still names it as parent, and the log has its instant
    current_file.write_text(json.dumps(metadata))
    lake.harvest()

    answer = lake.session.available("lake.raw.orders")
    assert [(str(one.version), one.verdict) for one in answer.states] == [
        (first, "recoverable"),
        (second, "live"),
    ]
    assert any("only its manifest list tells" in doubt for doubt in answer.doubts)
    one = lake.session.recover(f"lake.raw.orders@{first}", into=lake.root / "out")
    assert one.state.rows == 3
    assert not any(WHEN in doubt for doubt in one.doubts)
    told = metadata["snapshot-log"][0]["timestamp-ms"]
    made = json.loads((lake.root / "out" / "metadata" / "v1.metadata.json").read_text())
    assert made["snapshots"][0]["timestamp-ms"] == told


def test_each_manifest_is_read_once_however_many_states_are_put_together(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.write_delta()
    lake.harvest()
    table = lake.iceberg()
    ids = [lake.append(table) for _ in range(8)]
    lists = [_list(table, one) for one in ids]
    for file in lists[:-1]:
        file.unlink()
    lake.harvest()
    read: Counter[str] = Counter()
    reading = Storage.read

    def counted(self: Storage, path: str) -> bytes:
        read[path] += 1
        return reading(self, path)

    monkeypatch.setattr(Storage, "read", counted)
    verdicts = [one.verdict for one in lake.session.available("lake.raw.orders").states]
    assert verdicts == ["recoverable"] * 7 + ["live"]
    # Once for its header, once for what its snapshot changed, once for what is live in the last.
    assert max(count for path, count in read.items() if path.endswith("-m0.avro")) <= 3


def test_a_list_of_another_table_in_the_same_folder_is_not_taken_for_ours(lake: Lake) -> None:
    table, other = lake.iceberg(), lake.iceberg("others")
    lake.append(table)
    lake.harvest()
    strange = lake.append(other, rows=5)
    shutil.copy(_list(other, strange), local(table.location()) / "metadata")
    _lose_metadata(table)

    assert len(lake.session.available("lake.raw.orders").states) == 1
    with pytest.raises(UnknownNameError):
        lake.session.recover(f"lake.raw.orders@{strange}")


def _lose_metadata(table: Table) -> None:
    for file in (local(table.location()) / "metadata").glob("*.json"):
        file.unlink()


def _list(table: Table, snapshot_id: str) -> Path:
    snapshot = table.snapshot_by_id(int(snapshot_id))
    assert snapshot is not None
    return local(snapshot.manifest_list)
