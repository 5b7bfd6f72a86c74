"""Harvest targets: the tables that names of catalogs, tables and paths stand for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError, UnknownNameError
from temporal_lineage.capture.openlineage_names import located

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from catalogs.catalog import Catalog
    from catalogs.configuration import CatalogEntry, Configuration
    from catalogs.table import TableSource
    from catalogs.table_name import TableName


@dataclass(frozen=True, slots=True)
class Target:
    """A table's address and the way to open it, so that a broken one fails alone.

    `catalog` is the one that lists it; None for a table that was named by its path.
    """

    address: str
    catalog: str | None
    open: Callable[[], TableSource]


@dataclass(frozen=True, slots=True)
class Listed:
    """A catalog listed all its tables: what it was known to list and does not is gone from it."""

    catalog: str


def find_targets(folder: Path, targets: Sequence[str]) -> Iterator[Target | Listed]:
    """Yield the tables meant; without a target, every table of every catalog.

    A catalog that cannot list all its tables is yielded as one more target, which fails when it is
    opened; one that can is yielded after its tables.
    Raises UnknownNameError for a name that is neither a catalog, a table in one, nor a path.
    """
    from catalogs.configuration import Configuration

    configuration = Configuration(folder)
    entries = {entry.name: entry for entry in configuration.entries()}
    if not targets and not entries:
        raise UnknownNameError(
            "catalog", "to harvest", (), "add one with `tl catalog add`, or name a table's folder"
        )
    for target in targets or tuple(entries):
        if target in entries:
            yield from _whole(entries[target])
        else:
            yield find_table(folder, target)


def find_table(folder: Path, target: str) -> Target:
    """Give the one table that an address or a path means. Raises UnknownNameError."""
    from catalogs.configuration import Configuration

    configuration = Configuration(folder)
    if not target.strip():
        # An empty path would be the folder that the program runs in.
        known = [entry.name for entry in configuration.entries()]
        raise UnknownNameError("table or catalog", repr(target), known[:3], "name one")
    if "/" in target or Path(target).exists():
        return _at_path(target, configuration.moved())
    return _one_table(configuration, target)


def _whole(entry: CatalogEntry) -> Iterator[Target | Listed]:
    from catalogs.catalog import open_catalog

    try:
        catalog = open_catalog(entry)
        found = False
        for name in catalog.tables():
            found = True
            yield _in_catalog(catalog, name)
        if not found:
            catalog.check()  # raises where there is nothing that could hold tables
    except TemporalLineageError as error:
        yield Target(entry.name, None, _failing(error))
    else:
        yield Listed(entry.name)


def _one_table(configuration: Configuration, target: str) -> Target:
    from catalogs.catalog import open_catalog
    from catalogs.table_name import TableName

    catalog_name, *parts = TableName.parse(target).parts
    entry = configuration.entry(catalog_name)  # raises with the nearest names
    return _in_catalog(open_catalog(entry), TableName(tuple(parts)))


def _in_catalog(catalog: Catalog, name: TableName) -> Target:
    from catalogs.table_name import TableName as Written

    address = str(Written((catalog.name, *name.parts)))
    return Target(address, catalog.name, lambda: catalog.table(name))


def _at_path(target: str, moved: Mapping[str, str]) -> Target:
    """A table harvested by its path is called by it, as OpenLineage calls it."""
    from catalogs.catalog import open_path
    from catalogs.moved import with_moved

    # Links are not followed: a table is asked for by the path it was harvested by.
    place = target if "://" in target else os.path.abspath(target)  # noqa: PTH100
    options = with_moved({}, moved)
    return Target(f"dataset:{located(place)}", None, lambda: open_path(place, options))


def _failing(error: TemporalLineageError) -> Callable[[], TableSource]:
    def fail() -> TableSource:
        raise error

    return fail
