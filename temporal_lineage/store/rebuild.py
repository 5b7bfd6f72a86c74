"""Rebuilding: the state of every key is a cache, and its log proves it or makes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from snapshots.records import NamedTuple
from temporal_lineage.store.rank import rank_tx
from temporal_lineage.store.state import UNTOLD, Standing, State

if TYPE_CHECKING:
    from temporal_lineage.store.runner import Row, Runner
    from temporal_lineage.store.session import Session

KEYS_AT_ONCE = 20_000

_KINDS = ("edge", "attribute")

_READ = "CASE WHEN EXISTS (SELECT 1 FROM edge WHERE edge.src_id = place.node_id) THEN 1 ELSE 0 END"
_WAS_READ = f"UPDATE place SET was_read = {_READ} WHERE was_read <> {_READ}"


class StaleState(NamedTuple):
    """A key whose kept state is not what its log leads to; `kind` is edge or attribute."""

    kind: str
    number: int
    kept: State
    rebuilt: State


def stale_states(runner: Runner) -> Iterator[StaleState]:
    """Yield every key whose state is wrong; none of a sound ledger."""
    for kind in _KINDS:
        ((last,),) = runner.rows(f"{kind}_max", {})
        for first in range(1, (last or 0) + 1, KEYS_AT_ONCE):
            bounds = {"first": first, "stop": first + KEYS_AT_ONCE}
            rebuilt = {
                number: _state(list(rows))
                for number, rows in groupby(runner.rows(f"{kind}_log", bounds), key=itemgetter(0))
            }
            for number, *columns in runner.rows(f"{kind}_kept_states", bounds):
                kept = State(*columns)
                if kept != rebuilt.get(number, UNTOLD):
                    yield StaleState(kind, number, kept, rebuilt.get(number, UNTOLD))


def rebuild(session: Session) -> int:
    """Make anew what is wrong of the caches; returns how many rows were wrong.

    They are the states of keys, from their log, and whether an edge starts where a state stands.
    """
    stale = list(stale_states(session.runner))
    for kind in _KINDS:
        rows = [(*one.rebuilt, one.number) for one in stale if one.kind == kind]
        session.update(kind, State._fields, (f"{kind}_id",), rows)
    return len(stale) + session.changed(_WAS_READ)


def _state(rows: list[Row]) -> State:
    """Fold a key's log, oldest first, as it was written."""
    standing = Standing()
    for _, rank, start, end, claim_id in rows:
        standing.tell(start, end, claim_id=claim_id, tx=rank_tx(rank))
    return standing.state
