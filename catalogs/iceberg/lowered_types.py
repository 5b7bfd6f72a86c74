"""Lowered types: column types that Arrow has no name for, as the types their bytes are read by.

A variant is a struct of its two parts, a geometry or geography its well-known binary. Their bytes
are given as they lie in the file; what they mean is the reader's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from snapshots.errors import UnsupportedError

_KNOWN_TYPE = re.compile(
    r"boolean|int|long|float|double|date|time|timestamp|timestamptz|timestamp_ns|timestamptz_ns"
    r"|string|uuid|binary|unknown|fixed\[\d+\]|decimal\(\s*\d+\s*,\s*\d+\s*\)"
)
_AS_BINARY = re.compile(r"(geometry|geography)(\(.*\))?")
_NANOSECONDS = frozenset({"timestamp_ns", "timestamptz_ns"})
_INSTANT = re.compile(
    r"(?P<whole>[-\d]+T\d\d:\d\d:\d\d)(\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INITIAL_DEFAULT, _WRITE_DEFAULT = "initial-default", "write-default"
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
            return kind | {
                "fields": [lowered_field(one, location=location) for one in kind["fields"]]
            }
        case "list" | "map":
            parts = {
                part: lowered(kind[part], field_id=kind[f"{part}-id"], location=location)
                for part in ("element", "key", "value")
                if part in kind
            }
            return kind | parts
        case _:
            raise UnsupportedError(location, f"columns of type {kind}", _ADVICE)


def lowered_field(field: Mapping[str, Any], *, location: str) -> dict[str, Any]:
    """Give a field of a type that Arrow reads, with no more than a reader needs.

    Raises UnsupportedError for a type that nothing here reads.
    """
    kept = {key: value for key, value in field.items() if key != _WRITE_DEFAULT}
    if str(field["type"]) in _NANOSECONDS:
        kept.pop(_INITIAL_DEFAULT, None)  # see `nanosecond_defaults`
    return kept | {"type": lowered(field["type"], field_id=field["id"], location=location)}


def nanosecond_defaults(kind: Any) -> Iterator[tuple[int, int]]:  # noqa: ANN401
    """Yield the initial defaults that are instants in nanoseconds, which pyiceberg cannot read.

    They come as field id and nanoseconds since the epoch. Raises ValueError where one is none.
    """
    if not isinstance(kind, dict):
        return
    for one in kind.get("fields", ()):
        default = one.get(_INITIAL_DEFAULT)
        if str(one.get("type")) in _NANOSECONDS and default is not None:
            yield one["id"], _nanoseconds(str(default))
        yield from nanosecond_defaults(one.get("type"))
    for part in ("element", "value"):
        yield from nanosecond_defaults(kind.get(part))


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


def _nanoseconds(text: str) -> int:
    match = _INSTANT.fullmatch(text)
    if match is None:
        msg = f"the default {text!r} is no instant"
        raise ValueError(msg)
    at = datetime.fromisoformat(match["whole"] + (match["zone"] or "+00:00"))
    fraction = (match["fraction"] or "").ljust(9, "0")
    return (at - _EPOCH) // timedelta(seconds=1) * 1_000_000_000 + int(fraction)


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
