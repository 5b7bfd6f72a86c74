"""Mixing: the arithmetic of fingerprints on whole columns, modulo 2^64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snapshots.fingerprint import (
    EXTRA,
    FIRST_FACTOR,
    KEY_SEED,
    MASK,
    SECOND_FACTOR,
    SECOND_LANE,
    SHIFTS,
    Tag,
)
from snapshots.fingerprint import mix as mix_one

Words = npt.NDArray[np.uint64]
Key = int | Words
"""One key for all values, or one for each."""

_SHIFTS = tuple(np.uint64(one) for one in SHIFTS)
_FACTORS = (np.uint64(FIRST_FACTOR), np.uint64(SECOND_FACTOR))
_LANE = np.uint64(SECOND_LANE)


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests of a column's values; `valid` is None where all count, else False at nulls.

    What stands at a null means nothing.
    """

    first: Words
    second: Words
    valid: npt.NDArray[np.bool_] | None

    def without_nulls(self) -> tuple[Words, Words]:
        """Give both words, zero at nulls: a null adds nothing to a row or a struct."""
        if self.valid is None:
            return self.first, self.second
        return self.first * self.valid, self.second * self.valid

    def with_nulls(self, key: Key) -> tuple[Words, Words]:
        """Give both words, those of a null at nulls: a list with a null in it is another list."""
        if self.valid is None:
            return self.first, self.second
        gone = closed(tagged(key, Tag.NULL), np.zeros(len(self.first), np.uint64), None)
        return np.where(self.valid, self.first, gone[0]), np.where(self.valid, self.second, gone[1])


def mixed(words: Words) -> Words:
    """Mix every word, in place."""
    moved = np.right_shift(words, _SHIFTS[0])
    np.bitwise_xor(words, moved, out=words)
    np.multiply(words, _FACTORS[0], out=words)
    np.right_shift(words, _SHIFTS[1], out=moved)
    np.bitwise_xor(words, moved, out=words)
    np.multiply(words, _FACTORS[1], out=words)
    np.right_shift(words, _SHIFTS[2], out=moved)
    np.bitwise_xor(words, moved, out=words)
    return words


def closed(sealed: Words | np.uint64, first: Words, second: Words | None) -> tuple[Words, Words]:
    """Give the digests of values from their sums, under what `tagged` gave.

    `second` is None where it is zero everywhere.
    """
    one = mixed(np.bitwise_xor(first, sealed))
    other = np.add(one, _LANE)
    if second is not None:
        np.add(other, second, out=other)
    return one, mixed(other)


def tagged(key: Key, tag: Tag, extra: Words | None = None) -> Words | np.uint64:
    """Join keys and a tag; `extra` is what each value adds to it, None for nothing."""
    if not isinstance(key, int):
        told = key + np.uint64(tag)
        return mixed(told if extra is None else told + extra * np.uint64(EXTRA))
    if extra is None:
        return np.uint64(mix_one(key + tag & MASK))
    most = int(extra.max(initial=0))
    table = np.array(
        [mix_one(key + tag + EXTRA * one & MASK) for one in range(most + 1)], np.uint64
    )
    found: Words = table[extra]
    return found


def position_keys(count: int) -> Words:
    """Give the keys of the positions 1 to `count`."""
    return mixed(np.arange(1, count + 1, dtype=np.uint64) ^ np.uint64(KEY_SEED))


def segment_sums(words: Words, offsets: npt.NDArray[Any]) -> Words:
    """Add up the words of each list: those from one offset up to the next."""
    totals = np.zeros(len(words) + 1, np.uint64)
    np.cumsum(words, out=totals[1:])
    ends: Words = totals[offsets]
    return ends[1:] - ends[:-1]


def stored(array: Any, kind: npt.DTypeLike) -> npt.NDArray[Any]:  # noqa: ANN401 - pyarrow has no types
    """Give the values of an array as they lie in memory; anything may stand at a null."""
    dtype = np.dtype(kind)
    if not len(array):
        return np.empty(0, dtype)
    start = array.offset * dtype.itemsize
    return np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=start)


def valid_places(array: Any) -> npt.NDArray[np.bool_] | None:  # noqa: ANN401
    """Tell where no null stands; None where none stands anywhere."""
    if not array.null_count:
        return None
    return stored(array.is_valid().cast("uint8"), np.uint8).view(np.bool_)
