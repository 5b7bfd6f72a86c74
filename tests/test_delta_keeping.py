"""What is kept of a Delta log is enough to rebuild its states, in every layout, and no more."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from catalogs.table import RawCommit
from delta_checkpoints import Layout, write_checkpoint
from delta_logs import add, commit_info, new_table, remove, source, write


def _kept(root: Path, *skip: str) -> tuple[RawCommit, ...]:
    table = source(root)
    return tuple(table.raw_commits(table.history(known=None), skip=skip))


def _files(root: Path, version: int, kept: tuple[RawCommit, ...]) -> list[str]:
    state: Any = source(root).state(version, kept=kept)
    return [file.key for file in state.files]


def _table(root: Path) -> None:
    new_table(root)
    for version in range(1, 7):
        gone = [remove(f"f{version - 2}")] if version > 2 else []
        write(root, version, commit_info("WRITE"), add(f"f{version}"), *gone)


@pytest.mark.parametrize("layout", Layout)
def test_a_log_that_starts_late_is_kept_with_its_checkpoint(tmp_path: Path, layout: Layout) -> None:
    _table(tmp_path)
    expected = {version: _files(tmp_path, version, ()) for version in range(3, 7)}
    write_checkpoint(tmp_path, 3, layout)
    for version in range(3):
        (tmp_path / "_delta_log" / f"{version:020d}.json").unlink()
    kept = _kept(tmp_path)
    assert _kept(tmp_path, *(one.witness for one in kept)) == ()
    shutil.rmtree(tmp_path / "_delta_log")
    assert {version: _files(tmp_path, version, kept) for version in expected} == expected


def test_a_whole_log_is_kept_without_its_checkpoints(tmp_path: Path) -> None:
    _table(tmp_path)
    write_checkpoint(tmp_path, 3, Layout.V2_PARQUET_SIDECARS)
    assert [one.witness for one in _kept(tmp_path)] == [f"{v:020d}.json" for v in range(7)]


def test_after_a_hole_the_next_checkpoint_is_kept(tmp_path: Path) -> None:
    _table(tmp_path)
    write_checkpoint(tmp_path, 5)
    (tmp_path / "_delta_log" / f"{2:020d}.json").unlink()
    expected = {version: _files(tmp_path, version, ()) for version in (1, 5, 6)}
    kept = _kept(tmp_path)
    assert f"{5:020d}.checkpoint.parquet" in {one.witness for one in kept}
    # Whoever kept the missing commit before has no need of the checkpoint.
    commits = [one.witness for one in kept if one.witness.endswith("0.json")]
    earlier = (*commits, f"{2:020d}.json")
    assert f"{5:020d}.checkpoint.parquet" not in {w.witness for w in _kept(tmp_path, *earlier)}
    shutil.rmtree(tmp_path / "_delta_log")
    assert {version: _files(tmp_path, version, kept) for version in expected} == expected


def test_kept_files_fill_what_the_table_lost_and_the_table_s_own_win(tmp_path: Path) -> None:
    _table(tmp_path)
    expected = _files(tmp_path, 4, ())
    kept = _kept(tmp_path)
    (tmp_path / "_delta_log" / f"{2:020d}.json").unlink()
    spoiled = tuple(
        RawCommit(one.witness, b"{" if one.witness != f"{2:020d}.json" else one.body)
        for one in kept
    )
    assert _files(tmp_path, 4, spoiled) == expected
