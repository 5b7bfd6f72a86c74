"""Values of fixed size as words: whole numbers, floats, booleans, dates and times.

docs/fingerprint.md, "Values".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalogs.fingerprint.mixing import Key, Words, closed, stored, tagged
from snapshots.fingerprint import Tag

_DAY_MICROS = np.uint64(86_400_000_000)
_DAY_MILLIS = 86_400_000
_NANOS = 1000
_WHOLE_BELOW = float(1 << 53)
_NOT_A_NUMBER = np.uint64(0x7FF8000000000000)
_MICROS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def boolean_digests(array: Any, key: Key) -> tuple[Words, Words]:  # noqa: ANN401 - pyarrow has no types
    """Digest booleans: 0 and 1."""
    words = stored(array.cast(pa.uint8()), np.uint8).astype(np.uint64)
    return closed(tagged(key, Tag.BOOLEAN), words, None)


def integer_digests(array: Any, key: Key) -> tuple[Words, Words]:  # noqa: ANN401
    """Digest whole numbers of up to 63 bits and a sign."""
    kind = array.type
    sign = "i" if pa.types.is_signed_integer(kind) else "u"
    found = stored(array, f"{sign}{kind.bit_width // 8}")
    return number_digests(found.astype(np.int64, copy=False), key, None)


def number_digests(
    numbers: npt.NDArray[np.int64], key: Key, scale: Words | None
) -> tuple[Words, Words]:
    """Digest numbers without zeros at their end; `scale` is how many digits follow the point."""
    return closed(tagged(key, Tag.NUMBER, scale), numbers.view(np.uint64), None)


def float_digests(array: Any, key: Key) -> tuple[Words, Words]:  # noqa: ANN401
    """Digest floats: whole ones as whole numbers, so that a widened column stays the same.

    There is one zero, and one value that is no number.
    """
    numbers = stored(array, f"f{array.type.bit_width // 8}").astype(np.float64, copy=False)
    with np.errstate(invalid="ignore"):
        whole = numbers.astype(np.int64)
    is_whole = (whole == numbers) & (np.abs(numbers) < _WHOLE_BELOW)
    words = np.where(is_whole, whole.view(np.uint64), numbers.view(np.uint64))
    strange = np.isnan(numbers)
    if strange.any():
        words[strange] = _NOT_A_NUMBER
    sealed = np.where(is_whole, tagged(key, Tag.NUMBER), tagged(key, Tag.FLOAT))
    return closed(sealed, words, None)


def date_digests(array: Any, key: Key) -> tuple[Words, Words]:  # noqa: ANN401
    """Digest dates as their midnights, which they become where a column is widened."""
    is_days = pa.types.is_date32(array.type)
    days = stored(array, np.int32).astype(np.int64) if is_days else _ticks(array) // _DAY_MILLIS
    return closed(tagged(key, Tag.DATE_TIME), days.view(np.uint64) * _DAY_MICROS, None)


def time_digests(array: Any, key: Key) -> tuple[Words, Words]:  # noqa: ANN401
    """Digest times of day and points in time as microseconds, and the nanoseconds past them."""
    kind = array.type
    tag = Tag.TIME
    if pa.types.is_timestamp(kind):
        tag = Tag.DATE_TIME if kind.tz is None else Tag.INSTANT
    ticks = _ticks(array)
    if kind.unit != "ns":
        words = ticks.view(np.uint64)
        factor = _MICROS[kind.unit]
        return closed(tagged(key, tag), words if factor == 1 else words * np.uint64(factor), None)
    micros, nanos = np.divmod(ticks, _NANOS)
    extra = nanos.view(np.uint64) if nanos.any() else None
    return closed(tagged(key, tag, extra), micros.view(np.uint64), None)


def _ticks(array: Any) -> npt.NDArray[np.int64]:  # noqa: ANN401
    return stored(array, f"i{array.type.bit_width // 8}").astype(np.int64, copy=False)
