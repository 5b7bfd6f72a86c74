"""Scopes: a dataset, a namespace, a catalog, or all that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.table_name import nearest
from snapshots.errors import BeforeHistoryError, UnknownNameError
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind
from temporal_lineage.naming import UNHARVESTED, Naming, known_dataset, known_datasets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Node, Reader


DATASETS_AT_ONCE = 500
"""Of how many datasets the histories are in memory at once."""


def some_at_once(dataset_ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield datasets in lists of as many as are asked for together, in their order."""
    ids = list(dataset_ids)
    for start in range(0, len(ids), DATASETS_AT_ONCE):
        yield ids[start : start + DATASETS_AT_ONCE]


def datasets_in(reader: Reader, scope: str, as_of: AsOf) -> dict[int, str]:
    """Give the datasets of a scope by node, each with its address, in the order of addresses.

    A scope is what addresses begin with, part by part: `lake`, `lake.raw`, `lake.raw.orders`; all
    that is known where it is empty. Raises UnknownNameError with the nearest names, and
    BeforeHistoryError where tables of that name came later.
    """
    return _within(reader, known_datasets, scope, as_of)


def tables_in(reader: Reader, scope: str, as_of: AsOf) -> dict[int, str]:
    """Give the same of harvested tables only."""
    return _within(reader, _harvested, scope, as_of)


def _harvested(reader: Reader, *, as_of: AsOf) -> list[Node]:
    known = known_datasets(reader, as_of=as_of)
    return [node for node in known if not node.name.startswith(UNHARVESTED)]


def _within(
    reader: Reader, list_known: Callable[..., list[Node]], scope: str, as_of: AsOf
) -> dict[int, str]:
    wanted = scope.removesuffix(".*").removesuffix(".")
    found, named = _matching(reader, list_known, wanted, as_of)
    if wanted and not found:
        later = AsOf(valid=LAST, system=as_of.system)
        first = _first_state(reader, _matching(reader, list_known, wanted, later)[0], as_of)
        if first is not None and as_of.valid < first:
            raise BeforeHistoryError(wanted, as_of.valid.isoformat(), first.isoformat())
        scopes = {one for name in named.values() for one in _scopes_of(name)}
        like = nearest(wanted, sorted(scopes))
        raise UnknownNameError(
            "table, namespace or catalog", wanted, like, "`tl show` lists what is known"
        )
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _scopes_of(name: str) -> Iterator[str]:
    """Yield what a dataset can be asked for within: itself, its namespaces, its catalog."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def _matching(
    reader: Reader, list_known: Callable[..., list[Node]], wanted: str, as_of: AsOf
) -> tuple[dict[int, str], dict[int, str]]:
    """Give what a scope holds at a point in both times, and all that is known then."""
    known = list_known(reader, as_of=as_of)
    named = Naming(reader, as_of=as_of).datasets(node.node_id for node in known)
    if not wanted:
        return named, named
    found = {one: name for one, name in named.items() if _is_within(name, wanted)}
    # A dataset may be called by another of its names, and a catalog may list it beside another.
    other = known_dataset(reader, wanted, as_of=as_of) if not found else None
    more = (
        [other]
        if other in named
        else _listed_in(reader, named.keys() - found.keys(), wanted, as_of)
    )
    return found | {one: named[one] for one in more}, named


def _is_within(name: str, scope: str) -> bool:
    return name == scope or name.startswith(f"{scope}.")


def _listed_in(reader: Reader, dataset_ids: Collection[int], scope: str, as_of: AsOf) -> list[int]:
    """Give those datasets that some catalog then listed within a scope, by whatever name."""
    if not dataset_ids:
        return []
    lines = reader.timelines_of(
        node_ids=list(dataset_ids), kind=AttributeKind.NAMED, system=as_of.system
    )
    return [
        dataset_id
        for dataset_id, names in lines.items()
        if any(
            _is_within(name, scope) and any(one.valid.contains(as_of.valid) for one in line)
            for name, line in names.items()
        )
    ]


def _first_state(reader: Reader, dataset_ids: Iterable[int], as_of: AsOf) -> Instant | None:
    """Give when the first of some tables began; None where none of them is one."""
    lines = reader.timelines_of(
        node_ids=list(dataset_ids), kind=AttributeKind.TABLE, system=as_of.system
    )
    return min(
        (line[0].valid.start for named in lines.values() for line in named.values()), default=None
    )
