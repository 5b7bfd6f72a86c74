"""Asking a ledger and its model the same question, and holding the two answers together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from model_answers import Edge, End, Node, merged
from model_target import Target
from model_world import MINUTE, Seen, World
from snapshots.errors import TemporalLineageError, UnknownNameError
from snapshots.instant import FOREVER, Instant
from snapshots.refs import MAIN
from temporal_lineage.session import Session

DEPTH_MAX = 50


class Asked(Target):
    """The questions, each of them a comparison of the ledger's answer with the model's."""

    def at(self) -> None:
        """Which snapshot, with which columns, was current?"""
        if self.is_model:
            return
        table = self.table()
        here = table.at(MAIN, self.valid) if table is not None else None
        if table is None or here is None:
            self.refused(self.session.at, table)
            return
        answer = self.session.at(self.target, **self.when)
        schema = table.schema(here.schema_id)
        ids = (here.snapshot_id,) if here.snapshot_id is not None else ()
        wanted = (
            self.model.address(table.uuid, self.valid),
            ids,
            "exact" if here.known else "unknown",
            here.schema_id,
            tuple(one.name for one in schema.columns()) if schema is not None else (),
        )
        assert wanted == (
            answer.dataset,
            answer.snapshot_ids,
            answer.certainty.value,
            answer.schema_id,
            answer.columns,
        ), self

    def log(self) -> None:
        """Which snapshots were there, when was each current, who made it?"""
        if self.is_model:
            return
        table = self.table()
        if table is None:
            self.refused(self.session.log, None)
            return
        answer = self.session.log(self.target, **self.when)
        wanted = []
        for one in sorted(table.snapshots.values(), key=lambda one: one.sequence_number):
            if one.committed_at > self.valid:
                continue
            number, gone = one.snapshot_id, table.expired.get(one.snapshot_id, FOREVER)
            run = self.model.writer((table.uuid, str(number)))
            wanted.append(
                (
                    number,
                    table.held([number], until=self.valid),
                    gone if gone <= self.valid else None,
                    run.run.run_id if run is not None else None,
                )
            )
        assert wanted == [
            (
                one.snapshot_id,
                [(held.start, held.end) for held in one.current],
                one.expired_at,
                one.run,
            )
            for one in answer.lines
        ], self

    def schema_log(self) -> None:
        """Which columns did readers see, since when?"""
        if self.is_model:
            return
        table = self.table()
        if table is None or table.at(MAIN, self.valid) is None:
            self.refused(self.session.schema_log, table)
            return
        wanted = self._schemas(table)
        steps = self.session.schema_log(self.target, **self.when).steps
        assert [one[:2] for one in wanted] == [(one.since, one.schema_id) for one in steps], self
        for before, after, step in zip(wanted, wanted[1:], steps[1:], strict=False):
            told = {(one.kind, one.field_id) for one in step.changes}
            added = {("added", one) for one in after[2] - before[2]}
            dropped = {("dropped", one) for one in before[2] - after[2]}
            assert {one for one in told if one[0] in _KINDS} == added | dropped

    def schema_audit(self) -> None:
        """Which columns came and went, in which step?"""
        table = None if self.is_model else self.table()
        if table is None or table.at(MAIN, self.valid) is None:
            return
        steps = self._schemas(table)
        wanted = {
            (after[0], kind, field_id)
            for before, after in pairwise(steps)
            for kind, ids in (("added", after[2] - before[2]), ("dropped", before[2] - after[2]))
            for field_id in ids
        }
        answer = self.session.schema_audit(self.target.partition("@")[0], **self.when)
        assert answer.tables == 1, self
        told = {(one.at, one.kind, one.field_id) for one in answer.changes if one.kind in _KINDS}
        assert wanted == told, self

    def upstream(self) -> None:
        """Which states had gone into this one, how surely?"""
        root = self.root()
        if root is None:
            self.refused(self.session.upstream, self.table())
            return
        edges, contained = self.model.upstream(root, self.valid)
        if self.is_untold(root, edges):
            return
        answer = self.session.upstream(self.target, **self.when, depth_max=DEPTH_MAX)
        assert self.edges(edges) == {_told(one) for one in answer.edges}, self
        assert {
            (self.state(commit) if commit is not None else None, self.state(state), certainty)
            for commit, state, certainty in contained
        } == {(one.commit, one.state, one.certainty) for one in answer.contributions}, self
        for one in answer.edges:
            why = self.session.why(one.edge, **self.when)
            assert (why.source, why.target, why.run) == (one.source, one.target, one.run)
            grades = [GRADES.index(reason.grade) for reason in why.reasons]
            assert GRADES[max(grades)] == one.grade

    def downstream(self) -> None:
        """What was made of this state, or of states that hold its rows?"""
        root = self.root()
        if root is None:
            self.refused(self.session.downstream, self.table())
            return
        edges = self.model.downstream(root, self.valid)
        if self.is_untold(root, edges):
            return
        answer = self.session.downstream(self.target, **self.when, depth_max=DEPTH_MAX)
        assert self.edges(edges) == {_told(one) for one in answer.edges}, self
        said = {one.rpartition(": ")[2] for one in answer.doubts if "written in unknown" in one}
        assert self.lost_below(root) == said, self
        self._expiry(root, {one for one in edges if one.source == root})

    def _expiry(self, root: Node, edges: set[Edge]) -> None:
        """What was made by reading exactly this state?"""
        if not self.is_model:
            answer = self.session.impact(self.state(root), change="expire", **self.when)
            wanted = {(self.state(one.target), (one.job,)) for one in edges}
            assert wanted == {(one.address, one.jobs) for one in answer.impacted}, self

    def deletion(self) -> None:
        """What would a dataset that is deleted reach, how near; and all that is told by name?"""
        key = self.dataset()
        if key is None:
            return
        name = self.target.partition("@")[0]
        near: dict[End, int] = {key: 0}
        feeds = self.model.followed(key, self.valid, up=False, columns=False)
        for distance in range(1, len(feeds) + 1):
            for source, target in feeds:
                if near.get(source) == distance - 1:
                    near.setdefault(target, distance)
        answer = self.session.impact(name, change="delete", **self.when, depth_max=DEPTH_MAX)
        wanted = {(self.dataset_name(one), far) for one, far in near.items() if far}
        assert wanted == {(one.address, one.distance) for one in answer.impacted}, self
        for up, ask in ((1, self.session.upstream_names), (0, self.session.downstream_names)):
            found = self.model.followed(key, self.valid, up=bool(up), columns=False)
            ends = {self.dataset_name(pair[0 if up else 1]) for pair in found}
            assert ends == {one.dataset for one in ask(name, **self.when).datasets}, self

    def contamination(self) -> None:
        """Where did the rows of the commit go, what is healed?"""
        root = self.root()
        if root is None or self.is_untold(root, self.model.downstream(root, self.valid)):
            return
        named = self.state(root)
        answer = self.session.contamination(named, **self.when, depth_max=DEPTH_MAX)
        commits = self.model.spread(root, self.valid)
        wanted = {}
        for uuid in {dataset for dataset, _ in commits if self.model.known.is_table(dataset)}:
            wanted[self.model.address(uuid, self.valid)] = self.contaminated(uuid, commits)
        assert wanted == {
            one.dataset: (
                set(one.commits),
                one.states,
                [(held.start, held.end) for held in one.held],
                one.healed_at,
                set(one.refs),
            )
            for one in answer.tables
        }, self
        products = {self.state(one) for one in commits if not self.model.known.is_table(one[0])}
        assert products == {one.address for one in answer.products}, self
        still = {name for name, (*_, refs) in wanted.items() if refs}
        assert still <= {one.dataset for one in answer.rebuild}, self

    def flow(self) -> None:
        """Which datasets fed which, by which jobs, then?"""
        key = self.dataset()
        self.target = self.target.partition("@")[0]
        for up, ask in ((True, self.session.upstream), (False, self.session.downstream)):
            if key is None:
                self.refused(ask, None)
                continue
            answer = ask(self.target, **self.when, depth_max=DEPTH_MAX, by_flow=True)
            found = self.model.followed(key, self.valid, up=up, columns=False)
            wanted = {
                (self.dataset_name(source), self.dataset_name(target), ", ".join(sorted(jobs)))
                for (source, target), jobs in found.items()
            }
            assert wanted == {(one.source, one.target, one.job) for one in answer.edges}, self

    def columns(self) -> None:
        """Which columns had gone into each column, through renames?"""
        if self.is_model:
            return
        table = self.table()
        here = table.at(MAIN, self.valid) if table is not None else None
        schema = table.schema(here.schema_id) if table is not None and here is not None else None
        if table is None or schema is None:
            return
        for field in schema.fields:
            root = (table.uuid, str(field.field_id))
            found = self.model.followed(root, self.valid, up=True, columns=True)
            wanted = {
                (self.column_name(source), self.column_name(target)) for source, target in found
            }
            target = f"{self.target}#{field.path}"
            try:
                answer = self.session.upstream(target, **self.when, depth_max=DEPTH_MAX)
            except UnknownNameError:  # no event has named the column yet
                if wanted:
                    raise
                continue
            assert wanted == {(one.source, one.target) for one in answer.edges}, self

    def _schemas(self, table: Any) -> list[tuple[Instant, int, frozenset[int]]]:  # noqa: ANN401 - the model's
        """Give the schemas that readers of main saw by then: since when, which, with what ids."""
        found: list[tuple[Instant, int, frozenset[int]]] = []
        for one in merged(table.log(MAIN)):
            schema = table.schema(one.schema_id)
            if one.start <= self.valid and schema is not None:
                ids = frozenset(field.field_id for field in schema.fields)
                if not found or found[-1][1] != schema.schema_id:
                    found.append((one.start, schema.schema_id, ids))
        return found

    def diff(self, before: Instant) -> None:
        """What was learned between two days of what had gone into this?"""
        older = Asked(
            self.world, self.session, self.target, valid=self.valid, system=min(before, self.system)
        )
        if older.root() is None and self.root() is None:
            with pytest.raises(TemporalLineageError):
                self.session.diff(
                    "upstream",
                    self.target,
                    as_known=(older.system, self.system),
                    as_of=self.valid,
                )
            return
        if all(one.has_no_answer() for one in (older, self)):
            return
        answers: list[dict[tuple[str, str], tuple[str, str]]] = []
        for one in (older, self):
            root = one.root()
            edges = one.model.upstream(root, self.valid)[0] if root is not None else set()
            told = one.edges(edges)
            answers.append({(source, target): rest for source, target, *rest in told})  # type: ignore[misc]
        answer = self.session.diff(
            "upstream",
            self.target,
            as_known=(older.system, self.system),
            as_of=self.valid,
            depth_max=DEPTH_MAX,
        )
        old, new = answers
        wanted = {
            f"{key[0]} -> {key[1]}": "new"
            if key not in old
            else "lost"
            if key not in new
            else "changed"
            for key in {*old, *new}
            if old.get(key) != new.get(key)
        }
        found = {one.what: one.learned.value for one in answer.changes}
        assert wanted.keys() <= found.keys(), self
        for what, learned in found.items():
            # An edge that only holds from another instant on is no other edge to the model.
            assert wanted.get(what, "changed") == learned, self


GRADES = ("exact", "high", "inferred", "candidates", "stale", "none")
_KINDS = ("added", "dropped")

QUESTIONS = (
    "at",
    "log",
    "schema_log",
    "schema_audit",
    "upstream",
    "downstream",
    "contamination",
    "deletion",
    "flow",
    "columns",
)


def asked_in(world: World, session: Session, a: int, b: int, c: int) -> tuple[Asked, Instant]:
    """Choose a target and a point in both times by numbers, and one more day of the ledger."""
    seen = {name for one in world.told if isinstance(one, Seen) for name in one.listing}
    targets = sorted(seen) or [f"{world.name}.s.t0"]
    targets += [f"{world.model_name}@v{1 + b % world.models}"] if world.models else []
    targets += [f"{world.name}.s.t{b % 3}"]  # which nobody may have heard of
    times = [one.plus(micros=add) for one in world.happened for add in (-1, 0)]
    known = [one.at.plus(micros=MINUTE) for one in world.told]
    valid = times[-1 - (b * 11 + c) % len(times)]
    system = known[-1 - c % len(known)]
    asked = Asked(world, session, targets[a % len(targets)], valid=valid, system=system)
    return asked, known[-1 - b % len(known)]


def _told(edge: Any) -> tuple[str, ...]:  # noqa: ANN401 - an edge of an answer
    return (edge.source, edge.target, edge.grade, edge.job, edge.run)
