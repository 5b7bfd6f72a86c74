"""A Delta history is the same, whichever checkpoints and compacted files lie in the log."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from delta_checkpoints import Layout, Plot, compact, plots, write_checkpoint
from delta_logs import source, write
from snapshots.files import CommitFiles
from snapshots.history import TableHistory

HINTS = (None, "not JSON", '{"version": 99, "size": 3}', '{"version": 0, "parts": 7}')
"""What may stand in `_last_checkpoint`: nothing, or lies. No state depends on it."""


@settings(max_examples=60, deadline=None)
@given(
    plot=plots(),
    layouts=st.lists(st.tuples(st.integers(0, 10), st.sampled_from(Layout)), max_size=3),
    hint=st.sampled_from(HINTS),
    compacted=st.booleans(),
)
def test_checkpoints_and_compacted_files_beside_the_commits_change_no_history(
    plot: Plot, layouts: list[tuple[int, Layout]], hint: str | None, *, compacted: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        newest = _write(root, plot)
        plain, files = _read(root)
        for at, layout in layouts:
            write_checkpoint(root, min(at, newest), layout)
        _hint(root, hint)
        if compacted:
            commits = {one: one.read_bytes() for one in _commits(root)}
            compact(root, 0, newest)
            for path, body in commits.items():
                path.write_bytes(body)
        assert _read(root) == (_timed_like(plain, root), files)


@settings(max_examples=60, deadline=None)
@given(
    plot=plots(),
    layout=st.sampled_from(Layout),
    at=st.integers(0, 10),
    hint=st.sampled_from(HINTS),
)
def test_a_log_that_starts_at_a_checkpoint_tells_what_is_left_as_the_whole_log_did(
    plot: Plot, layout: Layout, at: int, hint: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        newest = _write(root, plot)
        first = min(at, newest)
        whole, files = _read(root)
        live = _live(files, first)
        write_checkpoint(root, first, layout)
        _hint(root, hint)
        for version in range(first):
            (root / "_delta_log" / f"{version:020d}.json").unlink()
        left, differences = _read(root)
        kept = [one for one in whole.snapshots if one.snapshot_id >= first]
        assert [one.snapshot_id for one in left.snapshots] == [one.snapshot_id for one in kept]
        for ours, theirs in zip(left.snapshots, kept, strict=True):
            counts = ours.counts if ours.snapshot_id == first else theirs.counts
            told = replace(theirs, schema_id=ours.schema_id, counts=counts)
            # What the first one removed was described by commits that are gone.
            assert replace(ours, parent_id=theirs.parent_id) == told
            assert _columns(left, ours.schema_id) == _columns(whole, theirs.schema_id)
        assert {one.file.key for one in differences[first].added} == live
        for version in range(first + 1, newest + 1):
            assert set(differences[version].removed) == set(files[version].removed)
            assert _added(differences[version]) == _added(files[version])


def _write(root: Path, plot: Plot) -> int:
    for version, actions in enumerate(plot.commits):
        write(root, version, *actions, millis=1_000 + version)
    return len(plot.commits) - 1


def _read(root: Path) -> tuple[TableHistory, dict[int, CommitFiles]]:
    table = source(root)
    history = table.history(known=None)
    return history, {one.snapshot_id: one for one in table.commit_files(history, skip=())}


def _timed_like(history: TableHistory, root: Path) -> TableHistory:
    """Give a history whose times are those of the files as they are now: some were put back."""
    again = source(root).history(known=None)
    at = {one.snapshot_id: one.committed_at for one in again.snapshots}
    by_position = {one.position: one.at for one in again.chain}
    return replace(
        history,
        snapshots=tuple(replace(s, committed_at=at[s.snapshot_id]) for s in history.snapshots),
        chain=tuple(replace(one, at=by_position[one.position]) for one in history.chain),
    )


def _commits(root: Path) -> list[Path]:
    return [one for one in (root / "_delta_log").glob("*.json") if one.stem.isdecimal()]


def _hint(root: Path, told: str | None) -> None:
    if told is not None:
        (root / "_delta_log" / "_last_checkpoint").write_text(told)


def _columns(history: TableHistory, schema_id: int | None) -> list[tuple[str, str]]:
    found = None if schema_id is None else history.schema(schema_id=schema_id)
    return [] if found is None else [(one.path, one.type) for one in found.fields]


def _live(files: Mapping[int, CommitFiles], version: int) -> set[str]:
    live: set[str] = set()
    for number in range(version + 1):
        live -= set(files[number].removed)
        live |= {one.file.key for one in files[number].added}
    return live


def _added(commit: CommitFiles) -> set[tuple[str, int | None]]:
    return {(one.file.key, one.file.rows) for one in commit.added}
