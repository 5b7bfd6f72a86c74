"""A question to a ledger and its model: what its target means, and how things are called then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from model_answers import Edge, Model, Node
from model_events import MODEL
from model_knowledge import KnownTable, known_at
from model_world import Told, World
from snapshots.errors import BeforeHistoryError, UnknownNameError
from snapshots.instant import FOREVER, Instant
from snapshots.refs import MAIN
from temporal_lineage.session import Session


class Target:
    """A target at one point in both times, as the ledger and the model are asked about it."""

    def __init__(
        self,
        world: World,
        session: Session,
        target: str,
        *,
        valid: Instant,
        system: Instant,
        told: Sequence[Told] | None = None,
    ) -> None:
        """Ask through a session about a name that people may type.

        `told` is all that the ledger was told, where that is less than the world told it by now.
        """
        self.world, self.session, self.target = world, session, target
        self.valid, self.system = valid, system
        self.model = Model(world, known_at(world.told if told is None else told, system))
        self.when: dict[str, Any] = {"as_of": valid, "as_known": system}

    def __repr__(self) -> str:
        return f"{self.target} as of {self.valid} as known {self.system}"

    def snapshot_ids(self) -> tuple[int, ...] | None:
        """Give what was current then; None where that is refused."""
        table = self.table()
        here = table.at(MAIN, self.valid) if table is not None else None
        if here is None:
            return None
        return (here.snapshot_id,) if here.snapshot_id is not None else ()

    @property
    def is_model(self) -> bool:
        """Tell whether a version of the model is asked about."""
        return self.target.startswith(self.world.model_name)

    def dataset(self) -> str | None:
        """Give the dataset that the target means; None where nobody had heard of it."""
        if not self.is_model:
            return self.model.known.meant(self.target, self.valid)
        runs = self.model.known.runs.values()
        return MODEL if any(one.ended and one.run.writes == MODEL for one in runs) else None

    def table(self) -> KnownTable | None:
        key = self.dataset()
        return self.model.known.tables.get(key) if key is not None else None

    def root(self) -> Node | None:
        """Give the state that the target means; None where there is none, or nobody knows."""
        if self.is_model:
            node = (MODEL, self.target.partition("@")[2])
            made = self.model.writer(node)
            return node if made is not None and made.over <= self.valid else None
        table = self.table()
        here = table.at(MAIN, self.valid) if table is not None else None
        if table is None or here is None or here.snapshot_id is None:
            return None
        return (table.uuid, str(here.snapshot_id))

    def is_untold(self, root: Node, edges: set[Edge]) -> bool:
        """Tell whether only a commit point names a state: it was forgotten before any harvest.

        Then nothing can be said of it, which is an error where the ledger never heard of it since.
        """
        table = self.model.known.tables.get(root[0])
        return table is not None and int(str(root[1])) not in table.snapshots and not edges

    def has_no_answer(self) -> bool:
        """Tell whether there may be nothing to say: the state is unknown, or only named."""
        root = self.root()
        return root is None or self.is_untold(root, self.model.upstream(root, self.valid)[0])

    def lost_below(self, root: Node) -> set[str]:
        """Give what runs wrote in no version that anybody can tell, having read what holds it."""
        model, valid = self.model, self.valid
        commits = {root} | {one.target for one in model.downstream(root, valid)}
        states = {state for commit in commits for state in model.holding(commit)}
        found = set()
        for run in model.known.runs.values():
            read = {
                (dataset, version)
                for dataset, versions, _ in (model.read(run, one) for one in model.reads(run))
                for version in versions
            }
            if run.ended and run.over <= valid and model.written(run) is None and read & states:
                found.add(self.dataset_name(run.run.writes))
        return found

    def contaminated(
        self, uuid: str, commits: set[Node]
    ) -> tuple[set[str], int, list[tuple[Instant, Instant]], Instant | None, set[str]]:
        """Say which commits brought bad rows into a table, and which states had them when."""
        table = self.model.known.tables[uuid]
        own = {one for one in commits if one[0] == uuid}
        states = {state for one in own for state in self.model.holding(one)}
        made = {
            int(str(version))
            for _, version in states
            if int(str(version)) not in table.snapshots
            or table.snapshots[int(str(version))].committed_at <= self.valid
        }
        held = [
            (start, end if end <= self.valid else FOREVER)
            for start, end in table.held(made, until=self.valid)
        ]
        refs = {
            ref
            for ref in table.refs()
            if (one := table.at(ref, self.valid)) is not None and one.snapshot_id in made
        }
        healed = held[-1][1] if held and held[-1][1] != FOREVER else None
        return {str(version) for _, version in own}, len(made), held, healed, refs

    def edges(self, edges: set[Edge]) -> set[tuple[str, ...]]:
        return {
            (self.state(one.source), self.state(one.target), one.grade, one.job, one.run)
            for one in edges
        }

    def state(self, node: Node) -> str:
        return self.model.state(node, self.valid)

    def dataset_name(self, dataset: object) -> str:
        return self.model.address(str(dataset), self.valid)

    def column_name(self, column: object) -> str:
        assert isinstance(column, tuple)
        return self.model.column(column, self.valid)

    def refused(self, ask: Callable[..., object], table: KnownTable | None) -> None:
        """See that a question without an answer is refused, and for the right reason."""
        early = table is not None and table.at(MAIN, self.valid) is None
        if self.is_model:
            early = self.model.writer((MODEL, self.target.partition("@")[2])) is not None
        with pytest.raises(BeforeHistoryError if early else UnknownNameError):
            ask(self.target, **self.when)
