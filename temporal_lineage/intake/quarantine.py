"""The quarantine: what came as events and was refused, with the reason and the bytes, for people.

An entry is a thing of its own in the ledger: that it waits, was taken in later or dropped is a
fact like others, superseded and never erased.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError, UnknownNameError
from snapshots.period import Period
from temporal_lineage.beliefs import settle_attributes, since
from temporal_lineage.claims import decode, encode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey
from temporal_lineage.store.records import Blob

if TYPE_CHECKING:
    from temporal_lineage.capture.openlineage_events import RejectedEvent
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

_ID_DIGITS = 12
_ASKED_DIGITS_MIN = 4
_PAST_DIGITS = "g"
"""Comes after all that marks are made of."""

_WITNESS = "quarantined"

LINE_UNKNOWN = 0
"""The line of what was refused only when it was linked: kept events know their source alone."""


class Fate(StrEnum):
    """What has become of an entry."""

    WAITS = "waits"
    TAKEN_IN = "taken-in"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class QuarantineClaim:
    """Why something was refused, where it came from, and what has become of it.

    `size` counts the bytes that came, of which the first are kept; `remark` says who dropped it
    and why, or is empty.
    """

    fate: Fate
    source: str
    line: int
    reason: str
    size: int
    kept: int
    remark: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in quarantine; the id is the beginning of its bytes' SHA-256."""

    node_id: int
    id: str
    claim: QuarantineClaim

    @property
    def is_whole(self) -> bool:
        """Tell whether all of its bytes were kept."""
        return self.claim.kept == self.claim.size


class NotWaitingError(TemporalLineageError):
    """An entry that was taken in or dropped before."""

    def __init__(self, entry: Entry) -> None:
        """Keep the entry."""
        self.entry = entry
        super().__init__(
            f"{entry.id} does not wait any more: {entry.claim.fate};"
            " `tl quarantine list` lists what waits"
        )


def mark_of(one: RejectedEvent) -> str:
    """Give what an entry is known by: the same bytes are the same entry."""
    return sha256(one.raw + one.size.to_bytes(8)).hexdigest()


def quarantine(transaction: Transaction, refused: Sequence[RejectedEvent]) -> list[str]:
    """Keep what was refused; the same bytes again are the same entry. Returns their ids."""
    wanted: dict[str, RejectedEvent] = {}
    ids = []
    for one in refused:
        mark = mark_of(one)
        ids.append(mark[:_ID_DIGITS])
        wanted.setdefault(mark, one)
    known = _nodes(transaction.reader, wanted)
    new = {mark: one for mark, one in wanted.items() if mark not in known.values()}
    keys = [NodeKey(NodeKind.QUARANTINED, 0, mark) for mark in new]
    for node_id, one in zip(transaction.nodes(keys), new.values(), strict=True):
        claim = QuarantineClaim(
            *(Fate.WAITS, one.source, one.line, one.reason),
            *(one.size, len(one.raw), ""),
        )
        transaction.keep_blobs(node_id, [Blob(_WITNESS, one.raw)])
        _settle(transaction, node_id, claim)
    return ids


def hold(transaction: Transaction, refused: Sequence[RejectedEvent]) -> None:
    """Let these wait in quarantine, also where they were taken in or dropped before."""
    _wait(transaction, refused, (Fate.TAKEN_IN, Fate.DROPPED))


def set_apart(transaction: Transaction, refused: Sequence[RejectedEvent]) -> None:
    """Let these wait in quarantine, also where they were taken in before; what was dropped stays
    so.
    """
    _wait(transaction, refused, (Fate.TAKEN_IN,))


def let_in(transaction: Transaction, marks: Iterable[str]) -> None:
    """Say of these entries that they were taken in."""
    for entry in _marked(transaction, marks).values():
        if entry.claim.fate is not Fate.TAKEN_IN:
            _settle(transaction, entry.node_id, replace(entry.claim, fate=Fate.TAKEN_IN))


def entries(reader: Reader, *, as_of: AsOf) -> list[Entry]:
    """Give all entries there were at a point, in the order they came."""
    nodes = reader.nodes(kind=NodeKind.QUARANTINED)
    return _entries(reader, {one.node_id: one.name for one in nodes}, as_of)


def find_entry(reader: Reader, name: str, *, as_of: AsOf) -> Entry:
    """Find an entry by its id or the beginning of one; raises UnknownNameError."""
    return find_entries(reader, [name], as_of=as_of)[0]


def find_entries(reader: Reader, names: Sequence[str], *, as_of: AsOf) -> list[Entry]:
    """Find entries by their ids or the beginnings of them; raises UnknownNameError."""
    nodes = sorted((one.name, one.node_id) for one in reader.nodes(kind=NodeKind.QUARANTINED))
    found = []
    for name in names:
        first, last = bisect_left(nodes, (name,)), bisect_left(nodes, (name + _PAST_DIGITS,))
        near = {node_id: mark for mark, node_id in nodes[first:last]}
        is_asked = _ASKED_DIGITS_MIN <= len(name) <= _ID_DIGITS
        meant = _entries(reader, near, as_of) if is_asked else []
        if len(meant) != 1:
            advice = "`tl quarantine list --all` lists them"
            nearest = [one.id for one in (meant or entries(reader, as_of=as_of))[:3]]
            raise UnknownNameError("quarantined entry", name, nearest, advice)
        found += meant
    return found


def raw_of(reader: Reader, entry: Entry) -> bytes:
    """Give the bytes kept of an entry."""
    return reader.blobs(dataset_id=entry.node_id)[-1].body


def decide(transaction: Transaction, entry: Entry, fate: Fate, *, remark: str) -> None:
    """Say from now on what has become of an entry that waited; raises NotWaitingError."""
    if entry.claim.fate is not Fate.WAITS:
        raise NotWaitingError(entry)
    _settle(transaction, entry.node_id, replace(entry.claim, fate=fate, remark=remark))


def refuse_again(transaction: Transaction, entry: Entry, reason: str) -> None:
    """Say that an entry is refused still, for this reason."""
    _settle(transaction, entry.node_id, replace(entry.claim, reason=reason))


def _wait(
    transaction: Transaction, refused: Sequence[RejectedEvent], recalled: Sequence[Fate]
) -> None:
    quarantine(transaction, refused)
    wanted = {mark_of(one): one for one in refused}
    for mark, entry in _marked(transaction, wanted).items():
        fate = Fate.WAITS if entry.claim.fate in recalled else entry.claim.fate
        if (fate, wanted[mark].reason) != (entry.claim.fate, entry.claim.reason):
            claim = replace(entry.claim, fate=fate, reason=wanted[mark].reason)
            if fate is not entry.claim.fate:
                claim = replace(claim, remark="")
            _settle(transaction, entry.node_id, claim)


def _marked(transaction: Transaction, marks: Iterable[str]) -> dict[str, Entry]:
    now = AsOf(valid=LAST, system=transaction.recorded_at)
    nodes = _nodes(transaction.reader, marks)
    return {nodes[one.node_id]: one for one in _entries(transaction.reader, nodes, now)}


def _nodes(reader: Reader, marks: Iterable[str]) -> dict[int, str]:
    found = reader.nodes_named(kind=NodeKind.QUARANTINED, parent_id=0, names=list(marks))
    return {one.node_id: one.name for one in found}


def _entries(reader: Reader, nodes: dict[int, str], as_of: AsOf) -> list[Entry]:
    believed = reader.attributes_of(
        node_ids=list(nodes), kind=AttributeKind.QUARANTINED, as_of=as_of
    )
    found = {one.node_id: decode(QuarantineClaim, one.claim) for one in believed}
    return [
        Entry(node_id, nodes[node_id][:_ID_DIGITS], found[node_id]) for node_id in sorted(found)
    ]


def _settle(transaction: Transaction, node_id: int, claim: QuarantineClaim) -> None:
    # What was said of it before stays: it waited until now.
    now = Period.since(transaction.recorded_at)
    line = transaction.reader.timeline(
        node_id=node_id,
        kind=AttributeKind.QUARANTINED,
        name="",
        system=transaction.recorded_at,
    )
    before = tuple(
        (Period(one.valid.start, min(one.valid.end, now.start)), one.claim)
        for one in line
        if one.valid.start < now.start
    )
    settle_attributes(
        transaction,
        node_id,
        AttributeKind.QUARANTINED,
        {"": (*before, *since(now, encode(claim)))},
    )
