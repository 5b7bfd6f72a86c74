"""Since when it is bad, and whose commit it was: docs/bisect.md, slow and obvious."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import pairwise

from model_answers import Edge, Node
from model_delta import RowsWorld
from model_knowledge import KnownTable
from model_target import Target
from snapshots.refs import MAIN
from temporal_lineage.bisection.answer import BisectedTable, SuspectInput

GOOD_IS_BAD, BAD_IS_GOOD, FOUND = "the good state is bad", "the bad state is good", "found"

_VERDICTS = {GOOD_IS_BAD: "bad before too", BAD_IS_GOOD: "good", FOUND: "turned bad"}


class Bisect:
    """One search: a state is bad where it holds one of some rows."""

    def __init__(self, world: RowsWorld, asked: Target, bad: Collection[int]) -> None:
        """`bad` are rows that no good state holds."""
        self._world, self._asked, self._bad = world, asked, set(bad)
        self._model = asked.model
        self._edges = [one for one in asked.model.edges() if one.since <= asked.valid]
        self.shapes: Counter[str] = Counter()

    @property
    def check(self) -> str:
        """What is asked of each state."""
        rows = ", ".join(map(str, sorted(self._bad)))
        return f"SELECT count(*) = 0 FROM state WHERE a IN ({rows})"

    def states(self, table: KnownTable) -> list[int]:
        """Give the states that main was at, one after the other."""
        log = [one for one in table.log(MAIN) if one.start <= self._asked.valid]
        return [one.snapshot_id for one in log if one.snapshot_id is not None]

    def ask(self, table: KnownTable, good: int, bad: int) -> None:
        """Search from one state to a later one, and hold what is told against what is so."""
        answer = self._asked.session.bisect(
            self._asked.dataset_name(table.uuid),
            good=str(good),
            bad=str(bad),
            check=self.check,
            **self._asked.when,
        )
        tables = {
            self._asked.dataset_name(uuid): one for uuid, one in self._model.known.tables.items()
        }
        for step in answer.steps:
            judged = self._is_good(tables[step.dataset], int(step.state.rpartition("@")[2]))
            assert step.verdict.value == ("good" if judged else "bad"), (self._asked, step)
        guilty: set[str] = set()
        for found in answer.tables:
            self._told(tables[found.dataset], found)
            if all(one.verdict.value != "turned bad" for one in found.inputs):
                guilty |= {one.commit for one in found.commits}
        assert {one.commit for one in answer.guilty} == guilty, self._asked
        ends = (answer.tables[0].good, answer.tables[0].bad)
        state = self._asked.dataset_name(table.uuid)
        assert ends == (f"{state}@{good}", f"{state}@{bad}")
        self.shapes.update(one.outcome.value for one in answer.tables)
        self.shapes["climbed"] += len(answer.tables) > 1
        self.shapes.update(one.verdict.value for each in answer.tables for one in each.inputs)

    def _is_good(self, table: KnownTable, state: int) -> bool:
        rows = {row for key in table.files[state] for row in self._world.rows[key]}
        return not self._bad & rows

    def outcomes(self, table: KnownTable, good: int, bad: int) -> set[str]:
        """Give what may be said of two ends: where both are wrong, either."""
        wrong = set() if self._is_good(table, good) else {GOOD_IS_BAD}
        wrong |= {BAD_IS_GOOD} if self._is_good(table, bad) else set()
        return wrong or {FOUND}

    def _told(self, table: KnownTable, found: BisectedTable) -> None:
        good, bad = (int(one.rpartition("@")[2]) for one in (found.good, found.bad))
        row = [one for one in self.states(table) if good <= one <= bad]
        assert found.states == len(row), (self._asked, found)
        assert found.outcome.value in self.outcomes(table, good, bad), (self._asked, found)
        if found.outcome.value != FOUND:
            assert (found.last_good, found.first_bad, found.commits) == (None, (), ())
            return
        turned: dict[tuple[str, tuple[str, ...]], tuple[int, int]] = {
            (f"{found.dataset}@{one}", (f"{found.dataset}@{other}",)): (one, other)
            for one, other in self._turns(table, good, bad)
        }
        turn = turned[str(found.last_good), found.first_bad]
        new, before = self._suspects(table, turn)
        assert {self._asked.state(one) for one in new} == {one.commit for one in found.commits}
        reads, reads_before = self._read(new), self._read(before)
        wanted = {
            (self._asked.dataset_name(dataset), verdict)
            for dataset, verdict in self._verdicts(table, turn).items()
        }
        assert wanted == {(one.dataset, one.verdict.value) for one in found.inputs}, (
            self._asked,
            found,
        )
        for dataset, version in reads.items():
            one = self._input(found, dataset)
            assert (one.read, one.before) == (
                self._address(dataset, version),
                self._address(dataset, reads_before.get(dataset)),
            ), (self._asked, one)

    def climbs(self, table: KnownTable, good: int, bad: int) -> bool:
        """Tell whether some change between two states was made of what turned bad itself."""
        turns = self._turns(table, good, bad)
        return any("turned bad" in self._verdicts(table, one).values() for one in turns)

    def _turns(self, table: KnownTable, good: int, bad: int) -> list[tuple[int, int]]:
        """Give all neighbours between two states of which one is good and the next one bad."""
        row = [one for one in self.states(table) if good <= one <= bad]
        return [
            (one, other)
            for one, other in pairwise(row)
            if self._is_good(table, one) and not self._is_good(table, other)
        ]

    def _suspects(self, table: KnownTable, turn: tuple[int, int]) -> tuple[set[Node], set[Node]]:
        """Give the commits that are new in a first bad state, and those of the last good one."""
        before, after = (
            {one for one in self._model.shares((table.uuid, str(state))) if one is not None}
            for state in turn
        )
        good, bad = ((table.uuid, str(state)) for state in turn)
        return (after - before) | {bad}, before | {good}

    def _verdicts(self, table: KnownTable, turn: tuple[int, int]) -> dict[str, str]:
        now, before = (self._read(commits) for commits in self._suspects(table, turn))
        return {one: self._verdict(table, turn, one, (now, before)) for one in now}

    def _input(self, found: BisectedTable, dataset: str) -> SuspectInput:
        name = self._asked.dataset_name(dataset)
        return next(one for one in found.inputs if one.dataset == name)

    def _address(self, dataset: str, version: str | None) -> str | None:
        return self._asked.state((dataset, version)) if version is not None else None

    def _read(self, commits: Iterable[Node]) -> dict[str, str | None]:
        """Give which state of each dataset was read for the newest of some commits."""
        found: dict[str, list[Edge]] = {}
        for one in sorted(commits, key=lambda one: int(str(one[1]))):
            edges = [edge for edge in self._edges if edge.target == one]
            for dataset in {edge.source[0] for edge in edges}:
                found[dataset] = [edge for edge in edges if edge.source[0] == dataset]
        return {dataset: _single(edges) for dataset, edges in found.items()}

    def _verdict(
        self,
        table: KnownTable,
        turn: tuple[int, int],
        dataset: str,
        read: tuple[dict[str, str | None], dict[str, str | None]],
    ) -> str:
        """Say what becomes of an input: which state was read, and which one for what was good."""
        (now, before), source = read, self._model.known.tables.get(dataset)
        if before and dataset not in before:
            return "not read before"
        version, earlier = now[dataset], before.get(dataset)
        if version is None or (version != earlier and dataset in (table.uuid, None)):
            return "not followed"
        if version == earlier:
            return "the same state as before"
        if source is None:
            return "not followed"
        made = [self._model.known.tables[table.uuid].snapshots[one].committed_at for one in turn]
        there = self.states(source)
        at = source.snapshots
        seen = [one for one in there if at[one].committed_at <= made[1]] or there
        if earlier is None:
            older = [one for one in there if at[one].committed_at <= made[0]]
            earlier = str(older[-1]) if older else None
        if int(version) not in seen or earlier is None or int(earlier) >= int(version):
            return "not followed"
        outcomes = self.outcomes(source, int(earlier), int(version))
        return _VERDICTS[BAD_IS_GOOD if BAD_IS_GOOD in outcomes else min(outcomes)]


def _single(edges: Collection[Edge]) -> str | None:
    """Give the version that was read, where one was told and none only perhaps."""
    sure = {one.source[1] for one in edges if one.grade not in ("candidates", "none")}
    return next(iter(sure)) if len(sure) == 1 else None
