"""Deletes: which rows of a data file a state no longer has. Iceberg spec, "Scan Planning"."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from catalogs.iceberg.manifests import ManifestEntry
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import FileContent

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogs.iceberg.data_files import DataFiles

_VECTOR_MAGIC = b"\xd1\xd3\x39\x64"
_FRAME = 4
"""Bytes of the length before a deletion vector, and of the checksum after it."""
_ADVICE = "restore the file from a backup"


class Deletes:
    """The delete files of one state, each read once, when the first data file asks for it."""

    def __init__(self, entries: Iterable[ManifestEntry], files: DataFiles) -> None:
        """Sort the state's delete files by what they may apply to."""
        self._files = files
        self._vectors = defaultdict[str, list[ManifestEntry]](list)
        self._positions: list[ManifestEntry] = []
        self._equalities: list[ManifestEntry] = []
        self._read: dict[str, dict[str, Any]] = {}
        for entry in entries:
            match entry.content:
                case FileContent.DELETION_VECTOR:
                    self._vectors[entry.referenced_path or ""].append(entry)
                case FileContent.POSITION_DELETES:
                    self._positions.append(entry)
                case FileContent.EQUALITY_DELETES:
                    self._equalities.append(entry)
                case FileContent.DATA:
                    pass

    def positions(self, data: ManifestEntry) -> pa.Array | None:
        """Give the positions of a data file's rows that are gone; None where none are.

        A deletion vector replaces all position deletes of its file. Raises UnsupportedError where
        an equality delete applies, UnreadableError where a delete file is broken.
        """
        import pyarrow as pa

        self.refuse_equality(data)
        vectors = [one for one in self._vectors.get(data.path, ()) if _is_not_newer(data, one)]
        if vectors:
            return pa.concat_arrays([self._vector(one) for one in vectors])
        chunks = [
            chunk
            for one in self._positions
            if _is_not_newer(data, one) and _same_partition(data, one) and _may_name(one, data)
            for chunk in self._rows(one).get(data.path, pa.chunked_array([], pa.int64())).chunks
        ]
        return pa.concat_arrays(chunks) if chunks else None

    def refuse_equality(self, data: ManifestEntry) -> None:
        """Raise UnsupportedError where an equality delete applies to a data file."""
        if any(_is_older(data, one) and _same_partition(data, one) for one in self._equalities):
            place = self._files.found(data)
            advice = "read this state with an engine that applies equality deletes, such as Spark"
            raise UnsupportedError(place, "equality deletes", advice)

    def _rows(self, entry: ManifestEntry) -> dict[str, pa.ChunkedArray]:
        """Read a position delete file: the deleted positions by the data file's recorded path."""
        if entry.path not in self._read:
            self._read[entry.path] = _by_path(self._files.table(entry, ["file_path", "pos"]))
        return self._read[entry.path]

    def _vector(self, entry: ManifestEntry) -> pa.Array:
        """Read a deletion vector out of its Puffin file. Puffin spec, `deletion-vector-v1`."""
        import pyarrow as pa
        from pyroaring import BitMap64

        location = self._files.found(entry)
        if entry.offset is None or entry.length is None:
            reason = "a deletion vector is recorded without its place in the file"
            raise UnreadableError(location, reason, _ADVICE)
        blob = self._files.slice(entry, offset=entry.offset, length=entry.length)
        framed, checksum = blob[_FRAME:-_FRAME], blob[-_FRAME:]
        sound = len(framed) == int.from_bytes(blob[:_FRAME], "big")
        sound = sound and framed.startswith(_VECTOR_MAGIC)
        if not sound or zlib.crc32(framed) != int.from_bytes(checksum, "big"):
            raise UnreadableError(location, "a deletion vector in it is broken", _ADVICE)
        try:
            positions = pa.array(
                list(BitMap64.deserialize(framed[len(_VECTOR_MAGIC) :])), pa.int64()
            )
        except ValueError as error:
            raise UnreadableError(location, f"its bitmap is broken ({error})", _ADVICE) from error
        if len(positions) != entry.rows:
            reason = f"a deletion vector has {len(positions)} positions, recorded are {entry.rows}"
            raise UnreadableError(location, reason, _ADVICE)
        return positions


def _by_path(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    import pyarrow as pa
    import pyarrow.compute as pc

    # Some writers leave rows of nulls behind; they delete nothing.
    table = table.filter(pc.is_valid(table["file_path"]) & pc.is_valid(table["pos"]))
    grouped = table.group_by("file_path").aggregate([("pos", "list")])
    return {
        path: pa.chunked_array([rows.values.cast(pa.int64())])
        for path, rows in zip(grouped["file_path"].to_pylist(), grouped["pos_list"], strict=True)
    }


def _given(partition: tuple[Any, ...]) -> Iterable[bool]:
    """Tell which values a partition has; void transforms leave a table unpartitioned, all null."""
    return (value is not None for value in partition)


def _may_name(delete: ManifestEntry, data: ManifestEntry) -> bool:
    return delete.referenced_path in {None, data.path}


def _is_not_newer(data: ManifestEntry, delete: ManifestEntry) -> bool:
    data_number, delete_number = _numbers(data, delete)
    return data_number <= delete_number


def _is_older(data: ManifestEntry, delete: ManifestEntry) -> bool:
    data_number, delete_number = _numbers(data, delete)
    return data_number < delete_number


def _numbers(data: ManifestEntry, delete: ManifestEntry) -> tuple[int, int]:
    for entry in (data, delete):
        if entry.sequence_number is None:
            reason = "its manifest gives it no sequence number, so no delete can be applied"
            raise UnreadableError(entry.path, reason, _ADVICE)
    return data.sequence_number or 0, delete.sequence_number or 0


def _same_partition(data: ManifestEntry, delete: ManifestEntry) -> bool:
    """Tell whether a delete file's partition takes in a data file: its own, or the whole table."""
    if delete.content is FileContent.EQUALITY_DELETES and not any(_given(delete.partition)):
        return True
    # By their text, since a partition of NaN equals itself here.
    return delete.spec_id == data.spec_id and repr(delete.partition) == repr(data.partition)
