"""Meanings: which datasets names meant at one point in both times, many names at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.claims import AliasClaim, SettledClaim, decode
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import BY_HAND, AttributeKind, NodeKind, name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.dataset import Dataset
    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.store.reader import Believed, Reader


def meanings(reader: Reader, names: Iterable[Dataset], *, as_of: AsOf) -> dict[Dataset, int]:
    """Find the dataset nodes that exact names meant; names nobody knew are left out."""
    keys = {name_key(one): one for one in names}
    nodes = reader.nodes_named(kind=NodeKind.NAME, parent_id=0, names=keys)
    lines = reader.timelines_of(
        node_ids=[node.node_id for node in nodes], kind=AttributeKind.ALIAS, system=as_of.system
    )
    identities = {
        keys[node.name]: _identity(lines[node.node_id], valid=as_of.valid)
        for node in nodes
        # Databases cut a name at a NUL, and find another one.
        if node.name in keys and node.node_id in lines
    }
    found = reader.nodes_named(kind=NodeKind.DATASET, parent_id=0, names=set(identities.values()))
    numbers = {node.name: node.node_id for node in found}
    return {name: numbers[one] for name, one in identities.items() if one in numbers}


def meanings_during(
    reader: Reader, name: Dataset, period: Period, *, system: Instant
) -> dict[int, Instant]:
    """Find the dataset nodes that an exact name meant in a period, each with a time at which."""
    node_id = reader.node(kind=NodeKind.NAME, parent_id=0, name=name_key(name))
    if node_id is None:
        return {}
    lines = reader.timelines_of(node_ids=[node_id], kind=AttributeKind.ALIAS, system=system)
    told = [one.valid for line in lines.get(node_id, {}).values() for one in line]
    turns = {turn for one in told for turn in (one.start, one.end) if period.contains(turn)}
    found: dict[int, Instant] = {}
    for turn in sorted({period.start, *turns}):
        for dataset_id in meanings(reader, [name], as_of=AsOf(valid=turn, system=system)).values():
            found.setdefault(dataset_id, turn)
    return found


def _identity(lines: Mapping[str, Sequence[Believed]], *, valid: Instant) -> str:
    """Give the identity that a name meant; what was settled by hand goes before all else."""
    settled = next((one for one in lines.get(BY_HAND, ()) if one.valid.contains(valid)), None)
    if settled is not None:
        return decode(SettledClaim, settled.claim).identity
    line = lines.get("", ())
    if not line:
        return ""
    # A name that means nothing then means what it meant last; before its table's history begins,
    # the first meaning is the best.
    believed = next((one for one in reversed(line) if one.valid.start <= valid), line[0])
    return decode(AliasClaim, believed.claim).identity
