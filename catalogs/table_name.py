"""Table names: the parts of a name within one catalog, and the one way they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from snapshots.errors import BadAddressError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = re.compile(r"[^\s.\"'@#:/\\]+")
_PART = re.compile(r'"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^."]*)')
_STEPS = re.compile(r"([./])")
PARTS_MAX = 50
NEAREST_MAX = 3


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """Namespace levels and the table's own name, written with dots between them.

    A part that holds a dot, or a sign that addresses give a meaning to, is quoted as in SQL, its
    quotes doubled. What is written parses back.

    >>> str(TableName(("raw", "orders")))
    'raw.orders'
    >>> TableName.parse(str(TableName(("raw.db", 'the "one"')))).parts
    ('raw.db', 'the "one"')
    """

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> TableName:
        """Read a name as it is written. Raises BadAddressError."""
        parts: list[str] = []
        at = 0
        while True:
            part = _PART.match(text, at)
            if part is None:
                raise BadAddressError(text, "a quote is not closed")
            quoted, plain = part["quoted"], part["plain"]
            if not (quoted or plain):
                raise BadAddressError(text, "a part of the name is empty")
            parts.append(plain if quoted is None else quoted.replace('""', '"'))
            at = part.end()
            if at == len(text):
                break
            if text[at] != ".":
                raise BadAddressError(text, 'a quoted part ends with " before a dot or the end')
            at += 1
        if len(parts) > PARTS_MAX:
            raise BadAddressError(text, f"it has more than {PARTS_MAX} parts")
        return cls(tuple(parts))

    def __str__(self) -> str:
        """Write the parts with dots between them."""
        return ".".join(_written(part) for part in self.parts)


def nearest(name: object, known: Iterable[str]) -> list[str]:
    """Give the few known names that look most like this one, letter case ignored.

    A name that is typed without its first parts is like those that end as it does.

    >>> nearest("ordres", ["lake.raw.orders", "lake.raw.customers"])
    ['lake.raw.orders']
    """
    folded = {one.casefold(): one for one in known}
    wanted = str(name).casefold()
    pieces = len(_STEPS.split(wanted))
    ends: dict[str, list[str]] = {}
    for one in folded:
        ends.setdefault("".join(_STEPS.split(one)[-pieces:]), []).append(one)
    found = get_close_matches(wanted, ends, n=NEAREST_MAX, cutoff=0.7)
    like = [one for end in found for one in sorted(ends[end], key=len)]
    like += get_close_matches(wanted, folded, n=NEAREST_MAX, cutoff=0.5)
    return [folded[one] for one in dict.fromkeys(like)][:NEAREST_MAX]


def _written(part: str) -> str:
    if _PLAIN.fullmatch(part):
        return part
    doubled = part.replace('"', '""')
    return f'"{doubled}"'
