"""Avro values: what decodes bytes of each kind of type. Avro 1.12."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

Decode = Callable[[bytes, int], tuple[Any, int]]
"""Takes bytes and a place in them; gives the value there and the place after it."""

Skip = Callable[[bytes, int], int]
"""Takes bytes and a place in them; gives the place after the value there."""

_HIGH_BIT = 0x80
_LONG = (1 << 64) - 1
_LONG_BITS = 64


def decode_long(buffer: bytes, place: int) -> tuple[int, int]:
    """Decode a variable-length zigzag number of 64 bits."""
    byte = buffer[place]
    place += 1
    if byte < _HIGH_BIT:
        return (byte >> 1) ^ -(byte & 1), place
    number, shift = byte & 0x7F, 7
    while byte & 0x80:
        byte = buffer[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > _LONG_BITS + 6:
            msg = "a number has more than 64 bits"
            raise ValueError(msg)
    number &= _LONG
    return (number >> 1) ^ -(number & 1), place


def decode_metadata_map(buffer: bytes, place: int) -> tuple[dict[str, bytes], int]:
    """Decode the map of bytes that a container file starts with."""
    return map_of(_bytes)(buffer, place)


def record_of(fields: list[tuple[str, Decode]]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        record = {}
        for name, read in fields:
            record[name], place = read(buffer, place)
        return record, place

    return decode


def part_of_record(steps: list[tuple[Skip | None, str, Decode | None]]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        record = {}
        for skip, name, read in steps:
            if skip is not None:
                place = skip(buffer, place)
            elif read is not None:
                record[name], place = read(buffer, place)
        return record, place

    return decode


def union_of(branches: list[Decode]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        branch, place = decode_long(buffer, place)
        if branch < 0:
            raise IndexError(branch)
        return branches[branch](buffer, place)

    return decode


def array_of(item: Decode, items_max: int) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        items: list[Any] = []
        while True:
            count, _, place = decode_block(buffer, place)
            if count == 0:
                return items, place
            if count > items_max - len(items):
                raise IndexError(count)
            for _ in range(count):
                value, place = item(buffer, place)
                items.append(value)

    return decode


def map_of(value: Decode) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        entries: dict[str, Any] = {}
        while True:
            count, _, place = decode_block(buffer, place)
            if count == 0:
                return entries, place
            for _ in range(count):
                key, place = _string(buffer, place)
                entries[key], place = value(buffer, place)

    return decode


def fixed_of(size: int) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        if place + size > len(buffer):
            raise IndexError(place + size)
        return buffer[place : place + size], place + size

    return decode


def enum_of(symbols: list[str]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        number, place = decode_long(buffer, place)
        if number < 0:
            raise IndexError(number)
        return symbols[number], place

    return decode


def decode_block(buffer: bytes, place: int) -> tuple[int, int | None, int]:
    """Read the start of a block of items: how many, their size in bytes if said, where they are."""
    count, place = decode_long(buffer, place)
    if count >= 0:
        return count, None, place
    size, place = decode_long(buffer, place)
    if size < 0:
        raise IndexError(size)  # it would be stepped over backwards, for ever
    return -count, size, place


def _bytes(buffer: bytes, place: int) -> tuple[bytes, int]:
    size, place = decode_long(buffer, place)
    end = place + size
    if size < 0 or end > len(buffer):
        raise IndexError(end)
    return buffer[place:end], end


def _string(buffer: bytes, place: int) -> tuple[str, int]:
    raw, place = _bytes(buffer, place)
    return raw.decode(), place


PRIMITIVES: dict[str, Decode] = {
    "null": lambda _, place: (None, place),
    "boolean": lambda buffer, place: (buffer[place] != 0, place + 1),
    "int": decode_long,
    "long": decode_long,
    "float": lambda buffer, place: (struct.unpack_from("<f", buffer, place)[0], place + 4),
    "double": lambda buffer, place: (struct.unpack_from("<d", buffer, place)[0], place + 8),
    "bytes": _bytes,
    "string": _string,
}
