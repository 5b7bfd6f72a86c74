"""A Delta history: all the log tells, joined with what was known, and every gap named."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delta_checkpoints import Plot, plots, write_checkpoint
from delta_logs import (
    add,
    column,
    commit_info,
    metadata,
    new_table,
    protocol,
    remove,
    source,
    write,
    write_named,
)
from snapshots.commit_point import CommitPoint, LostPoint
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import CommitFiles
from snapshots.history import TableHistory
from snapshots.refs import Branch
from snapshots.snapshot import CommitCounts, Effect


def _history(root: Path, known: TableHistory | None = None) -> TableHistory:
    return source(root).history(known=known)


def _appends(root: Path, *versions: int) -> None:
    for version in versions:
        if version == 0:
            new_table(root, millis=1000)
        else:
            told = commit_info("WRITE", operationParameters={"mode": "Append"})
            write(root, version, told, add(f"f{version}"), millis=1000 * (version + 1))


def _clean(root: Path, *versions: int) -> None:
    for version in versions:
        (root / "_delta_log" / f"{version:020d}.json").unlink()


def _gaps(history: TableHistory) -> list[str]:
    return [gap.what for gap in history.gaps]


def _files(root: Path, history: TableHistory, *skip: int) -> dict[int, CommitFiles]:
    found = source(root).commit_files(history, skip=skip)
    return {one.snapshot_id: one for one in found}


def test_every_version_is_a_snapshot_and_a_commit_point(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2)
    history = _history(tmp_path)
    assert [one.snapshot_id for one in history.snapshots] == [0, 1, 2]
    assert [one.parent_id for one in history.snapshots] == [None, 0, 1]
    assert [one.schema_id for one in history.snapshots] == [0, 0, 0]
    point = history.chain[2]
    assert isinstance(point, CommitPoint)
    assert (point.position, point.snapshot_id, point.witness) == (2, 2, f"{2:020d}.json")
    assert point.refs == (Branch("main", 2, None, None, None),)
    assert history.listed == {0, 1, 2}
    assert history.features == ("minReaderVersion=1", "minWriterVersion=2")
    assert history.identity.uuid == "t"
    assert history.location == str(tmp_path)
    assert (history.recorded, history.expiries, history.gaps) == ((), (), ())


def test_counts_come_from_the_actions_and_from_the_adds_of_removed_files(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, commit_info("WRITE"), add("a", rows=10, size=700), add("b", rows=4))
    told = (remove("a"), remove("b", size=9), add("c", rows=3, size=50))
    write(tmp_path, 2, commit_info("MERGE"), *told)
    write(tmp_path, 3, commit_info("WRITE"), add("d", rows=None))
    write(tmp_path, 4, commit_info("DELETE"), remove("d"))
    counts = [one.counts for one in _history(tmp_path).snapshots]
    assert counts[0] == CommitCounts(0, 0, 0, 0, 0, 0)
    assert counts[2] == CommitCounts(
        added_rows=3,
        removed_rows=14,
        added_files=1,
        removed_files=2,
        added_bytes=50,
        removed_bytes=709,
    )
    assert (counts[3].added_rows, counts[4].removed_rows) == (None, None)
    assert (counts[4].removed_files, counts[4].removed_bytes) == (1, 100)


def test_a_table_that_was_never_one_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no commit and no checkpoint"):
        _history(tmp_path)
    write(tmp_path, 0, commit_info("WRITE"), protocol(), add("f"))
    with pytest.raises(UnreadableError, match="no metaData action"):
        _history(tmp_path)


def test_a_log_with_a_hole_and_no_later_checkpoint_is_refused(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2, 3)
    _clean(tmp_path, 1)
    with pytest.raises(UnreadableError, match="not contiguous: the log lacks version 1"):
        _history(tmp_path)


def test_an_unknown_reader_feature_is_refused_wherever_it_comes_in(tmp_path: Path) -> None:
    _appends(tmp_path, 0)
    write(tmp_path, 1, commit_info("UPGRADE PROTOCOL"), protocol("teleport"))
    with pytest.raises(UnsupportedError, match="teleport"):
        _history(tmp_path)
    assert source(tmp_path).state(0, kept=()).snapshot_id == 0  # type: ignore[union-attr]
    with pytest.raises(UnsupportedError, match="teleport"):
        source(tmp_path).state(1, kept=())


def test_a_broken_newest_checkpoint_is_a_gap_where_the_commits_tell(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1)
    write_named(tmp_path, f"{1:020d}.checkpoint.parquet", {"no": "parquet"})
    assert any("no checkpoint" in text for text in _gaps(_history(tmp_path)))


def test_a_log_that_starts_late_starts_from_its_checkpoint(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2, 3)
    write_checkpoint(tmp_path, 2)
    _clean(tmp_path, 0, 1)
    history = _history(tmp_path)
    assert [(one.snapshot_id, one.parent_id) for one in history.snapshots] == [(2, None), (3, 2)]
    assert history.snapshots[0].operation == "WRITE"
    assert history.listed == {2, 3}
    assert _gaps(history) == ["versions 0 to 1: gone from the log, and nobody remembers"]
    files = _files(tmp_path, history)
    assert files[2].parent_id is None
    assert {(one.file.key, one.origin) for one in files[2].added} == {("f1", None), ("f2", 2)}
    assert [(one.file.key, one.origin) for one in files[3].added] == [("f3", 3)]


def test_a_version_known_from_its_checkpoint_alone_came_before_the_next(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2, 3)
    write_checkpoint(tmp_path, 2)  # its file is newer than version 3's
    _clean(tmp_path, 0, 1, 2)
    history = _history(tmp_path)
    first, second = history.snapshots
    assert (first.snapshot_id, first.operation, first.effect) == (2, "unknown", Effect.UNKNOWN)
    assert (second.snapshot_id, second.parent_id) == (3, 2)
    assert first.committed_at.micros == 4_000_000 - 1000
    assert second.committed_at.micros == 4_000_000
    assert any("only its checkpoint" in text for text in _gaps(history))
    origins = {one.origin for one in _files(tmp_path, history)[2].added}
    assert origins == {None}


def test_a_hole_is_a_gap_and_states_go_on_from_the_next_checkpoint(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2, 3, 4, 5)
    write_checkpoint(tmp_path, 4)
    _clean(tmp_path, 2)
    history = _history(tmp_path)
    assert [one.snapshot_id for one in history.snapshots] == [0, 1, 3, 4, 5]
    assert [one.parent_id for one in history.snapshots] == [None, 0, None, 3, 4]
    assert history.listed == {0, 1, 4, 5}
    assert history.snapshots[2].schema_id is None
    assert history.snapshots[3].schema_id == 0
    lost = [point for point in history.chain if isinstance(point, LostPoint)]
    assert [(one.position, one.witness) for one in lost] == [(2, f"{2:020d}.json")]
    assert _gaps(history) == [
        "version 2: gone from the log, and nobody remembers",
        "version 3: only the commit is left, the state it started from is gone",
    ]
    files = _files(tmp_path, history)
    assert sorted(files) == [0, 1, 4, 5]
    assert {(one.file.key, one.origin) for one in files[4].added} == {
        ("f1", 1),
        ("f2", None),
        ("f3", 3),
        ("f4", 4),
    }


def test_a_column_dropped_in_a_restore_comes_back_as_itself(tmp_path: Path) -> None:
    new_table(tmp_path)
    both = metadata(column("a", "long"), column("b", "long"))
    write(tmp_path, 1, commit_info("ADD COLUMNS"), both)
    write(tmp_path, 2, commit_info("DROP COLUMNS"), metadata())
    told = commit_info("RESTORE", operationParameters={"version": 1, "timestamp": None})
    write(tmp_path, 3, told, both)
    history = _history(tmp_path)
    ids = [{field.name: field.field_id for field in one.fields} for one in history.schemas]
    assert ids == [{"a": 1}, {"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}]
    assert history.snapshots[3].effect is Effect.NOTHING
    assert history.snapshots[3].summary["operationParameters.version"] == "1"


# --- joined with what was known ---------------------------------------------------------------


def test_commits_that_are_known_are_not_read_again(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2)
    known = _history(tmp_path)
    # Were they read again, this would be an error.
    (tmp_path / "_delta_log" / f"{1:020d}.json").write_text("{")
    _appends(tmp_path, 3)
    history = _history(tmp_path, known)
    assert [one.snapshot_id for one in history.snapshots] == [0, 1, 2, 3]
    assert history.snapshots[:3] == known.snapshots


def test_a_cleaned_log_loses_nothing_and_says_since_when(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2)
    known = _history(tmp_path)
    _appends(tmp_path, 3, 4)
    write_checkpoint(tmp_path, 3)
    _clean(tmp_path, 0, 1, 2)
    history = _history(tmp_path, known)
    assert [one.snapshot_id for one in history.snapshots] == [0, 1, 2, 3, 4]
    assert history.snapshots[:3] == known.snapshots
    assert history.snapshots[3].parent_id == 2
    assert history.listed == {3, 4}
    assert [one.snapshot_id for one in history.expiries] == [0, 1, 2]
    expiry = history.expiries[0]
    assert expiry.act == "the log was cleaned: it starts at version 3"
    assert expiry.since >= history.snapshots[-1].committed_at
    assert _gaps(history) == []
    again = _history(tmp_path, history)
    assert again == history
    assert _files(tmp_path, history, 0, 1, 2)[3].parent_id == 2


def test_what_was_cleaned_before_anyone_looked_stays_a_gap(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1)
    known = _history(tmp_path)
    _appends(tmp_path, 2, 3, 4)
    write_checkpoint(tmp_path, 4)
    _clean(tmp_path, 0, 1, 2, 3)
    history = _history(tmp_path, known)
    assert [one.snapshot_id for one in history.snapshots] == [0, 1, 4]
    assert history.snapshots[-1].parent_id is None
    lost = [point.position for point in history.chain if isinstance(point, LostPoint)]
    assert lost == [2]
    assert _gaps(history) == ["versions 2 to 3: gone from the log, and nobody remembers"]


def test_another_table_in_the_same_place_is_not_joined_to_the_old_one(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1)
    known = _history(tmp_path)
    shutil.rmtree(tmp_path / "_delta_log")
    write(tmp_path, 0, commit_info("CREATE TABLE", by="else"), protocol(), metadata(table_id="u"))
    write(tmp_path, 1, commit_info("WRITE", by="else"), add("g"))
    history = _history(tmp_path, known)
    assert history.identity.uuid == "u"
    assert [one.summary.get("by") for one in history.snapshots] == ["else", "else"]
    assert any("was read anew" in text for text in _gaps(history))


def test_a_table_made_anew_with_fewer_versions_is_not_joined_either(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1, 2)
    known = _history(tmp_path)
    shutil.rmtree(tmp_path / "_delta_log")
    write(tmp_path, 0, commit_info("CREATE TABLE"), protocol(), metadata(table_id="u"))
    history = _history(tmp_path, known)
    assert (history.identity.uuid, len(history.snapshots)) == ("u", 1)


def test_another_table_that_shows_only_a_checkpoint_is_told_by_its_identity(
    tmp_path: Path,
) -> None:
    _appends(tmp_path, 0)
    known = _history(tmp_path)
    shutil.rmtree(tmp_path / "_delta_log")
    write(tmp_path, 0, commit_info("CREATE TABLE"), protocol(), metadata(table_id="u"))
    _appends(tmp_path, 1, 2)
    write_checkpoint(tmp_path, 2)
    _clean(tmp_path, 0, 1)
    history = _history(tmp_path, known)
    assert (history.identity.uuid, [one.snapshot_id for one in history.snapshots]) == ("u", [2])


@settings(max_examples=40)
@given(plot=plots(), cut=st.integers(0, 6))
def test_a_history_read_in_two_parts_is_the_history_read_at_once(plot: Plot, cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        known: TableHistory | None = None
        half: dict[int, CommitFiles] = {}
        for version, actions in enumerate(plot.commits):
            write(root, version, *actions)
            if version == min(cut, len(plot.commits) - 2):
                known = _history(root)
                half = _files(root, known)
        whole = _history(root)
        assert _history(root, known) == whole
        assert half | _files(root, whole, *half) == _files(root, whole)
