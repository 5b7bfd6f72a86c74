"""The report: one table for the terminal, and the page that keeps the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.rows import HEADINGS, Row


def as_text(rows: Sequence[Row]) -> str:
    """Lay the table out in columns."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_page(
    rows: Mapping[str, Sequence[Row]], notes: Mapping[str, str], *, circumstances: str
) -> str:
    """Write the page: how it was measured, the figures, and what each of them counts."""
    table = [_line(HEADINGS), _line(["---"] * len(HEADINGS))]
    table += [_line(row.cells()) for many in rows.values() for row in many]
    parts = [_HEAD, circumstances, "\n".join(table), "## What is counted"]
    parts += [f"### {name}\n\n{notes[name].strip()}" for name in rows]
    return "\n\n".join(parts) + "\n"


_HEAD = """\
# Benchmarks

<!-- Written by `python -m benchmarks --size medium --write`; do not edit. -->

`make bench` measures a small size in some minutes and prints this table.
Every row names its peer, gives both sides the same work, and checks that both gave the same answer
before anything is timed; where the work differs, the text below says how.
Contenders take turns, each round beginning with another one; figures are medians, ratios are of
medians, and in brackets stand the least and the greatest ratio of any round.
What takes less than fifty milliseconds is done again and again for so long, by all alike, and the
mean is the figure of the round: alone, it would mostly find the caches as somebody else left them.
What is measured alone, by `--only NAME --write`, stands on a page of its own, such as
[large.md](large.md) for one large table.
A goal that is missed says no."""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
