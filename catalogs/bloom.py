"""Bloom filters of Parquet files: whether a row group may hold a value. Parquet format, "Bloom
Filter": split blocks of 256 bits, hashed by XXH64 with seed 0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

ReadBytes = Callable[[int, int], bytes]
"""Reads bytes of a file: from where, and how many at most."""

_BLOCK_BYTES = 32
_LANES = 8
_MASK = (1 << 32) - 1
_SALT = (
    0x47B6137B,
    0x44974D91,
    0x8824AD5B,
    0xA2B7289D,
    0x705495C7,
    0x2DF1424B,
    0x9EFC4947,
    0x5C6BFB31,
)
_FILTER_BYTES_MAX = 128 << 20
"""The largest filter that the format allows."""
_HEADER_BYTES_MAX = 256


class BloomFilter:
    """The filter of one column chunk. `body` are its blocks."""

    def __init__(self, body: bytes) -> None:
        """Take the blocks. Raises ValueError where they are none."""
        if not body or len(body) % _BLOCK_BYTES:
            msg = f"a Bloom filter has {len(body)} bytes, which are no blocks"
            raise ValueError(msg)
        self._body = body
        self._blocks = len(body) // _BLOCK_BYTES

    def admits(self, plain: bytes) -> bool:
        """Tell whether a value may be there, by its bytes in PLAIN encoding; never a false no."""
        import xxhash

        number = xxhash.xxh64_intdigest(plain, seed=0)
        block = ((number >> 32) * self._blocks) >> 32
        words = struct.unpack_from(f"<{_LANES}I", self._body, block * _BLOCK_BYTES)
        key = number & _MASK
        return all(
            word & (1 << (((key * salt) & _MASK) >> 27))
            for word, salt in zip(words, _SALT, strict=True)
        )


def read_bloom_filter(read: ReadBytes, offset: int) -> BloomFilter | None:
    """Read a filter at its place in a file; None for one of a kind that nothing here knows.

    Raises ValueError where it is broken.
    """
    size, place, known = _header(read(offset, _HEADER_BYTES_MAX))
    if not known:
        return None
    if not 0 < size <= _FILTER_BYTES_MAX:
        msg = f"a Bloom filter says that it has {size} bytes"
        raise ValueError(msg)
    body = read(offset + place, size)
    return BloomFilter(body) if len(body) == size else None


def _header(body: bytes) -> tuple[int, int, bool]:
    """Read the Thrift compact struct before the blocks: its size, where it ends, if it is known.

    Fields: numBytes, and three unions of one empty struct each: algorithm BLOCK, hash XXHASH,
    compression UNCOMPRESSED.
    """
    try:
        place, field, size, known = 0, 0, 0, True
        while kind := body[place]:
            field += kind >> 4
            place += 1
            if field == 1 and kind & 15 == 5:  # noqa: PLR2004 - a 32-bit number
                size, place = _varint(body, place)
                size = (size >> 1) ^ -(size & 1)
                continue
            # A union: the id of its one field, an empty struct, two stops.
            known = known and body[place : place + 3] == b"\x1c\x00\x00"
            place += 3
        return size, place + 1, known
    except IndexError as error:
        msg = "a Bloom filter's header is broken"
        raise ValueError(msg) from error


def _varint(body: bytes, place: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte = body[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a variable-length number
            return number, place
