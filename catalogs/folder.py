"""Warehouse folders: Iceberg and Delta tables found by walking, without any catalog."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from catalogs.iceberg_folder import folder_tables
from catalogs.listing import Listing
from catalogs.opening import open_delta, open_iceberg_folder
from catalogs.storage import Storage, StoredFile, is_local, local_path
from catalogs.table import TableSource
from catalogs.table_name import TableName, nearest
from snapshots.dataset import TableFormat
from snapshots.errors import UnknownNameError, UnreadableError

DEPTH_MAX = 10
FOLDERS_MAX = 200_000
_HIVE_SUFFIX = ".db"
_LOG_FILE = re.compile(r"\d{20}\.(json|checkpoint\..*parquet|checkpoint\..*json)")


@dataclass(frozen=True, slots=True)
class FoundTable:
    """One table of a folder; `uuid` is None where the folder holds no other Iceberg table."""

    folder: str
    format: TableFormat
    uuid: str | None


class FolderCatalog:
    """Every table under one folder, named by its path from there.

    `wh/raw/orders` is `raw.orders`; `wh/raw.db/orders` is `"raw.db".orders`, and `raw.orders` finds
    it too. The folder itself, where it is a table, is named as it is called. Nothing inside a
    table's folder is looked at, nor are folders that start with a dot or underscore. Where one
    folder holds several tables, a Delta one has `delta` after its name, the Iceberg one that
    changed last `iceberg`, and earlier Iceberg tables their uuid.
    """

    def __init__(self, name: str, location: str, options: Mapping[str, str]) -> None:
        """Take the folder; it is looked at when asked."""
        self._name = name
        # One spelling, so that the names of folders below are as they are on disk.
        self._root = (local_path(location) if is_local(location) else location).rstrip("/") or "/"
        self._storage = Storage(options)

    @property
    def name(self) -> str:
        """The name in the configuration."""
        return self._name

    def tables(self) -> Iterator[TableName]:
        """Yield the tables as they are found, depth first. See `Catalog.tables`."""
        for name, _ in self._walk():
            yield name

    def table(self, name: TableName) -> TableSource:
        """Open a table without a walk. See `Catalog.table`."""
        found = self._direct(name)
        if found is None:
            raise self._unknown(name)
        if found.format is TableFormat.DELTA:
            return open_delta(found.folder, self._storage)
        return open_iceberg_folder(found.folder, self._storage, uuid=found.uuid)

    def check(self) -> str:
        """Look at the folder. See `Catalog.check`."""
        if tables_in(self._storage, self._root):
            return f"folder {self._root}: reachable, it is itself a table"
        folders = sum(1 for one in self._storage.folders(self._root) if not _is_hidden(one))
        if not folders:
            files = any(True for _ in self._storage.list(self._root))
            if not files and is_local(self._root) and Path(local_path(self._root)).is_dir():
                return f"folder {self._root}: reachable, and empty"
            reason = "it holds no folders" if files else "there is no such folder, or it is empty"
            advice = "name a folder with tables in it or below it"
            raise UnreadableError(self._root, reason, advice)
        return f"folder {self._root}: reachable, {folders} folder{'' if folders == 1 else 's'}"

    def _walk(self) -> Iterator[tuple[TableName, FoundTable]]:
        listing = Listing(f"catalog {self._name}", "folders")
        seen: set[str] = set()
        waiting: list[tuple[str, tuple[str, ...]]] = [(self._root, ())]
        while waiting:
            folder, parts = waiting.pop()
            if _seen_before(folder, seen):
                continue
            if len(seen) > FOLDERS_MAX:
                listing.leave_out("", f"there are more than {FOLDERS_MAX}")
                break
            with listing.part(folder):
                inner = sorted(self._storage.folders(folder), reverse=True)
                found = tables_in(self._storage, folder, inner)
                yield from _named(parts or (_last(self._root),), found).items()
                if found:
                    continue
                below = [(one, (*parts, _last(one))) for one in inner if not _is_hidden(one)]
                if below and len(parts) >= DEPTH_MAX:
                    listing.leave_out(folder, f"it lies {DEPTH_MAX} folders deep")
                    continue
                waiting += below
        listing.finish()

    def _direct(self, name: TableName) -> FoundTable | None:
        """Find a table by its path, with and without a last part that tells which; else None."""
        for parts in (name.parts, name.parts[:-1]):
            for folders in (parts, _as_hive_has_them(parts)):
                if folders and all(_is_one_folder(one) for one in folders):
                    folder = "/".join((self._root.rstrip("/"), *folders))
                    named = _named(parts, tables_in(self._storage, folder))
                    if name in named:
                        return named[name]
        own_name = _last(self._root)
        if name.parts[0] == own_name:
            return _named((own_name,), tables_in(self._storage, self._root)).get(name)
        return None

    def _unknown(self, name: TableName) -> UnknownNameError:
        known: list[str] = []
        with suppress(UnreadableError):  # the nearest names are among those that could be listed
            known.extend(str(one) for one in self.tables())
        found = [f"{self._name}.{one}" for one in nearest(name, known)]
        advice = f"tl catalog check {self._name} says what is there"
        return UnknownNameError("table", f"{self._name}.{name}", found, advice)


def tables_in(
    storage: Storage, folder: str, inner: list[str] | None = None
) -> tuple[FoundTable, ...]:
    """Give the tables that a folder is; none where it is no table's. `inner` are its folders."""
    names = {_last(one) for one in (storage.folders(folder) if inner is None else inner)}
    found: list[FoundTable] = []
    if "_delta_log" in names and any(_is_log_file(one.path) for one in _log(storage, folder)):
        found.append(FoundTable(folder, TableFormat.DELTA, None))
    if "metadata" in names:
        iceberg = folder_tables(storage, folder)
        found += (FoundTable(folder, TableFormat.ICEBERG, one.uuid) for one in iceberg)
    return tuple(found)


def _named(parts: tuple[str, ...], found: tuple[FoundTable, ...]) -> dict[TableName, FoundTable]:
    """Give each table of one folder its own name."""
    named: dict[TableName, FoundTable] = {}
    is_delta_there = any(one.format is TableFormat.DELTA for one in found)
    newest = True
    for one in found:
        if one.format is TableFormat.DELTA:
            suffix = ("delta",) if len(found) > 1 else ()
        elif newest:
            suffix = ("iceberg",) if is_delta_there else ()
            newest = False
        else:
            suffix = (one.uuid or "without-uuid",)
        named[TableName((*parts, *suffix))] = one
    return named


def _log(storage: Storage, folder: str) -> Iterator[StoredFile]:
    return storage.list(f"{folder.rstrip('/')}/_delta_log")


def _is_log_file(path: str) -> bool:
    return _LOG_FILE.fullmatch(_last(path)) is not None


def _as_hive_has_them(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Write the namespace as Hive names its folder: `raw.db`; nothing where there is none."""
    return (*parts[:-2], parts[-2] + _HIVE_SUFFIX, parts[-1]) if len(parts) > 1 else ()


def _is_one_folder(part: str) -> bool:
    return bool(part) and part not in {".", ".."} and "/" not in part and "\0" not in part


def _is_hidden(folder: str) -> bool:
    return _last(folder).startswith((".", "_"))


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _seen_before(folder: str, seen: set[str]) -> bool:
    """Tell whether a folder was walked already, under another name: links can make circles."""
    place = os.path.realpath(folder) if is_local(folder) else folder
    if place in seen:
        return True
    seen.add(place)
    return False
