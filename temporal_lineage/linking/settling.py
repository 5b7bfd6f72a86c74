"""Settling: people say which dataset a name means, from when, until when, who said so and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.table_name import nearest
from snapshots.dataset import Dataset
from snapshots.errors import BadTargetError, UnknownNameError
from temporal_lineage.beliefs import settle_attributes
from temporal_lineage.claims import AliasClaim, SettledClaim, decode, encode
from temporal_lineage.evidence.changed import ALL_CHANGED
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import BY_HAND, AttributeKind, NodeKind, name_key, split_name_key
from temporal_lineage.linking.link import link
from temporal_lineage.meanings import meanings_during
from temporal_lineage.naming import (
    UNHARVESTED,
    Naming,
    find_dataset,
    find_named,
    readings,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Believed, Reader
    from temporal_lineage.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AliasReport:
    """What an act on aliases did: the names that mean `dataset` now, and the runs linked anew.

    `meant` are the harvested tables that the name meant before, one after another.
    """

    names: tuple[str, ...]
    dataset: str
    meant: tuple[str, ...]
    runs: int


def settle_alias(
    ledger: Ledger, name: str, target: str, *, lifetime: Period, who: str, why: str
) -> AliasReport:
    """Let a name mean a dataset during a period, whatever harvests and events found.

    All names of datasets that only events know are settled with it. The runs that named what it
    meant at any time in the period are linked anew. Raises UnknownNameError, and BadTargetError
    where nothing would change.
    """
    with ledger.transaction(source="alias add", note=_note(name, who, why)) as transaction:
        reader = transaction.reader
        system = transaction.recorded_at
        target_id = find_dataset(reader, target, as_of=AsOf(valid=LAST, system=system))
        identity = reader.named(node_ids=[target_id])[target_id].name
        named = _known(reader, name, system=system)
        before = meanings_during(reader, named, lifetime, system=system)
        if before.keys() == {target_id}:
            raise BadTargetError(name, f"it means {target} already")
        names = _all_names(reader, named, before, system=system)
        others = [one for one in before if one != target_id]
        meant = _tables(reader, others, system=system)
        claim = encode(SettledClaim(identity, who, why))
        for node_id in names:
            kept = _line(reader, node_id, system=system)
            line = [(rest, one.claim) for one in kept for rest in one.valid.minus(lifetime)]
            line.append((lifetime, claim))
            _settle(transaction, node_id, line)
        touched = [*others, target_id]
        return _relinked(transaction, names.values(), target_id, touched, meant=meant)


def unsettle_alias(ledger: Ledger, name: str, *, who: str, why: str) -> AliasReport:
    """Take back what somebody said of a name; that it was said stays known.

    Raises UnknownNameError for a name that nobody settled.
    """
    with ledger.transaction(source="alias remove", note=_note(name, who, why)) as transaction:
        reader = transaction.reader
        system = transaction.recorded_at
        settled = {
            one.node_id: one
            for one in reader.by_attribute(
                kind=AttributeKind.ALIAS, name=BY_HAND, as_of=AsOf(valid=LAST, system=system)
            )
        }
        known = _known(reader, name, system=system)
        named_id = reader.node(kind=NodeKind.NAME, parent_id=0, name=name_key(known))
        line = [] if named_id is None else _line(reader, named_id, system=system)
        if named_id is None or not line:
            shown = [_shown(reader.named(node_ids=[one])[one].name) for one in sorted(settled)]
            raise UnknownNameError("alias", name, shown[:3], "`tl alias list` lists them")
        before = {decode(SettledClaim, one.claim).identity for one in line}
        last = find_named(reader, known, as_of=AsOf(valid=LAST, system=system))
        meant = _tables(reader, [] if last is None else [last], system=system)
        _settle(transaction, named_id, [])
        now = find_named(reader, known, as_of=AsOf(valid=LAST, system=system))
        ids = [reader.node(kind=NodeKind.DATASET, parent_id=0, name=one) for one in sorted(before)]
        touched = [one for one in (*ids, now) if one is not None]
        names = [name_key(known)]
        return _relinked(transaction, names, now or touched[0], touched, meant=meant)


def _relinked(
    transaction: Transaction,
    names: Iterable[str],
    dataset_id: int,
    touched: Sequence[int],
    *,
    meant: tuple[str, ...],
) -> AliasReport:
    linked = link(transaction, run_ids=(), changes=dict.fromkeys(touched, ALL_CHANGED))
    naming = Naming(transaction.reader, as_of=AsOf(valid=LAST, system=transaction.recorded_at))
    shown = tuple(sorted(_shown(one) for one in names))
    return AliasReport(shown, naming.dataset(dataset_id), meant, linked.runs)


def _tables(reader: Reader, dataset_ids: Sequence[int], *, system: Instant) -> tuple[str, ...]:
    """Name those that are harvested tables, and not known from events alone."""
    nodes = reader.named(node_ids=dataset_ids)
    naming = Naming(reader, as_of=AsOf(valid=LAST, system=system))
    return tuple(
        naming.dataset(one) for one in dataset_ids if not nodes[one].name.startswith(UNHARVESTED)
    )


def _known(reader: Reader, name: str, *, system: Instant) -> Dataset:
    """Find the name that a text stands for, among all that events and harvests used."""
    for dataset in readings(name if ":" in name.partition("/")[0] else f"dataset:{name}"):
        if reader.node(kind=NodeKind.NAME, parent_id=0, name=name_key(dataset)) is not None:
            return dataset
    for dataset in (*readings(f"dataset:{name}"), *readings(name)):
        if reader.node(kind=NodeKind.NAME, parent_id=0, name=name_key(dataset)) is not None:
            return dataset
    rows = reader.by_attribute(
        kind=AttributeKind.ALIAS, name="", as_of=AsOf(valid=LAST, system=system)
    )
    nodes = reader.named(node_ids=[one.node_id for one in rows])
    shown = sorted(_shown(one.name) for one in nodes.values())
    advice = "`tl coverage` lists the names that no harvest knows"
    raise UnknownNameError("name", name, nearest(name, shown), advice)


def _all_names(
    reader: Reader, named: Dataset, before: Iterable[int], *, system: Instant
) -> dict[int, str]:
    """Give the name's node, and those of all other names of datasets that only events know."""
    key = name_key(named)
    node_id = reader.node(kind=NodeKind.NAME, parent_id=0, name=key)
    found = {} if node_id is None else {node_id: key}
    identities = {one.name for one in reader.named(node_ids=before).values()}
    untold = {one for one in identities if one.startswith(UNHARVESTED)}
    if not untold:
        return found
    point = AsOf(valid=LAST, system=system)
    rows = reader.by_attribute(kind=AttributeKind.ALIAS, name="", as_of=point)
    ids = [one.node_id for one in rows if decode(AliasClaim, one.claim).identity in untold]
    return found | {one: node.name for one, node in reader.named(node_ids=ids).items()}


def _line(reader: Reader, node_id: int, *, system: Instant) -> list[Believed]:
    return reader.timeline(node_id=node_id, kind=AttributeKind.ALIAS, name=BY_HAND, system=system)


def _settle(transaction: Transaction, node_id: int, line: Sequence[tuple[Period, str]]) -> None:
    settle_attributes(transaction, node_id, AttributeKind.ALIAS, {BY_HAND: tuple(sorted(line))})


def _shown(key: str) -> str:
    return "/".join(split_name_key(key))


def _note(name: str, who: str, why: str) -> str:
    return f"{name}, by {who}" + (f": {why}" if why else "")
