"""Bounds: what a manifest says of a column's values in one file. Iceberg spec, "Manifests" and
"Appendix D: Single-value serialization".

Bounds may be cut off, and are then the wider for it. A file may have been written while the column
was of a narrower type, which the number of bytes tells.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from typing import Any

from catalogs.condition import Spread, Value
from catalogs.iceberg.avro_rows import decimal_of

MEASURES = (
    "value_counts",
    "null_value_counts",
    "nan_value_counts",
    "lower_bounds",
    "upper_bounds",
)
"""The fields of a manifest entry's file that measure its columns."""

_DECIMAL = re.compile(r"decimal\(\s*\d+\s*,\s*(\d+)\s*\)")
_WHOLE = {4: "<i", 8: "<q"}
_FLOATING = {4: "<f", 8: "<d"}
_DAY_IN = {"timestamp": 86_400_000_000, "timestamptz": 86_400_000_000}
_DAY_IN_NS = {"timestamp_ns": 86_400_000_000_000, "timestamptz_ns": 86_400_000_000_000}
_DAYS = _DAY_IN | _DAY_IN_NS
_INTEGERS = frozenset({"int", "long", "date", "time", *_DAYS})


def measured(file: Mapping[str, Any], field_id: int, kind: str, *, is_top: bool) -> Spread:
    """Give what a manifest says of a field of a file; `kind` is its Iceberg type.

    Counts of fields inside structs are left aside: writers count them in more ways than one.
    """
    values, nulls, nans = (
        _told(file.get(name), field_id)
        for name in ("value_counts", "null_value_counts", "nan_value_counts")
    )
    counted = is_top and values is not None and nulls is not None
    is_floating = kind in {"float", "double"}
    return Spread(
        least=_bound(_told(file.get("lower_bounds"), field_id), kind),
        most=_bound(_told(file.get("upper_bounds"), field_id), kind),
        may_hold=not (counted and nulls >= values),
        may_be_null=not (counted and nulls == 0),
        may_be_nan=is_floating and nans != 0,
        admits=None,
    )


def bound_value(body: bytes, kind: str) -> Value | None:
    """Read a value as manifests write it; None for what is none of this type."""
    decimal = _DECIMAL.fullmatch(kind)
    if kind in _INTEGERS:
        return _whole(body, kind)
    if kind in {"float", "double"}:
        form = _FLOATING.get(len(body))
        number = math.nan if form is None else struct.unpack(form, body)[0]
        return None if math.isnan(number) else float(number)
    if decimal:
        return decimal_of(body, int(decimal[1])) if body else None
    if kind == "boolean":
        return bool(body[0]) if len(body) == 1 else None
    # Writers order UUIDs by signed and by unsigned halves: their bounds say nothing for certain.
    return body if kind in {"string", "binary"} or kind.startswith("fixed") else None


def _whole(body: bytes, kind: str) -> int | None:
    form = _WHOLE.get(len(body))
    if form is None:
        return None
    (number,) = struct.unpack(form, body)
    is_day = kind in _DAYS and len(body) == 4  # noqa: PLR2004 - a date, promoted since
    return int(number) * (_DAYS[kind] if is_day else 1)


def _bound(body: bytes | None, kind: str) -> Value | None:
    return None if body is None else bound_value(bytes(body), kind)


def _told(told: Any, field_id: int) -> Any:  # noqa: ANN401 - a map as Avro has it, or an array of pairs
    if isinstance(told, Mapping):
        return told.get(str(field_id), told.get(field_id))
    return next((one["value"] for one in told or () if one["key"] == field_id), None)
