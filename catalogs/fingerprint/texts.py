"""Texts and bytes: digested in words of eight bytes. docs/fingerprint.md, "Texts and bytes"."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalogs.fingerprint.mixing import Key, Words, closed, position_keys, tagged
from snapshots.fingerprint import Tag

_WORD = 8
_STEPS_MAX = 32
"""Up to so many words all texts are digested together, word by word; longer ones each by itself."""

_TAILS = np.array([(1 << 8 * size) - 1 for size in range(_WORD + 1)], np.uint64)
"""What is kept of a word of which so many bytes belong to the text."""


def bytes_digests(array: Any, key: Key, tag: Tag) -> tuple[Words, Words]:  # noqa: ANN401 - pyarrow has no types
    """Digest an array of texts or bytes, whichever way Arrow keeps them."""
    offsets, content = _laid_out(array)
    sizes = np.diff(offsets)
    first = sizes.astype(np.uint64)
    second = np.zeros(len(sizes), np.uint64)
    _add_short(offsets[:-1], sizes, content, first, second)
    for row in np.flatnonzero(sizes > _STEPS_MAX * _WORD):
        one, other = _summed(content[offsets[row] : offsets[row + 1]])
        first[row] += one
        second[row] += other
    return closed(tagged(key, tag), first, second)


def _add_short(
    starts: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    content: npt.NDArray[np.uint8],
    first: Words,
    second: Words,
) -> None:
    """Add the digests of the words of texts that are not long, the first words of all at once."""
    if not len(sizes):
        return
    # Eight bytes from any place on: what lies past the end of a text is masked away.
    words = np.ndarray((len(content) - _WORD + 1,), "<u8", content, 0, (1,))
    is_short = sizes <= _STEPS_MAX * _WORD
    rows: npt.NDArray[np.intp] | slice = slice(None)
    if not is_short.all():
        rows = np.flatnonzero(is_short)
    starts, left = starts[rows], sizes[rows]
    for sealed in _word_keys():
        more = left > 0
        if not more.all():
            kept = np.flatnonzero(more)
            if not len(kept):
                return
            rows = kept if isinstance(rows, slice) else rows[kept]
            starts, left = starts[kept], left[kept]
        word = words[starts] & _TAILS[np.minimum(left, _WORD)]
        one, other = closed(sealed, word, None)
        first[rows] += one
        second[rows] += other
        starts, left = starts + _WORD, left - _WORD


def _summed(content: npt.NDArray[np.uint8]) -> tuple[np.uint64, np.uint64]:
    """Add up the digests of the words of one text."""
    padded = np.zeros(-(-len(content) // _WORD) * _WORD, np.uint8)
    padded[: len(content)] = content
    words = padded.view("<u8")
    one, other = closed(tagged(position_keys(len(words)), Tag.WORD), words, None)
    return np.add.reduce(one), np.add.reduce(other)


@cache
def _word_keys() -> tuple[np.uint64, ...]:
    sealed = tagged(position_keys(_STEPS_MAX), Tag.WORD)
    return tuple(np.atleast_1d(sealed))


def _laid_out(array: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:  # noqa: ANN401
    """Give where each text starts and the last one ends, counted from the first, and all bytes.

    At least eight more bytes follow those, of whatever there is.
    """
    kind, types = array.type, pa.types
    if types.is_fixed_size_binary(kind):
        width = kind.byte_width
        offsets = np.arange(len(array) + 1, dtype=np.int64) * width
        start = array.offset * width
        return offsets, _bytes_of(array.buffers()[1], start, start + len(array) * width)
    if types.is_string_view(kind) or types.is_binary_view(kind):
        array = array.cast(pa.large_binary())
    is_large = types.is_large_string(array.type) or types.is_large_binary(array.type)
    _, places, content = array.buffers()
    if not len(array):
        return np.zeros(1, np.int64), np.zeros(_WORD, np.uint8)
    size = np.dtype(np.int64 if is_large else np.int32)
    offsets = np.frombuffer(
        places, size, count=len(array) + 1, offset=array.offset * size.itemsize
    ).astype(np.int64)
    return offsets - offsets[0], _bytes_of(content, int(offsets[0]), int(offsets[-1]))


def _bytes_of(buffer: Any, start: int, end: int) -> npt.NDArray[np.uint8]:  # noqa: ANN401
    if buffer is not None and end + _WORD <= buffer.size:
        return np.frombuffer(buffer, np.uint8, count=end + _WORD - start, offset=start)
    padded = np.zeros(end - start + _WORD, np.uint8)
    if start < end:
        padded[:-_WORD] = np.frombuffer(buffer, np.uint8, count=end - start, offset=start)
    return padded
