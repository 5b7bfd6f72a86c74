"""Deletes: which positions of a data file a state no longer has. Iceberg spec, "Scan Planning"."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap64

from catalogs.iceberg.data_files import DataFiles, translated
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.reach import Partition, Reach, number_of
from catalogs.moved import normal
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import FileContent

_VECTOR_MAGIC = b"\xd1\xd3\x39\x64"
_FRAME = 4
"""Bytes of the length before a deletion vector, and of the checksum after it."""
_ADVICE = "restore the file from a backup"


class Deletes:
    """The position deletes of one state, each read once, when the first data file asks for it."""

    def __init__(self, entries: Sequence[ManifestEntry], *, files: DataFiles, reach: Reach) -> None:
        """Sort the state's delete files by what they may apply to."""
        self._files = files
        self._reach = reach
        self._vectors = defaultdict[str, list[ManifestEntry]](list)
        self._positions = defaultdict[Partition, list[ManifestEntry]](list)
        self._read: dict[str, dict[str, pa.ChunkedArray]] = {}
        self._names = _DataNames(one.path for one in entries if one.content is FileContent.DATA)
        for entry in entries:
            match entry.content:
                case FileContent.DELETION_VECTOR:
                    self._vectors[self._named(entry, entry.referenced_path or "")].append(entry)
                case FileContent.POSITION_DELETES:
                    self._positions[reach.partition(entry)].append(entry)
                case FileContent.EQUALITY_DELETES | FileContent.DATA:
                    pass

    def positions(self, data: ManifestEntry) -> pa.Array | None:
        """Give the positions of a data file's rows that are gone; None where none are.

        A deletion vector replaces all position deletes of its file. Raises UnreadableError where a
        delete file is broken.
        """
        vectors = [one for one in self._vectors.get(data.path, ()) if _is_not_newer(data, one)]
        if vectors:
            return pa.concat_arrays([self._vector(one) for one in vectors])
        chunks = [
            chunk
            for one in self._positions.get(self._reach.partition(data), ())
            if _is_not_newer(data, one) and self._may_name(one, data)
            for chunk in self._rows(one).get(data.path, pa.chunked_array([], pa.int64())).chunks
        ]
        return pa.concat_arrays(chunks) if chunks else None

    def _rows(self, entry: ManifestEntry) -> dict[str, pa.ChunkedArray]:
        """Read a position delete file: the deleted positions by the data file's recorded path."""
        if entry.path not in self._read:
            with translated(self._files.found(entry), {}):
                rows = _by_path(self._files.table(entry, ["file_path", "pos"]))
            self._read[entry.path] = {self._named(entry, path): at for path, at in rows.items()}
        return self._read[entry.path]

    def _may_name(self, delete: ManifestEntry, data: ManifestEntry) -> bool:
        told = delete.referenced_path
        return told is None or self._named(delete, told) == data.path

    def _named(self, delete: ManifestEntry, path: str) -> str:
        """Give the recorded path of the data file that a delete means; its own if none is live.

        Raises UnsupportedError where that cannot be told.
        """
        found = self._names.meant_by(path)
        if found is None:
            feature = f"deletes that name a data file by a path of another place ({path})"
            advice = "rewrite the delete files with the table's new paths"
            raise UnsupportedError(self._files.found(delete), feature, advice)
        return found

    def _vector(self, entry: ManifestEntry) -> pa.Array:
        """Read a deletion vector out of its Puffin file. Puffin spec, `deletion-vector-v1`."""
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


class _DataNames:
    """The live data files of a state, by the ways in which a delete may spell their paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._exact = frozenset(paths)
        self._places = defaultdict[str, set[str]](set)
        self._ends = defaultdict[str, set[str]](set)
        for path in self._exact:
            self._places[_place(path)].add(path)
            self._ends[_end(path)].add(path)

    def meant_by(self, path: str) -> str | None:
        """Give the live file that is meant, or the path itself where no live file is.

        None where a live file has the same name in another place: its table was moved, and what
        the delete means can only be guessed. Scheme and host alone tell files apart only where
        both are written: engines of one cluster leave them out.
        """
        if path in self._exact:
            return path
        same = {one for one in self._places.get(_place(path), ()) if _may_be_one(one, path)}
        if len(same) == 1:
            return same.pop()
        return path if not same and not self._ends.get(_end(path)) else None


def _place(path: str) -> str:
    """Give a path without scheme and host."""
    plain = normal(path)
    return "/" + plain.partition("://")[2].partition("/")[2] if "://" in plain else plain


def _end(path: str) -> str:
    return "/".join(path.rsplit("/", 2)[-2:])


def _may_be_one(one: str, other: str) -> bool:
    one, other = normal(one), normal(other)
    return one == other or "://" not in one or "://" not in other


def _by_path(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    # Some writers leave rows of nulls behind; they delete nothing.
    table = table.filter(pc.and_(pc.is_valid(table["file_path"]), pc.is_valid(table["pos"])))
    grouped = table.group_by("file_path").aggregate([("pos", "list")])
    return {
        path: pa.chunked_array([rows.values.cast(pa.int64())])
        for path, rows in zip(grouped["file_path"].to_pylist(), grouped["pos_list"], strict=True)
    }


def _is_not_newer(data: ManifestEntry, delete: ManifestEntry) -> bool:
    return number_of(data) <= number_of(delete)
