"""Lowered types: column types that Arrow has no name for, as the types their bytes are read by.

A variant is a struct of its two parts, a geometry or geography its well-known binary. Their bytes
are given as they lie in the file; what they mean is the reader's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from snapshots.errors import UnsupportedError

_KNOWN_TYPE = re.compile(
    r"boolean|int|long|float|double|date|time|timestamp|timestamptz|timestamp_ns|timestamptz_ns"
    r"|string|uuid|binary|unknown|fixed\[\d+\]|decimal\(\s*\d+\s*,\s*\d+\s*\)"
)
_AS_BINARY = re.compile(r"(geometry|geography)(\(.*\))?")
_ADVICE = "read this state with an engine that has it, such as Spark"
_PARTS_FROM = 1 << 31
"""Where the ids of a variant's parts start: the specification gives fields lower ones."""


def lowered(kind: Any, *, field_id: int, location: str) -> Any:  # noqa: ANN401 - types are JSON
    """Give a type that Arrow reads for any Iceberg type, nested ones with all inside them.

    Raises UnsupportedError for a type that nothing here reads.
    """
    if isinstance(kind, str):
        return _leaf(kind, field_id, location)
    match kind.get("type") if isinstance(kind, dict) else None:
        case "struct":
            fields = [
                one | {"type": lowered(one["type"], field_id=one["id"], location=location)}
                for one in kind["fields"]
            ]
            return kind | {"fields": fields}
        case "list" | "map":
            parts = {
                part: lowered(kind[part], field_id=kind[f"{part}-id"], location=location)
                for part in ("element", "key", "value")
                if part in kind
            }
            return kind | parts
        case _:
            raise UnsupportedError(location, f"columns of type {kind}", _ADVICE)


def part_ids(field_id: int) -> tuple[int, int]:
    """Give the ids under which the metadata and the value of a variant are found."""
    return _PARTS_FROM + 2 * field_id, _PARTS_FROM + 2 * field_id + 1


def is_part(field_id: int) -> bool:
    """Tell whether an id is that of a variant's part."""
    return field_id >= _PARTS_FROM


def variants_in(kind: Any, field_id: int = 0) -> Iterator[int]:  # noqa: ANN401
    """Yield the ids of the fields of type variant in a type, however deep."""
    if kind == "variant":
        yield field_id
    if not isinstance(kind, dict):
        return
    for one in kind.get("fields", ()):
        yield from variants_in(one.get("type"), one.get("id", 0))
    for part in ("element", "key", "value"):
        if part in kind:
            yield from variants_in(kind[part], kind.get(f"{part}-id", 0))


def _leaf(kind: str, field_id: int, location: str) -> Any:  # noqa: ANN401
    if _KNOWN_TYPE.fullmatch(kind):
        return kind
    if _AS_BINARY.fullmatch(kind):
        return "binary"
    if kind != "variant":
        raise UnsupportedError(location, f"columns of type {kind}", _ADVICE)
    names = zip(("metadata", "value"), part_ids(field_id), strict=True)
    fields = [
        {"id": number, "name": name, "required": False, "type": "binary"} for name, number in names
    ]
    return {"type": "struct", "fields": fields}
