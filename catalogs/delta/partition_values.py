"""Partition values: texts of the log as typed values, as the Delta protocol serializes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

_EPOCH_DAYS = date(1970, 1, 1).toordinal()
_GREGORIAN_CYCLE_YEARS = 400
_GREGORIAN_CYCLE_DAYS = 146_097
_DATE = re.compile(r"([+-]?\d{1,6})-(\d{1,2})-(\d{1,2})")
_MOMENT = re.compile(
    r"(?P<date>[+-]?\d{1,6}-\d{1,2}-\d{1,2})[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)

Value = str | int | float | bool | bytes | Decimal


def value_of(text: str | None, type_name: str) -> Value | None:
    """Give a partition value: dates as days, timestamps as microseconds since the epoch.

    None and the empty text are null. A timestamp without a zone is taken as UTC: the protocol
    leaves it to the writer's zone, which no log names. Raises ValueError for a text that is no
    value of the type, and KeyError for a type that partitions no table.
    """
    if text is None or text == "":
        return None
    name = type_name.partition("(")[0]
    try:
        return _READERS[name](text)
    except InvalidOperation as error:
        msg = f"{text!r} is no {type_name}"
        raise ValueError(msg) from error


def _boolean(text: str) -> bool:
    known = {"true": True, "false": False}
    if text.casefold() not in known:
        msg = f"{text!r} is neither true nor false"
        raise ValueError(msg)
    return known[text.casefold()]


def _days(text: str) -> int:
    match = _DATE.fullmatch(text)
    if not match:
        msg = f"{text!r} is no date"
        raise ValueError(msg)
    year, month, day = (int(part) for part in match.groups())
    # Spark's years run beyond 9999, where Python's calendar ends; the calendar repeats.
    cycles = (year - 1) // _GREGORIAN_CYCLE_YEARS
    within = date(year - cycles * _GREGORIAN_CYCLE_YEARS, month, day)
    return within.toordinal() - _EPOCH_DAYS + cycles * _GREGORIAN_CYCLE_DAYS


def _micros(text: str) -> int:
    match = _MOMENT.fullmatch(text)
    if not match:
        return _days(text) * 86_400_000_000
    _, hour, minute, second, fraction, zone = match.groups()
    seconds = _days(match["date"]) * 86_400 + int(hour) * 3600 + int(minute) * 60 + int(second)
    seconds -= _offset(zone)
    return seconds * 1_000_000 + int((fraction or "")[:6].ljust(6, "0"))


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


_READERS: dict[str, Callable[[str], Value]] = {
    "string": str,
    "varchar": str,
    "char": str,
    "byte": int,
    "short": int,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "decimal": Decimal,
    "boolean": _boolean,
    "binary": str.encode,
    "date": _days,
    "timestamp": _micros,
    "timestamp_ntz": _micros,
}
