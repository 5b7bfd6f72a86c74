"""Avro types: what turns bytes into values, or steps over them, type by type. Avro 1.12."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Decode = Callable[[bytes, int], tuple[Any, int]]
"""Takes bytes and a place in them; gives the value there and the place after it."""

Skip = Callable[[bytes, int], int]
"""Takes bytes and a place in them; gives the place after the value there."""

Wanted = Mapping[str, "Wanted"]
"""The names of the fields to decode, and inside each the same again; all where it is empty."""

_HIGH_BIT = 0x80
_LONG = (1 << 64) - 1
_NESTING_MAX = 100


class AvroTypes:
    """Makes decoders for the types of one schema; remembers the types it names."""

    def __init__(self) -> None:
        """Start with no named type."""
        self._named: dict[str, Any] = {}

    def decoder(self, schema: Any, wanted: Wanted, depth: int = _NESTING_MAX) -> Decode:  # noqa: ANN401
        """Make what decodes the wanted part of a value. Raises LookupError, TypeError, ValueError.

        `schema` is any JSON an Avro schema may be.
        """
        kind, full = self._resolved(schema, depth)
        match kind:
            case "union":
                return _union_of([self.decoder(one, wanted, depth - 1) for one in full])
            case "record" | "error":
                return self._record(full, wanted, depth)
            case "array":
                return _array_of(self.decoder(full["items"], wanted, depth - 1))
            case "map":
                return _map_of(self.decoder(full["values"], wanted, depth - 1))
            case "fixed":
                return _fixed_of(int(full["size"]))
            case _:
                return _enum_of(full["symbols"]) if kind == "enum" else _PRIMITIVES[kind]

    def skipper(self, schema: Any, depth: int = _NESTING_MAX) -> Skip:  # noqa: ANN401
        """Make what steps over a value of that type."""
        kind, full = self._resolved(schema, depth)
        match kind:
            case "union":
                return _skip_union_of([self.skipper(one, depth - 1) for one in full])
            case "record" | "error":
                return _skip_each([self.skipper(f["type"], depth - 1) for f in full["fields"]])
            case "array":
                return self._skip_array(full["items"], depth)
            case "map":
                value = self.skipper(full["values"], depth - 1)
                return _skip_items_of(_skip_each([_skip_bytes, value]))
            case "fixed":
                size = int(full["size"])
                return lambda _, place: place + size
            case _:
                return _SKIPS[kind]

    def _resolved(self, schema: Any, depth: int) -> tuple[str, Any]:  # noqa: ANN401
        """Give the kind of a type, and its schema with names looked up; names it defines stay."""
        if depth <= 0:
            msg = "an Avro type nests too deep, or contains itself"
            raise ValueError(msg)
        if isinstance(schema, list):
            return "union", schema
        if isinstance(schema, str):
            return (
                self._resolved(self._named[schema], depth - 1)
                if schema in self._named
                else (
                    schema,
                    schema,
                )
            )
        kind = schema["type"]
        if kind in _NAMED:
            self._named[schema["name"]] = schema
            if "namespace" in schema:
                self._named[f"{schema['namespace']}.{schema['name']}"] = schema
        if isinstance(kind, str) and (kind in _NAMED or kind in {"array", "map"}):
            return kind, schema
        return self._resolved(kind, depth - 1)

    def _record(self, schema: Mapping[str, Any], wanted: Wanted, depth: int) -> Decode:
        read: list[tuple[str, Decode]] = []
        steps: list[tuple[Skip | None, str, Decode | None]] = []
        for field in schema["fields"]:
            name = field["name"]
            if not wanted or name in wanted:
                inside = wanted[name] if wanted else {}
                decode = self.decoder(field["type"], inside, depth - 1)
                read.append((name, decode))
                steps.append((None, name, decode))
            else:
                steps.append((self.skipper(field["type"], depth - 1), name, None))
        return _record_of(read) if len(read) == len(steps) else _part_of_record(steps)

    def _skip_array(self, items: Any, depth: int) -> Skip:  # noqa: ANN401
        numbers = self._numbers_in(items, depth - 1)
        if numbers is not None:
            return _skip_numbers_of(numbers)
        kind, full = self._resolved(items, depth - 1)
        if kind == "record" and [field["type"] for field in full["fields"]] == ["int", "bytes"]:
            return _skip_items_of(_skip_bound)
        return _skip_items_of(self.skipper(items, depth - 1))

    def _numbers_in(self, schema: Any, depth: int) -> int | None:  # noqa: ANN401
        """Count the variable-length numbers a value is; None where it holds anything else."""
        kind, full = self._resolved(schema, depth)
        if kind in {"int", "long", "enum"}:
            return 1
        if kind != "record":
            return None
        counts = [self._numbers_in(field["type"], depth - 1) for field in full["fields"]]
        return None if None in counts else sum(count or 0 for count in counts)


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
    number &= _LONG
    return (number >> 1) ^ -(number & 1), place


def decode_metadata_map(buffer: bytes, place: int) -> tuple[dict[str, bytes], int]:
    """Decode the map of bytes that a container file starts with."""
    return _map_of(_bytes)(buffer, place)


def _record_of(fields: list[tuple[str, Decode]]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        record = {}
        for name, read in fields:
            record[name], place = read(buffer, place)
        return record, place

    return decode


def _part_of_record(steps: list[tuple[Skip | None, str, Decode | None]]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        record = {}
        for skip, name, read in steps:
            if skip is not None:
                place = skip(buffer, place)
            elif read is not None:
                record[name], place = read(buffer, place)
        return record, place

    return decode


def _union_of(branches: list[Decode]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        branch, place = decode_long(buffer, place)
        return branches[branch](buffer, place)

    return decode


def _array_of(item: Decode) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        items: list[Any] = []
        while True:
            count, _, place = _block(buffer, place)
            if count == 0:
                return items, place
            for _ in range(count):
                value, place = item(buffer, place)
                items.append(value)

    return decode


def _map_of(value: Decode) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        entries: dict[str, Any] = {}
        while True:
            count, _, place = _block(buffer, place)
            if count == 0:
                return entries, place
            for _ in range(count):
                key, place = _string(buffer, place)
                entries[key], place = value(buffer, place)

    return decode


def _fixed_of(size: int) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        if place + size > len(buffer):
            raise IndexError(place + size)
        return buffer[place : place + size], place + size

    return decode


def _enum_of(symbols: list[str]) -> Decode:
    def decode(buffer: bytes, place: int) -> tuple[Any, int]:
        number, place = decode_long(buffer, place)
        return symbols[number], place

    return decode


def _block(buffer: bytes, place: int) -> tuple[int, int | None, int]:
    """Read the start of a block of items: how many, their size in bytes if said, where they are."""
    count, place = decode_long(buffer, place)
    if count >= 0:
        return count, None, place
    size, place = decode_long(buffer, place)
    return -count, size, place


def _skip_each(skips: list[Skip]) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        for one in skips:
            place = one(buffer, place)
        return place

    return skip


def _skip_union_of(branches: list[Skip]) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        branch, place = decode_long(buffer, place)
        return branches[branch](buffer, place)

    return skip


def _skip_items_of(item: Skip) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        while True:
            count, size, place = _block(buffer, place)
            if count == 0:
                return place
            if size is not None:
                place += size
                continue
            for _ in range(count):
                place = item(buffer, place)

    return skip


def _skip_numbers_of(numbers: int) -> Skip:
    def skip(buffer: bytes, place: int) -> int:
        while True:
            count, size, place = _block(buffer, place)
            if count == 0:
                return place
            if size is not None:
                place += size
                continue
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


def _skip_bytes(buffer: bytes, place: int) -> int:
    size, place = decode_long(buffer, place)
    if size < 0 or place + size > len(buffer):
        raise IndexError(place)
    return place + size


def _skip_bound(buffer: bytes, place: int) -> int:
    """Step over a column's lower or upper bound, of which manifests hold the most."""
    while buffer[place] & 0x80:
        place += 1
    size = buffer[place + 1]
    if size < _HIGH_BIT and not size & 1:
        return place + 2 + (size >> 1)
    return _skip_bytes(buffer, place + 1)


def _bytes(buffer: bytes, place: int) -> tuple[bytes, int]:
    size, place = decode_long(buffer, place)
    end = place + size
    if size < 0 or end > len(buffer):
        raise IndexError(end)
    return buffer[place:end], end


def _string(buffer: bytes, place: int) -> tuple[str, int]:
    raw, place = _bytes(buffer, place)
    return raw.decode(), place


_NAMED = frozenset({"record", "error", "fixed", "enum"})

_PRIMITIVES: dict[str, Decode] = {
    "null": lambda _, place: (None, place),
    "boolean": lambda buffer, place: (buffer[place] != 0, place + 1),
    "int": decode_long,
    "long": decode_long,
    "float": lambda buffer, place: (struct.unpack_from("<f", buffer, place)[0], place + 4),
    "double": lambda buffer, place: (struct.unpack_from("<d", buffer, place)[0], place + 8),
    "bytes": _bytes,
    "string": _string,
}

_SKIPS: dict[str, Skip] = {
    "null": lambda _, place: place,
    "boolean": lambda _, place: place + 1,
    "int": _skip_number,
    "long": _skip_number,
    "enum": _skip_number,
    "float": lambda _, place: place + 4,
    "double": lambda _, place: place + 8,
    "bytes": _skip_bytes,
    "string": _skip_bytes,
}
