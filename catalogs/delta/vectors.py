"""Deletion vectors: which rows of a data file are deleted, as the bits of a roaring bitmap.

Delta protocol, "Deletion Vector Format"; the bitmaps are in RoaringFormatSpec's portable form.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array

from catalogs.delta.actions import DeletionVector
from catalogs.delta.paths import INLINE, vector_file, z85_decoded
from catalogs.moved import Moved
from catalogs.storage import Storage
from snapshots.errors import UnreadableError

_MAGIC = 1681511377
_FORMAT_VERSION = 1
_WITH_RUNS = 12347
_WITHOUT_RUNS = 12346
_OFFSETS_FROM = 4
_ARRAY_MAX = 4096
_BITMAP_BYTES = 8192
_CONTAINER_ROWS = 1 << 16

ROWS_MAX = 1 << 32
"""Of one data file: its bits are held in memory."""


def deleted_rows(
    vector: DeletionVector, *, rows: int, root: str, storage: Storage, moved: Moved
) -> tuple[bytes, int]:
    """Give one bit per row of a file, lowest bit first, set where the row is deleted; and count.

    Raises UnreadableError where the vector cannot be read, is damaged, names a row the file does
    not have, or deletes another number of rows than the log says.
    """
    file = vector_file(root, vector, moved)
    location = file or f"the deletion vector in the log of {root}"
    if not 0 <= rows <= ROWS_MAX:
        raise _damaged(location, f"the log says that it is of a file of {rows} rows")
    try:
        blob = _inline(vector) if file is None else _stored(vector, storage.read(file))
        bits = bytearray((rows + 7) // 8)
        count = _Roaring(blob).into(bits, rows)
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        raise _damaged(location, str(error)) from error
    if count != vector.cardinality:
        told = f"it deletes {count} rows where the log says {vector.cardinality}"
        raise _damaged(location, told)
    return bytes(bits), count


def stored_bytes(vector: DeletionVector) -> int:
    """Give the least size of a file that holds this vector at its place."""
    start = 1 if vector.offset is None else vector.offset
    return start + 4 + vector.size_in_bytes + 4


def _damaged(location: str, reason: str) -> UnreadableError:
    return UnreadableError(location, reason, "restore the file from a copy of the table")


def _inline(vector: DeletionVector) -> bytes:
    if vector.storage_type != INLINE:
        msg = f"unknown storage type {vector.storage_type!r}"
        raise ValueError(msg)
    return z85_decoded(vector.path_or_inline)[: vector.size_in_bytes]


def _stored(vector: DeletionVector, body: bytes) -> bytes:
    """Cut one vector out of its file: size, bitmap, checksum, all but the bitmap big-endian."""
    if body[:1] != bytes([_FORMAT_VERSION]):
        msg = f"its format version is {body[:1].hex() or 'missing'}, not {_FORMAT_VERSION}"
        raise ValueError(msg)
    start = 1 if vector.offset is None else vector.offset
    (size,) = struct.unpack_from(">i", body, start)
    if size != vector.size_in_bytes:
        msg = f"the vector at {start} has {size} bytes where the log says {vector.size_in_bytes}"
        raise ValueError(msg)
    blob = body[start + 4 : start + 4 + size]
    (checksum,) = struct.unpack_from(">I", body, start + 4 + size)
    if zlib.crc32(blob) != checksum:
        msg = f"the checksum of the vector at {start} is wrong"
        raise ValueError(msg)
    return blob


class _Roaring:
    """Reads a bitmap from its bytes, front to back; raises ValueError and struct.error."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._place = 0

    def into(self, bits: bytearray, rows: int) -> int:
        """Set the bits of all members, each of which must be below `rows`; count them."""
        (magic,) = self._take("<i")
        if magic != _MAGIC:
            msg = f"{magic} is not the magic number of a portable bitmap"
            raise ValueError(msg)
        (bitmaps,) = self._take("<q")
        count = 0
        for _ in range(bitmaps):
            (high,) = self._take("<I")
            count += self._bitmap(bits, high << 32)
        if rows % 8 and bits[-1] >> (rows % 8):
            msg = f"it deletes rows beyond the file's {rows}"
            raise ValueError(msg)
        return count

    def _bitmap(self, bits: bytearray, base: int) -> int:
        (cookie,) = self._take("<I")
        if cookie & 0xFFFF == _WITH_RUNS:
            containers = (cookie >> 16) + 1
            runs = self._bytes((containers + 7) // 8)
        elif cookie == _WITHOUT_RUNS:
            (containers,) = self._take("<I")
            runs = b""
        else:
            msg = f"{cookie} is not the cookie of a roaring bitmap"
            raise ValueError(msg)
        heads = [self._take("<HH") for _ in range(containers)]
        if not runs or containers >= _OFFSETS_FROM:
            self._bytes(4 * containers)
        count = 0
        for number, (key, below) in enumerate(heads):
            is_run = bool(runs) and runs[number // 8] >> (number % 8) & 1
            container = self._runs() if is_run else self._plain(below + 1)
            _place(bits, base + key * _CONTAINER_ROWS, container)
            count += int.from_bytes(container, "little").bit_count()
        return count

    def _runs(self) -> bytearray:
        (runs,) = self._take("<H")
        members = bytearray(_BITMAP_BYTES)
        for _ in range(runs):
            start, more = self._take("<HH")
            first, end = start >> 3, (start + more >> 3) + 1
            if end > _BITMAP_BYTES:
                msg = "a run ends behind its container"
                raise ValueError(msg)
            run = ((1 << (more + 1)) - 1) << (start & 7)
            run |= int.from_bytes(members[first:end], "little")
            members[first:end] = run.to_bytes(end - first, "little")
        return members

    def _plain(self, cardinality: int) -> bytearray:
        if cardinality > _ARRAY_MAX:
            return bytearray(self._bytes(_BITMAP_BYTES))
        values = array("H")
        values.frombytes(self._bytes(2 * cardinality))
        if sys.byteorder == "big":
            values.byteswap()
        members = bytearray(_BITMAP_BYTES)
        for value in values:
            members[value >> 3] |= 1 << (value & 7)
        return members

    def _take(self, form: str) -> tuple[int, ...]:
        taken: tuple[int, ...] = struct.unpack_from(form, self._blob, self._place)
        self._place += struct.calcsize(form)
        return taken

    def _bytes(self, size: int) -> bytes:
        taken = self._blob[self._place : self._place + size]
        if len(taken) != size:
            msg = "it ends too early"
            raise ValueError(msg)
        self._place += size
        return taken


def _place(bits: bytearray, base: int, container: bytearray) -> None:
    """Set one container's members at their place; `base` is a multiple of the container's rows."""
    members = container.rstrip(b"\0")
    start = base // 8
    if start + len(members) > len(bits):
        msg = f"it deletes rows beyond the file's {len(bits) * 8} at most"
        raise ValueError(msg)
    bits[start : start + len(members)] = members
