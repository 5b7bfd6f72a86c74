"""The longest chain of runs behind a state: docs/use.md, slow and obvious."""

from __future__ import annotations

from statistics import median

from model_answers import End, Model, Node
from model_knowledge import KnownRun
from model_use import SECOND, Use
from snapshots.instant import Instant
from snapshots.snapshot import Effect


class CriticalPath:
    """What made each state, and what those runs had read."""

    def __init__(self, model: Model, *, since: Instant, until: Instant) -> None:
        """Follow edges that hold at an instant; what ended before `since` was ready."""
        self._model, self._since = model, since
        self._edges = [one for one in model.edges() if one.since <= until]

    def made(self, state: Node) -> tuple[Node, KnownRun | None]:
        """Give the commit that made a state, and its run; a compaction hands on what it rewrote."""
        run = self._model.writer(state)
        table = self._model.known.tables.get(state[0])
        snapshot = table.snapshots.get(int(str(state[1]))) if table is not None else None
        if run is not None or snapshot is None or snapshot.effect is not Effect.REPLACE:
            return state, run
        inside = [
            (written[2], one, run)
            for one in self._model.shares(state)
            if one is not None
            and (run := self._model.writer(one)) is not None
            and (written := self._model.written(run)) is not None
        ]
        if not inside:
            return state, None
        _, commit, run = max(inside, key=lambda one: (one[0], one[1]))
        return commit, run

    def seconds(self, state: Node) -> float | None:
        """Give how long the run took that made a state."""
        _, run = self.made(state)
        if run is None or not run.started or not run.ended:
            return None
        return (run.run.ended.micros - run.run.started.micros) / SECOND

    def sources(self, state: Node, *, ready: bool = False) -> set[Node]:
        """Give the states that were read to make it, but those that were ready, unless told."""
        commit, _ = self.made(state)
        read = {one.source for one in self._edges if one.target == commit and one.source[1]}
        return {one for one in read - {state} if ready or not self._was_ready(one)}

    def _was_ready(self, state: Node) -> bool:
        _, run = self.made(state)
        return run is not None and run.ended and run.run.ended < self._since

    def weight(self, state: Node) -> float:
        """Give how long the longest chain took that ends in a state."""
        before = max((self.weight(one) for one in self.sources(state)), default=0.0)
        return (self.seconds(state) or 0) + before


class CriticalFlow:
    """Which jobs usually take longest, by the flows that hold."""

    def __init__(self, use: Use, root: str) -> None:
        """Take the flows upstream of a dataset, and the runs of a period."""
        self._use = use
        self._pairs = use.model.pairs(root, use.until)
        took: dict[str, list[float]] = {}
        for run in use.runs:
            seconds = use.seconds(run)
            if use.went_on(run) and seconds is not None:
                took.setdefault(use.job(run), []).append(seconds)
        self.usual = {job: median(many) for job, many in took.items()}

    def sources(self, dataset: End) -> set[str]:
        """Give what a dataset is made of."""
        return {source for source, target in self._pairs if target == dataset}

    def seconds(self, dataset: str) -> float:
        """Give the most that a run usually takes of those jobs that make a dataset."""
        jobs = {
            job for (_, target), many in self._pairs.items() if target == dataset for job in many
        }
        if not jobs:
            jobs = {self._use.job(run) for run in self._use.writers(dataset)}
        return max((self.usual.get(job, 0) for job in jobs), default=0)

    def weight(self, dataset: str, way: tuple[str, ...] = ()) -> float | None:
        """Give how long the longest chain takes; None where things are made from each other."""
        if dataset in way:
            return None
        before = [self.weight(one, (*way, dataset)) for one in self.sources(dataset)]
        told = [one for one in before if one is not None]
        if len(told) < len(before):
            return None
        return self.seconds(dataset) + max(told, default=0)
