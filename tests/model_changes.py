"""What changed upstream, slow and obvious: docs/impact.md, "What changed since it was good"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from model_answers import Model, merged
from model_knowledge import KnownRun, KnownTable, Stretch
from snapshots.instant import Instant
from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot

ENOUGH = 4
"""With fewer commits, or pauses, nobody knows what is usual."""

OfTable = tuple[str, Instant, tuple[str, ...]]
"""A finding about a table: its kind, when, and what its words must hold."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding about a dataset or job, and what its words must hold."""

    about: str
    at: Instant | None
    kind: str
    distance: int
    says: tuple[str, ...]


class Changes:
    """All that is otherwise upstream of a dataset at a bad time than at a good one."""

    def __init__(self, model: Model, root: str, *, good: Instant, bad: Instant) -> None:
        """Look upstream at both times: what is upstream at one of them is looked at."""
        self._model, self._good, self._bad = model, good, bad
        self._before = model.pairs(root, good)
        self._after = model.pairs(root, bad)
        self.datasets = nearest(root, self._before)
        for one, distance in nearest(root, self._after).items():
            self.datasets[one] = min(distance, self.datasets.get(one, distance))
        self.jobs: dict[str, int] = {}
        for pairs in (self._before, self._after):
            near = nearest(root, pairs)
            for (_, target), jobs in pairs.items():
                for job in jobs:
                    distance = self.jobs.get(job, near[target])
                    self.jobs[job] = min(distance, near[target])
        self.found = [*self._sources(root), *self._of_tables(), *self._of_jobs()]

    def _is_inside(self, at: Instant) -> bool:
        return self._good < at <= self._bad

    def _name(self, dataset: str) -> str:
        return self._model.address(dataset, self._bad)

    def _sources(self, root: str) -> Iterator[Found]:
        """Which datasets fed which: flows upstream at one time that do not hold at the other."""
        sides = (
            ("new source", self._after, self._good, "now"),
            ("source lost", self._before, self._bad, "no longer"),
        )
        for kind, pairs, other, word in sides:
            near = nearest(root, pairs)
            held = {
                (one.source, one.target)
                for one in self._model.feeds(columns=False)
                if one.start <= other < one.end
            }
            for source, target in pairs.keys() - held:
                says = (f"made from {self._name(source)} {word}",)
                yield Found(self._name(target), None, kind, near[target], says)

    def _of_tables(self) -> Iterator[Found]:
        for dataset, distance in self.datasets.items():
            table = self._model.known.tables.get(dataset)
            if table is None:
                continue
            told = (
                *self._schemas(table),
                *self._commits(table),
                *self._returns(table),
                *self._pauses(table),
            )
            for kind, at, says in told:
                if self._is_inside(at) or kind == "overdue":
                    yield Found(self._name(dataset), at, kind, distance, says)

    def _schemas(self, table: KnownTable) -> Iterator[OfTable]:
        """A column that is gone, or has another name, breaks readers; one more does not."""
        seen = [one for one in merged(table.log(MAIN)) if table.schema(one.schema_id)]
        for one, other in pairwise(seen):
            before, after = table.schema(one.schema_id), table.schema(other.schema_id)
            assert before is not None
            assert after is not None
            old = {field.field_id: field.name for field in before.fields}
            new = {field.field_id: field.name for field in after.fields}
            for field_id in {*old, *new}:
                if field_id not in old:
                    yield "schema change", other.start, (new[field_id],)
                elif old[field_id] != new.get(field_id):
                    yield "breaking schema change", other.start, (old[field_id],)

    def _commits(self, table: KnownTable) -> Iterator[OfTable]:
        commits = commits_of_main(table, until=self._bad)
        for place, one in enumerate(commits):
            at, number, earlier = one.committed_at, str(one.snapshot_id), commits[:place]
            alike = [other for other in earlier if other.operation == one.operation]
            if earlier and not alike:
                yield "other operation", at, (number, one.operation)
            for name, word in (("added_rows", "added"), ("removed_rows", "removed")):
                series = [getattr(other.counts, name) for other in alike]
                if is_out_of_line(getattr(one.counts, name), series):
                    yield "volume out of line", at, (number, word)
            jobs = [self._writer(table, other) for other in (*alike[-1:], one)]
            if None not in jobs and len(set(jobs)) > 1:
                yield "other writer", at, (number, f"{jobs[1]} instead of {jobs[0]}")

    def _writer(self, table: KnownTable, commit: Snapshot) -> str | None:
        run = self._model.writer((table.uuid, str(commit.snapshot_id)))
        return f"{self._model.name}/{run.run.job}" if run is not None else None

    def _returns(self, table: KnownTable) -> Iterator[OfTable]:
        """Main was at another state a moment ago, and had this one before."""
        log = table.log(MAIN)
        for place, (one, other) in enumerate(pairwise(log)):
            here, there = one.snapshot_id, other.snapshot_id
            if None in (here, there) or here == there:
                continue
            if there in {*_seen(log[: place + 1]), *_ancestors(table, here)}:
                yield "rolled back", other.start, (f"from {here} to {there}",)

    def _pauses(self, table: KnownTable) -> Iterator[OfTable]:
        """Nothing came for twice the longest pause: as far as anybody looked."""
        at = [one.committed_at for one in commits_of_main(table, until=self._bad)]
        seen = min(self._bad, self._model.known.looks[table.uuid])
        if is_overdue(at, seen):
            yield "overdue", at[-1], (f"nothing since {at[-1]}",)

    def _of_jobs(self) -> Iterator[Found]:
        for job, distance in self.jobs.items():
            known = [*self._model.known.runs.values(), *self._model.known.failed.values()]
            runs = [one for one in known if f"{self._model.name}/{one.run.job}" == job]
            runs = sorted((one for one in runs if one.over <= self._bad), key=lambda one: one.over)
            for place, one in enumerate(runs):
                for kind, *says in self._of_run(one, runs[:place]):
                    if self._is_inside(one.over):
                        yield Found(f"job:{job}", one.over, kind, distance, tuple(says))

    def _of_run(self, one: KnownRun, earlier: Sequence[KnownRun]) -> Iterator[tuple[str, ...]]:
        if one.run.failed and one.ended:
            yield "run failed", one.run.run_id, "FAIL"
        if earlier and earlier[-1].run.code != one.run.code:
            yield "other code", f"@c{one.run.code} instead", f"@c{earlier[-1].run.code}"
        given = dict(one.run.parameters)
        before = [dict(other.run.parameters) for other in earlier if other.run.parameters][-5:]
        if not given or not before:
            return
        for name in {*given, *before[-1]}:
            usual = {other.get(name) for other in before}
            if len(usual) == 1 and usual != {given.get(name)}:
                yield "other parameters", name, given.get(name) or "no longer given"


def nearest(root: str, pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Give how many steps above the root each dataset is."""
    near = {root: 0}
    steps = list(pairs)
    for distance in range(1, len(steps) + 1):
        for source, target in steps:
            if near.get(target) == distance - 1:
                near.setdefault(source, distance)
    return near


def commits_of_main(table: KnownTable, *, until: Instant) -> list[Snapshot]:
    """Give the commits that left main at what they made, in order."""
    heads = {getattr(one, "snapshot_id", None) for one in table.points.values()}
    there = [one for one in table.snapshots.values() if one.snapshot_id in heads]
    return sorted(
        (one for one in there if one.committed_at <= until), key=lambda one: one.sequence_number
    )


def is_out_of_line(value: int | None, before: Sequence[int | None]) -> bool:
    """Tell whether a number is far from those before it, and from where they were going."""
    told = [one for one in before if one is not None][-30:]
    if value is None or len(told) < ENOUGH:
        return False
    middle = median(told)
    usual = median(abs(one - middle) for one in told)
    wide = max(5 * usual, abs(middle) / 5, 1)
    step = median(later - earlier for earlier, later in pairwise(told))
    off = abs(value - (told[-1] + step))
    return abs(value - middle) > wide and off > wide and off > 2 * abs(step)


def is_overdue(at: Sequence[Instant], seen: Instant) -> bool:
    """Tell whether the pause up to an instant is twice as long as the longest before."""
    pauses = [later.micros - earlier.micros for earlier, later in pairwise(at)]
    return len(pauses) >= ENOUGH and seen.micros - at[-1].micros >= 2 * max(pauses)


def _seen(log: Sequence[Stretch]) -> set[int | None]:
    return {one.snapshot_id for one in log}


def _ancestors(table: KnownTable, number: int | None) -> set[int | None]:
    found: set[int | None] = set()
    while number in table.snapshots:
        number = table.snapshots[number].parent_id
        found.add(number)
    return found
