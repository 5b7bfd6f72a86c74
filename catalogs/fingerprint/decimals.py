"""Decimals as the numbers they are, whatever scale they are kept with. docs/fingerprint.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalogs.fingerprint.fixed import number_digests
from catalogs.fingerprint.mixing import Key, Words, stored
from snapshots.fingerprint import number_digest

_STEPS = (16, 16, 8, 4, 2, 1)
"""Zeros are taken off in such portions: together they are more than any decimal can have."""


def decimal_digests(
    array: Any,  # noqa: ANN401 - pyarrow has no types
    key: Key,
    valid: npt.NDArray[np.bool_] | None,
) -> tuple[Words, Words]:
    """Digest decimals of any width."""
    scale = array.type.scale
    numbers, is_long = _words(array)
    if scale < 0:
        scale, is_long = 0, np.ones(len(numbers), np.bool_)
    if valid is not None:
        is_long &= valid
    found, scales = _stripped(numbers, scale)
    first, second = number_digests(found, key, scales)
    for row in np.flatnonzero(is_long):
        own = key if isinstance(key, int) else int(key[row])
        first[row], second[row] = _long_digest(array[int(row)].as_py(), own)
    return first, second


def _words(array: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:  # noqa: ANN401
    """Give the lowest words of the unscaled numbers, and where they are not all of it."""
    size = array.type.bit_width // 8
    if size <= np.dtype(np.int64).itemsize:
        numbers = stored(array, f"i{size}").astype(np.int64)
        return numbers, np.zeros(len(numbers), np.bool_)
    limbs = size // 8
    words = stored(array, np.dtype((np.int64, (limbs,))))
    lowest = np.ascontiguousarray(words[:, 0])
    is_long = (words[:, 1:] != (lowest >> 63)[:, None]).any(axis=1)
    return lowest, is_long


def _stripped(
    numbers: npt.NDArray[np.int64], scale: int
) -> tuple[npt.NDArray[np.int64], Words | None]:
    """Take the zeros after the point off; give what is left of each number, and its scale."""
    if scale == 0:
        return numbers, None
    size = np.abs(numbers).view(np.uint64)  # of the least number too, modulo 2^64
    scales = np.full(len(numbers), scale, np.uint64)
    scales[size == 0] = 0
    for step in _STEPS:
        if step > scale:
            continue
        unit = np.uint64(10**step)
        rest = size // unit
        even = (rest * unit == size) & (scales >= step)
        size = np.where(even, rest, size)
        scales -= even * np.uint64(step)
    signed = size.view(np.int64)
    return np.where(numbers < 0, -signed, signed), scales


def _long_digest(number: Any, key: int) -> tuple[int, int]:  # noqa: ANN401
    sign, digits, exponent = number.as_tuple()
    unscaled = int("".join(map(str, digits)))
    return number_digest(key, -unscaled if sign else unscaled, scale=-exponent)


def as_decimals(array: Any) -> Any:  # noqa: ANN401
    """Give whole numbers that may be too large for a signed word as decimals."""
    return array.cast(pa.decimal128(20, 0))
