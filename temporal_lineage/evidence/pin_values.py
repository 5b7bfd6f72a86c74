"""Pin values: what the value of a pin names, a number, a time or a ref."""

from __future__ import annotations

import re
from dataclasses import dataclass

from snapshots.errors import BadInstantError
from snapshots.instant import Instant

SECONDS, MILLISECONDS = 1_000_000, 1_000

_DIGITS = re.compile(r"-?\d{1,20}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{3})")
_OFFSET = re.compile(r"([zZ]|[+-]\d{2}(:?\d{2})?|UTC)$")
_REGION = re.compile(r"\s+[A-Za-z]+/[A-Za-z_/]+$")
_SUFFIX = re.compile(r"(branch|tag|snapshot_id|at_timestamp)_(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class NumberPin:
    """A snapshot id or a Delta version."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class TimePin:
    """The state at an instant; `zoned` tells whether the text has an offset of its own."""

    at: Instant
    zoned: bool
    text: str


@dataclass(frozen=True, slots=True)
class RefPin:
    """The state of a branch or tag."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class UnreadablePin:
    """A pin whose value only the engine could compute."""

    text: str


Pin = NumberPin | TimePin | RefPin | UnreadablePin


def version_pin(value: str, shown: str) -> Pin:
    """Read a number, or else the name of a branch or tag."""
    if _DIGITS.fullmatch(value):
        return NumberPin(int(value), shown)
    return RefPin(value, shown) if value and "(" not in value else UnreadablePin(shown)


def time_pin(value: str, shown: str, *, unit: int) -> Pin:
    """Read a text of time, or a number in this unit of microseconds."""
    if _DIGITS.fullmatch(value):
        return TimePin(Instant(int(value) * unit), zoned=True, text=shown)
    # A zone by name, as Trino allows, is read as no zone: the rules for its offset change.
    text = _REGION.sub("", re.sub(r"\s*UTC$", "Z", value.strip()))
    try:
        at = Instant.parse(text)
    except BadInstantError:
        return UnreadablePin(shown)
    zoned = len(text) > len("2026-11-17") and _OFFSET.search(text) is not None
    return TimePin(at, zoned, shown)


def compact_pin(stamp: str, shown: str) -> Pin:
    """Read Delta's `@yyyyMMddHHmmssSSS`."""
    found = _COMPACT.fullmatch(stamp)
    if found is None:
        return UnreadablePin(shown)
    year, month, day, hour, minute, second, millis = found.groups()
    return time_pin(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{millis}", shown, unit=1)


def suffix_pin(last: str, shown: str) -> Pin | None:
    """Read Iceberg's `branch_x`, `tag_x`, `snapshot_id_n`, `at_timestamp_n`; None for no pin."""
    match = _SUFFIX.fullmatch(last)
    if match is None:
        return None
    kind, value = match[1].lower(), match[2]
    if kind in {"branch", "tag"}:
        return RefPin(value, shown)
    if not _DIGITS.fullmatch(value):
        return None
    if kind == "snapshot_id":
        return NumberPin(int(value), shown)
    return time_pin(value, shown, unit=MILLISECONDS)
