"""Partition spreads: what a file's partition says of the values of its source columns. Iceberg
spec, "Partition Transforms".

A transform keeps more or less of a value: all of it, a span that it lies in, or its bucket. Null
is null under every transform but void. Of a transform that is not known nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from catalogs.condition import NULLS, Spread, Value
from catalogs.iceberg.avro_rows import decimal_of
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import PartitionFieldEntry

_FIRST_PARTITION_FIELD = 1000
_SIZED = re.compile(r"(bucket|truncate)\[(\d+)\]")
_DECIMAL = re.compile(r"decimal\(\s*\d+\s*,\s*(\d+)\s*\)")
_TEXTS = frozenset({"string", "binary"})
_WHOLE = frozenset({"int", "long"})
_UNITS_A_DAY = {
    "date": 1,
    "timestamp": 86_400_000_000,
    "timestamptz": 86_400_000_000,
    "timestamp_ns": 86_400_000_000_000,
    "timestamptz_ns": 86_400_000_000_000,
}
_HOURS = 24


def partition_spreads(
    entry: ManifestEntry, spec: Sequence[PartitionFieldEntry], *, source_id: int, kind: str
) -> Iterator[Spread]:
    """Yield what each partition field says of a source column; `kind` is its Iceberg type."""
    by_id = {
        column.field_id: value
        for column, value in zip(entry.partition_fields, entry.partition, strict=True)
    }
    for place, field in enumerate(spec):
        if field.source_id != source_id or field.transform == "void":
            continue
        number = _FIRST_PARTITION_FIELD + place if field.field_id is None else field.field_id
        # Manifests of some writers carry no ids: then the order decides.
        if number in by_id and None not in by_id:
            value = by_id[number]
        elif None in by_id and place < len(entry.partition):
            value = entry.partition[place]
        else:
            continue
        found = _spread(field.transform, value, kind)
        if found is not None:
            yield found


def _spread(transform: str, value: Any, kind: str) -> Spread | None:  # noqa: ANN401 - as Avro has it
    sized = _SIZED.fullmatch(transform)
    if sized is None and transform not in {"identity", *_TIMES}:
        return None
    if value is None:
        # Floats of some writers put NaN there, too.
        return None if kind in {"float", "double"} else NULLS
    if sized is not None:
        width = int(sized[2])
        make = _truncated if sized[1] == "truncate" else _bucketed
        return make(value, width, kind)
    if transform != "identity":
        return _span_of_time(transform, value, kind)
    plain = _plain(value, kind)
    return None if plain is None else _within(plain, plain)


def _within(
    least: Value | None, most: Value | None, admits: Callable[[Value], bool] | None = None
) -> Spread:
    return Spread(least, most, may_hold=True, may_be_null=False, may_be_nan=False, admits=admits)


def _plain(value: Any, kind: str) -> Value | None:  # noqa: ANN401
    """Give an identity partition's value as conditions have values; None where none is certain."""
    decimal = _DECIMAL.fullmatch(kind)
    if decimal:
        return decimal_of(value, int(decimal[1])) if isinstance(value, bytes) else None
    if isinstance(value, str):
        return value.encode() if kind == "string" else None
    if isinstance(value, bool):
        return value if kind == "boolean" else None
    if isinstance(value, int):
        # A date partition of a column that is a timestamp by now counts days.
        return value if kind in {*_WHOLE, "date", "time"} else None
    return value if isinstance(value, bytes) and kind in _TEXTS else None


def _truncated(value: Any, width: int, kind: str) -> Spread | None:  # noqa: ANN401
    decimal = _DECIMAL.fullmatch(kind)
    if decimal and isinstance(value, bytes):
        least = decimal_of(value, int(decimal[1]))
        return _within(least, least + Decimal(width - 1).scaleb(-int(decimal[1])))
    if kind in _WHOLE and isinstance(value, int):
        return _within(value, value + width - 1)
    if kind not in _TEXTS:
        return None
    start = value.encode() if isinstance(value, str) else bytes(value)
    # No text in UTF-8 has the byte 0xff, so this is above all that begin so.
    return _within(start, start + b"\xff" if kind == "string" else None)


def _bucketed(value: Any, buckets: int, kind: str) -> Spread | None:  # noqa: ANN401
    def admits(sought: Value) -> bool:
        found = _bucket_of(sought, buckets, kind)
        return found is None or found == value

    return _within(None, None, admits)


def _bucket_of(value: Value, buckets: int, kind: str) -> int | None:
    """Give the bucket of a value; None where it is not sure how a writer hashed it."""
    from pyiceberg.transforms import BucketTransform
    from pyiceberg.types import DecimalType, LongType, StringType

    transform: BucketTransform[Any] = BucketTransform(buckets)
    decimal = _DECIMAL.fullmatch(kind)
    if kind in _WHOLE and isinstance(value, int):
        return transform.transform(LongType())(value)
    if kind == "string" and isinstance(value, bytes):
        return transform.transform(StringType())(value.decode("utf-8", "replace"))
    if decimal and isinstance(value, Decimal):
        exact = value.quantize(Decimal(1).scaleb(-int(decimal[1])))
        return (
            transform.transform(DecimalType(38, int(decimal[1])))(exact) if exact == value else None
        )
    return None


def _span_of_time(transform: str, value: Any, kind: str) -> Spread | None:  # noqa: ANN401
    a_day = _UNITS_A_DAY.get(kind)
    if a_day is None or not isinstance(value, int) or (transform == "hour" and kind == "date"):
        return None
    # Old writers rounded instants before 1970 up: such a file may begin one unit earlier.
    first = value - 1 if value <= 0 else value
    start, end = _TIMES[transform](first, a_day), _TIMES[transform](value + 1, a_day)
    return _within(start, end - 1)


def _of_years(number: int, a_day: int) -> int:
    return _of_months(number * 12, a_day)


def _of_months(number: int, a_day: int) -> int:
    return _days_to(1970 + number // 12, number % 12 + 1) * a_day


def _of_days(number: int, a_day: int) -> int:
    return number * a_day


def _of_hours(number: int, a_day: int) -> int:
    return number * (a_day // _HOURS)


_TIMES: dict[str, Callable[[int, int], int]] = {
    "year": _of_years,
    "month": _of_months,
    "day": _of_days,
    "hour": _of_hours,
}


def _days_to(year: int, month: int) -> int:
    """Count the days from 1970 to the first of a month of any year. The calendar repeats."""
    from datetime import date

    cycles = (year - 1) // 400
    within = date(year - cycles * 400, month, 1)
    return within.toordinal() - date(1970, 1, 1).toordinal() + cycles * 146_097
