"""Scopes: a dataset, a namespace, a catalog, or all that is known."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from snapshots.errors import UnknownNameError
from temporal_lineage.naming import UNHARVESTED, Naming, known_dataset, known_datasets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Node, Reader


def datasets_in(reader: Reader, scope: str, as_of: AsOf) -> dict[int, str]:
    """Give the datasets of a scope by node, each with its address, in the order of addresses.

    A scope is what addresses begin with, part by part: `lake`, `lake.raw`, `lake.raw.orders`; all
    that is known where it is empty. Raises UnknownNameError with the nearest names.
    """
    return _within(reader, known_datasets(reader, as_of=as_of), scope, as_of)


def tables_in(reader: Reader, scope: str, as_of: AsOf) -> dict[int, str]:
    """Give the same of harvested tables only."""
    known = known_datasets(reader, as_of=as_of)
    harvested = [node for node in known if not node.name.startswith(UNHARVESTED)]
    return _within(reader, harvested, scope, as_of)


def _within(reader: Reader, known: Sequence[Node], scope: str, as_of: AsOf) -> dict[int, str]:
    named = Naming(reader, as_of=as_of).datasets(node.node_id for node in known)
    wanted = scope.removesuffix(".*").removesuffix(".")
    found = {
        dataset_id: name
        for dataset_id, name in named.items()
        if not wanted or name == wanted or name.startswith(f"{wanted}.")
    }
    # A dataset may be called by another of its names.
    other = known_dataset(reader, wanted, as_of=as_of) if wanted and not found else None
    if other in named:
        found = {other: named[other]}
    if wanted and not found:
        names = {part for name in named.values() for part in (name, name.rpartition(".")[0])}
        nearest = difflib.get_close_matches(wanted, sorted(names - {""}), n=3, cutoff=0.5)
        raise UnknownNameError(
            "table, namespace or catalog", wanted, nearest, "`tl show` lists what is known"
        )
    return dict(sorted(found.items(), key=lambda item: item[1]))
