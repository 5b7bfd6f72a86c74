"""Writing assertions: the log grows, and the state of each key follows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from snapshots.instant import BEGINNING
from snapshots.period import Period
from snapshots.records import NamedTuple
from temporal_lineage.collecting import nothing_collected
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.digest import digest
from temporal_lineage.store.rank import rank
from temporal_lineage.store.read_base import listed_pairs
from temporal_lineage.store.state import UNTOLD, Standing, State
from temporal_lineage.store.write_base import Writes, batches

_Key = tuple[Any, str, Any]
"""A node, a kind, and a name; or source, kind and target."""

_Told = tuple[_Key, Period, str | None]


class _Log(NamedTuple):
    """A kind of key: its table, the columns that name a key, and how the states are asked for."""

    table: str
    key: tuple[str, str, str]
    states: str
    listed: Callable[[Sequence[tuple[Any, Any]]], str]


_ATTRIBUTES = _Log("attribute", ("node_id", "kind", "name"), "attribute_states", json.dumps)
_EDGES = _Log("edge", ("src_id", "kind", "dst_id"), "edge_states", listed_pairs)


NAMED_MAX = 100_000
"""How many names a transaction remembers, so that the same few are not looked up again."""


class KnownKey(Standing):
    """A key as a transaction knows it; `turn_end` is where its current turn's last period ends."""

    __slots__ = ("is_new", "number", "turn", "turn_end")

    def __init__(self, number: int, state: Sequence[int], *, is_new: bool) -> None:
        """Begin where the key stands: in this transaction nobody said anything of it yet."""
        super().__init__(state)
        self.number = number
        self.is_new = is_new
        self.turn = 0
        self.turn_end = BEGINNING.micros


class AssertionWrites(Writes):
    """Name nodes, and say what holds of them."""

    def nodes(self, keys: Sequence[NodeKey]) -> list[int]:
        """Give the numbers of nodes, in the order of the keys; new ones are made."""
        if len(self._named) > NAMED_MAX:
            self._named.clear()
        asked = [key for key in dict.fromkeys(keys) if key not in self._named]
        for kind, pairs in _by_kind(((kind, parent, name) for kind, parent, name in asked)):
            for parent_id, name, number in self._found("nodes_by_key", "keys", pairs, kind=kind):
                self._named[NodeKey(kind, parent_id, name)] = number
        made = {key: self._next("node") for key in asked if key not in self._named}
        rows = [(number, *key) for key, number in made.items()]
        self._session.insert("node", ("node_id", "kind", "parent_id", "name"), rows)
        self._named.update(made)
        return [self._named[key] for key in keys]

    def assert_attributes(self, assertions: Iterable[AttributeAssertion]) -> int:
        """Say what holds of nodes; where periods of one key overlap, the later wins.

        Returns how many assertions were made.
        """
        with nothing_collected():
            told: list[_Told] = [
                ((node_id, kind, name), valid, claim)
                for node_id, kind, name, valid, claim in assertions
            ]
            return self._assert(_ATTRIBUTES, told)

    def assert_edges(self, assertions: Iterable[EdgeAssertion]) -> int:
        """Say from where to where data flowed; where periods overlap, the later wins.

        Returns how many assertions were made.
        """
        with nothing_collected():
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
        known = self._keys(log, dict.fromkeys(key for key, _, _ in told))
        first = rank(tx=tx, turn=0)
        rows = []
        for key, valid, claim in told:
            start, end = valid.start.micros, valid.end.micros
            one = known[key]
            if start < one.turn_end:
                one.turn += 1
            one.turn_end = end
            claim_id = 0 if claim is None else claims[claim]
            one.tell(start, end, claim_id=claim_id, tx=tx)
            place = rank(tx=tx, turn=one.turn) if one.turn else first
            rows.append((one.number, place, start, end, claim_id))
        self._session.insert(
            f"{log.table}_assertion",
            (f"{log.table}_id", "rank", "valid_from", "valid_to", "claim_id"),
            rows,
        )
        self._keep_states(log, known)
        return len(rows)

    def _keys(self, log: _Log, wanted: Collection[_Key]) -> dict[_Key, KnownKey]:
        """Give the keys as they are before this batch; new ones get a number."""
        known = self._known.setdefault(log.table, {})
        asked = [key for key in wanted if key not in known]
        found = {key: known[key] for key in wanted if key in known}
        fresh: dict[_Key, KnownKey] = {}
        for kind, pairs in _by_kind((kind, first, second) for first, kind, second in asked):
            for batch in batches(pairs):
                rows = self._session.runner.rows(
                    log.states, {"kind": kind, "keys": log.listed(batch)}
                )
                for first, second, number, *state in rows:
                    fresh[first, kind, second] = KnownKey(number, state, is_new=False)
        for key in asked:
            if key not in fresh:
                fresh[key] = KnownKey(self._next(log.table), UNTOLD, is_new=True)
        known.update(fresh)
        return found | fresh

    def _keep_states(self, log: _Log, known: dict[_Key, KnownKey]) -> None:
        columns = (*log.key, f"{log.table}_id", *State._fields)
        new, changed = [], []
        for key, one in known.items():
            if one.is_new:
                new.append((*key, one.number, one.last_tx, one.since, one.open_tx, one.claim_id))
                one.is_new = False
            else:
                changed.append((one.last_tx, one.since, one.open_tx, one.claim_id, *key))
        self._session.insert(log.table, columns, new)
        if log is _EDGES:
            self._mark_read({row[0] for row in new})
        self._session.update(log.table, State._fields, log.key, changed)

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


def _by_kind(
    keys: Iterable[tuple[str, Any, Any]],
) -> Iterator[tuple[str, list[tuple[Any, Any]]]]:
    """Yield each kind with the rests of its keys."""
    kinds: dict[str, list[tuple[Any, Any]]] = {}
    for kind, *rest in keys:
        kinds.setdefault(kind, []).append((rest[0], rest[1]))
    yield from kinds.items()
