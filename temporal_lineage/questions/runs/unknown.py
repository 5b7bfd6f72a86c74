"""Runs that nobody knows: the error of their ids, with those that begin as they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.table_name import NEAREST_MAX, nearest
from snapshots.errors import UnknownNameError
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.addresses import RunAddress
    from temporal_lineage.store.reader import Reader

_LIKE_MAX = 200
_LETTERS_ALIKE = (23, 13, 8, 4)
"""How many first letters of an id a known one may share: so many are shared by ever more runs."""


def unknown_run(reader: Reader, address: RunAddress, *, system: Instant) -> UnknownNameError:
    """Give the error of a run that nobody knew then, with the nearest of those known."""
    advice = "`tl runs` lists those that are known"
    like = (_known(reader, address.run_id[:letters], system) for letters in _LETTERS_ALIKE)
    alike = next(filter(None, like), [])
    found = nearest(address.run_id, alike) or alike[:NEAREST_MAX]
    return UnknownNameError("run", str(address), [f"run:{one}" for one in found], advice)


def _known(reader: Reader, start: str, system: Instant) -> list[str]:
    nodes = reader.nodes_after(kind=NodeKind.RUN, low=start, limit=_LIKE_MAX)
    ids = {one.node_id: one.name for one in nodes if one.name.startswith(start)}
    told = reader.attributes_of(
        node_ids=sorted(ids), kind=AttributeKind.RUN, as_of=AsOf(valid=LAST, system=system)
    )
    return [ids[one.node_id] for one in told]
