"""Configuration: which catalogs there are, and which file or variable says so."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from catalogs.moved import with_moved
from catalogs.pyiceberg_configuration import configured_catalogs
from catalogs.table_name import nearest
from snapshots.errors import UnknownNameError, UnreadableError, UsageError

FILE_NAME = "catalogs.json"
_MOVED = "relocate"


class CatalogKind(StrEnum):
    """What lists the tables."""

    PYICEBERG = "pyiceberg"
    """Any catalog pyiceberg reads: rest, sql, glue, hive, ...; `type` among its properties."""
    FOLDER = "folder"
    """A warehouse folder at `location`, with Iceberg and Delta tables in it."""
    METADATA = "metadata"
    """One Iceberg metadata file at `location`."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One catalog and all it takes to open it; `origin` names the file or variable for people.

    `properties` are pyiceberg's; nested ones (`auth`, `ssl`) are written with dots. They may
    hold secrets: show them through `credentials.masked` only.
    """

    name: str
    kind: CatalogKind
    properties: Mapping[str, str]
    origin: str

    def __repr__(self) -> str:
        """Leave the properties out: a repr ends up in logs."""
        return f"CatalogEntry({self.name!r}, {self.kind.value!r}, origin={self.origin!r})"


class NameTakenError(UsageError):
    """A catalog was added under the name of another one."""

    def __init__(self, name: str, origin: str) -> None:
        """Keep the name and the file that has it."""
        self.name = name
        self.origin = origin
        super().__init__(
            f"a catalog {name} is in {origin} already;"
            f" choose another name, or remove it first: tl catalog remove {name}"
        )


class Configuration:
    """The catalogs of `catalogs.json` in a folder, then those of pyiceberg's own configuration.

    Where both name one, the former is meant. The file is read anew by each call.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder of `catalogs.json`; neither needs to exist."""
        self._folder = folder
        self._file = folder / FILE_NAME

    def entries(self) -> tuple[CatalogEntry, ...]:
        """Give every catalog once, with all that moved. Raises UnreadableError for a file that
        cannot be read.
        """
        written = self._written_down()
        added = written.catalogs
        others = (one for one in _pyiceberg_entries() if one.name not in added)
        return tuple(_moved(one, written.moved) for one in (*added.values(), *others))

    def entry(self, name: str) -> CatalogEntry:
        """Give the catalog of that name. Raises UnknownNameError with the nearest names."""
        written = self._written_down()
        found = written.catalogs.get(name)
        if found is not None:
            return _moved(found, written.moved)
        entries = {one.name: one for one in self.entries()}
        # pyiceberg lowers the case of its names, and in variables _ stands for -.
        for spelling in (name, name.lower(), name.lower().replace("_", "-")):
            if spelling in entries:
                return entries[spelling]
        raise _unknown(name, list(entries))

    def add(self, entry: CatalogEntry) -> None:
        """Write an entry to `catalogs.json`, which only its owner may read.

        Raises NameTakenError where the file has another entry of that name; adding the same one
        again changes nothing.
        """
        if not entry.name.strip():
            raise UsageError("a catalog needs a name; write tl catalog add NAME ...")
        with _locked(self._folder):
            written = self._written_down()
            known = written.catalogs.get(entry.name)
            if known is not None and _written(known) != _written(entry):
                raise NameTakenError(entry.name, known.origin)
            self._write({**written.catalogs, entry.name: entry}, written.moved)

    def remove(self, name: str) -> None:
        """Take an entry out of `catalogs.json`. Raises UnknownNameError."""
        if not self._file.exists():
            raise self._not_removable(name, [])
        with _locked(self._folder):
            written = self._written_down()
            added = written.catalogs
            if name not in added:
                raise self._not_removable(name, list(added))
            del added[name]
            self._write(added, written.moved)

    def moved(self) -> Mapping[str, str]:
        """Give the prefixes that hold for every table here, each with where its files lie now."""
        return self._written_down().moved

    def move(self, pairs: Mapping[str, str]) -> None:
        """Say for every table of every catalog, and for tables named by path, what lies where now.

        A prefix that was told before gets its new place.
        """
        with _locked(self._folder):
            written = self._written_down()
            self._write(written.catalogs, {**written.moved, **pairs})

    def unmove(self, old: str) -> None:
        """Forget where a prefix lies. Raises UnknownNameError for one that was not told."""
        known = self.moved()
        if old not in known:
            advice = "tl catalog list shows what was told"
            raise UnknownNameError("moved prefix", old, nearest(old, list(known)), advice)
        with _locked(self._folder):
            written = self._written_down()
            left = {one: new for one, new in written.moved.items() if one != old}
            self._write(written.catalogs, left)

    def _not_removable(self, name: str, added: list[str]) -> UnknownNameError:
        elsewhere = next((one for one in _pyiceberg_entries() if one.name == name), None)
        if elsewhere is None:
            return _unknown(name, added)
        return UnknownNameError(
            f"catalog of {self._file} named", name, [], f"it comes from {elsewhere.origin}"
        )

    def _written_down(self) -> _WrittenDown:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return _WrittenDown({}, {})
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise _broken(self._file, reason or "it cannot be opened") from error
        try:
            told = json.loads(text)
            catalogs = {n: _entry(n, one, str(self._file)) for n, one in told["catalogs"].items()}
            return _WrittenDown(catalogs, _texts(told.get(_MOVED, {}), _MOVED))
        except json.JSONDecodeError as error:
            raise _broken(self._file, f"line {error.lineno}: {error.msg}") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _broken(self._file, f"{error} is not what belongs there") from error

    def _write(self, entries: Mapping[str, CatalogEntry], moved: Mapping[str, str]) -> None:
        body: dict[str, object] = {
            "catalogs": {name: _written(entry) for name, entry in entries.items()}
        }
        if moved:
            body[_MOVED] = dict(moved)
        text = json.dumps(body, indent=2, ensure_ascii=False) + "\n"
        partial = self._folder / f".{FILE_NAME}.{os.getpid()}"
        partial.unlink(missing_ok=True)
        # Secrets may be inside: nobody else may read the file at any moment of its making.
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._file)


@dataclass(frozen=True, slots=True)
class _WrittenDown:
    """What `catalogs.json` holds."""

    catalogs: dict[str, CatalogEntry]
    moved: Mapping[str, str]


def _moved(entry: CatalogEntry, moved: Mapping[str, str]) -> CatalogEntry:
    return replace(entry, properties=with_moved(entry.properties, moved)) if moved else entry


def _pyiceberg_entries() -> Iterator[CatalogEntry]:
    for found in configured_catalogs():
        yield CatalogEntry(found.name, CatalogKind.PYICEBERG, found.properties, found.origin)


def _entry(name: str, written: Mapping[str, Any], origin: str) -> CatalogEntry:
    strings = _texts(written["properties"], f"a property of {name}")
    return CatalogEntry(name, CatalogKind(written["kind"]), strings, origin)


def _texts(written: Mapping[str, object], what: str) -> dict[str, str]:
    strings = {key: value for key, value in written.items() if isinstance(value, str)}
    if len(strings) < len(written):
        raise TypeError(what)
    return strings


def _written(entry: CatalogEntry) -> dict[str, object]:
    return {"kind": entry.kind.value, "properties": dict(entry.properties)}


def _unknown(name: str, known: list[str]) -> UnknownNameError:
    advice = "tl catalog list shows all; tl catalog add NAME adds one"
    return UnknownNameError("catalog", name, nearest(name, known), advice)


def _broken(file: Path, reason: str) -> UnreadableError:
    advice = "repair it, or move it away and add the catalogs again: tl catalog add"
    return UnreadableError(str(file), reason, advice)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time read and rewrite the file; make the folder where it is absent."""
    import fcntl

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
    except OSError as error:
        reason = f"it cannot be written: {error.strerror}"
        advice = "name another folder, or ask for the right to write there"
        raise UnreadableError(str(folder / FILE_NAME), reason, advice) from error
