"""The ledger at one point in both times, as a trace sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.claims import decode
from temporal_lineage.keys import AttributeKind
from temporal_lineage.lineage.graph import Contained, Cut, Step
from temporal_lineage.lineage.trace import trace
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.store.records import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.facts import AsOf
    from temporal_lineage.keys import EdgeKind
    from temporal_lineage.lineage.graph import Direction, LineageGraph
    from temporal_lineage.store.reader import Reader

NODES_MAX = 100_000
"""A trace that meets more nodes than this is cut, and says so."""

STATES_MAX = 10_000
"""How many states that hold a commit's rows one downstream step looks at."""

CONTRIBUTIONS_MAX = 1_000_000
"""How many contributions one walk takes in.

Where each append to one table reads a table that is only appended to, there are as many as the
square of their number.
"""

STATES_AT_ONCE = 100
"""How many states are looked into before that is counted."""


def ledger_graph(
    reader: Reader,
    node_id: int,
    *,
    kind: EdgeKind,
    direction: Direction,
    as_of: AsOf,
    depth_max: int,
    beside: Sequence[int] = (),
) -> LineageGraph:
    """Follow the edges of a kind from a node, and others, as believed at a point in both times."""
    neighbours = LedgerNeighbours(reader, kinds=(kind,), as_of=as_of)
    return neighbours.graph(node_id, direction=direction, depth_max=depth_max, beside=beside)


_TOLD = '"reads"'
"""What a claim of an exact edge holds, and that of a flow does not."""


class LedgerNeighbours:
    """Edges of some kinds and contributions, as believed at one point."""

    def __init__(
        self,
        reader: Reader,
        *,
        kinds: Sequence[EdgeKind],
        as_of: AsOf,
        states_max: int = STATES_MAX,
        contributions_max: int = CONTRIBUTIONS_MAX,
    ) -> None:
        """Read edges of these kinds only."""
        self._contributions_max = self._contributions_left = contributions_max
        self._states_max = states_max
        self._reader = reader
        self._kinds = kinds
        self._as_of = as_of
        self.nodes: dict[int, Node] = {}
        """What was read of commits by the way: their names."""
        self.writers: dict[int, str | None] = {}
        """And the claims of their writers; None where no run claims one."""

    def graph(
        self, root_id: int, *, direction: Direction, depth_max: int, beside: Sequence[int] = ()
    ) -> LineageGraph:
        """Walk from the root, and from others beside it, through these neighbours."""
        return trace(
            root_id,
            direction=direction,
            neighbours=self,
            depth_max=depth_max,
            nodes_max=NODES_MAX,
            beside=beside,
        )

    def steps_into(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the edges whose target is one of the nodes."""
        rows = self._reader.steps_into(node_ids=node_ids, kinds=self._kinds, as_of=self._as_of)
        return [Step(*row) for row in rows]

    def steps_out_of(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the edges whose source is one of the nodes."""
        rows = self._reader.steps_out_of(node_ids=node_ids, kinds=self._kinds, as_of=self._as_of)
        return [Step(*row) for row in rows]

    def commits_in(self, state_ids: Sequence[int]) -> tuple[Sequence[Contained], Sequence[Cut]]:
        """Give the commits whose rows are live in the states, for as many as there is room for."""
        if len(state_ids) == 1:
            return self._commits_in_one(state_ids[0])
        met: list[Contained] = []
        for start in range(0, len(state_ids), STATES_AT_ONCE):
            asked = state_ids[start : start + STATES_AT_ONCE]
            rows = self._reader.contributions_to(node_ids=asked, system=self._as_of.system)
            if len(rows) > self._contributions_left:
                return met, [Cut(state_id, self._too_many()) for state_id in state_ids[start:]]
            self._contributions_left -= len(rows)
            met += [
                Contained(commit_id or None, state_id, certainty)
                for state_id, commit_id, certainty in rows
            ]
        return met, ()

    def _commits_in_one(self, state_id: int) -> tuple[Sequence[Contained], Sequence[Cut]]:
        """Read the names and writers of the commits with them: in one state each is met once."""
        rows = self._reader.provenance_of(
            node_id=state_id, kind=AttributeKind.WRITER, as_of=self._as_of
        )
        if len(rows) > self._contributions_left:
            return (), [Cut(state_id, self._too_many())]
        self._contributions_left -= len(rows)
        met: list[Contained] = []
        for commit_id, certainty, kind, parent_id, name, writer in rows:
            met.append(Contained(commit_id or None, state_id, certainty))
            if commit_id:
                self.nodes[commit_id] = Node(commit_id, kind, parent_id, name)
                self.writers[commit_id] = writer
        return met, ()

    def _too_many(self) -> str:
        return f"more than {self._contributions_max:,} contributions"

    def steps_told_into(self, state_ids: Sequence[int]) -> Sequence[Step]:
        """Give the edges into states that their own commits tell."""
        return [
            step
            for step in (self.steps_into(state_ids) if state_ids else ())
            if _TOLD in step.claim and decode(EdgeClaim, step.claim).reads.method.tells_itself
        ]

    def read_states_with(
        self, commit_ids: Sequence[int]
    ) -> tuple[Sequence[Contained], Sequence[Cut]]:
        """Give the states that hold rows of the commits and that some run read."""
        rows = self._reader.states_containing(
            commit_ids=commit_ids, system=self._as_of.system, limit=self._states_max + 1
        )
        cuts: list[Cut] = []
        if len(rows) > self._states_max:
            why = f"more than {self._states_max} states were read that hold its rows"
            cuts = [Cut(commit_id, why) for commit_id in commit_ids]
            del rows[self._states_max :]
        return [Contained(row.commit_id, row.state_id, row.certainty) for row in rows], cuts
