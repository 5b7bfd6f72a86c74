"""Statistics: what an add says of a column's values in its file. Delta protocol, "Per-file
Statistics".

Statistics of an add with a deletion vector may leave out the rows that are deleted, and a search
asks for those too; so only adds without one are believed here. Texts are cut off after 32 letters;
numbers stand as JSON has them; bounds of instants are not believed.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalogs.condition import UNKNOWN, Spread, Value
from catalogs.delta.partition_values import value_of

_TEXT_CUT = 32
_INTEGERS = frozenset({"byte", "short", "integer", "long"})
_TEXTS = ("string", "varchar", "char")
_EXACT_DIGITS = 15
"""Decimals up to so many digits are exact as the floats that some writers make of them."""


class Statistics:
    """What one add says; nothing where its text is no statistics."""

    def __init__(self, text: str | None) -> None:
        """Decode the text of an add without deletion vector."""
        try:
            told = json.loads(text or "{}", parse_float=Decimal)
        except (ValueError, RecursionError):
            told = {}
        self._told: Mapping[str, Any] = told if isinstance(told, dict) else {}

    def spread(self, physical: tuple[str, ...], kind: str) -> Spread:
        """Give what is said of a column, by its physical path; `kind` is its Delta type."""
        rows = self._told.get("numRecords")
        nulls = _at(self._told.get("nullCount"), physical)
        counted = len(physical) == 1 and isinstance(nulls, int) and isinstance(rows, int)
        try:
            least = _value(_at(self._told.get("minValues"), physical), kind, up=False)
            most = _value(_at(self._told.get("maxValues"), physical), kind, up=True)
        except (ValueError, OverflowError, KeyError, struct.error):
            return UNKNOWN
        return Spread(
            least=least,
            most=most,
            may_hold=not (counted and nulls >= rows),
            may_be_null=not (counted and nulls == 0),
            may_be_nan=kind in {"float", "double"},
            admits=None,
        )


def _at(told: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - it is JSON
    for part in path:
        if not isinstance(told, dict):
            return None
        told = told.get(part)
    return told


def _value(told: Any, kind: str, *, up: bool) -> Value | None:  # noqa: ANN401
    if isinstance(told, str):
        return _of_text(told, kind, up=up)
    if isinstance(told, bool) or not isinstance(told, int | Decimal):
        return None
    if kind in _INTEGERS:
        return told if isinstance(told, int) else None
    if kind == "double":
        return _finite(float(told))
    if kind == "float":
        return _finite(struct.unpack("<f", struct.pack("<f", float(told)))[0])
    is_exact = kind.startswith("decimal") and _digits(kind) <= _EXACT_DIGITS
    return Decimal(told) if is_exact else None


def _of_text(told: str, kind: str, *, up: bool) -> Value | None:
    if kind.startswith(_TEXTS):
        # A text that was cut off bounds no more than what begins like it.
        cut = up and len(told) >= _TEXT_CUT
        return told.encode() + b"\xff" if cut else told.encode()
    if kind == "date":
        found = value_of(told, kind)
        return found if isinstance(found, int) else None
    # Of instants writers gave bounds that do not hold; the footer of the file has better ones.
    return None


def _digits(kind: str) -> int:
    precision = kind.partition("(")[2].partition(",")[0].strip(" )")
    return int(precision or 10)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
