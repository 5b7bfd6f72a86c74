"""How fresh tables are: their last change of rows, and whether the next one is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, ClassVar

from snapshots.committed import committed_by
from snapshots.snapshot_log import Current
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.harvesting.commits_read import commits_of
from temporal_lineage.harvesting.looks import last_looks
from temporal_lineage.keys import AttributeKind, EdgeKind
from temporal_lineage.lineage.out_of_line import overdue
from temporal_lineage.questions.scopes import datasets_in, some_at_once
from temporal_lineage.questions.states.held import held_by_tables
from temporal_lineage.questions.tables.snapshots import current_periods, heads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from snapshots.instant import Instant
    from snapshots.snapshot import Snapshot
    from temporal_lineage.facts import AsOf
    from temporal_lineage.harvesting.commits_read import Commits
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
    names = datasets_in(reader, scope, as_of)
    found = [
        one
        for some in some_at_once(names)
        for one in _of_datasets(
            reader, {dataset_id: names[dataset_id] for dataset_id in some}, as_of
        )
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


def _of_datasets(
    reader: Reader, names: Mapping[int, str], as_of: AsOf
) -> Iterator[DatasetFreshness]:
    commits = commits_of(reader, names, system=as_of.system)
    looks = last_looks(reader, commits, address=None, system=as_of.system)
    held = held_by_tables(reader, commits)
    written = _written(reader, names.keys() - commits.keys(), as_of)
    for dataset_id, name in names.items():
        looked_at = looks.get(dataset_id)
        if dataset_id in commits:
            changes = _committed(commits[dataset_id], as_of)
            yield _of_dataset(name, changes, looked_at, held.get(dataset_id, {}), as_of)
        else:
            yield _of_dataset(name, written[dataset_id], None, {}, as_of)


def _of_dataset(
    name: str,
    changes: _Changes,
    looked_at: Instant | None,
    states: Mapping[str, Held],
    as_of: AsOf,
) -> DatasetFreshness:
    held = states.get(str(changes.current.snapshot_id)) if changes.current is not None else None
    seen = min(as_of.valid, looked_at or as_of.valid)
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


def _committed(commits: Commits, as_of: AsOf) -> _Changes:
    """Give when main's rows changed; what went back with a rollback changed when it was made."""
    main = commits.main
    snapshots = {one.snapshot_id: one for one in commits.snapshots}
    on_main = heads(commits.chain) | current_periods(main, as_of.valid).keys()
    made = committed_by(as_of.valid, chain=commits.chain, snapshots=commits.snapshots)
    instants = [
        one.committed_at for one in made if one.snapshot_id in on_main and not one.effect.keeps_rows
    ]
    entry = main.at(as_of.valid) if main else None
    current = None
    if entry and isinstance(entry.state, Current) and entry.state.snapshot_id is not None:
        current = snapshots.get(entry.state.snapshot_id)
    last = current
    while last is not None and last.effect.keeps_rows:
        last = snapshots.get(last.parent_id) if last.parent_id is not None else None
    return _Changes(tuple(sorted(instants)), current, last.committed_at if last else None)


def _written(reader: Reader, dataset_ids: Iterable[int], as_of: AsOf) -> dict[int, _Changes]:
    """Give when runs that wrote datasets ended, as far as they completed."""
    ids = sorted(dataset_ids)
    steps = reader.steps_into(node_ids=ids, kinds=(EdgeKind.WRITES,), as_of=as_of) if ids else ()
    run_ids = {run_id for _, run_id, _, _ in steps}
    claims = (
        reader.claims_of(node_ids=sorted(run_ids), kind=AttributeKind.RUN, as_of=as_of)
        if run_ids
        else {}
    )
    told = {run_id: decode(RunClaim, claim) for run_id, claim in claims.items()}
    ends: dict[int, list[Instant]] = {dataset_id: [] for dataset_id in ids}
    for _, run_id, dataset_id, _ in steps:
        run = told.get(run_id)
        if run is not None and run.ended is not None and run.ended <= as_of.valid:
            ends[dataset_id] += [run.ended] if run.state == "COMPLETE" else []
    return {
        dataset_id: _Changes(tuple(sorted(many)), None, max(many, default=None))
        for dataset_id, many in ends.items()
    }


def _seconds(micros: float) -> int:
    return round(micros / _SECOND)
