"""Variants by the values they encode: two encodings of one value have one digest.

Parquet format, "Variant Encoding"; docs/fingerprint.md, "Variants".
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

from catalogs.fingerprint.mixing import Key, Words
from catalogs.variant_objects import Names, elements_of, fields_of, names_of
from snapshots.errors import UnsupportedError
from snapshots.fingerprint import EXTRA, Tag, bytes_digest, closed, key_of, number_digest

_ADVICE = "leave the column out"
_OBJECT, _ARRAY, _SHORT_TEXT = 2, 3, 1
_WHOLE_BELOW = float(1 << 53)
_NOT_A_NUMBER = 0x7FF8000000000000
_INTEGERS = {3: 1, 4: 2, 5: 4, 6: 8}
_DECIMALS = {8: 4, 9: 8, 10: 16}
_FLOATS = {7: "<d", 14: "<f"}
_CONSTANTS = {0: (Tag.NULL, 0), 1: (Tag.BOOLEAN, 1), 2: (Tag.BOOLEAN, 0)}
_TIMES = {
    11: (Tag.DATE_TIME, 4, 1, 86_400_000_000),
    12: (Tag.INSTANT, 8, 1, 1),
    13: (Tag.DATE_TIME, 8, 1, 1),
    17: (Tag.TIME, 8, 1, 1),
    18: (Tag.INSTANT, 8, 1000, 1),
    19: (Tag.DATE_TIME, 8, 1000, 1),
}
"""The tag, the bytes, how many ticks make a unit, and how many microseconds that is."""

_SIZED = {15: Tag.BYTES, 16: Tag.TEXT, 20: Tag.BYTES}
_UUID, _UUID_BYTES = 20, 16

_Digest = tuple[int, int]


def variant_digests(array: Any, key: Key) -> tuple[Words, Words]:  # noqa: ANN401 - pyarrow has no types
    """Digest variants, given as structs of `metadata` and `value`.

    Raises UnsupportedError for a variant that cannot be understood.
    """
    first, second = np.zeros(len(array), np.uint64), np.zeros(len(array), np.uint64)
    cached: dict[bytes, Names] = {}
    for row, told in enumerate(array.to_pylist()):
        if told is None:
            continue
        metadata = told["metadata"]
        own = key if isinstance(key, int) else int(key[row])
        try:
            if metadata not in cached:
                cached[metadata] = names_of(metadata)
            inside = _digest(told["value"], cached[metadata], key_of(1))
        except (ValueError, IndexError, KeyError, struct.error, RecursionError) as error:
            reason = f"a variant that cannot be understood ({error})"
            raise UnsupportedError("a fingerprint", reason, _ADVICE) from error
        first[row], second[row] = closed(own, Tag.VARIANT, *inside)
    return first, second


def _digest(value: bytes, names: Names, key: int) -> _Digest:
    kind, number = value[0] & 3, value[0] >> 2
    if kind == _SHORT_TEXT:
        return bytes_digest(key, Tag.TEXT, value[1 : 1 + number])
    if kind == _OBJECT:
        entries = [
            _entry(bytes_digest(key_of(1), Tag.TEXT, name.encode()), _digest(one, names, key_of(2)))
            for name, one in fields_of(value, names).items()
        ]
        return _gathered(key, Tag.MAP, entries)
    if kind == _ARRAY:
        elements = enumerate(elements_of(value), start=1)
        return _gathered(
            key, Tag.LIST, [_digest(one, names, key_of(place)) for place, one in elements]
        )
    return _primitive(number, value[1:], key)


def _entry(name: _Digest, value: _Digest) -> _Digest:
    return closed(0, Tag.ENTRY, name[0] + value[0], name[1] + value[1])


def _gathered(key: int, tag: Tag, parts: list[_Digest]) -> _Digest:
    first = sum(one for one, _ in parts) + len(parts)
    return closed(key, tag, first, sum(other for _, other in parts))


def _primitive(number: int, body: bytes, key: int) -> _Digest:
    if number in _CONSTANTS:
        tag, word = _CONSTANTS[number]
        return closed(key, tag, word, 0)
    if number in _INTEGERS:
        return closed(key, Tag.NUMBER, _integer(body, _INTEGERS[number]), 0)
    if number in _DECIMALS:
        return number_digest(key, _integer(body[1:], _DECIMALS[number]), scale=body[0])
    if number in _FLOATS:
        return _float(struct.unpack_from(_FLOATS[number], body)[0], key)
    if number in _TIMES:
        tag, size, ticks, unit = _TIMES[number]
        whole, nanos = divmod(_integer(body, size), ticks)
        return closed(key, tag + EXTRA * nanos, whole * unit, 0)
    if number not in _SIZED:
        msg = f"its type {number} is unknown"
        raise ValueError(msg)
    size, start = _UUID_BYTES, 0
    if number != _UUID:
        (size,), start = struct.unpack_from("<I", body), 4
    return bytes_digest(key, _SIZED[number], _cut(body[start:], size))


def _integer(body: bytes, size: int) -> int:
    return int.from_bytes(_cut(body, size), "little", signed=True)


def _cut(body: bytes, size: int) -> bytes:
    if len(body) < size:
        msg = "it is cut off"
        raise ValueError(msg)
    return body[:size]


def _float(number: float, key: int) -> _Digest:
    if math.isnan(number):
        return closed(key, Tag.FLOAT, _NOT_A_NUMBER, 0)
    if abs(number) < _WHOLE_BELOW and number == int(number):
        return closed(key, Tag.NUMBER, int(number), 0)
    (bits,) = struct.unpack("<Q", struct.pack("<d", number))
    return closed(key, Tag.FLOAT, bits, 0)
