"""Writing assertions: the log grows, and the state of each key follows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.rank import rank
from temporal_lineage.store.state import UNTOLD, State
from temporal_lineage.store.write_base import Writes, digest

_Key = tuple[int | str, ...]
_Told = tuple[_Key, Period, str | None]


class _Log(NamedTuple):
    """A kind of key: its table, the columns that name a key, and the statement for states."""

    table: str
    key: tuple[str, ...]
    states: str


_ATTRIBUTES = _Log("attribute", ("node_id", "kind", "name"), "attribute_states")
_EDGES = _Log("edge", ("src_id", "kind", "dst_id"), "edge_states")


NAMED_MAX = 100_000
"""How many names a transaction remembers, so that the same few are not looked up again."""


@dataclass(slots=True)
class _Known:
    """A key while a batch is applied; `turn_end` is where the current turn's last period ends."""

    number: int
    state: State
    turn: int
    turn_end: int
    is_new: bool


class AssertionWrites(Writes):
    """Name nodes, and say what holds of them."""

    def nodes(self, keys: Sequence[NodeKey]) -> list[int]:
        """Give the numbers of nodes, in the order of the keys; new ones are made."""
        if len(self._named) > NAMED_MAX:
            self._named.clear()
        asked = [key for key in dict.fromkeys(keys) if key not in self._named]
        for *key, number in self._found("nodes_by_key", "keys", asked):
            self._named[NodeKey(*key)] = number
        made = {key: self._next("node") for key in asked if key not in self._named}
        rows = [(number, *key) for key, number in made.items()]
        self._session.insert("node", ("node_id", "kind", "parent_id", "name"), rows)
        self._named.update(made)
        return [self._named[key] for key in keys]

    def assert_attributes(self, assertions: Iterable[AttributeAssertion]) -> int:
        """Say what holds of nodes; where periods of one key overlap, the later wins.

        Returns how many assertions were made.
        """
        told: list[_Told] = [
            ((node_id, kind, name), valid, claim)
            for node_id, kind, name, valid, claim in assertions
        ]
        return self._assert(_ATTRIBUTES, told)

    def assert_edges(self, assertions: Iterable[EdgeAssertion]) -> int:
        """Say from where to where data flowed; where periods overlap, the later wins.

        Returns how many assertions were made.
        """
        told: list[_Told] = [
            ((src_id, kind, dst_id), valid, claim)
            for kind, src_id, dst_id, valid, claim in assertions
        ]
        return self._assert(_EDGES, told)

    def _assert(self, log: _Log, told: list[_Told]) -> int:
        if not told:
            return 0
        tx = self._stamped()
        claims = self._claims(claim for _, _, claim in told if claim is not None)
        known = self._known(log, dict.fromkeys(key for key, _, _ in told), tx)
        rows = []
        for key, valid, claim in told:
            start, end = valid.start.micros, valid.end.micros
            one = known[key]
            if start < one.turn_end:
                one.turn += 1
            one.turn_end = end
            claim_id = 0 if claim is None else claims[claim]
            one.state = one.state.after(start=start, end=end, claim_id=claim_id, tx=tx)
            rows.append((one.number, rank(tx=tx, turn=one.turn), start, end, claim_id))
        self._session.insert(
            f"{log.table}_assertion",
            (f"{log.table}_id", "rank", "valid_from", "valid_to", "claim_id"),
            rows,
        )
        self._keep_states(log, known)
        return len(rows)

    def _known(self, log: _Log, keys: Iterable[_Key], tx: int) -> dict[_Key, _Known]:
        """Give the keys as they are before this batch; new ones get a number."""
        wanted = list(keys)
        known: dict[_Key, _Known] = {}
        for row in self._found(log.states, "keys", wanted):
            number, state = row[3], State(*row[4:])
            fresh = (0, BEGINNING.micros)
            turn, turn_end = self._turns[log.table, number] if state.last_tx == tx else fresh
            known[row[:3]] = _Known(number, state, turn, turn_end, is_new=False)
        for key in wanted:
            if key not in known:
                number = self._next(log.table)
                known[key] = _Known(number, UNTOLD, 0, BEGINNING.micros, is_new=True)
        return known

    def _keep_states(self, log: _Log, known: dict[_Key, _Known]) -> None:
        columns = (*log.key, f"{log.table}_id", *State._fields)
        new = [(*key, one.number, *one.state) for key, one in known.items() if one.is_new]
        self._session.insert(log.table, columns, new)
        if log is _EDGES:
            self._mark_read({src_id for src_id, *_ in new})
        changed = [(*one.state, *key) for key, one in known.items() if not one.is_new]
        self._session.update(log.table, State._fields, log.key, changed)
        for one in known.values():
            self._turns[log.table, one.number] = (one.turn, one.turn_end)

    def _mark_read(self, sources: Iterable[int | str]) -> None:
        """Note at the places of states that an edge starts there."""
        rows = [(1, src_id, 0) for src_id in sources]
        self._session.update("place", ("was_read",), ("node_id", "was_read"), rows)

    def _claims(self, bodies: Iterable[str]) -> dict[str, int]:
        """Give the numbers of claims; each text is kept once."""
        digests = {body: digest(body.encode()) for body in dict.fromkeys(bodies)}
        numbers = dict(self._found("claims_by_digest", "digests", digests.values()))
        new = [
            (self._next("claim"), mark, body)
            for body, mark in digests.items()
            if mark not in numbers
        ]
        self._session.insert("claim", ("claim_id", "digest", "body"), new)
        numbers.update((mark, number) for number, mark, _ in new)
        return {body: numbers[mark] for body, mark in digests.items()}
