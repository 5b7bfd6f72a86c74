"""Recovery: states whose metadata is lost are rebuilt from what the ledger kept."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet
from pyiceberg.table import Table

from catalogs.presence import Presence
from catalogs.storage import Storage, StoredFile
from reproduce_lake import Lake, current, local, only
from snapshots.availability import Gone, Partial, Recoverable
from snapshots.files import DataFile, FileContent
from temporal_lineage.reproduce.answer import Reproducible
from temporal_lineage.reproduce.available import StateVerdict

KEPT = "from the file lists that the ledger kept"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_listed_state_whose_manifest_list_was_deleted_is_recoverable(lake: Lake) -> None:
    table, first, second = _two(lake)
    lost = _manifest_list(table, first)
    lost.unlink()

    assert _verdicts(lake) == {first: "recoverable", second: "live"}
    how = f"{KEPT}, since the table's own {lost} is gone or broken"
    (state,) = lake.session.available(f"lake.raw.orders@{first}").states
    assert state.availability == Recoverable(how)
    assert _recovered(lake, first) == 3


def test_a_lost_manifest_is_named_for_each_state_that_stands_on_it(lake: Lake) -> None:
    table, first, second = _two(lake)
    manifest, *_ = _manifests(table, first)
    manifest.unlink()

    assert _verdicts(lake) == {first: "recoverable", second: "recoverable"}
    for state in lake.session.available("lake.raw.orders").states:
        assert isinstance(state.availability, Recoverable)
        assert str(manifest) in state.availability.how
    assert _recovered(lake, first) == 3
    assert _recovered(lake, second) == 5


@pytest.mark.parametrize("body", [b"", b"Obj\x01 and then nothing"])
def test_a_manifest_written_over_is_as_good_as_lost(lake: Lake, body: bytes) -> None:
    table, first, second = _two(lake)
    manifest, *_ = _manifests(table, first)
    manifest.write_bytes(body)

    assert _verdicts(lake) == {first: "recoverable", second: "recoverable"}
    assert _recovered(lake, second) == 5


def test_a_state_committed_since_the_last_harvest_is_gone_with_its_manifest(lake: Lake) -> None:
    table, first, second = _two(lake)
    lake.append(table)
    third = current(table)
    manifest = next(one for one in _manifests(table, third) if one not in _manifests(table, second))
    manifest.unlink()

    every = {str(one.version): one for one in _available(lake, "lake.raw.orders")}
    assert {name: one.verdict for name, one in every.items()} == {
        first: "live",
        second: "live",
        third: "gone",
    }
    verdict = every[third].availability
    assert isinstance(verdict, Gone)
    assert verdict.missing == (str(manifest),)


def test_with_all_metadata_of_the_past_deleted_every_state_is_recoverable(lake: Lake) -> None:
    table, first, second = _two(lake)
    table.maintenance.expire_snapshots().by_id(int(first)).commit()
    for file in local(table.location()).glob("metadata/*"):
        if file != local(table.metadata_location):
            file.unlink()

    assert _verdicts(lake) == {first: "recoverable", second: "recoverable"}
    assert _recovered(lake, first) == 3
    assert _recovered(lake, second) == 5


def test_a_lost_data_file_outweighs_that_the_rest_could_be_recovered(lake: Lake) -> None:
    table, first, second = _two(lake)
    (lost,) = [
        local(task.file.file_path) for task in table.scan(snapshot_id=int(first)).plan_files()
    ]
    _manifest_list(table, second).unlink()
    lost.unlink()

    assert _verdicts(lake) == {first: "gone", second: "partial"}
    verdict = only(lake.session.reproduce(f"lake.raw.orders@{second}")).availability
    assert isinstance(verdict, Partial)
    assert verdict.missing == (str(lost),)


def test_a_version_whose_commits_and_checkpoint_are_gone_is_recovered(lake: Lake) -> None:
    for rows in (3, 2, 1):
        lake.write_delta(rows=rows)
    lake.harvest()
    table = lake.delta_table()
    table.create_checkpoint()
    lake.write_delta(rows=1)
    lake.delta_table().create_checkpoint()
    log = lake.delta / "orders" / "_delta_log"
    for version in range(3):
        (log / f"{version:020d}.json").unlink()
    (log / f"{2:020d}.checkpoint.parquet").unlink()

    verdicts = {one.version: one.verdict for one in _available(lake, "delta.orders")}
    assert verdicts == {0: "recoverable", 1: "recoverable", 2: "recoverable", 3: "live"}
    assert _recovered(lake, "1", table="delta.orders") == 5


def test_a_damaged_commit_of_a_listed_version_is_read_as_it_was_kept(lake: Lake) -> None:
    lake.write_delta(rows=3)
    lake.write_delta(rows=2)
    lake.harvest()
    commit = lake.delta / "orders" / "_delta_log" / f"{0:020d}.json"
    commit.write_bytes(commit.read_bytes()[:50])

    one = only(lake.session.reproduce("delta.orders@1"))
    assert isinstance(one.availability, Recoverable)
    assert str(commit) in one.availability.how
    assert _recovered(lake, "1", table="delta.orders") == 5


def test_a_version_that_was_rewritten_is_recovered_as_the_last_harvest_knew_it(lake: Lake) -> None:
    log = _rewritten(lake)
    lake.write_delta(rows=1)
    lake.delta_table().create_checkpoint()
    for version in range(3):
        (log / f"{version:020d}.json").unlink()

    verdicts = {one.version: one.verdict for one in _available(lake, "delta.orders")}
    assert verdicts == {0: "recoverable", 1: "recoverable", 2: "recoverable", 3: "live"}
    assert _recovered(lake, "2", table="delta.orders") == 12


def test_no_version_is_put_together_of_commits_from_before_and_after_a_rewriting(
    lake: Lake,
) -> None:
    log = _rewritten(lake)

    every = lake.session.available("delta.orders")
    assert {one.version: one.verdict for one in every.states}[3] == "log-truncated"
    assert any("was rewritten, or went back" in doubt for doubt in every.doubts)
    shutil.rmtree(log)
    assert [one.verdict for one in _available(lake, "delta.orders")] == [
        "recoverable",
        "recoverable",
        "recoverable",
        "log-truncated",
    ]
    rows = lake.session.scan("delta.orders@2").batches.read_all().num_rows
    assert rows == 12


def _rewritten(lake: Lake) -> Path:
    """Harvest versions 0 to 3, take the log back to 1, and harvest another 2; gives the log."""
    for rows in (3, 2, 4, 1):
        lake.write_delta(rows=rows)
    lake.harvest()
    log = lake.delta / "orders" / "_delta_log"
    for version in (2, 3):
        (log / f"{version:020d}.json").unlink()
    lake.write_delta(rows=7)
    lake.harvest()
    return log


def test_a_second_harvest_after_the_loss_loses_nothing_that_was_kept(lake: Lake) -> None:
    table, first, second = _two(lake)
    for file in local(table.location()).glob("metadata/*.avro"):
        file.unlink()
    table.refresh()
    with table.transaction() as transaction:
        transaction.set_properties({"owner": "nobody"})
    lake.harvest()

    assert _verdicts(lake) == {first: "recoverable", second: "recoverable"}
    assert _recovered(lake, second) == 5


def test_each_file_of_a_table_is_looked_for_once_and_a_remote_one_by_one_listing() -> None:
    storage = _Counting()
    files = [
        DataFile(f"f{n}", f"memory://lake/t/data/f{n}", FileContent.DATA, 1, 1, None)
        for n in range(30)
    ]
    _put({f"/lake/t/data/f{n}": b"x" for n in range(20)})
    try:
        presence = Presence(
            root="memory://lake/t", storage=storage, place_of=lambda file: file.path
        )
        missing = presence.missing([*files, *files])
        assert {one.key for one in missing} == {f"f{n}" for n in range(20, 30)}
        assert presence.missing_paths({files[0].path: 1, files[25].path: None}) == {files[25].path}
        assert presence.missing_paths({files[0].path: 2}) == {files[0].path}
    finally:
        _clear()
    # What a listing does not have is asked for by name before anybody says that it is lost.
    assert storage.calls == {"walk": 1, "size": 10}


def test_no_manifest_is_read_for_the_verdicts_on_states_that_were_harvested(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = lake.iceberg()
    for _ in range(6):
        lake.append(table)
    lake.harvest()
    read: Counter[str] = Counter()
    reading = Storage.read

    def counted(self: Storage, path: str) -> bytes:
        read[Path(path).suffix] += 1
        return reading(self, path)

    monkeypatch.setattr(Storage, "read", counted)
    assert {one.verdict for one in _available(lake, "lake.raw.orders")} == {"live", "at-risk"}
    assert read[".avro"] == 0
    lake.append(table)
    _available(lake, "lake.raw.orders")
    manifests = len(_manifests(table, current(table)))
    assert read[".avro"] <= 1 + manifests


class _Counting(Storage):
    """Storage that counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__({})
        self.calls: Counter[str] = Counter()

    def walk(
        self, prefix: str, *, depth_max: int = 20, files_max: int = 99
    ) -> Iterator[StoredFile]:
        self.calls["walk"] += 1
        return super().walk(prefix, depth_max=depth_max, files_max=files_max)

    def size(self, path: str) -> int | None:
        self.calls["size"] += 1
        return super().size(path)


def _two(lake: Lake) -> tuple[Table, str, str]:
    table = lake.iceberg()
    with table.transaction() as transaction:
        transaction.set_properties({"history.expire.min-snapshots-to-keep": "100"})
    first = lake.append(table)
    second = lake.append(table, rows=2)
    lake.harvest()
    return table, first, second


def _available(lake: Lake, address: str) -> tuple[StateVerdict, ...]:
    return lake.session.available(address).states


def _verdicts(lake: Lake) -> dict[str, str]:
    every = lake.session.available("lake.raw.orders").states
    for one in every:
        (alone,) = lake.session.available(f"lake.raw.orders@{one.version}").states
        assert alone == one
        same = only(lake.session.reproduce(f"lake.raw.orders@{one.version}"))
        assert same.verdict == one.verdict
    return {str(one.version): one.verdict for one in every}


def _recovered(lake: Lake, version: str, *, table: str = "lake.raw.orders") -> int:
    """Rebuild a state into a folder; gives its rows, which only `--recover` may write."""
    out = lake.root / "out"
    shutil.rmtree(out, ignore_errors=True)
    refused = lake.session.reproduce(f"{table}@{version}", out=out)
    assert not isinstance(refused.outcome, Reproducible)
    assert not out.exists()
    answer = lake.session.reproduce(f"{table}@{version}", out=out, recover=True)
    assert isinstance(answer.outcome, Reproducible)
    return int(parquet.read_table(out / f"{table}@{version}.parquet").num_rows)


def _manifest_list(table: Table, snapshot_id: str) -> Path:
    snapshot = table.snapshot_by_id(int(snapshot_id))
    assert snapshot is not None
    return local(snapshot.manifest_list)


def _manifests(table: Table, snapshot_id: str) -> list[Path]:
    snapshot = table.snapshot_by_id(int(snapshot_id))
    assert snapshot is not None
    found = snapshot.manifests(table.io)
    return [local(one.manifest_path) for one in sorted(found, key=lambda one: one.sequence_number)]


def _put(files: dict[str, bytes]) -> None:
    import fsspec

    for path, body in files.items():
        fsspec.filesystem("memory").pipe_file(path, body)


def _clear() -> None:
    import fsspec

    fsspec.filesystem("memory").rm("/lake", recursive=True)
