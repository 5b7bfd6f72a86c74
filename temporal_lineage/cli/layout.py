"""Layout: tables and trees of plain text that read well in a terminal and in a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

NOTHING = "-"
"""What stands in a cell where nothing is known."""


# All but the escapes that style text: names in events and tables are other people's words, and
# could move the cursor, reorder a line, or end it.
_STYLE = r"\x1b\[[\d;]*m"
_UNPRINTABLE = (
    rf"(?!{_STYLE})\x1b|[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]"
    r"|[\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(line: str) -> str:
    r"""Write what is no text as escapes, so that a line stays a line.

    >>> print(printable("orders\n\x1b[2J"))
    orders\n\x1b[2J
    """
    if line.isprintable() or re.sub(_STYLE, "", line).isprintable():
        return line
    return re.sub(_UNPRINTABLE, lambda found: repr(found[0])[1:-1], line)


def table(
    headers: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[int] = ()
) -> Iterator[str]:
    """Give aligned lines under a header; `right` are the columns aligned to the right."""
    cells = [[NOTHING if cell is None else str(cell) for cell in row] for row in rows]
    widths = [
        max(len(header), *(len(row[place]) for row in cells)) if cells else len(header)
        for place, header in enumerate(headers)
    ]

    def line(values: Sequence[str]) -> str:
        parts = [
            value.rjust(width) if place in right else value.ljust(width)
            for place, (value, width) in enumerate(zip(values, widths, strict=True))
        ]
        return "  ".join(parts).rstrip()

    yield click.style(line(headers), bold=True)
    for row in cells:
        yield line(row)


def span(seconds: float) -> str:
    """Write a span of time as people say it, to two units.

    >>> span(3 * 86_400 + 7 * 3_600 + 59), span(5_400), span(61), span(0.25)
    ('3 d 7 h', '1 h 30 min', '1 min 1 s', '0.25 s')
    """
    left = round(seconds)
    if left < _UNITS[-2][0]:
        return f"{seconds:g} s" if seconds < _UNITS[-2][0] else "1 min"
    parts: list[tuple[int, str]] = []
    for size, name in _UNITS:
        number, left = divmod(left, size)
        if number or parts:
            parts.append((number, name))
    return " ".join(f"{number} {name}" for number, name in parts[:2] if number)


def pairs(rows: Sequence[tuple[str, object]]) -> Iterator[str]:
    """Give a list of names and values; what is None is left out."""
    shown = [(name, value) for name, value in rows if value is not None]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        yield f"  {name.ljust(width)}  {value}".rstrip()


def tree(root: str, children: Callable[[str], Sequence[tuple[str, str | None]]]) -> Iterator[str]:
    """Give a tree's lines below its root.

    `children(key)` gives, for each child, its line and its own key; None for a leaf. A key that
    was opened once is not opened again, so a graph ends.
    """
    opened = {root}
    # A stack of our own: a chain may be longer than Python lets functions call each other.
    open_branches = [("", _marked(children(root)))]
    while open_branches:
        indent, branches = open_branches[-1]
        branch = next(branches, None)
        if branch is None:
            open_branches.pop()
            continue
        is_last, text, child = branch
        again = child is not None and child in opened
        yield f"{indent}{'└─ ' if is_last else '├─ '}{text}{'  (above)' if again else ''}"
        if child is not None and not again:
            opened.add(child)
            below = indent + ("   " if is_last else "│  ")
            open_branches.append((below, _marked(children(child))))


def _marked(
    branches: Sequence[tuple[str, str | None]],
) -> Iterator[tuple[bool, str, str | None]]:
    """Yield each branch, with whether it is the last one."""
    for place, (text, child) in enumerate(branches, 1):
        yield place == len(branches), text, child
