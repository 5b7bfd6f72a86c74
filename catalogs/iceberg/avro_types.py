"""Avro types: what turns bytes into values, or steps over them, type by type. Avro 1.12."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from catalogs.iceberg.avro_skips import (
    SKIPS,
    skip_bound,
    skip_bytes,
    skip_each,
    skip_fixed_of,
    skip_items_of,
    skip_numbers_of,
    skip_union_of,
)
from catalogs.iceberg.avro_values import (
    PRIMITIVES,
    Decode,
    Skip,
    array_of,
    enum_of,
    fixed_of,
    map_of,
    part_of_record,
    record_of,
    union_of,
)

Wanted = Mapping[str, "Wanted"]
"""The names of the fields to decode, and inside each the same again; all where it is empty."""

_NESTING_MAX = 100

TYPES_MAX = 200_000
"""How many types a schema may come to when its names are looked up: each can double the last."""

EMPTY_ITEMS_MAX = 1_024
"""How many items of an array may take no bytes at all, as nulls do."""


class AvroTypes:
    """Makes decoders for the types of one schema; remembers the types it names."""

    def __init__(self) -> None:
        """Start with no named type."""
        self._named: dict[str, Any] = {}
        self._met = 0

    def record_decoder(self, schema: Any, wanted: Wanted) -> Decode:  # noqa: ANN401
        """Make what decodes the records of a file; they must take bytes, or a few of these could
        tell of any number of records. Raises as `decoder` does.
        """
        if self._is_empty(schema, _NESTING_MAX):
            msg = "records of its Avro schema take no bytes"
            raise ValueError(msg)
        return self.decoder(schema, wanted)

    def decoder(self, schema: Any, wanted: Wanted, depth: int = _NESTING_MAX) -> Decode:  # noqa: ANN401
        """Make what decodes the wanted part of a value. Raises LookupError, TypeError, ValueError.

        `schema` is any JSON an Avro schema may be.
        """
        kind, full = self._resolved(schema, depth)
        match kind:
            case "union":
                return union_of([self.decoder(one, wanted, depth - 1) for one in full])
            case "record" | "error":
                return self._record(full, wanted, depth)
            case "array":
                items_max = self._items_max(full["items"], depth)
                return array_of(self.decoder(full["items"], wanted, depth - 1), items_max)
            case "map":
                return map_of(self.decoder(full["values"], wanted, depth - 1))
            case "fixed":
                return fixed_of(_size_of(full))
            case _:
                return enum_of(full["symbols"]) if kind == "enum" else PRIMITIVES[kind]

    def skipper(self, schema: Any, depth: int = _NESTING_MAX) -> Skip:  # noqa: ANN401
        """Make what steps over a value of that type."""
        kind, full = self._resolved(schema, depth)
        match kind:
            case "union":
                return skip_union_of([self.skipper(one, depth - 1) for one in full])
            case "record" | "error":
                return skip_each([self.skipper(f["type"], depth - 1) for f in full["fields"]])
            case "array":
                return self._skip_array(full["items"], depth)
            case "map":
                value = self.skipper(full["values"], depth - 1)
                return skip_items_of(skip_each([skip_bytes, value]))
            case "fixed":
                return skip_fixed_of(_size_of(full))
            case _:
                return SKIPS[kind]

    def _resolved(self, schema: Any, depth: int) -> tuple[str, Any]:  # noqa: ANN401
        """Give the kind of a type, and its schema with names looked up; names it defines stay."""
        self._met += 1
        if depth <= 0 or self._met > TYPES_MAX:
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
        return record_of(read) if len(read) == len(steps) else part_of_record(steps)

    def _items_max(self, items: Any, depth: int) -> int:  # noqa: ANN401
        """Give how many items an array may have: as many as have bytes to be read from."""
        return EMPTY_ITEMS_MAX if self._is_empty(items, depth - 1) else sys.maxsize

    def _is_empty(self, schema: Any, depth: int) -> bool:  # noqa: ANN401
        """Tell whether values of a type take no bytes at all."""
        kind, full = self._resolved(schema, depth)
        if kind in {"record", "error"}:
            return all(self._is_empty(field["type"], depth - 1) for field in full["fields"])
        return kind == "null" or (kind == "fixed" and not _size_of(full))

    def _skip_array(self, items: Any, depth: int) -> Skip:  # noqa: ANN401
        items_max = self._items_max(items, depth)
        numbers = self._numbers_in(items, depth - 1)
        if numbers is not None:
            return skip_numbers_of(numbers)
        kind, full = self._resolved(items, depth - 1)
        if kind == "record" and [field["type"] for field in full["fields"]] == ["int", "bytes"]:
            return skip_items_of(skip_bound)
        return skip_items_of(self.skipper(items, depth - 1), items_max)

    def _numbers_in(self, schema: Any, depth: int) -> int | None:  # noqa: ANN401
        """Count the variable-length numbers a value is; None where it holds anything else."""
        kind, full = self._resolved(schema, depth)
        if kind in {"int", "long", "enum"}:
            return 1
        if kind != "record":
            return None
        counts = [self._numbers_in(field["type"], depth - 1) for field in full["fields"]]
        return None if None in counts else sum(count or 0 for count in counts)


def _size_of(schema: Mapping[str, Any]) -> int:
    size = int(schema["size"])
    if size < 0:
        msg = f"a fixed type of {size} bytes"
        raise ValueError(msg)
    return size


_NAMED = frozenset({"record", "error", "fixed", "enum"})
