"""Pointers: who says which metadata file of a table is the current one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalogs.iceberg.metadata import file_name, is_metadata_name, metadata_number
from catalogs.storage import AbsentFileError, Storage
from snapshots.errors import UnreadableError

_HINT = "version-hint.text"
_HINT_BYTES_MAX = 1000
_ADVICE = "name the current metadata.json instead of the folder"


@dataclass(frozen=True, slots=True)
class Pointed:
    """The current metadata file; `properties` are what the catalog lends to read this table."""

    location: str
    properties: Mapping[str, str]


Pointer = Callable[[], Pointed]
"""Asks for the current metadata file, by one listing or one call of a catalog."""


def in_folder(folder: str, *, storage: Storage) -> Pointer:
    """Point at the current metadata file of a table without a catalog, as Hadoop tables are.

    The version hint says which, and versions after it count too: the hint is written last. Without
    a hint it is the file with the greatest number. Raises UnreadableError where there is none, or
    where several claim that number.
    """

    def ask() -> Pointed:
        return Pointed(_current_in(folder.rstrip("/"), storage), {})

    return ask


def _current_in(folder: str, storage: Storage) -> str:
    places = [f"{folder}/metadata", folder]
    for place in places:
        names = {file_name(file.path): file.path for file in storage.list(place)}
        found = {name: path for name, path in names.items() if is_metadata_name(name)}
        if found:
            hint = _hint(names[_HINT], storage) if _HINT in names else None
            return _hinted(hint, found) or _newest(place, found)
    raise UnreadableError(folder, "it holds no metadata.json", "name an Iceberg table's folder")


def _hint(path: str, storage: Storage) -> str | None:
    """Read the version hint; None where it is empty or gone again."""
    try:
        text = storage.read(path)[:_HINT_BYTES_MAX].decode("utf-8", "replace").strip()
    except AbsentFileError:
        return None
    return text or None


def _hinted(hint: str | None, found: Mapping[str, str]) -> str | None:
    """Follow a hint: a version number, or the stem of a file name; None where it leads nowhere."""
    if hint is None:
        return None
    named = [path for name, path in found.items() if name.startswith(f"{hint}.")]
    if len(named) == 1:
        return named[0]
    if not hint.isdigit():
        return None
    versions = {
        number: path
        for name, path in found.items()
        if name.startswith("v") and (number := metadata_number(name)) is not None
    }
    version = int(hint)
    while version + 1 in versions:
        version += 1
    return versions.get(version)


def _newest(place: str, found: Mapping[str, str]) -> str:
    numbered = defaultdict[int, list[str]](list)
    for name, path in found.items():
        number = metadata_number(name)
        if number is not None:
            numbered[number].append(path)
    if not numbered and len(found) == 1:
        return next(iter(found.values()))
    newest = numbered[max(numbered)] if numbered else list(found.values())
    if len(newest) > 1:
        names = ", ".join(sorted(file_name(path) for path in newest))
        raise UnreadableError(place, f"any of {names} may be the current one", _ADVICE)
    return newest[0]
