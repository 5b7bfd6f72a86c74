"""What each Delta version added and removed, and which version wrote it first."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from delta_checkpoints import Layout, Plot, plots, write_checkpoint
from delta_logs import (
    add,
    commit_info,
    new_table,
    remove,
    source,
    vector,
    write,
)
from snapshots.files import CommitFiles, FileContent
from snapshots.history import TableHistory
from snapshots.snapshot import Effect


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


@settings(max_examples=30)
@given(plot=plots(), layout=st.sampled_from(Layout), at=st.integers(1, 6))
def test_the_file_lists_of_commits_add_up_to_every_state(
    plot: Plot, layout: Layout, at: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for version, actions in enumerate(plot.commits):
            write(root, version, *actions)
        newest = len(plot.commits) - 1
        write_checkpoint(root, min(at, newest), layout)
        _clean(root, *range(min(at, newest)))
        history = _history(root)
        live: dict[str, Any] = {}
        for commit in source(root).commit_files(history, skip=()):
            if commit.parent_id is None:
                live.clear()
            for key in commit.removed:
                live.pop(key, None)
            live |= {one.file.key: one.file for one in commit.added}
            state: Any = source(root).state(commit.snapshot_id, kept=())
            assert {file.key: file for file in state.files} == live


def test_a_masked_file_keeps_the_version_that_wrote_its_rows(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, commit_info("WRITE"), add("a", rows=9), add("b"))
    told = {"storageType": "u", "pathOrInlineDv": "vBn[lx{q8@P<9BNH/isA", "offset": 1}
    masked: dict[str, Any] = {"deletionVector": told | {"sizeInBytes": 30, "cardinality": 2}}
    write(tmp_path, 2, commit_info("DELETE"), add("a", rows=9, **masked), remove("a"))
    write(tmp_path, 3, commit_info("MERGE"), remove("a", **masked), add("c", rows=7))
    history = _history(tmp_path)
    files = _files(tmp_path, history)
    data, mask = files[2].added
    assert (data.origin, data.file.rows, data.file.content) == (1, 7, FileContent.DATA)
    assert (mask.origin, mask.file.rows) == (2, 2)
    assert mask.file.content is FileContent.DELETION_VECTOR
    assert mask.file.path.endswith("/deletion_vector_61d16c75-6994-46b7-a15b-8b538852e50e.bin")
    assert mask.file.size_bytes == 1 + 4 + 30 + 4
    assert files[2].removed == ("a",)
    assert files[3].removed == (data.file.key, mask.file.key)
    # The same when only the last version is asked for.
    assert _files(tmp_path, history, 0, 1) == {2: files[2], 3: files[3]}


def test_a_file_that_a_restore_brings_back_keeps_the_version_that_wrote_it(
    tmp_path: Path,
) -> None:
    _appends(tmp_path, 0, 1)
    write(tmp_path, 2, commit_info("DELETE"), remove("f1"))
    write(tmp_path, 3, commit_info("RESTORE"), add("f1"))
    history = _history(tmp_path)
    assert [one.origin for one in _files(tmp_path, history, 0, 1, 2)[3].added] == [1]
    assert history.snapshots[3].effect is Effect.RESTORE
    assert history.snapshots[3].parent_id == 2


def test_describing_a_live_file_anew_is_no_difference(tmp_path: Path) -> None:
    _appends(tmp_path, 0, 1)
    write(tmp_path, 2, commit_info("COMPUTE STATS"), add("f1", rows=5, dataChange=False))
    write(tmp_path, 3, commit_info("UPDATE"), remove("f1"), add("f1", rows=5))
    history = _history(tmp_path)
    files = _files(tmp_path, history)
    assert (files[2].added, files[2].removed) == ((), ())
    assert (files[3].added, files[3].removed) == ((), ())
    assert _files(tmp_path, history, 0, 1) == {2: files[2], 3: files[3]}


def test_inline_vectors_have_no_file(tmp_path: Path) -> None:
    new_table(tmp_path)
    write(tmp_path, 1, commit_info("WRITE"), add("a", rows=9, **vector("x")))
    (file,) = _files(tmp_path, _history(tmp_path))[1].added
    assert file.file.key == "a#ix"
