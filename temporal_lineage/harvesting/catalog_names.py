"""Names in catalogs: what each catalog listed under which name, and what it lists no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.instant import FOREVER
from snapshots.period import Period
from temporal_lineage.aliases import end_alias
from temporal_lineage.beliefs import settle_attributes
from temporal_lineage.claims import AbsenceClaim, AliasClaim, NamedClaim, decode, encode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.looks import last_look
from temporal_lineage.keys import AttributeKind, NodeKind, name_key
from temporal_lineage.naming import CATALOG_NAMESPACE, UNHARVESTED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

_NOW = AsOf(valid=LAST, system=FOREVER)


def note_names(
    transaction: Transaction,
    address: str,
    identities: Iterable[str],
    *,
    catalog: str,
    seen_at: Instant,
    missed_at: Instant,
) -> None:
    """Keep with each dataset while a catalog's name meant it: its aliases, the other way round.

    `identities` are the dataset that was found there, and those it was found in place of.
    """
    reader = transaction.reader
    alias = _alias(reader, address, system=transaction.recorded_at)
    for identity in identities:
        dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
        if dataset_id is None or identity.startswith(UNHARVESTED):
            continue
        known = reader.timelines(node_id=dataset_id, kind=AttributeKind.NAMED, system=FOREVER)
        first = decode(NamedClaim, known[address][0].claim) if address in known else None
        claim = encode(first or NamedClaim(catalog, seen_at))
        wanted = tuple((period, claim) for period, meant in alias if meant == identity)
        last_seen = last_look(reader, dataset_id, address=address, system=FOREVER)
        was_listed = bool(open_names(reader, dataset_id, catalog))
        settle_attributes(transaction, dataset_id, AttributeKind.NAMED, {address: wanted})
        if any(period.end == FOREVER for period, _ in wanted):
            _end_absence(transaction, dataset_id, catalog, seen_at=seen_at)
        elif was_listed and not open_names(reader, dataset_id, catalog):
            # One that was missed before is away since then, whoever has its name now.
            _begin_absence(transaction, dataset_id, catalog, last_seen, missed_at)


def miss_names(
    transaction: Transaction,
    catalog: str,
    present: Collection[str],
    *,
    missed_at: Instant,
    known_by: int,
) -> list[str]:
    """End the names that a catalog no longer lists. Returns the addresses of tables it dropped.

    A table that it lists under another name was renamed. Names that were told after transaction
    `known_by` may be younger than the listing and stay.
    """
    reader = transaction.reader
    datasets = [node.node_id for node in reader.nodes(kind=NodeKind.DATASET)]
    named = reader.attributes_of(node_ids=datasets, kind=AttributeKind.NAMED, as_of=_NOW)
    dropped = []
    for one in sorted(named, key=lambda one: one.name):
        claim = decode(NamedClaim, one.claim)
        if claim.catalog != catalog or one.name in present or one.tx_id > known_by:
            continue
        last_seen = last_look(reader, one.node_id, address=one.name, system=FOREVER)
        line = reader.timeline(
            node_id=one.node_id, kind=AttributeKind.NAMED, name=one.name, system=FOREVER
        )
        gone = Period.since(missed_at)
        rest = tuple((piece, held.claim) for held in line for piece in held.valid.minus(gone))
        settle_attributes(transaction, one.node_id, AttributeKind.NAMED, {one.name: rest})
        end_alias(transaction, Dataset(CATALOG_NAMESPACE, one.name), missed_at=missed_at)
        if not open_names(reader, one.node_id, catalog):
            _begin_absence(transaction, one.node_id, catalog, last_seen, missed_at)
            dropped.append(one.name)
    return dropped


def open_names(reader: Reader, dataset_id: int, catalog: str) -> list[str]:
    """Give the names under which a catalog lists a dataset, as far as is known now."""
    found = reader.attributes(node_id=dataset_id, kind=AttributeKind.NAMED, as_of=_NOW)
    return [one.name for one in found if decode(NamedClaim, one.claim).catalog == catalog]


def _alias(reader: Reader, address: str, *, system: Instant) -> list[tuple[Period, str]]:
    key = name_key(Dataset(CATALOG_NAMESPACE, address))
    node_id = reader.node(kind=NodeKind.NAME, parent_id=0, name=key)
    if node_id is None:
        return []
    line = reader.timeline(node_id=node_id, kind=AttributeKind.ALIAS, name="", system=system)
    return [(one.valid, decode(AliasClaim, one.claim).identity) for one in line]


def _begin_absence(
    transaction: Transaction,
    dataset_id: int,
    catalog: str,
    last_seen: Instant | None,
    missed_at: Instant,
) -> None:
    claim = encode(AbsenceClaim(last_seen, missed_at))
    kept = _absences(transaction.reader, dataset_id, catalog)
    line = [(piece, told) for held, told in kept for piece in held.minus(Period.since(missed_at))]
    line.append((Period.since(missed_at), claim))
    settle_attributes(transaction, dataset_id, AttributeKind.ABSENCE, {catalog: tuple(line)})


def _end_absence(
    transaction: Transaction, dataset_id: int, catalog: str, *, seen_at: Instant
) -> None:
    """A table is there again; one that was only looked for under its old name never was away."""
    kept = _absences(transaction.reader, dataset_id, catalog)
    line = [(piece, told) for held, told in kept for piece in held.minus(Period.since(seen_at))]
    settle_attributes(transaction, dataset_id, AttributeKind.ABSENCE, {catalog: tuple(line)})


def _absences(reader: Reader, dataset_id: int, catalog: str) -> list[tuple[Period, str]]:
    line = reader.timeline(
        node_id=dataset_id, kind=AttributeKind.ABSENCE, name=catalog, system=FOREVER
    )
    return [(one.valid, one.claim) for one in line]
