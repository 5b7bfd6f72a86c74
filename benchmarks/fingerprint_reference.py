"""A second fingerprint, in plain Python: docs/fingerprint.md word by word, a value at a time.

It shares nothing with the product but the specification, so it has its own constants.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

Cell = Any
"""An Arrow scalar: pyarrow has no types."""

_64 = 2**64
NULL, BOOLEAN, NUMBER, LONG_NUMBER, FLOAT, TIME, DATE_TIME, INSTANT = range(8)
TEXT, BYTES, LIST, MAP, STRUCT, ENTRY, ROW, WORD, NAME = range(8, 17)

Digest = tuple[int, int]
Named = Mapping[str, int | str]
"""What a column, or a part of one, is for ever, by its path as `a.b.element.c`."""


def reference(table: pa.Table, named: Named | None = None) -> str:
    """Give the fingerprint of a table as text; columns are their own names where none are given."""
    rows = 0
    sums = [0, 0]
    columns = {name: table.column(name) for name in table.schema.names}
    for place in range(table.num_rows):
        cells = {name: column[place] for name, column in columns.items()}
        first, second = _close(0, ROW, *_beside(cells, "", named))
        rows, sums = rows + 1, [sums[0] + first, sums[1] + second]
    return f"tlf1:{rows}:{sums[0] % _64:016x}{sums[1] % _64:016x}"


def mix(word: int) -> int:
    word ^= word >> 30
    word = word * 0xBF58476D1CE4E5B9 % _64
    word ^= word >> 27
    word = word * 0x94D049BB133111EB % _64
    return word ^ (word >> 31)


def key_of(identity: int | str) -> int:
    if isinstance(identity, int):
        return mix(identity % _64 ^ 0x9E3779B97F4A7C15)
    return _bytes(0, NAME, identity.encode())[0]


def _close(key: int, tag: int, first: int, second: int) -> Digest:
    one = mix((first % _64) ^ mix((key + tag) % _64))
    return one, mix((one + second + 0xD1B54A32D192ED03) % _64)


def _beside(cells: Mapping[str, Any], above: str, named: Named | None) -> Digest:
    found = [
        _value(cell, key_of(name if named is None else named[above + name]), above + name, named)
        for name, cell in cells.items()
        if cell.is_valid
    ]
    return _added(found)


def _added(digests: Iterable[Digest]) -> Digest:
    pairs = list(digests)
    return sum(one for one, _ in pairs), sum(other for _, other in pairs)


def _value(cell: Cell, key: int, path: str, named: Named | None) -> Digest:  # noqa: PLR0911 - a case a kind
    kind, types = cell.type, pa.types
    if not cell.is_valid:
        return _close(key, NULL, 0, 0)
    if isinstance(cell, pa.ExtensionScalar | pa.UuidScalar):
        return _value(cell.value, key, path, named)
    if types.is_dictionary(kind):
        return _value(cell.dictionary[cell.index.as_py()], key, path, named)
    if types.is_struct(kind):
        inside = {name: cell[name] for name in (field.name for field in kind)}
        return _close(key, STRUCT, *_beside(inside, f"{path}.", named))
    if types.is_map(kind):
        entries = cell.values
        pairs = [
            _entry(entries.field(0)[n], entries.field(1)[n], path, named)
            for n in range(len(entries))
        ]
        first, second = _added(pairs)
        return _close(key, MAP, first + len(pairs), second)
    if hasattr(cell, "values"):
        elements = cell.values
        first, second = _added(
            _value(elements[n], key_of(n + 1), f"{path}.element", named)
            for n in range(len(elements))
        )
        return _close(key, LIST, first + len(elements), second)
    return _leaf(cell, key)


def _entry(key: Cell, value: Cell, path: str, named: Named | None) -> Digest:
    parts = (
        _value(key, key_of(1), f"{path}.key", named),
        _value(value, key_of(2), f"{path}.value", named),
    )
    return _close(0, ENTRY, *_added(parts))


def _leaf(cell: Cell, key: int) -> Digest:  # noqa: PLR0911 - a case a kind
    kind, types = cell.type, pa.types
    if types.is_boolean(kind):
        return _close(key, BOOLEAN, int(cell.as_py()), 0)
    if types.is_floating(kind):
        return _float(float(cell.as_py()), key)
    if types.is_integer(kind) or types.is_decimal(kind):
        return _number(Decimal(cell.as_py()), key)
    if types.is_date(kind):
        days = cell.value if types.is_date32(kind) else cell.value // 86_400_000
        return _close(key, DATE_TIME, days * 86_400_000_000, 0)
    if types.is_time(kind) or types.is_timestamp(kind):
        tag = TIME if types.is_time(kind) else DATE_TIME if kind.tz is None else INSTANT
        nanos = cell.value * {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}[kind.unit]
        return _close(key, tag + 256 * (nanos % 1000), nanos // 1000, 0)
    found = cell.as_py()
    if isinstance(found, str):
        return _bytes(key, TEXT, found.encode())
    return _bytes(key, BYTES, found)


def _float(number: float, key: int) -> Digest:
    if number != number:  # noqa: PLR0124 - this is how a float says that it is no number
        return _close(key, FLOAT, 0x7FF8000000000000, 0)
    if abs(number) < 2**53 and number.is_integer():
        return _close(key, NUMBER, int(number), 0)
    return _close(key, FLOAT, struct.unpack("<Q", struct.pack("<d", number))[0], 0)


def _number(number: Decimal, key: int) -> Digest:
    sign, digits, exponent = number.as_tuple()
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    scale = -int(exponent)
    if unscaled == 0:
        scale = 0
    while scale > 0 and unscaled % 10 == 0:
        unscaled, scale = unscaled // 10, scale - 1
    if -(2**63) <= unscaled < 2**63:
        return _close(key, NUMBER + 256 * scale, unscaled, 0)
    size = 16 if -(2**127) <= unscaled < 2**127 else 32
    content = unscaled.to_bytes(size, "little", signed=True)
    return _bytes(key, LONG_NUMBER + 256 * scale, content)


def _bytes(key: int, tag: int, content: bytes) -> Digest:
    words = [
        int.from_bytes(content[at : at + 8].ljust(8, b"\0"), "little")
        for at in range(0, len(content), 8)
    ]
    first, second = _added(
        _close(key_of(place), WORD, word, 0) for place, word in enumerate(words, start=1)
    )
    return _close(key, tag, first + len(content), second)
