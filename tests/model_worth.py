"""Asking a ledger and its model who uses what, what it costs, and what was learned meanwhile."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from model_answers import Node
from model_path import CriticalFlow, CriticalPath
from model_questions import DEPTH_MAX
from model_use import COUNTS, SECOND, Use
from model_work import AskedOfWork
from model_world import MINUTE
from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant
from temporal_lineage.questions.question import Answer, as_json

NEAR = 15 * MINUTE
"""How long a harvest may take: its look is somewhere in it."""


class AskedOfUse(AskedOfWork):
    """Questions about use and cost, each of them a comparison."""

    def _since(self, choice: int) -> Instant:
        earlier = [one for one in self.world.happened if one <= self.valid]
        return (earlier or [self.valid])[len(earlier) * choice // 12]

    def _scope(self, use: Use, choice: int) -> tuple[str, dict[str, str]]:
        """Choose a scope, and give the datasets in it by address."""
        named = {self.dataset_name(one): one for one in use.datasets()}
        name = self.target.partition("@")[0]
        scope = ("", self.world.name, f"{self.world.name}.s", name)[choice % 4]
        return scope, {
            address: dataset
            for address, dataset in named.items()
            if scope in {"", address} or address.startswith(f"{scope}.")
        }

    def _is_ours(self, address: str) -> bool:
        """Tell whether a dataset is of this world: others are in the same ledger."""
        return self.world.name in address

    def unused(self, choice: int) -> None:
        """What does nobody read?"""
        since = self._since(choice)
        use = Use(self.model, since=since, until=self.valid)
        scope, inside = self._scope(use, choice)
        if not inside:
            return
        answer = self.session.unused(scope, since=since, **self.when)
        wanted = {name: use.unused(dataset) for name, dataset in inside.items()}
        wanted = {name: how for name, how in wanted.items() if how is not None}
        told = {
            one.dataset: (
                *(one.use.value, one.read_at, one.reader, one.written_at, one.writes),
                one.size_bytes,
            )
            for one in answer.datasets
            if self._is_ours(one.dataset)
        }
        assert wanted == told, (self, scope, since, differing(wanted, told))
        columns = {
            (f"{name}#{path}", field_id, jobs)
            for name, dataset in inside.items()
            for field_id, path, jobs in use.unused_columns(dataset)
        }
        assert columns == {
            (one.column, one.field_id, frozenset(one.readers))
            for one in answer.columns
            if self._is_ours(one.column)
        }, (self, scope, since)
        self.shapes.update(str(how[0]) for how in wanted.values() if how)
        self.shapes["read"] += len(inside) > len(wanted)
        self.shapes["unused column"] += bool(columns)

    def redundant(self, choice: int) -> None:
        """What may not be needed, and what did it cost?"""
        since = self._since(choice)
        use = Use(self.model, since=since, until=self.valid)
        scope, inside = self._scope(use, choice)
        if not inside:
            return
        answer = self.session.redundant(scope, since=since, **self.when)
        ids = set(inside.values())
        found = [one for one in (*use.same_work(), *use.implied()) if one.targets & ids]
        found += use.unread(ids)
        wanted = Counter(
            (
                one.kind,
                frozenset(self.dataset_name(source) for source in one.sources),
                frozenset(self.dataset_name(target) for target in one.targets),
                one.jobs,
            )
            for one in found
        )
        told = [one for one in answer.flows if all(map(self._is_ours, one.targets))]
        flows = Counter(
            (
                one.kind.value,
                frozenset(one.sources),
                frozenset(one.targets),
                frozenset((job.job, job.runs, job.seconds) for job in one.jobs),
            )
            for one in told
        )
        assert wanted == flows, (self, scope, since, wanted - flows, flows - wanted)
        for one in told:
            if one.way:
                ways = [
                    tuple(map(self.dataset_name, way))
                    for source in {flow.source for flow in use.flows}
                    for target in {flow.target for flow in use.flows}
                    for way in use.ways(source, target)
                ]
                assert one.way in ways, self
        self.shapes.update(one.kind for one in found)

    def freshness(self, choice: int) -> None:
        """When did rows last change, and is the next change overdue?"""
        use = Use(self.model, since=self.valid, until=self.valid)
        scope, inside = self._scope(use, choice)
        if not inside:
            return
        answer = self.session.freshness(scope, **self.when)
        wanted = {}
        for name, dataset in inside.items():
            *rhythm, head, files = use.freshness(dataset)
            commit = f"{name}@{head}" if head is not None else None
            wanted[name] = (*rhythm, commit, files, files, files)
        told = {
            one.dataset: (
                *(one.changed_at, one.age_seconds, one.changes, one.usual_pause_seconds),
                *(one.longest_pause_seconds, one.overdue, one.commit),
                *(one.rows, one.size_bytes, one.files),
            )
            for one in answer.datasets
            if self._is_ours(one.dataset)
        }
        assert wanted == told, (self, scope, differing(wanted, told))
        for one in answer.datasets:
            looked = self.model.known.looks.get(inside.get(one.dataset, ""))
            if looked is not None and one.looked_at is not None:
                assert 0 <= one.looked_at.micros - looked.micros < NEAR, (self, one, looked)
        self.shapes["fresh"] += any(how[0] is not None for how in wanted.values())
        self.shapes["overdue table"] += any(how[5] for how in wanted.values())

    def volume(self, choice: int) -> None:
        """How much did each commit move, what does each state hold, what is odd?"""
        table = None if self.is_model else self.table()
        if table is None:
            return
        since = self._since(choice)
        use = Use(self.model, since=since, until=self.valid)
        answer = self.session.volume(self.target.partition("@")[0], since=since, **self.when)
        wanted = list(use.volume(table))
        assert wanted == [
            (
                *(one.snapshot_id, one.job, tuple(getattr(one, name) for name in COUNTS)),
                *(one.files, frozenset(told.partition(":")[0] for told in one.odd)),
            )
            for one in answer.lines
        ], (self, since)
        assert all(one.rows == one.size_bytes == one.files for one in answer.lines), self
        self.shapes["volume"] += bool(wanted)
        self.shapes["odd volume"] += any(told for *_, told in wanted)

    def critical_path(self, choice: int) -> None:
        """Which chain of runs behind a state took longest?"""
        made: list[Node] = []
        if (table := self.table()) is not None:
            made = [
                (table.uuid, str(one.snapshot_id))
                for one in table.snapshots.values()
                if one.committed_at <= self.valid
                and self.model.writer((table.uuid, str(one.snapshot_id)))
            ]
        root = made[-1 - choice % len(made)] if made and choice % 4 else self.state_of(choice)
        if root is None:
            return
        edges, _ = self.model.upstream(root, self.valid)
        if self.is_untold(root, edges):
            return
        since = self._since(choice) if choice % 3 == 0 else self.world.start
        path = CriticalPath(self.model, since=since, until=self.valid)
        answer = self.session.critical_path(
            self.state(root), since=since, **self.when, depth_max=DEPTH_MAX
        )
        assert answer.seconds == path.weight(root), (self, root, since)
        states: list[Node] = []
        here = root
        for step in reversed(answer.steps):
            there = {self.state(one): one for one in path.sources(here)} if states else {}
            here = there.get(step.state, root)
            assert step.state == self.state(here), (self, root, since)
            assert step.seconds == path.seconds(here), (self, step)
            _, run = path.made(here)
            assert step.run == (run.run.run_id if run is not None else None), (self, step)
            before = sorted(path.weight(one) for one in path.sources(here))
            slack = before[-1] - before[-2] if len(before) > 1 else None
            assert step.slack == slack, (self, step)
            states.append(here)
        assert not path.sources(here), (self, root, since)
        for one, other in pairwise(answer.steps):
            if one.ended is not None and other.started is not None and other.started >= one.ended:
                assert other.waited == (other.started.micros - one.ended.micros) / SECOND
        self.shapes["ready before"] += path.sources(root) != path.sources(root, ready=True)
        self.shapes["chain"] += len(states) > 1
        self.shapes["long chain"] += len(states) > 2
        self.shapes["slack"] += any(one.slack for one in answer.steps)

    def critical_flow(self, choice: int) -> None:
        """Which jobs upstream usually take longest?"""
        root = self.dataset()
        if root is None:
            return
        since = self._since(choice // 2)
        use = Use(self.model, since=since, until=self.valid)
        flow = CriticalFlow(use, root)
        answer = self.session.critical_path(
            self.target.partition("@")[0],
            since=since,
            **self.when,
            depth_max=DEPTH_MAX,
            by_flow=True,
        )
        weight = flow.weight(root)
        if weight is None:
            assert any("made from each other" in one for one in answer.doubts), self
            return
        assert answer.seconds == weight, (self, since)
        assert sum(one.seconds or 0 for one in answer.steps) == weight, (self, since)
        self.shapes["pipeline"] += len(answer.steps) > 1 and weight > 0

    def learned(self, choice: int) -> None:
        """What is otherwise in an answer than it was on an earlier day?"""
        name = self.target.partition("@")[0]
        root = self.root()
        state = self.state(root) if root is not None else name
        questions: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("unused", name, {}),
            ("freshness", name, {}),
            ("redundant", name, {}),
            ("changes", name, {"good": self.world.happened[0]}),
            ("contamination", state, {}),
            ("critical-path", state, {}),
        )
        verb, target, options = questions[choice % len(questions)]
        known = [one.at.plus(micros=MINUTE) for one in self.world.told]
        before = min(self.system, known[len(known) * choice // 12])

        def rows(system: Instant) -> Counter[str] | None:
            ask: Callable[..., Answer] = getattr(self.session, verb.replace("-", "_"))
            try:
                answer = ask(target, as_of=self.valid, as_known=system, **options)
            except TemporalLineageError:
                return None
            body = as_json(answer)["answer"]
            assert isinstance(body, dict)
            found = body[str(answer.ROWS)]
            assert isinstance(found, list)
            return Counter(json.dumps(one, sort_keys=True) for one in found)

        old, new = rows(before), rows(self.system)
        asked: dict[str, Any] = {"as_known": (before, self.system), "as_of": self.valid}
        if old is None and new is None:
            with pytest.raises(TemporalLineageError):
                self.session.diff(verb, target, **asked, **options)
            return
        answer = self.session.diff(verb, target, **asked, **options)
        told = Counter(one.learned.value for one in answer.changes)
        gone, come = (
            (old or Counter()) - (new or Counter()),
            (new or Counter()) - (old or Counter()),
        )
        assert told["lost"] + told["changed"] == gone.total(), (self, before, verb)
        assert told["new"] + told["changed"] == come.total(), (self, before, verb)
        self.shapes.update(f"learned that it is {one}" for one in told)


def differing(wanted: Mapping[str, object], told: Mapping[str, object]) -> dict[str, object]:
    """Give what is not the same in two answers, by name."""
    return {
        name: (wanted.get(name), told.get(name))
        for name in {*wanted, *told}
        if wanted.get(name) != told.get(name)
    }


USE = ("unused", "redundant", "freshness", "volume", "critical_path", "critical_flow", "learned")
