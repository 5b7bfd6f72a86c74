"""Avro skips: what steps over values that nobody wants, kind by kind of type. Avro 1.12."""

from __future__ import annotations

import re
import sys
from functools import lru_cache

from catalogs.iceberg.avro_values import Skip, decode_block, decode_long

_HIGH_BIT = 0x80


def skip_each(skips: list[Skip]) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        for one in skips:
            place = one(buffer, place)
        return place

    return skip


def skip_union_of(branches: list[Skip]) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        branch, place = decode_long(buffer, place)
        if branch < 0:
            raise IndexError(branch)
        return branches[branch](buffer, place)

    return skip


def skip_items_of(item: Skip, items_max: int = sys.maxsize) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        while True:
            count, size, place = decode_block(buffer, place)
            if count == 0:
                return place
            if size is not None:
                place += size
                continue
            if count > items_max:
                raise IndexError(count)
            for _ in range(count):
                place = item(buffer, place)

    return skip


def skip_numbers_of(numbers: int) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        while True:
            count, size, place = decode_block(buffer, place)
            if count == 0:
                return place
            if size is not None:
                place += size
                continue
            if numbers * count > len(buffer):
                raise IndexError(numbers * count)
            found = _numbers(numbers * count).match(buffer, place)
            if found is None:
                raise IndexError(place)
            place = found.end()

    return skip


@lru_cache(maxsize=1024)
def _numbers(count: int) -> re.Pattern[bytes]:
    """Match so many numbers, each ending in a byte without the high bit: quicker than a loop."""
    return re.compile(rb"(?:[\x80-\xff]*[\x00-\x7f]){%d}" % count)


def _skip_number(buffer: bytes, place: int) -> int:
    while buffer[place] & 0x80:
        place += 1
    return place + 1


def skip_bytes(buffer: bytes, place: int) -> int:
    size, place = decode_long(buffer, place)
    if size < 0 or place + size > len(buffer):
        raise IndexError(place)
    return place + size


def skip_bound(buffer: bytes, place: int) -> int:
    """Step over a column's lower or upper bound, of which manifests hold the most."""
    while buffer[place] & 0x80:
        place += 1
    size = buffer[place + 1]
    if size < _HIGH_BIT and not size & 1:
        return place + 2 + (size >> 1)
    return skip_bytes(buffer, place + 1)


def skip_fixed_of(size: int) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        if place + size > len(buffer):
            raise IndexError(place + size)
        return place + size

    return skip


SKIPS: dict[str, Skip] = {
    "null": lambda _, place: place,
    "boolean": skip_fixed_of(1),
    "int": _skip_number,
    "long": _skip_number,
    "enum": _skip_number,
    "float": skip_fixed_of(4),
    "double": skip_fixed_of(8),
    "bytes": skip_bytes,
    "string": skip_bytes,
}
