"""Aliases: names with lifetimes, each meaning one dataset at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING, FOREVER
from snapshots.period import Period
from temporal_lineage.beliefs import settle_attributes
from temporal_lineage.claims import AliasClaim, decode, encode
from temporal_lineage.harvesting.looks import last_look
from temporal_lineage.keys import AttributeKind, NodeKind, name_key
from temporal_lineage.naming import CATALOG_NAMESPACE, UNHARVESTED
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.dataset import Dataset
    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Believed, Reader
    from temporal_lineage.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Renamed:
    """What else names meant before, whether they mean what they did, and what lost them to it.

    `lost` gives, by identity, the first instant from which a name meant that and does no more.
    """

    before: frozenset[str]
    is_same: bool
    lost: Mapping[str, Instant]


def rename(
    transaction: Transaction,
    names: Sequence[Dataset],
    identity: str,
    lifetime: Period,
    *,
    seen_at: Instant,
) -> Renamed:
    """Make names mean a dataset from the start of its lifetime.

    What a name meant earlier stays, unless that was only a dataset known from events: then the
    events meant this table all along. A table that was missing under its name, and was seen there
    again at `seen_at`, has the name again from then on.
    """
    before: set[str] = set()
    lost: dict[str, Instant] = {}
    made = 0
    node_ids = transaction.nodes([NodeKey(NodeKind.NAME, 0, name_key(name)) for name in names])
    for name, node_id in zip(names, node_ids, strict=True):
        line = transaction.reader.timeline(
            node_id=node_id, kind=AttributeKind.ALIAS, name="", system=transaction.recorded_at
        )
        meant = [decode(AliasClaim, one.claim).identity for one in line]
        before.update(meant)
        kept = [
            (one, other)
            for one, other in zip(line, meant, strict=True)
            if not other.startswith(UNHARVESTED)
        ]
        means = _taken(transaction.reader, kept, name, identity, lifetime, seen_at)
        wanted = [(piece, one.claim) for one, _ in kept for piece in one.valid.minus(means)]
        wanted.append((means, encode(AliasClaim(identity))))
        line_now = {"": tuple(sorted(wanted))}
        if settle_attributes(transaction, node_id, AttributeKind.ALIAS, line_now):
            made += 1
            since = means.start if kept and kept[0][0].valid.start < means.start else BEGINNING
            for other, at in _lost([(one.valid.start, other) for one, other in kept], since):
                lost[other] = min(at, lost.get(other, at))
    lost.pop(identity, None)
    return Renamed(frozenset(before - {identity}), made == 0, lost)


def end_alias(transaction: Transaction, name: Dataset, *, missed_at: Instant) -> None:
    """Let a name mean nothing from then on: its table is not there any more."""
    (node_id,) = transaction.nodes([NodeKey(NodeKind.NAME, 0, name_key(name))])
    line = transaction.reader.timeline(
        node_id=node_id, kind=AttributeKind.ALIAS, name="", system=transaction.recorded_at
    )
    gone = Period.since(missed_at)
    wanted = [(piece, one.claim) for one in line for piece in one.valid.minus(gone)]
    settle_attributes(transaction, node_id, AttributeKind.ALIAS, {"": tuple(wanted)})


def _lost(meant: Sequence[tuple[Instant, str]], since: Instant) -> Iterator[tuple[str, Instant]]:
    """Yield what a name no longer means since then, and from when on that is.

    It meant each until it meant the next, and the first before that too.
    """
    starts = [BEGINNING, *(start for start, _ in meant[1:])]
    ends = [*starts[1:], FOREVER]
    for (_, identity), start, end in zip(meant, starts, ends, strict=False):
        if since < end:
            yield identity, max(start, since)


def _taken(
    reader: Reader,
    kept: Sequence[tuple[Believed, str]],
    name: Dataset,
    identity: str,
    lifetime: Period,
    seen_at: Instant,
) -> Period:
    """Tell from when on a name means the table that was found under it."""
    own = [one.valid for one, meant in kept if meant == identity]
    if own and own[-1] == kept[-1][0].valid:
        if own[-1].end < FOREVER:
            return Period.since(max(seen_at, own[-1].end))
        if len(own) > 1:
            return own[-1]
    start = lifetime.start
    for one, meant in kept:
        if meant == identity:
            continue
        # A table may be older than its name: until then the name was seen to mean another.
        start = max(start, _last_seen(reader, meant, name) or start)
        if one is kept[-1][0] and one.valid.end < FOREVER:
            start = max(start, one.valid.end)
    return Period.since(start)


def _last_seen(reader: Reader, identity: str, name: Dataset) -> Instant | None:
    """Give the last time a harvest found this table under the name; None for never."""
    dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
    if dataset_id is None:
        return None
    in_catalog = name.namespace == CATALOG_NAMESPACE
    return last_look(reader, dataset_id, address=name.name if in_catalog else None, system=FOREVER)
