"""What is read and needed, how fresh and how much: docs/use.md, slow and obvious."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from model_answers import End, Feed, Model
from model_changes import commits_of_main, is_out_of_line, is_overdue
from model_events import EXTERNAL
from model_knowledge import KnownRun, KnownTable
from snapshots.instant import Instant
from snapshots.refs import MAIN
from snapshots.snapshot import Effect

SECOND = 1_000_000

COUNTS = ("added_rows", "removed_rows", "added_files", "removed_files")


class Use:
    """Who read and wrote what from an instant to another, as far as anybody heard."""

    def __init__(self, model: Model, *, since: Instant, until: Instant) -> None:
        """Look at all runs that had begun, failed ones too."""
        self.model, self.since, self.until = model, since, until
        known = (*model.known.runs.values(), *model.known.failed.values())
        self.runs = [one for one in known if one.begun <= until]
        # A table that a job reads to write it, as a MERGE does, is none of its inputs.
        self.flows = [
            one
            for one in model.feeds(columns=False)
            if one.start <= until < one.end and one.source != one.target
        ]
        self.columns = [one for one in model.feeds(columns=True) if one.start <= until < one.end]

    def datasets(self) -> set[str]:
        """Give all that is known: tables that were there, and what only events told of."""
        known = self.model.known
        found = {one for one, table in known.tables.items() if table.made <= self.until}
        for run in (*known.runs.values(), *known.failed.values()):
            named = {one.dataset for one in run.run.reads}
            named |= {run.run.writes} if run.ended and not run.run.failed else set()
            found |= {one for one in named if not known.is_table(one)}
        meant = known.resolved(EXTERNAL, LONG_AFTER)
        return found - ({EXTERNAL} if meant != EXTERNAL else set())

    # Runs.

    def job(self, run: KnownRun) -> str:
        """Give the job of a run."""
        return f"{self.model.name}/{run.run.job}"

    def ended(self, run: KnownRun) -> Instant | None:
        """Give when a run ended; None where it had not by then, or nobody heard."""
        return run.run.ended if run.ended and run.run.ended <= self.until else None

    def went_on(self, run: KnownRun) -> bool:
        """Tell whether a run went on at some time of the period."""
        return run.begun <= self.until and (self.ended(run) or run.begun) >= self.since

    def readers(self, dataset: str) -> list[KnownRun]:
        """Give the runs that read a dataset, but those that wrote it too."""
        own = {run.run.run_id for run in self.writers(dataset)}
        return [run for run in self._naming(dataset) if run.run.run_id not in own]

    def writers(self, dataset: str) -> list[KnownRun]:
        """Give the runs that wrote a dataset."""
        return [
            run
            for run in self.runs
            if run.ended and not run.run.failed and run.run.writes == dataset
        ]

    def _naming(self, dataset: str) -> list[KnownRun]:
        return [
            run
            for run in self.runs
            if dataset
            in {self.model.known.resolved(one.dataset, run.begun) for one in run.run.reads}
        ]

    # What nobody reads.

    def unused(self, dataset: str) -> tuple[object, ...] | None:
        """Say how a dataset is not used; None where some run of the period read it."""
        others = self.readers(dataset)
        if any(self.went_on(one) for one in others):
            return None
        why = "never read" if not self._naming(dataset) else "read by its own writers only"
        last = max(others, key=lambda one: one.begun, default=None)
        written = self.writers(dataset)
        return (
            "not read in the period" if others else why,
            last.begun if last else None,
            self.job(last) if last else None,
            max((one.begun for one in written), default=None),
            sum(self.went_on(one) for one in written),
            self.files(dataset),
        )

    def files(self, dataset: str) -> int | None:
        """Count the files of what main is at; each has one byte and one row."""
        table = self.model.known.tables.get(dataset)
        here = table.at(MAIN, self.until) if table is not None else None
        if table is None or here is None or here.snapshot_id not in table.files:
            return None
        return len(table.files[here.snapshot_id])

    def unused_columns(self, dataset: str) -> Iterator[tuple[int, str, frozenset[str]]]:
        """Give the columns that nothing is made of, where all who read the table tell of some."""
        table = self.model.known.tables.get(dataset)
        here = table.at(MAIN, self.until) if table is not None else None
        schema = table.schema(here.schema_id) if table is not None and here is not None else None
        jobs = {self.job(one) for one in self.readers(dataset) if self.went_on(one)}
        out = [one for one in self.columns if one.source[0] == dataset]
        if schema is None or not jobs or jobs - {f"{self.model.name}/{one.job}" for one in out}:
            return
        used = {one.source[1] for one in out}
        for field in schema.fields:
            if not used & {str(field.field_id), field.path}:
                yield field.field_id, field.path, frozenset(jobs)

    # What may not be needed.

    def cost(self, job: str) -> tuple[str, int, float]:
        """Give a job with how many runs it had in the period, and how long they took together."""
        runs = [one for one in self.runs if self.job(one) == job and self.went_on(one)]
        return job, len(runs), sum(self.seconds(one) or 0 for one in runs)

    def seconds(self, run: KnownRun) -> float | None:
        """Give how long a run took; None where its end is not known."""
        ended = self.ended(run)
        return (ended.micros - run.begun.micros) / SECOND if ended is not None else None

    def same_work(self) -> Iterator[Redundant]:
        """Give the jobs that write the same from the same."""
        sources: dict[tuple[End, str], set[End]] = defaultdict(set)
        for one in self.flows:
            sources[one.target, one.job].add(one.source)
        for (target, job), read in sources.items():
            alike = {
                other for (into, other), also in sources.items() if into == target and also == read
            }
            if len(alike) > 1 and job == min(alike):
                yield self._redundant("same output from the same inputs", read, {target}, alike)

    def unread(self, within: Iterable[str]) -> Iterator[Redundant]:
        """Give the jobs of whose results in the period nobody read any."""
        scope = set(within)
        active = [one for one in self.runs if self.went_on(one)]
        wrote: dict[str, set[End]] = defaultdict(set)
        for one in active:
            if one.ended and not one.run.failed:
                wrote[one.run.job].add(one.run.writes)
        for job, targets in wrote.items():
            readers = [run for one in targets for run in self.readers(str(one))]
            if targets & scope and not any(self.went_on(one) for one in readers):
                sources = {one.source for one in self.flows if one.job == job}
                yield self._redundant("nothing it writes is read", sources, targets, {job})

    def implied(self) -> Iterator[Redundant]:
        """Give the direct flows beside which a longer way leads to the same target."""
        for source, target in {(one.source, one.target) for one in self.flows}:
            if source == target or not self.ways(source, target):
                continue
            direct = [
                one for one in self.columns if (one.source[0], one.target[0]) == (source, target)
            ]
            if all(self._goes_around(one) for one in direct):
                jobs = {
                    one.job for one in self.flows if (one.source, one.target) == (source, target)
                }
                yield self._redundant("another way brings it too", {source}, {target}, jobs)

    def ways(self, source: End, target: End) -> list[tuple[End, ...]]:
        """Give all ways from one dataset to another through others, none twice."""
        return list(_ways(self.flows, (source,), target, banned={source}))

    def _goes_around(self, flow: Feed) -> bool:
        """Tell whether a column gets to another by columns of other tables too."""
        inside = {one.source for one in self.columns if one.source[0] == flow.source[0]}
        straight = {one.target for one in self.columns if one.source == flow.source}
        straight = {one for one in straight if one[0] == flow.target[0]}
        others = [
            one
            for one in self.columns
            if not (one.source == flow.source and one.target in straight)
            and one.target not in inside
        ]
        return bool(next(_ways(others, (flow.source,), flow.target, banned=set()), None))

    def _redundant(
        self, kind: str, sources: Iterable[End], targets: Iterable[End], jobs: Iterable[str]
    ) -> Redundant:
        costs = frozenset(self.cost(f"{self.model.name}/{one}") for one in jobs)
        return Redundant(kind, frozenset(sources), frozenset(targets), costs)

    # How fresh, and how much.

    def freshness(self, dataset: str) -> tuple[object, ...]:
        """Say when rows last changed, how long pauses are, what is there, and what is overdue."""
        table = self.model.known.tables.get(dataset)
        if table is None:
            ends = sorted(end for run in self.writers(dataset) if (end := self.ended(run)))
            return *self._rhythm(ends, ends[-1] if ends else None, self.until), None, None
        commits = commits_of_main(table, until=self.until)
        at = [one.committed_at for one in commits if one.effect is not Effect.REPLACE]
        here = table.at(MAIN, self.until)
        head = table.snapshots.get(here.snapshot_id or 0) if here is not None else None
        last = head
        while last is not None and last.effect is Effect.REPLACE:
            last = table.snapshots.get(last.parent_id or 0)
        seen = min(self.until, self.model.known.looks[dataset])
        changed = last.committed_at if last is not None else None
        files = self.files(dataset) if head is not None else None
        return *self._rhythm(at, changed, seen), head.snapshot_id if head else None, files

    def _rhythm(
        self, at: list[Instant], changed: Instant | None, seen: Instant
    ) -> tuple[object, ...]:
        pauses = [later.micros - earlier.micros for earlier, later in pairwise(at)]
        return (
            changed,
            round((self.until.micros - changed.micros) / SECOND) if changed else None,
            len(at),
            round(median(pauses) / SECOND) if pauses else None,
            round(max(pauses) / SECOND) if pauses else None,
            is_overdue(at, seen) if at else False,
        )

    def volume(self, table: KnownTable) -> Iterator[tuple[object, ...]]:
        """Give the commits of main in the period: what each moved, what is there, what is odd."""
        commits = commits_of_main(table, until=self.until)
        for place, one in enumerate(commits):
            if one.committed_at < self.since:
                continue
            alike = [other for other in commits[:place] if other.operation == one.operation]
            odd = [
                name.replace("_", " ")
                for name in COUNTS
                if is_out_of_line(
                    getattr(one.counts, name), [getattr(other.counts, name) for other in alike]
                )
            ]
            run = self.model.writer((table.uuid, str(one.snapshot_id)))
            files = table.files.get(one.snapshot_id)
            yield (
                one.snapshot_id,
                self.job(run) if run is not None else None,
                tuple(getattr(one.counts, name) for name in COUNTS),
                len(files) if files is not None else None,
                frozenset(odd),
            )


@dataclass(frozen=True, slots=True)
class Redundant:
    """A finding about flows; each job with its runs and seconds."""

    kind: str
    sources: frozenset[End]
    targets: frozenset[End]
    jobs: frozenset[tuple[str, int, float]]


LONG_AFTER = Instant.parse("2999-01-01")


def _ways(
    flows: Iterable[Feed], way: tuple[End, ...], target: End, *, banned: set[End]
) -> Iterator[tuple[End, ...]]:
    """Give the ways that go on to a target, of two steps or more; none comes by a place twice."""
    steps = list(flows)
    for one in steps:
        if one.source != way[-1] or one.target in way or one.target in banned:
            continue
        if one.target == target:
            if len(way) > 1:
                yield *way, target
        else:
            yield from _ways(steps, (*way, one.target), target, banned=banned)
