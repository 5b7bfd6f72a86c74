"""How fresh tables are: their last change of rows, and whether the next one is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, ClassVar

from snapshots.refs import MAIN
from snapshots.snapshot_log import Current
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.looks import last_look
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.keys import AttributeKind, EdgeKind
from temporal_lineage.lineage.out_of_line import overdue
from temporal_lineage.questions.scopes import datasets_in
from temporal_lineage.questions.states.held import held_by_states
from temporal_lineage.questions.tables.snapshots import log_lines

if TYPE_CHECKING:
    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.snapshot import Snapshot
    from snapshots.snapshot_log import SnapshotLog
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.states.held import Held
    from temporal_lineage.store.reader import Reader

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class DatasetFreshness:
    """How fresh a dataset is: `changed_at` is when the rows that a reader meets last changed.

    Of a dataset without snapshots that is the end of the last run that wrote it. `looked_at` is
    the last harvest that would have seen a change; None where there was none. The pauses are those
    between changes; None where there were too few. `overdue` compares them with the time from
    the last change to the last look. `commit`, `rows`, `size_bytes` and `files` are those of the
    state that is current, None where it is not known.
    """

    dataset: str
    commit: str | None
    changed_at: Instant | None
    age_seconds: int | None
    changes: int
    usual_pause_seconds: int | None
    longest_pause_seconds: int | None
    overdue: bool
    looked_at: Instant | None
    rows: int | None
    size_bytes: int | None
    files: int | None


@dataclass(frozen=True, slots=True)
class FreshnessAnswer:
    """The datasets of a scope, the longest unchanged first."""

    ROWS: ClassVar[str | None] = "datasets"

    question: Question
    datasets: tuple[DatasetFreshness, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Changes:
    """When rows changed, in order; and the state that is current, with the last change in it."""

    instants: tuple[Instant, ...]
    current: Snapshot | None
    changed_at: Instant | None


def fresh(reader: Reader, question: Question, *, scope: str) -> FreshnessAnswer:
    """Answer `tl freshness`. Raises UnknownNameError for a scope that is not known."""
    as_of = question.as_of
    found = [
        _of_dataset(reader, dataset_id, name, as_of)
        for dataset_id, name in datasets_in(reader, scope, as_of).items()
    ]
    found.sort(key=lambda one: (-(one.age_seconds or 0), one.dataset))
    stale = [one for one in found if one.looked_at and one.looked_at < as_of.valid]
    untold = [one.dataset for one in found if one.changed_at is None]
    doubts = []
    if stale:
        first = min(one.looked_at for one in stale if one.looked_at)
        doubts.append(
            f"{len(stale)} of {len(found)} were last looked at before that, the first at {first}:"
            " what was committed since is not known"
        )
    if untold:
        doubts.append(f"nobody knows when these changed: {', '.join(untold)}")
    return FreshnessAnswer(question, tuple(found), tuple(doubts))


def _of_dataset(reader: Reader, dataset_id: int, name: str, as_of: AsOf) -> DatasetFreshness:
    history = remembered(reader, dataset_id, system=as_of.system)
    looked_at: Instant | None = None
    held: Held | None = None
    if history is None:
        changes = _written(reader, dataset_id, as_of)
        seen = as_of.valid
    else:
        main = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
        changes = _committed(reader, dataset_id, history, main, as_of)
        looked_at = last_look(reader, dataset_id, address=None, system=as_of.system)
        seen = min(as_of.valid, looked_at or as_of.valid)
        if changes.current is not None:
            version = str(changes.current.snapshot_id)
            held = held_by_states(reader, dataset_id).get(version)
    changed_at = changes.changed_at
    pauses = [later.micros - earlier.micros for earlier, later in pairwise(changes.instants)]
    instants = [one.micros for one in changes.instants]
    return DatasetFreshness(
        dataset=name,
        commit=f"{name}@{changes.current.snapshot_id}" if changes.current else None,
        changed_at=changed_at,
        age_seconds=_seconds(as_of.valid.micros - changed_at.micros) if changed_at else None,
        changes=len(instants),
        usual_pause_seconds=_seconds(median(pauses)) if pauses else None,
        longest_pause_seconds=_seconds(max(pauses)) if pauses else None,
        overdue=bool(instants) and overdue(instants, seen.micros) is not None,
        looked_at=looked_at,
        rows=held.rows if held else None,
        size_bytes=held.size_bytes if held else None,
        files=held.files if held else None,
    )


def _committed(
    reader: Reader,
    dataset_id: int,
    history: TableHistory,
    main: SnapshotLog | None,
    as_of: AsOf,
) -> _Changes:
    """Give when main's rows changed; what went back with a rollback changed when it was made."""
    snapshots = {one.snapshot_id: one for one in history.snapshots}
    instants = [
        line.committed_at
        for line in log_lines(reader, dataset_id, history, main, as_of)
        if line.on_main and not snapshots[line.snapshot_id].effect.keeps_rows
    ]
    entry = main.at(as_of.valid) if main else None
    current = None
    if entry and isinstance(entry.state, Current) and entry.state.snapshot_id is not None:
        current = snapshots.get(entry.state.snapshot_id)
    last = current
    while last is not None and last.effect.keeps_rows:
        last = snapshots.get(last.parent_id) if last.parent_id is not None else None
    return _Changes(tuple(sorted(instants)), current, last.committed_at if last else None)


def _written(reader: Reader, dataset_id: int, as_of: AsOf) -> _Changes:
    """Give when runs that wrote a dataset ended, as far as they completed."""
    rows = reader.edges_into(node_ids=[dataset_id], kinds=(EdgeKind.WRITES,), as_of=as_of)
    claims = reader.attributes_of(
        node_ids=[row.src_id for row in rows], kind=AttributeKind.RUN, as_of=as_of
    )
    told = [decode(RunClaim, one.claim) for one in claims]
    ends = sorted(
        one.ended
        for one in told
        if one.ended is not None and one.ended <= as_of.valid and one.state == "COMPLETE"
    )
    return _Changes(tuple(ends), None, ends[-1] if ends else None)


def _seconds(micros: float) -> int:
    return round(micros / _SECOND)
