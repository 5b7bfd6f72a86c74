"""Pieces: manifest lists and manifests that lie in a table's folders, whoever names them.

What a metadata file would say of a snapshot stands in the headers of these files, too: its parent
and sequence number in its list, schemas and partition specs in its manifests. Iceberg spec,
"Manifests", "Manifest Lists".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from catalogs.iceberg.avro import read_header
from catalogs.iceberg.metadata import PartitionFieldEntry, SnapshotEntry, file_name
from catalogs.storage import Storage
from snapshots.errors import UnreadableError
from snapshots.instant import Instant

Json = Any

_LIST = "snap-"
_ENDING = ".avro"
_ADVICE = "restore the file from a backup"


@dataclass(frozen=True, slots=True)
class ListPiece:
    """A manifest list, by what its header says; `written` is its file's time."""

    path: str
    written: Instant
    snapshot_id: int
    parent_id: int | None
    sequence_number: int

    def entry(self, *, timestamp_ms: int, schema_id: int | None) -> SnapshotEntry:
        """Give the snapshot as a metadata file would list it."""
        return SnapshotEntry(
            snapshot_id=self.snapshot_id,
            timestamp_ms=timestamp_ms,
            manifest_list=self.path,
            parent_snapshot_id=self.parent_id,
            sequence_number=self.sequence_number,
            schema_id=schema_id,
        )


@dataclass(frozen=True, slots=True)
class ManifestHeader:
    """What the header of a manifest says of how its files are read."""

    schema: dict[str, Json]
    spec_id: int
    spec: list[PartitionFieldEntry]
    format_version: int


class Pieces:
    """The manifest lists of some folders, each read once."""

    def __init__(self, folders: Sequence[str], *, storage: Storage) -> None:
        """Take the folders; they are looked at when something is asked."""
        self._folders = tuple(dict.fromkeys(folders))
        self._storage = storage

    def lists(self, snapshot_id: int) -> tuple[ListPiece, ...]:
        """Give the lists that say they are of a snapshot: several where a commit was tried again.

        Raises UnreadableError where a folder cannot be looked at.
        """
        return self._by_snapshot.get(snapshot_id, ())

    def children(self, snapshot_id: int) -> tuple[int, ...]:
        """Give the snapshots that were made on top of one."""
        return self._by_parent.get(snapshot_id, ())

    def descend(self, snapshot_id: int, *, known: Collection[int]) -> bool:
        """Tell whether the parents of a snapshot, by its list and theirs, lead to a known one."""
        seen: set[int] = set()
        at: int | None = snapshot_id
        while at is not None and at not in seen:
            if at in known:
                return True
            seen.add(at)
            at = next((one.parent_id for one in self.lists(at)), None)
        return False

    @cached_property
    def all_lists(self) -> tuple[ListPiece, ...]:
        """All lists, by sequence number; those whose header is broken are left out."""
        found: list[ListPiece] = []
        for folder in self._folders:
            for file in self._storage.list(folder):
                name = file_name(file.path)
                if name.startswith(_LIST) and name.endswith(_ENDING):
                    found += self._told(file.path, file.modified)
        return tuple(sorted(found, key=lambda one: (one.sequence_number, one.written, one.path)))

    @cached_property
    def _by_snapshot(self) -> dict[int, tuple[ListPiece, ...]]:
        found: dict[int, tuple[ListPiece, ...]] = {}
        for one in self.all_lists:
            found[one.snapshot_id] = (*found.get(one.snapshot_id, ()), one)
        return found

    @cached_property
    def _by_parent(self) -> dict[int | None, tuple[int, ...]]:
        found: dict[int | None, dict[int, None]] = {}
        for one in self.all_lists:
            found.setdefault(one.parent_id, {})[one.snapshot_id] = None
        return {parent: tuple(children) for parent, children in found.items()}

    def _told(self, path: str, written: Instant) -> Iterator[ListPiece]:
        try:
            header = read_header(self._storage.read(path), location=path)
            yield ListPiece(
                path=path,
                written=written,
                snapshot_id=int(header.text("snapshot-id") or ""),
                parent_id=_number(header.text("parent-snapshot-id")),
                sequence_number=_number(header.text("sequence-number")) or 0,
            )
        except (UnreadableError, ValueError):
            return


def manifest_header(body: bytes, *, location: str) -> ManifestHeader:
    """Read what a manifest says of schema and partitioning. Raises UnreadableError."""
    header = read_header(body, location=location)
    try:
        schema = msgspec.json.decode(header.text("schema") or "", type=dict[str, Json])
        told = msgspec.json.decode(header.text("partition-spec") or "[]")
        fields = told.get("fields") if isinstance(told, dict) else told
        spec = msgspec.convert(fields or [], list[PartitionFieldEntry])
        spec_id = int(header.text("partition-spec-id") or 0)
        own_id = _number(header.text("schema-id"))
        version = int(header.text("format-version") or 1)
    except (msgspec.DecodeError, ValueError) as error:
        raise UnreadableError(location, "its header has no schema or spec", _ADVICE) from error
    if own_id is not None:
        schema.setdefault("schema-id", own_id)
    return ManifestHeader(schema, spec_id, spec, version)


def _number(text: str | None) -> int | None:
    return None if text in {None, "", "null"} else int(text or "")
