"""Looks: when harvests last looked at a table; of a catalog with nothing new, one note for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    found = last_looks(reader, [dataset_id], address=address, system=system)
    return found.get(dataset_id)


def last_looks(
    reader: Reader, dataset_ids: Iterable[int], *, address: str | None, system: Instant
) -> dict[int, Instant]:
    """Give the same of many tables; those that no harvest looked at are left out.

    A look holds until the next one: of a table that was looked at every minute only the last is
    read.
    """
    ids = sorted(dataset_ids)
    now = AsOf(valid=LAST, system=system)
    looks = reader.attributes_of(node_ids=ids, kind=AttributeKind.LOOK, as_of=now)
    found = [
        (one.node_id, decode(LookClaim, one.claim).looked_at)
        for one in looks
        if address in {None, one.name}
    ]
    # A catalog that was listed after it had let go of the name did not look at this table.
    named = reader.attributes_of(node_ids=ids, kind=AttributeKind.NAMED, as_of=now)
    listed = [
        (one, decode(NamedClaim, one.claim).catalog) for one in named if address in {None, one.name}
    ]
    listings = _listings(reader, {catalog for _, catalog in listed}, now) if listed else {}
    found += [
        (one.node_id, listings[catalog].looked_at)
        for one, catalog in listed
        if catalog in listings and one.name not in listings[catalog].failed
    ]
    if address is None:
        away = reader.timelines_of(node_ids=ids, kind=AttributeKind.ABSENCE, system=system)
        found += [
            (dataset_id, seen)
            for dataset_id, lines in away.items()
            for line in lines.values()
            if (seen := decode(AbsenceClaim, line[-1].claim).last_seen) is not None
        ]
    last: dict[int, Instant] = {}
    for dataset_id, at in found:
        last[dataset_id] = max(at, last.get(dataset_id, at))
    return last


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


def _listings(reader: Reader, catalogs: Iterable[str], now: AsOf) -> dict[str, LookClaim]:
    nodes = reader.nodes_named(kind=NodeKind.CATALOG, parent_id=0, names=catalogs)
    names = {node.node_id: node.name for node in nodes}
    claims = reader.claims_of(node_ids=sorted(names), kind=AttributeKind.LOOK, as_of=now)
    return {names[node_id]: decode(LookClaim, claim) for node_id, claim in claims.items()}


def _note(transaction: Transaction, node_id: int, name: str, claim: LookClaim) -> None:
    period = Period.since(claim.looked_at)
    told = AttributeAssertion(node_id, AttributeKind.LOOK, name, period, encode(claim))
    transaction.assert_attributes([told])
