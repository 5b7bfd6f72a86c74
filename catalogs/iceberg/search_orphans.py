"""Orphans: files of rows in a table's folder that no state is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from catalogs.iceberg.current import CurrentTable
from catalogs.iceberg.manifests import ManifestEntry, Status
from catalogs.iceberg.metadata import TableMetadata, file_name
from catalogs.iceberg.search_files import UNCOUNTED
from catalogs.iceberg.search_states import SearchedState
from catalogs.moved import below, normal
from catalogs.search import Folder, Unexamined
from catalogs.storage import StoredFile
from snapshots.errors import TemporalLineageError
from snapshots.files import FileContent

_FORMATS = ("parquet", "orc", "avro")
_WITHOUT_ROWS = ("puffin", "crc", "stats")
"""Vectors, checksums and sketches: what is in them is no value of a row."""
_OWN_FOLDER = "metadata"
_DATA_PLACES = ("write.data.path", "write.object-storage.path", "write.folder-storage.path")


def orphans(
    current: CurrentTable,
    entries: Iterable[ManifestEntry],
    states: Sequence[SearchedState],
) -> tuple[list[ManifestEntry], list[Unexamined], Folder]:
    """Give the files below the table's root that nothing names, as if a manifest did; and all.

    What is there and no file of rows that anything here reads, is unexamined; so is the whole
    folder where it may not be listed.
    """
    root = current.relocation.root
    known = {normal(current.relocation.find(one.path)) for one in entries}
    for state in states:
        for contents in state.contents:
            known.update(normal(current.relocation.find(one.path)) for one in contents.deletes)
    found: list[ManifestEntry] = []
    sizes: dict[str, int] = {}
    listed = True
    lost: list[Unexamined] = []
    try:
        for file in current.storage.walk(root):
            sizes[normal(file.path)] = file.size_bytes
            rest = below(normal(file.path), normal(root)) or file_name(file.path)
            if rest.partition("/")[0] == _OWN_FOLDER or normal(file.path) in known:
                continue
            kind = file.path.rpartition(".")[2].lower()
            if kind in _FORMATS:
                found.append(_entry(file, kind))
            elif kind not in _WITHOUT_ROWS and not file_name(file.path).startswith(("_", ".")):
                reason = "nothing names it, and it is no file of rows that is read here"
                lost.append(Unexamined(file.path, reason, ()))
    except TemporalLineageError as error:
        lost.append(Unexamined(root, f"orphans were not looked for: {error}", ()))
        listed = False
    return sorted(found, key=lambda one: one.path), lost, Folder(root, sizes if listed else None)


def beside(metadata: TableMetadata, root: str) -> tuple[str, ...]:
    """Give the places outside the table's root where its writers put data."""
    told = (metadata.text_properties().get(name) for name in _DATA_PLACES)
    places = {normal(one) for one in told if one}
    return tuple(sorted(one for one in places if below(one, normal(root)) is None))


def _entry(file: StoredFile, kind: str) -> ManifestEntry:
    return ManifestEntry(
        status=Status.EXISTING,
        snapshot_id=None,
        sequence_number=None,
        content=FileContent.DATA,
        path=file.path,
        file_format=kind,
        spec_id=0,
        partition_fields=(),
        partition=(),
        rows=UNCOUNTED,
        size_bytes=file.size_bytes,
        is_encrypted=False,
        referenced_path=None,
        offset=None,
        length=None,
        equality_ids=(),
    )
