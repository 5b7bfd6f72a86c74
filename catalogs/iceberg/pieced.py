"""Pieced together: a snapshot that no metadata file lists, or whose own lists are gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from catalogs.iceberg.commits import snapshot_of
from catalogs.iceberg.files import FileLists, Live
from catalogs.iceberg.kept import KeptState
from catalogs.iceberg.later_states import LaterStates, agrees
from catalogs.iceberg.manifests import Manifest, ManifestEntry
from catalogs.iceberg.metadata import SnapshotEntry, SpecEntry, TableMetadata
from catalogs.iceberg.pieces import ListPiece, ManifestHeader, Pieces
from catalogs.iceberg.schema import schema_version
from snapshots.errors import UnreadableError
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.recovery import Keeper, Piece, RecoveryPlan, steps_of
from snapshots.snapshot import Snapshot

Json = Any

BY_LIST = "a manifest list that no metadata file names"
BY_LATER = "the manifests of later snapshots, whose changes were taken back"


@dataclass(frozen=True)
class Pieced:
    """Puts snapshots of one table together; `metadata` is a file of it, None where none is left."""

    pieces: Pieces
    lists: FileLists
    root: str
    metadata: TableMetadata | None
    known: TableHistory

    def state(self, snapshot_id: int) -> KeptState | None:
        """Put a snapshot together; None where what is left does not prove what it was.

        Raises UnreadableError where a folder cannot be looked at.
        """
        return self._by_own_list(snapshot_id) or self._by_later(snapshot_id)

    def never_seen(self, *, proven: Collection[int]) -> tuple[Snapshot, ...]:
        """Give the snapshots that only their lists tell of, the oldest first.

        `proven` are snapshots that surely were committed; so were those that their lists lead back
        to. The instants are those that a snapshot log has, else those of the lists' files.
        """
        waiting, found = list(proven), dict[int, Snapshot]()
        ids = {one.snapshot_id for one in self.known.snapshots}
        while waiting:
            at = waiting.pop()
            own = self.pieces.lists(at)
            if at in ids or at in found or not own:
                continue
            told = own[0].entry(timestamp_ms=self._instant(own[0]).micros // 1000, schema_id=None)
            found[at] = snapshot_of(told, schema_id=None)
            waiting += [one.parent_id for one in own if one.parent_id is not None]
        return tuple(
            sorted(found.values(), key=lambda one: (one.sequence_number, one.committed_at))
        )

    def _instant(self, own: ListPiece) -> Instant:
        recorded = self.known.recorded
        return min(
            (one.at for one in recorded if one.snapshot_id == own.snapshot_id),
            default=own.written,
        )

    def _by_own_list(self, snapshot_id: int) -> KeptState | None:
        found = self._own_list(snapshot_id)
        if found is None:
            return None
        own, manifests, live = found
        pieces = [(Piece.MANIFEST_LIST, own.path), *((Piece.MANIFEST, m.path) for m in manifests)]
        lost = list(self._lost(own))
        return self._made(own, manifests, live, BY_LIST, pieces, lost)

    def _own_list(self, snapshot_id: int) -> tuple[ListPiece, tuple[Manifest, ...], Live] | None:
        """Find the list of a snapshot; none where several differ: one of them was committed."""
        readable = []
        for one in self.pieces.lists(snapshot_id):
            try:
                manifests = self.lists.manifests(one.entry(timestamp_ms=0, schema_id=None))
                live = {entry.key: entry for m in manifests for entry in self._entries(m)}
            except UnreadableError:
                return None
            readable.append((one, manifests, live))
        if len({tuple(sorted(live)) for _, _, live in readable}) != 1:
            return None
        return readable[0]

    def _by_later(self, snapshot_id: int) -> KeptState | None:
        snapshot = self.known.snapshot(snapshot_id=snapshot_id)
        if snapshot is None:
            return None  # without its totals nothing could be proved
        found = self._later.live(snapshot_id)
        if found is None or not agrees(found[0], snapshot.summary):
            return None
        live, paths = found
        manifests = [Manifest(path, None, None, None, None, None, False) for path in paths]
        own = ListPiece(
            path="",
            written=snapshot.committed_at,
            snapshot_id=snapshot_id,
            parent_id=snapshot.parent_id,
            sequence_number=snapshot.sequence_number,
        )
        pieces = [(Piece.MANIFEST, path) for path in paths]
        return self._made(own, manifests, live, BY_LATER, pieces, [])

    @cached_property
    def _later(self) -> LaterStates:
        return LaterStates(
            self.lists, entry=self._entry, children=self._children, listed=self._listed
        )

    def _made(
        self,
        own: ListPiece,
        manifests: Sequence[Manifest],
        live: Live,
        how: str,
        pieces: Sequence[tuple[Piece, str]],
        lost: list[str],
    ) -> KeptState | None:
        headers = self._headers(own, manifests)
        schema = self._schema(own.snapshot_id, headers, lost)
        if schema is None:
            return None
        metadata = _joined(self.metadata, headers, schema, root=self.root)
        snapshot = self.known.snapshot(snapshot_id=own.snapshot_id)
        at = snapshot.committed_at if snapshot else self._instant(own)
        entry = own.entry(timestamp_ms=at.micros // 1000, schema_id=int(schema.get("schema-id", 0)))
        told = steps_of((piece, Keeper.TABLE, self.lists.find(path)) for piece, path in pieces)
        return KeptState(
            metadata, entry, tuple(live.values()), RecoveryPlan(how, told, tuple(lost))
        )

    def _headers(
        self, own: ListPiece, manifests: Sequence[Manifest]
    ) -> list[tuple[bool, ManifestHeader]]:
        """Read the manifests' headers, the snapshot's own and the newest first."""
        ordered = sorted(
            manifests,
            key=lambda one: (one.snapshot_id == own.snapshot_id, one.sequence_number or 0),
            reverse=True,
        )
        return [(one.snapshot_id == own.snapshot_id, self._header(one)) for one in ordered]

    def _entries(self, manifest: Manifest) -> tuple[ManifestEntry, ...]:
        """Read a manifest's live entries once: hundreds of snapshots may share it."""
        if manifest.path not in self._read:
            self._read[manifest.path] = tuple(self.lists.entries(manifest))
        return self._read[manifest.path]

    def _header(self, manifest: Manifest) -> ManifestHeader:
        if manifest.path not in self._headed:
            self._headed[manifest.path] = self.lists.header(manifest)
        return self._headed[manifest.path]

    @cached_property
    def _read(self) -> dict[str, tuple[ManifestEntry, ...]]:
        return {}

    @cached_property
    def _headed(self) -> dict[str, ManifestHeader]:
        return {}

    def _schema(
        self, snapshot_id: int, headers: Sequence[tuple[bool, ManifestHeader]], lost: list[str]
    ) -> dict[str, Json] | None:
        """Find the schema of a snapshot; None where nothing tells any."""
        candidates = [header.schema for _, header in headers]
        candidates += self.metadata.all_schemas() if self.metadata else []
        snapshot = self.known.snapshot(snapshot_id=snapshot_id)
        if snapshot and snapshot.schema_id is not None:
            version = self.known.schema(schema_id=snapshot.schema_id)
            for schema in candidates:
                told = schema_version(schema, schema_id=0, location=self.root)
                if version is not None and told.fields == version.fields:
                    return schema
        own = next((header.schema for is_own, header in headers if is_own), None)
        if own is None and candidates:
            lost.append("the schema it was committed under: it is read under a later known one")
        return own or (candidates[0] if candidates else None)

    def _lost(self, own: ListPiece) -> list[str]:
        """Say what neither the pieces nor earlier harvests tell of a snapshot."""
        lost = []
        if self.known.snapshot(snapshot_id=own.snapshot_id) is None:
            if self._instant(own) == own.written:
                lost.append(f"when it was committed: its list was written at {own.written}")
            lost.append("its summary, and the branches and tags of its time")
        if self.metadata is None:
            lost.append("the table's properties, a name mapping among them")
        return lost

    def _entry(self, snapshot_id: int) -> SnapshotEntry | None:
        listed = self.metadata.snapshot(snapshot_id=snapshot_id) if self.metadata else None
        if listed is not None:
            return listed
        found = self.pieces.lists(snapshot_id)
        return found[0].entry(timestamp_ms=0, schema_id=None) if len(found) == 1 else None

    def _listed(self) -> tuple[int, ...]:
        listed = [one.snapshot_id for one in self.metadata.snapshots or ()] if self.metadata else []
        listed += (one.snapshot_id for one in self.pieces.all_lists)
        return tuple(dict.fromkeys(listed))

    def _children(self, snapshot_id: int) -> list[int]:
        told = self._known_children.get(snapshot_id, [])
        return list(dict.fromkeys((*told, *self.pieces.children(snapshot_id))))

    @cached_property
    def _known_children(self) -> dict[int | None, list[int]]:
        found: dict[int | None, list[int]] = {}
        for one in self.known.snapshots:
            found.setdefault(one.parent_id, []).append(one.snapshot_id)
        return found


def _joined(
    metadata: TableMetadata | None,
    headers: Sequence[tuple[bool, ManifestHeader]],
    schema: dict[str, Json],
    *,
    root: str,
) -> TableMetadata:
    """Write what headers say as a metadata file without snapshots, upon one that is left."""
    schemas = {one.get("schema-id", 0): one for one in metadata.all_schemas()} if metadata else {}
    specs = dict(metadata.all_partition_specs()) if metadata else {}
    for _, header in reversed(headers):
        schemas.setdefault(header.schema.get("schema-id", 0), header.schema)
        specs.setdefault(header.spec_id, header.spec)
    schemas[schema.get("schema-id", 0)] = schema
    bare = metadata or TableMetadata(
        format_version=max((one.format_version for _, one in headers), default=2),
        location=root,
        last_updated_ms=0,
        last_column_id=max(_field_ids(list(schemas.values()), root), default=0),
        default_spec_id=headers[0][1].spec_id if headers else 0,
        properties={},
    )
    return msgspec.structs.replace(
        bare,
        schemas=list(schemas.values()),
        current_schema_id=schema.get("schema-id", 0),
        partition_specs=[SpecEntry(number, fields) for number, fields in specs.items()],
        snapshots=None,
        current_snapshot_id=None,
    )


def _field_ids(schemas: Sequence[dict[str, Json]], root: str) -> list[int]:
    read = (schema_version(one, schema_id=0, location=root) for one in schemas)
    return [field.field_id for one in read for field in one.fields]
