"""Instants: points in time, UTC, in whole microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from snapshots.errors import BadInstantError
from snapshots.records import dataclass

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS_MAX = 2**63 - 1
_MICROS_MIN = -(2**63)
_MICROSECOND = timedelta(microseconds=1)
# A fraction follows seconds only: Python would read the half hour of `T09.5` as half a second.
_SHAPE = (
    r"\d{4}-\d{2}-\d{2}"
    r"([T ]\d{2}(:?\d{2}(:?\d{2}([.,]\d{1,6})?)?)?([Zz]|[+-]\d{2}:?\d{2})?)?"
)
# How an instant outside the years 1 to 9999 is printed.
_BARE = r"(-?\d{1,19})us"


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A point in time, counted in microseconds since 1970-01-01T00:00Z; stored as BIGINT.

    >>> Instant.parse("2026-11-17T10:30+01:00")
    Instant(2026-11-17T09:30:00Z)
    >>> Instant.parse("2026-11-17") < FOREVER
    True
    """

    micros: int

    @classmethod
    def parse(cls, text: str) -> Instant:
        """Read ISO 8601. Without an offset the text is UTC; a bare date is its first moment.

        Everything that `isoformat` writes is read back. Raises BadInstantError for anything else,
        numbers included: a number has no unit.
        """
        if text == "forever":
            return FOREVER
        if text == "beginning":
            return BEGINNING
        bare = re.fullmatch(_BARE, text, re.ASCII)
        if bare and _MICROS_MIN <= int(bare[1]) <= _MICROS_MAX:
            return cls(int(bare[1]))
        if not re.fullmatch(_SHAPE, text, re.ASCII):
            raise BadInstantError(text)
        try:
            moment = datetime.fromisoformat(text.upper().replace(",", "."))
        except ValueError as error:
            raise BadInstantError(text) from error
        return cls.from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    @classmethod
    def from_millis(cls, millis: int) -> Instant:
        """Take milliseconds since the epoch, the unit of both table formats.

        A foreign clock can hold any 64-bit number. One beyond our range is kept at its edge, so
        that a single absurd entry does not make a table unreadable.
        """
        return cls(min(max(millis * 1000, _MICROS_MIN + 1), _MICROS_MAX - 1))

    @classmethod
    def from_datetime(cls, moment: datetime) -> Instant:
        """Take an aware datetime; a naive one is a bug of the caller."""
        if moment.tzinfo is None:
            msg = "an Instant needs an aware datetime"
            raise ValueError(msg)
        return cls((moment - _EPOCH) // _MICROSECOND)

    def isoformat(self) -> str:
        """Write the shortest exact ISO 8601 text, always with Z; `parse` reads it back."""
        if self == FOREVER:
            return "forever"
        if self == BEGINNING:
            return "beginning"
        try:
            moment = _EPOCH + self.micros * _MICROSECOND
        except OverflowError:
            return f"{self.micros}us"
        whole = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
        fraction = f"{moment.microsecond:06d}"
        if fraction == "000000":
            return f"{whole}Z"
        return f"{whole}.{fraction.removesuffix('000')}Z"

    def as_datetime(self) -> datetime | None:
        """Give an aware datetime in UTC; None where the calendar of datetime does not reach."""
        try:
            return _EPOCH + self.micros * _MICROSECOND
        except OverflowError:
            return None

    def plus(self, *, micros: int) -> Instant:
        """Move by microseconds, never past FOREVER or BEGINNING."""
        return Instant(min(max(self.micros + micros, _MICROS_MIN), _MICROS_MAX))

    def __str__(self) -> str:
        """Write ISO 8601."""
        return self.isoformat()

    def __repr__(self) -> str:
        """Write ISO 8601, so that a failed test can be read."""
        return f"Instant({self.isoformat()})"


FOREVER = Instant(_MICROS_MAX)
"""The open end of a Period: later than every point in time."""

BEGINNING = Instant(_MICROS_MIN)
"""Earlier than every point in time."""
