"""Iceberg table folders without a catalog: which of the metadata files is the current one."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from itertools import pairwise

from catalogs.metadata_pointer import PointedMetadata, Pointer
from catalogs.storage import AbsentFileError, Storage, StoredFile
from snapshots.errors import UnreadableError
from snapshots.instant import Instant

_METADATA = re.compile(r"(?:v?(?P<number>\d{1,18})(?=[-.]))?.*\.metadata\.json(?:\.gz)?")
_UNNUMBERED = -1
_HINT = "version-hint.text"
_HINT_BYTES_MAX = 1000
READ_TO_TELL_APART_MAX = 200
BODY_BYTES_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class FolderTable:
    """One Iceberg table of a folder; `uuid` is None where the folder holds no other."""

    uuid: str | None
    current: str


def is_metadata_file(path: str) -> bool:
    """Tell whether a path is named like an Iceberg metadata file."""
    return _METADATA.fullmatch(_name(path)) is not None


def metadata_files(storage: Storage, folder: str) -> list[StoredFile]:
    """Give the metadata files in a table's folder; none where it is no Iceberg table's."""
    found = storage.list(f"{folder.rstrip('/')}/metadata")
    return [file for file in found if is_metadata_file(file.path)]


def folder_tables(storage: Storage, folder: str) -> tuple[FolderTable, ...]:
    """Give the tables whose metadata lies in one folder, the last changed one first.

    Mostly there is one. A table that was dropped and made again in its old place leaves two, of
    which `table-uuid` tells. Files are opened only where their names and times leave a doubt,
    and of those the newest READ_TO_TELL_APART_MAX.
    """
    files = metadata_files(storage, folder)
    if not files:
        return ()
    if not _may_hold_several(files):
        return (FolderTable(None, _newest(files).path),)
    tables = _told_apart(storage, files, {})
    return tables if len(tables) > 1 else (FolderTable(None, tables[0].current),)


def folder_pointer(storage: Storage, folder: str, *, uuid: str | None) -> Pointer:
    """Point to a folder's current metadata file: `version-hint.text`, or else the newest number.

    With a uuid only that table's files count; without one the table that changed last is meant.
    Where two files have the newest number, a commit that lost its race left one of them, and the
    later one is taken.
    """
    known: dict[str, _Told] = {}

    def point() -> PointedMetadata:
        files = metadata_files(storage, folder)
        current = _hinted(files, _hint(storage, folder)) if uuid is None else None
        if current is None and files and (uuid is not None or _may_hold_several(files)):
            tables = _told_apart(storage, files, known)
            current = next((one.current for one in tables if uuid in {None, one.uuid}), None)
        elif current is None and files:
            current = _newest(files).path
        if current is None:
            advice = "name a folder with metadata/*.metadata.json in it, or one such file"
            raise UnreadableError(folder, "no Iceberg metadata file is there", advice)
        return PointedMetadata(current, storage.options, None)

    return point


@dataclass(frozen=True, slots=True)
class _Told:
    uuid: str | None
    updated: Instant


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


def _hinted(files: list[StoredFile], hint: str | None) -> str | None:
    found = next((file for file in files if hint and _is_hinted(file.path, hint)), None)
    if hint is None or found is None:
        return None
    by_number = {_number(file.path): file for file in files}
    # Writers of numbered names rename first and write the hint after: go on while files follow.
    while hint.isdigit() and (later := by_number.get(_number(found.path) + 1)):
        found = later
    return found.path


def _hint(storage: Storage, folder: str) -> str | None:
    path = f"{folder.rstrip('/')}/metadata/{_HINT}"
    try:
        return storage.read(path)[:_HINT_BYTES_MAX].decode("utf-8", "replace").strip() or None
    except AbsentFileError:
        return None


def _is_hinted(path: str, hint: str) -> bool:
    name = _name(path)
    if hint.isdigit():
        return _number(name) == int(hint)
    return hint in {name, name.removesuffix(".metadata.json")}


def _may_hold_several(files: list[StoredFile]) -> bool:
    """Tell whether a listing looks like more than one chain: a number twice, or out of order."""
    numbers = [_number(file.path) for file in sorted(files, key=_by_time)]
    return any(later <= earlier for earlier, later in pairwise(numbers))


def _by_time(file: StoredFile) -> tuple[Instant, int]:
    return file.modified, _number(file.path)


def _newest(files: list[StoredFile]) -> StoredFile:
    return max(files, key=lambda file: (_number(file.path), file.modified, file.path))


def _number(path: str) -> int:
    found = _METADATA.fullmatch(_name(path))
    return int(found["number"]) if found and found["number"] else _UNNUMBERED


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _tell(storage: Storage, path: str) -> _Told:
    """Read just who the table is; all else in the file may be of a version nobody knows yet."""
    import msgspec

    class Head(msgspec.Struct, rename="kebab"):
        table_uuid: str | None = None
        last_updated_ms: int = 0

    try:
        head = msgspec.json.decode(_plain(storage.read(path)), type=Head)
    except (msgspec.MsgspecError, OSError, EOFError, zlib.error) as error:
        raise UnreadableError(
            path, f"it is no Iceberg metadata: {error}", "restore it from a copy"
        ) from error
    return _Told(head.table_uuid, Instant.from_millis(head.last_updated_ms))


def _plain(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    inflating = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    plain = inflating.decompress(body, BODY_BYTES_MAX)
    if inflating.unconsumed_tail:
        raise gzip.BadGzipFile(f"more than {BODY_BYTES_MAX} bytes inside")
    return plain
