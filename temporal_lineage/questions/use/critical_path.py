"""The critical path to a state: the longest chain of runs that made it, by how long they took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.history_parts import remembered_snapshot
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.lineage.longest import longest_chain
from temporal_lineage.link_claims import EdgeClaim, WriterClaim
from temporal_lineage.naming import Naming
from temporal_lineage.questions.walks.doubts import count, grade_doubts
from temporal_lineage.questions.walks.provenance import find_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.addresses import DatasetAddress, ModelAddress
    from temporal_lineage.lineage.longest import Chain
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class CriticalStep:
    """One state of the path and the run that made it; its inputs stand before it.

    By flow it is a dataset and the job that writes it, `seconds` is the median of the job's runs,
    and there is no one run. `seconds` is how long the run took, None where its start or its end is
    not known. `waited` is from the end of the run before it to its own start, in seconds; None for
    the first, and where they overlap. `slack` is by how many seconds the chain through its next
    best input is shorter; None where it has one input only.
    """

    state: str
    job: str | None
    run: str | None
    started: Instant | None
    ended: Instant | None
    seconds: float | None
    waited: float | None
    slack: float | None


@dataclass(frozen=True, slots=True)
class CriticalPathAnswer:
    """The steps, first to last: `seconds` in runs together, `elapsed` from first start to end.

    `elapsed` is None where no such instant is known, and by flow.
    """

    ROWS: ClassVar[str | None] = "steps"

    question: Question
    target: str
    seconds: float
    elapsed: float | None
    steps: tuple[CriticalStep, ...]
    doubts: tuple[str, ...]


def critical_path(
    reader: Reader,
    address: DatasetAddress | ModelAddress,
    question: Question,
    *,
    since: Instant,
    depth_max: int,
) -> CriticalPathAnswer:
    """Answer `tl critical-path`; what ended before `since` was ready, and nobody waited for it.

    Raises as `find_version` does.
    """
    as_of = question.as_of
    root_id = find_version(reader, address, as_of)
    builds = _Builds(reader, as_of, since=since)
    builds.follow(root_id, depth_max=depth_max)
    weights = {node_id: build.micros for node_id, build in builds.made.items()}
    chain = longest_chain(root_id, builds.sources, weights)
    steps = _steps(builds, chain, Naming(reader, as_of=as_of).addresses(builds.nodes))
    started = [one.started for one in steps if one.started is not None]
    ended = [one.ended for one in steps if one.ended is not None]
    elapsed = (max(ended).micros - min(started).micros) / _SECOND if started and ended else None
    return CriticalPathAnswer(
        question=question,
        target=steps[-1].state,
        seconds=round(chain.weight / _SECOND, 3),
        elapsed=elapsed,
        steps=steps,
        doubts=tuple(builds.doubts(chain)),
    )


@dataclass(frozen=True, slots=True)
class _Build:
    """The run that made a state; None in all where nobody tells it."""

    run: str | None
    job: str | None
    started: Instant | None
    ended: Instant | None

    @property
    def seconds(self) -> float | None:
        if self.started is None or self.ended is None or self.ended < self.started:
            return None
        return (self.ended.micros - self.started.micros) / _SECOND

    @property
    def micros(self) -> int:
        return round((self.seconds or 0) * _SECOND)


class _Builds:
    """What made each state, and what those runs had read, level by level upwards."""

    def __init__(self, reader: Reader, as_of: AsOf, *, since: Instant) -> None:
        self._reader = reader
        self._as_of = as_of
        self._since = since
        self.made: dict[int, _Build] = {}
        self.sources: dict[int, list[int]] = {}
        self.nodes: set[int] = set()
        self.ready = 0
        self._grades: list[str] = []
        self._cut: set[int] = set()
        self._unversioned: set[int] = set()

    def follow(self, root_id: int, *, depth_max: int) -> None:
        frontier = [root_id]
        for depth in range(depth_max + 1):
            commits = self._commits(frontier)
            ready = {one for one in frontier if one != root_id and self._was_ready(one)}
            for sources in self.sources.values():
                sources[:] = [one for one in sources if one not in ready]
            frontier = [one for one in frontier if one not in ready]
            self.ready += len(ready)
            self.nodes |= set(frontier)
            reached = self._read({one: commits[one] for one in frontier})
            if depth == depth_max:
                self._cut = {one for one in frontier if self.sources.get(one)}
                self.sources = {
                    one: sources for one, sources in self.sources.items() if one not in self._cut
                }
                return
            frontier = [one for one in dict.fromkeys(reached) if one not in self.made]
            if not frontier:
                return

    def _was_ready(self, state: int) -> bool:
        ended = self.made[state].ended
        return ended is not None and ended < self._since

    def _commits(self, states: Sequence[int]) -> dict[int, int]:
        """Give the commit that made each state: its own, or the newest in it that a run claims.

        A compaction has no run that could have waited for anything.
        """
        commits = {one: one for one in states}
        writers = self._writers(states)
        quiet = [one for one in states if one not in writers and self._is_quiet(one)]
        inside: dict[int, list[int]] = {}
        for row in self._reader.contributions_to(node_ids=quiet, system=self._as_of.system):
            if row.commit_id:
                inside.setdefault(row.state_id, []).append(row.commit_id)
        more = self._writers({one for many in inside.values() for one in many})
        for state, many in inside.items():
            told = [one for one in many if one in more]
            if told:
                commits[state] = max(told, key=lambda one: (more[one][0], one))
        known = {**writers, **more}
        runs = {writer.run for _, writer in known.values() if writer.run}
        claims = self._runs(runs)
        for state, commit in commits.items():
            writer = known[commit][1] if commit in known else None
            claim = claims.get(writer.run) if writer else None
            self.made[state] = _Build(
                run=writer.run or None if writer else None,
                job=writer.job or None if writer else None,
                started=claim.started if claim else None,
                ended=claim.ended if claim else None,
            )
        return commits

    def _is_quiet(self, state: int) -> bool:
        node = self._reader.named(node_ids=[state])[state]
        if not node.name.isdecimal():
            return False
        snapshot = remembered_snapshot(
            self._reader, node.parent_id, int(node.name), system=self._as_of.system
        )
        return snapshot is not None and snapshot.effect.keeps_rows

    def _read(self, commits: dict[int, int]) -> list[int]:
        """Note what was read for each state; gives the states that were."""
        states: dict[int, list[int]] = {}
        for state, commit in commits.items():
            states.setdefault(commit, []).append(state)
        rows = self._reader.edges_into(
            node_ids=list(states), kinds=(EdgeKind.EDGE,), as_of=self._as_of
        )
        kinds = self._reader.named(node_ids=sorted({row.src_id for row in rows}))
        reached = []
        for row in rows:
            if kinds[row.src_id].kind != NodeKind.VERSION:
                self._unversioned.add(row.src_id)
                continue
            self._grades.append(decode(EdgeClaim, row.claim).grade.value)
            for state in states[row.dst_id]:
                if row.src_id != state:
                    self.sources.setdefault(state, []).append(row.src_id)
            reached.append(row.src_id)
        return reached

    def _writers(self, node_ids: Iterable[int]) -> dict[int, tuple[Instant, WriterClaim]]:
        point = AsOf(valid=LAST, system=self._as_of.system)
        believed = self._reader.attributes_of(
            node_ids=sorted(set(node_ids)), kind=AttributeKind.WRITER, as_of=point
        )
        return {one.node_id: (one.valid.start, decode(WriterClaim, one.claim)) for one in believed}

    def _runs(self, run_ids: Iterable[str]) -> dict[str, RunClaim]:
        nodes = self._reader.nodes_named(kind=NodeKind.RUN, parent_id=0, names=sorted(set(run_ids)))
        names = {one.node_id: one.name for one in nodes}
        point = AsOf(valid=LAST, system=self._as_of.system)
        believed = self._reader.attributes_of(
            node_ids=list(names), kind=AttributeKind.RUN, as_of=point
        )
        return {names[one.node_id]: decode(RunClaim, one.claim) for one in believed}

    def doubts(self, chain: Chain) -> list[str]:
        """Say what could make another chain the longest."""
        names = Naming(self._reader, as_of=self._as_of).addresses(
            self.nodes | self._unversioned | self._cut
        )
        doubts = []
        if self.ready:
            doubts.append(f"{count(self.ready, 'input')} ready before {self._since}: not followed")
        unclaimed = [one for one in sorted(self.nodes) if self.made[one].run is None]
        unmeasured = [
            one
            for one in sorted(self.nodes)
            if self.made[one].run is not None and self.made[one].seconds is None
        ]
        if unclaimed:
            told = ", ".join(names[one] for one in unclaimed)
            doubts.append(f"no run claims {told}: what was read for it is not known")
        if unmeasured:
            told = ", ".join(names[one] for one in unmeasured)
            doubts.append(f"how long the run took is not known of {told}: it counts as nothing")
        if self._unversioned:
            told = ", ".join(sorted(names[one] for one in self._unversioned))
            doubts.append(f"not followed, which state was read is not known: {told}")
        if self._cut:
            told = ", ".join(sorted(names[one] for one in self._cut))
            doubts.append(f"not followed further, too deep: {told}")
        return [*doubts, *circles_cut(chain), *grade_doubts(self._grades)]


def circles_cut(chain: Chain) -> list[str]:
    """Say where a chain was cut because it would have closed."""
    if not chain.circles:
        return []
    return [f"{count(len(chain.circles), 'circle')} cut: things made from each other"]


def _steps(builds: _Builds, chain: Chain, names: dict[int, str]) -> tuple[CriticalStep, ...]:
    steps: list[CriticalStep] = []
    before: Instant | None = None
    for link in chain.links:
        build = builds.made[link.node_id]
        waited = None
        if before is not None and build.started is not None and build.started >= before:
            waited = (build.started.micros - before.micros) / _SECOND
        steps.append(
            CriticalStep(
                state=names[link.node_id],
                job=build.job,
                run=build.run,
                started=build.started,
                ended=build.ended,
                seconds=build.seconds,
                waited=waited,
                slack=None if link.slack is None else link.slack / _SECOND,
            )
        )
        before = build.ended
    return tuple(steps)
