"""Asking a ledger and its model about changes, use and cost, and holding the answers together."""

from __future__ import annotations

from collections import Counter

import pytest

from model_answers import Node
from model_changes import Changes
from model_questions import DEPTH_MAX, asked_in
from model_spread import (
    STRONGEST_FIRST,
    below,
    holding_surely,
    products,
    surely,
    touched,
    way_back,
)
from model_target import Target
from model_world import World
from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from snapshots.refs import MAIN
from temporal_lineage.questions.impact.contamination import ContaminationAnswer
from temporal_lineage.session import Session


class AskedOfWork(Target):
    """More questions, each of them a comparison; `shapes` counts what was in the answers."""

    def __init__(
        self, world: World, session: Session, target: str, *, valid: Instant, system: Instant
    ) -> None:
        """Ask as `Target` does, and count from nothing."""
        super().__init__(world, session, target, valid=valid, system=system)
        self.shapes: Counter[str] = Counter()

    def state_of(self, choice: int) -> Node | None:
        """Give a state of the target, of those that were there then."""
        table = self.table()
        if table is None:
            return self.root()
        there = [one for one in table.snapshots.values() if one.committed_at <= self.valid]
        numbers = sorted(one.snapshot_id for one in there)
        return (table.uuid, str(numbers[choice % len(numbers)])) if numbers else None

    def changes(self, choice: int) -> None:
        """What was otherwise upstream than at a good time?"""
        earlier = [one for one in self.world.happened if one < self.valid]
        name = self.target.partition("@")[0]
        if not earlier:
            return
        good = earlier[len(earlier) * choice // 12]
        root = self.dataset()
        if root is None:
            with pytest.raises(UnknownNameError):
                self.session.changes(name, good=good, **self.when)
            return
        wanted = Changes(self.model, root, good=good, bad=self.valid)
        answer = self.session.changes(name, good=good, **self.when, depth_max=DEPTH_MAX)
        told = [(one.about, one.at, one.kind.value, one.distance) for one in answer.findings]
        asked = [(one.about, one.at, one.kind, one.distance) for one in wanted.found]
        many, few = Counter(asked), Counter(told)
        assert many == few, (self, good, "MISSING", many - few, "TOO MUCH", few - many)
        for one in wanted.found:
            words = [
                other.what
                for other, key in zip(answer.findings, told, strict=True)
                if key == (one.about, one.at, one.kind, one.distance)
            ]
            assert any(all(say in what for say in one.says) for what in words), (self, one, words)
        assert (answer.datasets, answer.jobs) == (len(wanted.datasets), len(wanted.jobs)), self
        scores = [one.score for one in answer.findings]
        assert scores == sorted(scores, reverse=True)
        self.shapes.update(one.kind for one in wanted.found)

    def healing(self, choice: int) -> None:
        """What is still bad, in which order is it made anew, what was made of it meanwhile?"""
        root = self.state_of(choice)
        if root is None:
            return
        edges = self.model.downstream(root, self.valid)
        if self.is_untold(root, edges):
            return
        commits = self.model.spread(root, self.valid)
        answer = self.session.contamination(self.state(root), **self.when, depth_max=DEPTH_MAX)
        bad = self._bad_tables(root, commits, answer)
        made = products(self.model, commits, self.valid)
        bad |= {one.version[0] for one in made if one.newest}
        assert {
            (self.state(one.version), one.made_at, one.job, one.run, one.newest) for one in made
        } == {
            (one.address, one.made_at, one.job, one.run, one.newest) for one in answer.products
        }, (self, root, made, answer.products)
        jobs = {
            one: {edge.job for edge in edges if edge.target[0] == one != edge.source[0]}
            for one in bad
        }
        order = {
            (self.dataset_name(one), step, circle, frozenset(jobs[one]))
            for one, (step, circle) in way_back(bad, edges).items()
        }
        steps = {(one.dataset, one.step, one.circle, frozenset(one.jobs)) for one in answer.rebuild}
        assert order == steps, (self, root)
        self.shapes["spread by a deletion"] += commits != {root} | {one.target for one in edges}
        self.shapes["superseded product"] += any(not one.newest for one in made)
        self.shapes["rebuilt after others"] += any(one.step > 1 for one in answer.rebuild)
        self.shapes["rebuilt in a circle"] += any(one.circle for one in answer.rebuild)

    def _bad_tables(self, root: Node, commits: set[Node], answer: ContaminationAnswer) -> set[str]:
        """See how surely each table holds bad rows; gives those where some ref still does."""
        tables = {dataset for dataset, _ in commits if self.model.known.is_table(dataset)}
        sure = surely(self.model, root, self.valid)
        wanted, bad = {}, set()
        for uuid in tables:
            own = {one for one in commits if one[0] == uuid}
            states = holding_surely(self.model, own, sure, self.valid)
            *_, healed, refs = self.contaminated(uuid, commits)
            there = {ref: self.model.known.tables[uuid].at(ref, self.valid) for ref in refs}
            sure_refs = {
                ref
                for ref, one in there.items()
                if one is not None and states[uuid, str(one.snapshot_id)] == "exact"
            }
            weakest = max(states.values(), key=STRONGEST_FIRST.index)
            wanted[self.dataset_name(uuid)] = (weakest, sure_refs)
            bad |= {uuid} if refs else set()
            self.shapes["healed"] += healed is not None
            self.shapes["perhaps bad"] += refs != sure_refs
        told = {one.dataset: (one.certainty, set(one.sure_refs)) for one in answer.tables}
        assert wanted == told, (self, root, wanted, told)
        return bad

    def rollback(self, choice: int) -> None:
        """What holds rows that main would lose by going back to a state?"""
        root = self.root()
        table = self.table()
        if root is None or table is None or int(str(root[1])) not in table.snapshots:
            return
        state = self.state_of(choice)
        assert state is not None
        live, kept = (set(self.model.shares(one)) for one in (root, state))
        lost = {one for one in live - kept if one is not None}
        back = {one for one in kept - live if one is not None}
        target = self.state(state)
        answer = self.session.impact(target, change="rollback", **self.when, depth_max=DEPTH_MAX)
        wanted = below(self.model, lost, self.valid) if lost else {}
        assert {(self.state(one), far) for one, far in wanted.items()} == {
            (one.address, one.distance) for one in answer.impacted
        }, (self, state)
        assert _counted("main would lose the rows of", len(lost), "") in answer.doubts, self
        if back:
            assert _counted("rows of", len(back), " removed since would be back") in answer.doubts
        self.shapes["rollback reaches"] += bool(wanted)
        self.shapes["rollback reaches far"] += any(far > 1 for far in wanted.values())
        self.shapes["rollback brings back"] += bool(back)

    def dropping(self, choice: int) -> None:
        """What would break, stop or change with each column?"""
        table = None if self.is_model else self.table()
        here = table.at(MAIN, self.valid) if table is not None else None
        schema = table.schema(here.schema_id) if table is not None and here is not None else None
        if table is None or schema is None:
            return
        for field in schema.fields[choice % len(schema.fields) :]:
            wanted = touched(self.model, (table.uuid, str(field.field_id)), self.valid)
            for change, effects in EFFECTS.items():
                name = self.target.partition("@")[0]
                answer = self.session.impact(
                    f"{name}#{field.path}", change=change, **self.when, depth_max=DEPTH_MAX
                )
                hit = Counter(
                    (
                        self.column_name(one.end) if one.is_told else self.dataset_name(one.end),
                        one.distance,
                        effects[one.is_told, not one.at_once],
                        one.jobs,
                    )
                    for one in wanted
                )
                told = Counter(
                    (one.address, one.distance, one.effect.value, frozenset(one.jobs))
                    for one in answer.impacted
                )
                assert hit == told, (self, field.path, hit - told, told - hit)
            self.shapes["column used"] += any(one.is_told for one in wanted)
            self.shapes["column used far"] += any(
                one.is_told and one.distance > 1 for one in wanted
            )
            self.shapes["column perhaps used"] += any(not one.is_told for one in wanted)


WORK = ("changes", "healing", "rollback", "dropping")


def asked_of_work(world: World, session: Session, a: int, b: int, c: int) -> AskedOfWork:
    """Choose a target, an instant of the lake, and one of the ledger: half of the time the last."""
    asked, _ = asked_in(world, session, a, b, 0 if c % 2 else c)
    times = [one.plus(micros=add) for one in world.happened for add in (-1, 0)]
    valid = times[-1 - (b * 11 + c) % len(times)]
    return AskedOfWork(world, session, asked.target, valid=valid, system=asked.system)


_GONE = {
    (True, False): "breaks",
    (True, True): "goes stale",
    (False, False): "may break",
    (False, True): "may change",
}
EFFECTS = {
    "drop-column": _GONE,
    "rename": _GONE,
    "retype": _GONE | {(True, False): "changes", (True, True): "changes"},
}
"""What a change does, by whether columns are told and whether anything lies between."""


def _counted(before: str, number: int, after: str) -> str:
    return f"{before} {number} commit{'' if number == 1 else 's'}{after}"
