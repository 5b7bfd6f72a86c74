"""Verdicts: what was found of a state, and what that says about reading it. DESIGN 4.5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.availability import (
    Availability,
    Gone,
    Live,
    Partial,
    Protected,
    Recoverable,
)
from snapshots.files import FileContent
from snapshots.instant import FOREVER
from snapshots.refs import MAIN, Branch, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.files import DataFile
    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.refs import SnapshotRef
    from temporal_lineage.reproduce.loss import Act


def whole(history: TableHistory, snapshot_id: int, *, way: str | None) -> Availability:
    """Judge a state all of whose files are there; `way` says how, None where the table lists it."""
    if way is not None:
        return Recoverable(way)
    return _protection(history, snapshot_id) or Live()


def damaged(
    files: Sequence[DataFile], missing: Sequence[DataFile], act: Act | None
) -> Availability:
    """Judge a state of whose files some are missing; `act` took them, None where unknown."""
    paths = tuple(file.path for file in missing)
    since, what = (act.since, act.what) if act else (None, None)
    rows = [file.key for file in files if file.content is FileContent.DATA]
    lost = {file.key for file in missing if file.content is FileContent.DATA}
    if lost.issuperset(rows):
        return Gone(paths, since, what)
    return Partial(paths, len(files), since, what)


def _protection(history: TableHistory, snapshot_id: int) -> Protected | None:
    """Give the ref that keeps the snapshot longest; main keeps its head only while it is one."""
    head = history.head()
    refs = [
        ref
        for ref in (head.refs if head else ())
        if ref.snapshot_id == snapshot_id and ref.name != MAIN
    ]
    if not refs:
        return None
    longest = max(refs, key=lambda ref: (_until(history, ref), ref.name))
    return Protected(longest.name, _until(history, longest))


def _until(history: TableHistory, ref: SnapshotRef) -> Instant:
    snapshot = history.snapshot(snapshot_id=ref.snapshot_id)
    match ref:
        case Tag(max_ref_age_ms=age) | Branch(max_ref_age_ms=age):
            if age is None or snapshot is None:
                return FOREVER
            return snapshot.committed_at.plus(micros=age * 1000)
