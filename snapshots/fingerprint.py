"""Fingerprints: a number for the rows of a state, whatever their order, files and engine.

docs/fingerprint.md is the specification. What is here is all of it that needs no columns: the one
mixing function, the keys and tags, and the sums.
"""

from __future__ import annotations

import re
from enum import IntEnum

from snapshots.errors import UsageError
from snapshots.records import dataclass

SPECIFICATION = 1
"""The version of docs/fingerprint.md; grows when the same rows would get another number."""

MASK = (1 << 64) - 1
FIRST_FACTOR = 0xBF58476D1CE4E5B9
SECOND_FACTOR = 0x94D049BB133111EB
SHIFTS = (30, 27, 31)
SECOND_LANE = 0xD1B54A32D192ED03
"""Added before the second number of a digest is mixed."""
KEY_SEED = 0x9E3779B97F4A7C15
EXTRA = 256
"""What the scale of a number, or nanoseconds past a microsecond, are multiplied by in a tag."""

_WORD_MIN, _WORD_MAX = -(1 << 63), (1 << 63) - 1
_LONG_BYTES = 16
_TEXT = re.compile(r"tlf(\d{1,4}):(\d{1,19}):([0-9a-f]{32})")


class Tag(IntEnum):
    """What kind of value was mixed; values of two kinds never get the same digest by design."""

    NULL = 0
    BOOLEAN = 1
    NUMBER = 2
    LONG_NUMBER = 3
    FLOAT = 4
    TIME = 5
    DATE_TIME = 6
    INSTANT = 7
    TEXT = 8
    BYTES = 9
    LIST = 10
    MAP = 11
    STRUCT = 12
    ENTRY = 13
    ROW = 14
    WORD = 15
    NAME = 16
    VARIANT = 17


class BadFingerprintError(UsageError):
    """A text that is no fingerprint."""

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self.text = text
        super().__init__(
            f"{text[:80]!r} is no fingerprint; one looks like tlf1:44:{'0' * 31}7,"
            " as `tl fingerprint` prints it"
        )


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """How many rows there are, and two sums of their digests.

    Fingerprints of parts add up to that of the whole: of files, of partitions, of batches.
    """

    rows: int
    first: int
    second: int

    def __add__(self, other: Fingerprint) -> Fingerprint:
        """Give the fingerprint of both together; a row in both counts twice."""
        return Fingerprint(
            self.rows + other.rows,
            (self.first + other.first) & MASK,
            (self.second + other.second) & MASK,
        )

    def __sub__(self, other: Fingerprint) -> Fingerprint:
        """Give the fingerprint of what is left once the rows of the other are gone."""
        return Fingerprint(
            self.rows - other.rows,
            (self.first - other.first) & MASK,
            (self.second - other.second) & MASK,
        )

    def __str__(self) -> str:
        return f"tlf{SPECIFICATION}:{self.rows}:{self.first:016x}{self.second:016x}"

    @classmethod
    def parse(cls, text: str) -> Fingerprint:
        """Read what `str` wrote. Raises BadFingerprintError, also for another specification.

        >>> str(Fingerprint.parse(str(Fingerprint(2, 1, 255))))
        'tlf1:2:000000000000000100000000000000ff'
        """
        found = _TEXT.fullmatch(text)
        if found is None or int(found[1]) != SPECIFICATION:
            raise BadFingerprintError(text)
        return cls(int(found[2]), int(found[3][:16], 16), int(found[3][16:], 16))


NO_ROWS = Fingerprint(0, 0, 0)


def mix(word: int) -> int:
    """Mix the bits of a 64-bit word; every word has one result, and every result one word.

    >>> f"{mix(1):x}"
    '5692161d100b05e5'
    """
    first, second, third = SHIFTS
    word = (word ^ word >> first) * FIRST_FACTOR & MASK
    word = (word ^ word >> second) * SECOND_FACTOR & MASK
    return word ^ word >> third


def closed(key: int, tag: int, first: int, second: int) -> tuple[int, int]:
    """Give the digest of a value: two words, from the two sums of what it is made of."""
    one = mix(first & MASK ^ mix(key + tag & MASK))
    return one, mix(one + second + SECOND_LANE & MASK)


def key_of(identity: int | str) -> int:
    """Give the key of a column by what it is for ever: a field id, or a name; or of a position."""
    if isinstance(identity, int):
        return mix((identity & MASK) ^ KEY_SEED)
    return bytes_digest(0, Tag.NAME, identity.encode())[0]


def bytes_digest(key: int, tag: int, content: bytes) -> tuple[int, int]:
    """Digest bytes: words of eight, little-endian, the last one filled up with zeros."""
    first, second = len(content), 0
    for place, start in enumerate(range(0, len(content), 8), start=1):
        word = int.from_bytes(content[start : start + 8], "little")
        one, other = closed(key_of(place), Tag.WORD, word, 0)
        first, second = first + one, second + other
    return closed(key, tag, first, second)


def number_digest(key: int, unscaled: int, *, scale: int) -> tuple[int, int]:
    """Digest a number, given as `unscaled` divided by ten to the `scale`.

    >>> number_digest(0, 50, scale=1) == number_digest(0, 5, scale=0)
    True
    """
    if scale < 0:
        unscaled, scale = unscaled * 10**-scale, 0
    while scale > 0 and unscaled % 10 == 0:
        unscaled, scale = unscaled // 10, scale - 1
    if _WORD_MIN <= unscaled <= _WORD_MAX:
        return closed(key, Tag.NUMBER + EXTRA * scale, unscaled, 0)
    length = _LONG_BYTES if unscaled.bit_length() < 8 * _LONG_BYTES else 2 * _LONG_BYTES
    content = unscaled.to_bytes(length, "little", signed=True)
    return bytes_digest(key, Tag.LONG_NUMBER + EXTRA * scale, content)
