"""Told flows: random histories of flows between a few nodes, and which way they lead at a point."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from hypothesis import strategies as st

from snapshots.instant import Instant
from snapshots.period import Period
from strategies import periods
from temporal_lineage.facts import Assertion, holds
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.transaction import EdgeAssertion, NodeKey

FLOW_NODES = 6
ENDS = st.integers(0, FLOW_NODES - 1)
_SAID = st.tuples(ENDS, ENDS, periods(), st.sampled_from(["1", "2", None]))
"""An edge from one node to another, itself included, holds over a period, or does not."""

FLOW_HISTORIES = st.lists(st.lists(_SAID, min_size=1, max_size=8), min_size=1, max_size=4)
ToldFlow = tuple[int, int, Period, str | None]

_numbers = count()


class ToldFlows:
    """Flows as a ledger is told them, a transaction each time, and as a slow log of each edge."""

    def __init__(self, ledger: Ledger) -> None:
        """Begin with nodes of their own: others may have told the ledger something before."""
        self._ledger = ledger
        self._name = str(next(_numbers))
        self._logs: dict[tuple[int, int], list[Assertion[str]]] = {}
        self.nodes: list[int] = []
        self.recorded: list[Instant] = []

    def tell(self, told: Sequence[ToldFlow]) -> None:
        """Tell some more."""
        keys = [NodeKey("d", 0, f"{self._name}.{one}") for one in range(FLOW_NODES)]
        with self._ledger.transaction(source="test", note="") as transaction:
            self.nodes = transaction.nodes(keys)
            transaction.assert_edges(
                EdgeAssertion("flow", self.nodes[source], self.nodes[target], valid, claim)
                for source, target, valid, claim in told
            )
        for source, target, valid, claim in told:
            assertion = Assertion(claim, valid, len(self.recorded))
            self._logs.setdefault((source, target), []).append(assertion)
        self.recorded.append(transaction.recorded_at)

    def before(self, root: int, *, valid: Instant, tx: int) -> set[int]:
        """Give the nodes from which edges lead to one, at a time as known in a transaction."""
        return self._from(root, valid, tx, 0)

    def after(self, root: int, *, valid: Instant, tx: int) -> set[int]:
        """Give the nodes to which edges lead from one, likewise."""
        return self._from(root, valid, tx, 1)

    def _from(self, root: int, valid: Instant, tx: int, far: int) -> set[int]:
        edges = [
            ends
            for ends, log in self._logs.items()
            if (one := holds(log, valid=valid, tx=tx)) and one.claim is not None
        ]
        found: set[int] = set()
        while True:
            more = {ends[far] for ends in edges if ends[1 - far] in found | {root}} - found
            if not more:
                return {self.nodes[one] for one in found}
            found |= more
