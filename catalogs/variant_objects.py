"""Variant objects and arrays: taken apart and written, in the binary encoding. Parquet format,
"Variant Encoding".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_VERSION = 1
_OBJECT, _ARRAY = 2, 3
_FEW_MAX = 255
"""How many elements are counted in one byte."""


@dataclass(frozen=True, slots=True)
class Names:
    """The field names that one variant's metadata holds: by number, and the number of each."""

    by_number: tuple[str, ...]
    number: Mapping[str, int]


def names_of(metadata: bytes) -> Names:
    """Read the dictionary of field names. Raises ValueError where it is none."""
    if not metadata or metadata[0] & 0xF != _VERSION:
        msg = "a variant's metadata is of no known version"
        raise ValueError(msg)
    width = (metadata[0] >> 6) + 1
    count = _read(metadata, 1, width)
    start = 1 + width
    offsets = [_read(metadata, start + place * width, width) for place in range(count + 1)]
    text = metadata[start + (count + 1) * width :]
    names = tuple(text[first:last].decode() for first, last in pairwise(offsets))
    return Names(names, {name: number for number, name in enumerate(names)})


def fields_of(value: bytes, names: Names) -> dict[str, bytes]:
    """Take an object apart: the value of each field by its name.

    Raises ValueError where the value is no object.
    """
    header = value[0]
    if header & 3 != _OBJECT:
        msg = "a variant that is shredded into an object holds another value beside it"
        raise ValueError(msg)
    offset_width, number_width = (header >> 2 & 3) + 1, (header >> 4 & 3) + 1
    count_width = 4 if header >> 6 & 1 else 1
    count = _read(value, 1, count_width)
    start = 1 + count_width
    numbers = [_read(value, start + place * number_width, number_width) for place in range(count)]
    start += count * number_width
    offsets = [_read(value, start + n * offset_width, offset_width) for n in range(count + 1)]
    body = value[start + (count + 1) * offset_width :]
    # Values need not lie in the order of their names: each ends where the next one begins.
    ends = dict(pairwise(sorted(offsets)))
    return {
        names.by_number[number]: body[first : ends[first]]
        for number, first in zip(numbers, offsets, strict=False)
    }


def elements_of(value: bytes) -> list[bytes]:
    """Take an array apart. Raises ValueError where the value is no array."""
    header = value[0]
    if header & 3 != _ARRAY:
        msg = "a variant that is read as an array holds another value"
        raise ValueError(msg)
    offset_width, count_width = (header >> 2 & 3) + 1, 4 if header >> 4 & 1 else 1
    count = _read(value, 1, count_width)
    start = 1 + count_width
    offsets = [_read(value, start + n * offset_width, offset_width) for n in range(count + 1)]
    body = value[start + (count + 1) * offset_width :]
    return [body[first:last] for first, last in pairwise(offsets)]


def object_of(fields: Mapping[str, bytes], names: Names) -> bytes:
    """Write an object. Raises ValueError for a name that the metadata lacks."""
    ordered = sorted(fields, key=str.encode)
    unknown = [name for name in ordered if name not in names.number]
    if unknown:
        msg = f"a variant is shredded into {unknown[0]}, which its metadata does not name"
        raise ValueError(msg)
    numbers = [names.number[name] for name in ordered]
    number_width = _width(max(numbers, default=0))
    offsets, offset_width, body = _laid_out([fields[name] for name in ordered])
    is_large = len(ordered) > _FEW_MAX
    header = (is_large << 4 | (number_width - 1) << 2 | (offset_width - 1)) << 2 | _OBJECT
    return b"".join(
        (
            bytes([header]),
            len(ordered).to_bytes(4 if is_large else 1, "little"),
            *(number.to_bytes(number_width, "little") for number in numbers),
            offsets,
            body,
        )
    )


def array_of(elements: Sequence[bytes]) -> bytes:
    """Write an array."""
    offsets, offset_width, body = _laid_out(elements)
    is_large = len(elements) > _FEW_MAX
    header = (is_large << 2 | (offset_width - 1)) << 2 | _ARRAY
    count = len(elements).to_bytes(4 if is_large else 1, "little")
    return bytes([header]) + count + offsets + body


def _laid_out(values: Sequence[bytes]) -> tuple[bytes, int, bytes]:
    """Give where the values start and the last one ends, in how many bytes each, and them."""
    ends = [0]
    for one in values:
        ends.append(ends[-1] + len(one))
    width = _width(ends[-1])
    return b"".join(end.to_bytes(width, "little") for end in ends), width, b"".join(values)


def _width(number: int) -> int:
    return max(1, (number.bit_length() + 7) // 8)


def _read(body: bytes, start: int, width: int) -> int:
    if start + width > len(body):
        msg = "a variant is cut off"
        raise ValueError(msg)
    return int.from_bytes(body[start : start + width], "little")
