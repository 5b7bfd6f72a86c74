"""Iceberg table folders without a catalog: which tables they hold, mostly one, at times two."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from snapshots.errors import UnreadableError
from snapshots.instant import Instant

if TYPE_CHECKING:
    from catalogs.iceberg.pointer import Pointed, Pointer
    from catalogs.storage import Storage, StoredFile

READ_TO_TELL_APART_MAX = 200
_UNNUMBERED = -1


@dataclass(frozen=True, slots=True)
class FolderTable:
    """One Iceberg table of a folder; `uuid` is None where the folder holds no other."""

    uuid: str | None
    current: str


def folder_tables(storage: Storage, folder: str) -> tuple[FolderTable, ...]:
    """Give the tables whose metadata lies in one folder, the last changed one first.

    Mostly there is one. A table that was dropped and made again in its old place leaves two, of
    which `table-uuid` tells. Files are opened only where their names and times leave a doubt,
    and of those the newest READ_TO_TELL_APART_MAX.
    """
    files = _metadata_files(storage, folder)
    if not files:
        return ()
    if not _may_hold_several(files):
        return (FolderTable(None, _newest(files).path),)
    tables = _told_apart(storage, files, {})
    return tables if len(tables) > 1 else (FolderTable(None, tables[0].current),)


def folder_pointer(storage: Storage, folder: str, *, uuid: str | None) -> Pointer:
    """Point to a folder's current metadata file.

    With a uuid only that table's files count. Without one the version hint decides, and the table
    that changed last where the folder holds several and no hint.
    """
    from catalogs.iceberg.pointer import Pointed, in_folder

    by_name = in_folder(folder, storage=storage)
    known: dict[str, _Told] = {}

    def point() -> Pointed:
        files = _metadata_files(storage, folder)
        hinted = uuid is None and storage.exists(f"{folder.rstrip('/')}/metadata/version-hint.text")
        if not files or hinted or (uuid is None and not _may_hold_several(files)):
            return by_name()
        tables = _told_apart(storage, files, known)
        if uuid is None and len(tables) == 1:
            return by_name()
        for one in tables:
            if uuid in {None, one.uuid}:
                return Pointed(one.current, {})
        reason = f"no metadata file of the table {uuid} is there any more"
        raise UnreadableError(folder, reason, "name the folder alone for the table that is there")

    return point


@dataclass(frozen=True, slots=True)
class _Told:
    uuid: str | None
    updated: Instant


def _metadata_files(storage: Storage, folder: str) -> list[StoredFile]:
    from catalogs.iceberg.metadata import is_metadata_name

    found = storage.list(f"{folder.rstrip('/')}/metadata")
    return [file for file in found if is_metadata_name(file.path)]


def _told_apart(
    storage: Storage, files: list[StoredFile], known: dict[str, _Told]
) -> tuple[FolderTable, ...]:
    latest = sorted(files, key=_by_time, reverse=True)[:READ_TO_TELL_APART_MAX]
    newest = _newest(latest)
    by_uuid: dict[str | None, list[StoredFile]] = {}
    for file in latest:
        try:
            told = known.get(file.path) or _tell(storage, file.path)
        except UnreadableError:
            if file is newest:
                raise
            continue  # a broken older file is the reader's to report; it names no table
        known[file.path] = told
        by_uuid.setdefault(told.uuid, []).append(file)
    heads = {uuid: _newest(group).path for uuid, group in by_uuid.items()}
    last_first = sorted(heads, key=lambda uuid: known[heads[uuid]].updated, reverse=True)
    return tuple(FolderTable(uuid, heads[uuid]) for uuid in last_first)


def _may_hold_several(files: list[StoredFile]) -> bool:
    """Tell whether a listing looks like more than one chain: a number twice, or out of order."""
    numbers = [_number(file) for file in sorted(files, key=_by_time)]
    return any(later <= earlier for earlier, later in pairwise(numbers))


def _by_time(file: StoredFile) -> tuple[Instant, int]:
    return file.modified, _number(file)


def _newest(files: list[StoredFile]) -> StoredFile:
    return max(files, key=lambda file: (_number(file), file.modified, file.path))


def _number(file: StoredFile) -> int:
    from catalogs.iceberg.metadata import metadata_number

    number = metadata_number(file.path)
    return _UNNUMBERED if number is None else number


def _tell(storage: Storage, path: str) -> _Told:
    from catalogs.iceberg.metadata import decode_metadata

    metadata = decode_metadata(storage.read(path), location=path)
    return _Told(metadata.table_uuid, Instant.from_millis(metadata.last_updated_ms))
