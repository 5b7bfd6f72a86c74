"""Tables written by a real Delta writer, read as any table format is."""

import os
import shutil
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Field, Transaction, write_deltalake
from deltalake.schema import PrimitiveType

from catalogs.delta.source import DeltaSource
from catalogs.storage import Storage
from catalogs.table import RawCommit
from delta_logs import source
from snapshots.availability import LogTruncated
from snapshots.errors import UnknownNameError, UnreadableError
from snapshots.files import AlteredFile, DataFile
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.snapshot import Effect


def _rows(*numbers: int) -> pa.Table:
    return pa.table({"id": pa.array(numbers, pa.int64()), "name": [f"n{one}" for one in numbers]})


def _history(root: Path, known: TableHistory | None = None) -> TableHistory:
    return source(root).history(known=known)


def _state(root: Path, version: int, kept: tuple[RawCommit, ...] = ()) -> Any:  # noqa: ANN401
    return source(root).state(version, kept=kept)


def _ids(root: Path, version: int, kept: tuple[RawCommit, ...] = ()) -> list[int]:
    table = _state(root, version, kept).batches(columns=["id"]).read_all()
    return sorted(table["id"].to_pylist())


def _life(root: Path) -> list[list[int]]:
    """Every operation that changes rows or files; give the ids in each version."""
    path = str(root)
    write_deltalake(path, _rows(1, 2), mode="append")
    write_deltalake(path, _rows(3, 4), mode="append")
    DeltaTable(path).delete("id = 1")
    DeltaTable(path).update(predicate="id = 2", updates={"name": "'two'"})
    merging = DeltaTable(path).merge(_rows(3, 9), "t.id = s.id", source_alias="s", target_alias="t")
    merging.when_matched_update_all().when_not_matched_insert_all().execute()
    DeltaTable(path).optimize.compact()
    write_deltalake(path, _rows(7), mode="overwrite")
    DeltaTable(path).restore(1)
    return [
        [1, 2],
        [1, 2, 3, 4],
        [2, 3, 4],
        [2, 3, 4],
        [2, 3, 4, 9],
        [2, 3, 4, 9],
        [7],
        [1, 2, 3, 4],
    ]


def test_every_operation_has_its_effect_and_every_version_its_rows(tmp_path: Path) -> None:
    versions = _life(tmp_path)
    history = _history(tmp_path)
    assert [one.operation for one in history.snapshots] == [
        "WRITE",
        "WRITE",
        "DELETE",
        "UPDATE",
        "MERGE",
        "OPTIMIZE",
        "WRITE",
        "RESTORE",
    ]
    assert [one.effect for one in history.snapshots] == [
        Effect.APPEND,
        Effect.APPEND,
        Effect.REWRITE,
        Effect.REWRITE,
        Effect.REWRITE,
        Effect.REPLACE,
        Effect.OVERWRITE,
        Effect.RESTORE,
    ]
    assert [_ids(tmp_path, version) for version in range(8)] == versions
    assert history.snapshots[7].summary["operationParameters.version"] == "1"
    assert history.identity.uuid == str(DeltaTable(tmp_path).metadata().id)


def test_the_files_of_a_state_are_those_of_the_writer_itself(tmp_path: Path) -> None:
    _life(tmp_path)
    for version in range(8):
        state = _state(tmp_path, version)
        theirs = {
            path.removeprefix("file://") for path in DeltaTable(tmp_path, version).file_uris()
        }
        assert {file.path for file in state.files} == theirs
        assert state.missing() == ()
        assert state.plan is None


def test_a_restore_brings_files_back_with_their_origin(tmp_path: Path) -> None:
    _life(tmp_path)
    history = _history(tmp_path)
    files = {one.snapshot_id: one for one in source(tmp_path).commit_files(history, skip=())}
    assert sorted(files) == list(range(8))
    assert {one.origin for one in files[7].added} == {0, 1}
    assert {one.origin for one in files[5].added} == {5}
    assert files[6].removed == tuple(one.file.key for one in files[5].added)
    assert list(source(tmp_path).commit_files(history, skip=range(8))) == []
    assert list(source(tmp_path).commit_files(history, skip=range(7))) == [files[7]]


def test_who_and_which_transaction_are_in_the_summary(tmp_path: Path) -> None:
    told = CommitProperties(
        custom_metadata={"run": "abc"}, app_transactions=[Transaction("stream", 7)]
    )
    write_deltalake(str(tmp_path), _rows(1), commit_properties=told)
    summary = _history(tmp_path).snapshots[0].summary
    assert (summary["run"], summary["txn.stream"]) == ("abc", "7")
    assert summary["operationMetrics.num_added_rows"] == "1"
    assert "engineInfo" in summary


def test_a_schema_that_grows_has_a_version_and_older_states_their_own(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path), _rows(1))
    DeltaTable(tmp_path).alter.add_columns([Field("day", PrimitiveType("date"), nullable=True)])
    wider = _rows(2).append_column("day", pa.array([None], pa.date32()))
    write_deltalake(str(tmp_path), wider, mode="append")
    history = _history(tmp_path)
    assert [one.schema_id for one in history.snapshots] == [0, 1, 1]
    assert [[f.name for f in one.fields] for one in history.schemas] == [
        ["id", "name"],
        ["id", "name", "day"],
    ]
    assert history.snapshots[1].effect is Effect.NOTHING
    assert _state(tmp_path, 0).schema == history.schemas[0]
    assert _state(tmp_path, 2).schema == history.schemas[1]
    assert _state(tmp_path, 0).batches(columns=None).schema.names == ["id", "name"]
    assert _state(tmp_path, 2).batches(columns=None).schema.names == ["id", "name", "day"]


def test_partitions_with_awkward_values_come_back_as_they_went_in(tmp_path: Path) -> None:
    names = ["a b", "100%", "x/y", "ü", "at=5", "#1"]
    table = pa.table({"id": list(range(6)), "p": names})
    write_deltalake(str(tmp_path), table, partition_by=["p"])
    state = _state(tmp_path, 0)
    assert state.missing() == ()
    found = state.batches(columns=["id", "p"]).read_all().sort_by("id")
    assert found["p"].to_pylist() == names


def test_checkpoints_change_nothing_that_is_told(tmp_path: Path) -> None:
    versions = _life(tmp_path)
    before = _history(tmp_path)
    DeltaTable(tmp_path).create_checkpoint()
    DeltaTable(tmp_path, version=3).create_checkpoint()
    assert _history(tmp_path) == before
    assert [_ids(tmp_path, version) for version in range(8)] == versions


def _cleaned(root: Path) -> tuple[TableHistory, tuple[RawCommit, ...]]:
    """Harvest a table at version 5; then let it go on, and clean its log up to version 6."""
    _life(root)
    log = root / "_delta_log"
    for version in (6, 7):
        (log / f"{version:020d}.json").rename(root / f"{version}.later")
    known = _history(root)
    kept = tuple(source(root).raw_commits(known, skip=()))
    for version in (6, 7):
        (root / f"{version}.later").rename(log / f"{version:020d}.json")
    DeltaTable(root, version=6).create_checkpoint()
    for version in range(6):
        (log / f"{version:020d}.json").unlink()
    return known, kept


def test_a_cleaned_log_is_truncated_and_kept_commits_rebuild_its_states(tmp_path: Path) -> None:
    known, kept = _cleaned(tmp_path)
    history = _history(tmp_path, known)
    assert [one.snapshot_id for one in history.snapshots] == list(range(8))
    assert history.snapshots[:6] == known.snapshots
    assert history.listed == {6, 7}
    assert [one.snapshot_id for one in history.expiries] == list(range(6))
    assert _state(tmp_path, 5) == LogTruncated(6)
    assert _state(tmp_path, 0) == LogTruncated(6)
    assert _ids(tmp_path, 6) == [7]
    assert [_ids(tmp_path, version, kept) for version in (0, 1, 4, 5)] == [
        [1, 2],
        [1, 2, 3, 4],
        [2, 3, 4, 9],
        [2, 3, 4, 9],
    ]
    rebuilt = _state(tmp_path, 4, kept)
    assert rebuilt.plan is not None
    assert rebuilt.plan.how == "the table's log and 6 kept files of it"
    assert rebuilt.schema.fields == known.schemas[0].fields


def test_a_log_gone_altogether_is_rebuilt_from_kept_commits(tmp_path: Path) -> None:
    _life(tmp_path)
    kept = tuple(source(tmp_path).raw_commits(_history(tmp_path), skip=()))
    shutil.rmtree(tmp_path / "_delta_log")
    assert _ids(tmp_path, 4, kept) == [2, 3, 4, 9]
    with pytest.raises(UnreadableError, match="no commit and no checkpoint"):
        _history(tmp_path)


def test_what_is_kept_is_enough_for_every_later_state_and_never_kept_twice(
    tmp_path: Path,
) -> None:
    known, kept = _cleaned(tmp_path)
    history = _history(tmp_path, known)
    skip = {one.witness for one in kept}
    later = tuple(source(tmp_path).raw_commits(history, skip=skip))
    assert [one.witness for one in later] == [f"{version:020d}.json" for version in (6, 7)]
    # Nobody kept the earlier commits: then the checkpoint is what the states stand on.
    alone = tuple(source(tmp_path).raw_commits(history, skip=()))
    assert [one.witness for one in alone] == [
        f"{6:020d}.json",
        f"{6:020d}.checkpoint.parquet",
        f"{7:020d}.json",
    ]
    assert list(source(tmp_path).raw_commits(history, skip={w.witness for w in alone})) == []
    shutil.rmtree(tmp_path / "_delta_log")
    assert _ids(tmp_path, 7, (*kept, *later)) == [1, 2, 3, 4]
    assert _ids(tmp_path, 7, alone) == [1, 2, 3, 4]


def _loss(
    root: Path, history: TableHistory, missing: tuple[DataFile, ...]
) -> tuple[Instant | None, str | None]:
    act = source(root).losses(history, missing, kept=()).of(missing)
    return (act.since, act.what) if act else (None, None)


def test_a_vacuum_is_named_as_what_took_the_files(tmp_path: Path) -> None:
    _life(tmp_path)
    before = _history(tmp_path)
    lost = _state(tmp_path, 4)
    assert _loss(tmp_path, before, lost.missing()) == (None, None)
    table = DeltaTable(tmp_path)
    table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    history = _history(tmp_path, before)
    assert [one.operation for one in history.snapshots[-2:]] == ["VACUUM START", "VACUUM END"]
    assert history.snapshots[-1].effect is Effect.NOTHING
    missing = lost.missing()
    assert len(missing) == len(lost.files)
    since, act = _loss(tmp_path, history, missing)
    assert since == history.snapshots[9].committed_at
    assert act is not None
    assert act.startswith("VACUUM END in version 9 by engine delta-rs")
    with pytest.raises(UnreadableError, match="no such file"):
        lost.batches(columns=None).read_all()
    assert _ids(tmp_path, 7) == [1, 2, 3, 4]


def test_a_vacuum_is_not_blamed_for_files_it_had_to_keep(tmp_path: Path) -> None:
    _life(tmp_path)
    DeltaTable(tmp_path).vacuum(retention_hours=168, dry_run=False)
    lost = _state(tmp_path, 4)
    Path(lost.files[0].path).unlink()
    assert _loss(tmp_path, _history(tmp_path), lost.missing()) == (None, None)


def test_a_file_of_another_size_is_missing_as_it_was_committed(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path), _rows(1))
    state = _state(tmp_path, 0)
    path = Path(state.files[0].path)
    path.write_bytes(path.read_bytes() + b"x")
    (altered,) = state.missing()
    assert isinstance(altered, AlteredFile)
    assert altered.path == str(path)


def test_a_version_that_never_was_names_the_newest(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path), _rows(1))
    for version in (1, -1):
        with pytest.raises(UnknownNameError) as caught:
            _state(tmp_path, version)
        assert caught.value.nearest == (f"{tmp_path}@0",)


def test_the_head_changes_with_every_commit(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path), _rows(1))
    table = source(tmp_path)
    before = table.head()
    assert table.head() == before
    write_deltalake(str(tmp_path), _rows(2), mode="append")
    assert table.head() != before


def test_a_location_may_be_a_url_and_end_in_a_slash(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "plain"), _rows(1))
    folder = (tmp_path / "plain").rename(tmp_path / "a b%20c")
    for location in (f"{folder}/", folder.as_uri(), f"file://{folder}"):
        table = DeltaSource(location, storage=Storage({}), options={})
        assert table.location == location.rstrip("/")
        assert table.history(known=None).location == location.rstrip("/")
        state: Any = table.state(0, kept=())
        assert state.missing() == ()
        assert state.batches(columns=None).read_all().num_rows == 1


def test_a_table_in_an_object_store_reads_like_a_local_one(tmp_path: Path) -> None:
    versions = _life(tmp_path)
    DeltaTable(tmp_path, version=4).create_checkpoint()
    store = fsspec.filesystem("memory")
    store.put(f"{tmp_path}/", "/lake/orders", recursive=True)
    table = DeltaSource("memory://lake/orders", storage=Storage({}), options={})
    history = table.history(known=None)
    assert len(history.snapshots) == 8
    for version in (0, 4, 7):
        state: Any = table.state(version, kept=())
        assert state.missing() == ()
        found = state.batches(columns=["id"]).read_all()
        assert sorted(found["id"].to_pylist()) == versions[version]
    store.rm("/lake", recursive=True)


def test_file_times_that_run_backwards_in_a_real_table(tmp_path: Path) -> None:
    for number in range(3):
        write_deltalake(str(tmp_path), _rows(number), mode="append")
    for version, seconds in enumerate((300, 100, 200)):
        path = tmp_path / "_delta_log" / f"{version:020d}.json"
        os.utime(path, (seconds, seconds))
    millis = [one.committed_at.micros // 1000 for one in _history(tmp_path).snapshots]
    assert millis == [300_000, 300_001, 300_002]
