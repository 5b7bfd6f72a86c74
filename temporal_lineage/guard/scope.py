"""Scope: the tables that a guard is about, by the name of a table, a namespace or a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.table_name import nearest
from snapshots.errors import UnknownNameError
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind
from temporal_lineage.naming import Naming, known_dataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.store.reader import Reader


def in_scope(reader: Reader, targets: Sequence[str]) -> dict[int, str]:
    """Give the harvested tables that the targets name, all where there are none, by their names.

    Raises UnknownNameError for a target that names none.
    """
    point = AsOf(valid=LAST, system=LAST)
    naming = Naming(reader, as_of=point)
    rows = reader.by_attribute(kind=AttributeKind.TABLE, name="", as_of=point)
    named = {one.node_id: naming.dataset(one.node_id) for one in rows}
    if not targets:
        return _sorted(named)
    found: dict[int, str] = {}
    for target in targets:
        exact = known_dataset(reader, target, as_of=point)
        if exact in named:
            found[exact] = named[exact]
            continue
        below = {one: name for one, name in named.items() if name.startswith(f"{target}.")}
        if not below:
            kind = "table, namespace or catalog"
            like = nearest(target, named.values())
            raise UnknownNameError(kind, target, like, "`tl show` lists what is known")
        found |= below
    return _sorted(found)


def _sorted(named: dict[int, str]) -> dict[int, str]:
    return dict(sorted(named.items(), key=lambda entry: entry[1]))
