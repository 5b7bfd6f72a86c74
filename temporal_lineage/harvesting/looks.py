"""Looks: when harvests last looked at a table; of a catalog with nothing new, one note for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.instant import FOREVER
from snapshots.period import Period
from temporal_lineage.claims import AbsenceClaim, LookClaim, NamedClaim, decode, encode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.store.assertions import AttributeAssertion, NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction


def note_look(
    transaction: Transaction, dataset_id: int, *, address: str, looked_at: Instant
) -> None:
    """Note that a table was found under an address, and that all it had committed was read."""
    _note(transaction, dataset_id, address, LookClaim(looked_at, ()))


def note_listing(
    transaction: Transaction, catalog: str, *, looked_at: Instant, failed: Sequence[str]
) -> None:
    """Note that every table of a catalog was looked at, but for those that could not be read."""
    (node_id,) = transaction.nodes([NodeKey(NodeKind.CATALOG, 0, catalog)])
    _note(transaction, node_id, "", LookClaim(looked_at, tuple(sorted(failed))))


def last_look(
    reader: Reader, dataset_id: int, *, address: str | None, system: Instant
) -> Instant | None:
    """Give the last time a harvest looked at a table, as known then; None for never.

    Looks under one address alone count where one is given.
    """
    looks = reader.timelines(node_id=dataset_id, kind=AttributeKind.LOOK, system=system)
    found = [
        decode(LookClaim, line[-1].claim).looked_at
        for name, line in looks.items()
        if address in {None, name}
    ]
    names = reader.timelines(node_id=dataset_id, kind=AttributeKind.NAMED, system=system)
    for name, line in names.items():
        # A catalog that was listed after it had let go of the name did not look at this table.
        if address in {None, name} and line[-1].valid.end == FOREVER:
            listing = _listing(reader, decode(NamedClaim, line[-1].claim).catalog, system=system)
            if listing is not None and name not in listing.failed:
                found.append(listing.looked_at)
    if address is None:
        away = reader.timelines(node_id=dataset_id, kind=AttributeKind.ABSENCE, system=system)
        claims = [decode(AbsenceClaim, line[-1].claim) for line in away.values()]
        found += [one.last_seen for one in claims if one.last_seen is not None]
    return max(found, default=None)


def absence(reader: Reader, dataset_id: int, as_of: AsOf) -> AbsenceClaim | None:
    """Tell since when no catalog that had listed a table listed it; None where one did."""
    return absences(reader, [dataset_id], as_of).get(dataset_id)


def absences(reader: Reader, dataset_ids: Iterable[int], as_of: AsOf) -> dict[int, AbsenceClaim]:
    """Give the same of many tables, those that some catalog listed left out."""
    ids = sorted(dataset_ids)
    missing = reader.attributes_of(node_ids=ids, kind=AttributeKind.ABSENCE, as_of=as_of)
    away = sorted({one.node_id for one in missing})
    named = reader.attributes_of(node_ids=away, kind=AttributeKind.NAMED, as_of=as_of)
    listed = {one.node_id for one in named}
    found: dict[int, AbsenceClaim] = {}
    for one in missing:
        claim = decode(AbsenceClaim, one.claim)
        last = found.get(one.node_id)
        if one.node_id not in listed and (last is None or last.first_missed < claim.first_missed):
            found[one.node_id] = claim
    return found


def _listing(reader: Reader, catalog: str, *, system: Instant) -> LookClaim | None:
    node_id = reader.node(kind=NodeKind.CATALOG, parent_id=0, name=catalog)
    if node_id is None:
        return None
    point = AsOf(valid=LAST, system=system)
    found = reader.attribute(node_id=node_id, kind=AttributeKind.LOOK, name="", as_of=point)
    return decode(LookClaim, found.claim) if found else None


def _note(transaction: Transaction, node_id: int, name: str, claim: LookClaim) -> None:
    period = Period.since(claim.looked_at)
    told = AttributeAssertion(node_id, AttributeKind.LOOK, name, period, encode(claim))
    transaction.assert_attributes([told])
