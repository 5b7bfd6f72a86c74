"""Row groups: which parts of a Parquet file may hold rows of a condition, by its own footer.

Statistics bound the values of each column chunk; a Bloom filter, where a writer left one, rules
out single values. Both are of the file's physical types, so each is used only where it is certain
how a physical value reads as one of the table's type.

This module imports pyarrow; it is loaded only when files are searched.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from catalogs.bloom import ReadBytes, read_bloom_filter
from catalogs.condition import UNKNOWN, Condition, Path, Spread, Value, may_match
from catalogs.search import Look

_MICROS = {"milliseconds": 1_000, "microseconds": 1}
_NANOSECONDS = "nanoseconds"
_INT32, _INT64 = (1 << 31), (1 << 63)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The row groups that may match: each with the position of its first row.

    `by_statistics` and `by_bloom` count those left out.
    """

    groups: tuple[tuple[int, int], ...]
    by_statistics: int
    by_bloom: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column of a file: its dotted physical path, its own type there, and the table's."""

    physical: str
    stored: pa.DataType
    wanted: pa.DataType


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A column chunk; `unit` is that of its instants, None for all else."""

    leaf: Leaf
    told: Any
    unit: str | None


def chosen_groups(
    metadata: Any,  # noqa: ANN401 - pyarrow has no types
    condition: Condition,
    leaves: Mapping[Path, Leaf],
    read: ReadBytes,
) -> Chosen:
    """Choose the row groups of a file; of a column that is not in `leaves` nothing is known."""
    groups, by_statistics, by_bloom, start = [], 0, 0, 0
    schema = metadata.schema
    places = {schema.column(one).path: one for one in range(metadata.num_columns)}
    known = {path: leaf for path, leaf in leaves.items() if leaf.physical in places}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        told = {
            path: _Chunk(leaf, group.column(place), _unit(schema.column(place)))
            for path, leaf in known.items()
            for place in (places[leaf.physical],)
        }
        bounds = {path: _measured(one, rows=group.num_rows) for path, one in told.items()}
        if not may_match(condition, _looked_up(bounds)):
            by_statistics += 1
        elif not may_match(condition, _with_bloom(bounds, told, read)):
            by_bloom += 1
        else:
            groups.append((number, start))
        start += group.num_rows
    return Chosen(tuple(groups), by_statistics, by_bloom)


def runs_of(chosen: Chosen) -> Iterator[tuple[int, list[int]]]:
    """Yield the chosen groups that stand together, with the position of their first row."""
    run: list[int] = []
    first = 0
    for number, start in chosen.groups:
        if run and number != run[-1] + 1:
            yield first, run
            run = []
        first = start if not run else first
        run.append(number)
    if run:
        yield first, run


def look_of(chosen: Chosen, groups: int) -> Look:
    """Say how far a file of so many row groups is read, by those chosen."""
    if chosen.groups or not groups:
        return Look.READ
    return Look.RULED_OUT_BY_BLOOM if chosen.by_bloom else Look.RULED_OUT_BY_FOOTER


def _looked_up(bounds: Mapping[Path, Spread]) -> Callable[[Path], Spread]:
    return lambda path: bounds.get(path, UNKNOWN)


def _with_bloom(
    bounds: Mapping[Path, Spread], told: Mapping[Path, _Chunk], read: ReadBytes
) -> Callable[[Path], Spread]:
    def spread(path: Path) -> Spread:
        known = bounds.get(path, UNKNOWN)
        if path not in told:
            return known
        admits = _bloom(told[path], read)
        return known if admits is None else _admitting(known, admits)

    return spread


def _admitting(known: Spread, admits: Callable[[Value], bool]) -> Spread:
    return Spread(
        known.least,
        known.most,
        may_hold=known.may_hold,
        may_be_null=known.may_be_null,
        may_be_nan=known.may_be_nan,
        admits=admits,
    )


def _unit(column: Any) -> str | None:  # noqa: ANN401
    # Arrow's own type may have been kept beside a column that was written in another unit.
    told: str | None = json.loads(column.logical_type.to_json()).get("timeUnit")
    return told


def _bloom(chunk: _Chunk, read: ReadBytes) -> Callable[[Value], bool] | None:
    offset = chunk.told.bloom_filter_offset
    if not offset:
        return None
    try:
        found = read_bloom_filter(read, offset)
    except ValueError:
        return None  # a broken filter rules out nothing
    if found is None:
        return None

    def admits(value: Value) -> bool:
        plain = _plain(value, chunk)
        return plain is None or any(found.admits(one) for one in plain)

    return admits


def _plain(value: Value, chunk: _Chunk) -> list[bytes] | None:
    """Give the PLAIN bytes that a value may have; None where that is not certain, [] for none."""
    leaf, physical = chunk.leaf, chunk.told.physical_type
    if isinstance(value, bool):
        return None
    if isinstance(value, bytes):
        is_text = pt.is_string(leaf.wanted) or pt.is_large_string(leaf.wanted)
        return [value] if physical == "BYTE_ARRAY" and is_text else None
    if isinstance(value, int) and _same_units(chunk):
        if physical == "INT32":
            return [struct.pack("<i", value)] if -_INT32 <= value < _INT32 else []
        if physical == "INT64":
            return [struct.pack("<q", value)] if -_INT64 <= value < _INT64 else []
    return None


def _same_units(chunk: _Chunk) -> bool:
    """Tell whether a number is written as it is read."""
    stored, wanted = chunk.leaf.stored, chunk.leaf.wanted
    if pt.is_integer(stored) and pt.is_integer(wanted):
        return bool(pt.is_signed_integer(stored))
    if pt.is_date32(stored):
        return bool(pt.is_date32(wanted))
    return bool(pt.is_timestamp(stored) and _is_micros(wanted) and chunk.unit == "microseconds")


def _is_micros(kind: pa.DataType) -> bool:
    return bool(pt.is_timestamp(kind) and kind.unit == "us")


def _measured(chunk: _Chunk, *, rows: int) -> Spread:
    statistics = chunk.told.statistics
    if statistics is None:
        return UNKNOWN
    is_top = "." not in chunk.leaf.physical
    nulls = statistics.null_count if is_top and statistics.has_null_count else None
    least = most = None
    if statistics.has_min_max:
        least = _read(statistics.min_raw, chunk, up=False)
        most = _read(statistics.max_raw, chunk, up=True)
    return Spread(
        least=least,
        most=most,
        may_hold=nulls is None or nulls < rows,
        may_be_null=nulls != 0,
        may_be_nan=bool(pt.is_floating(chunk.leaf.stored)),
        admits=None,
    )


def _read(raw: Any, chunk: _Chunk, *, up: bool) -> Value | None:  # noqa: ANN401
    """Read a bound as a value of the table's type; None where that is not certain."""
    stored, wanted = chunk.leaf.stored, chunk.leaf.wanted
    if pt.is_decimal(stored) and pt.is_decimal(wanted):
        return _decimal(raw, stored)
    if isinstance(raw, float):
        return None if math.isnan(raw) or not pt.is_floating(wanted) else raw
    if isinstance(raw, bytes):
        return bytes(raw) if pt.is_string(wanted) or pt.is_large_string(wanted) else None
    if isinstance(raw, bool):
        return None
    same = (pt.is_signed_integer, pt.is_date32)
    if any(kind(stored) and kind(wanted) for kind in same):
        return int(raw)
    is_instant = pt.is_timestamp(stored) and _is_micros(wanted)
    return _instant(raw, chunk.unit, up=up) if is_instant else None


def _instant(raw: int, unit: str | None, *, up: bool) -> Value | None:
    if unit == _NANOSECONDS:
        return raw // 1000 + (1 if up else -1)  # what is finer is cut, or rounded
    return raw * _MICROS[unit] if unit in _MICROS else None


def _decimal(raw: Any, stored: pa.DataType) -> Value | None:  # noqa: ANN401
    if isinstance(raw, bytes):
        raw = int.from_bytes(raw, "big", signed=True)
    if not isinstance(raw, int):
        return None
    return Decimal(raw).scaleb(-stored.scale) if abs(raw) < 10**27 else None
