"""Rows: those of any answer as an aligned table, and as CSV."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

from temporal_lineage.cli.layout import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from temporal_lineage.questions.question import Json

Row = dict[str, "Json"]


def rows_of(body: Json, rows: str | None) -> list[Row]:
    """Give the rows of the body of an answer or report; the body itself where it has none."""
    listed = body[rows] if rows is not None and isinstance(body, dict) else None
    found = listed if isinstance(listed, list) else [body]
    return [one for one in found if isinstance(one, dict)]


def row_table(rows: Sequence[Row]) -> Iterator[str]:
    """Give the rows as aligned lines; what has parts of its own is left to the other formats."""
    names = [name for name in _names(rows) if all(_is_flat(one.get(name)) for one in rows)]
    numbers = [
        place
        for place, name in enumerate(names)
        if all(isinstance(one.get(name), int | float | None) for one in rows)
    ]
    cells = [[_cell(one.get(name)) or None for name in names] for one in rows]
    yield from table(names, cells, right=numbers)


def body_csv(body: Json, *, question: str, doubts: Sequence[str]) -> str:
    """Write all of an answer or report as CSV; the first column tells which part a line is of.

    Every list of the answer is a part, by its name; what stands alone in it is the part `answer`.
    A list of texts is written with commas, and what has parts of its own as JSON.
    """
    parts = _parts(body)
    names = list(dict.fromkeys(name for _, row in parts for name in row))
    blank = [""] * len(names)
    text = StringIO()
    written = csv.writer(text, lineterminator="\n")
    written.writerow(["line", *names, "note"])
    if question:
        written.writerow(["question", *blank, question])
    for part, row in parts:
        # Python quotes no carriage return where lines end without one.
        cells = [_cell(row.get(name)).replace("\r", "\\r") for name in names]
        written.writerow([part, *cells, ""])
    for doubt in doubts:
        written.writerow(["doubt", *blank, doubt])
    return text.getvalue()


def _parts(body: Json) -> list[tuple[str, Row]]:
    if not isinstance(body, dict):
        return []
    lists = {
        name: [one for one in value if isinstance(one, dict)]
        for name, value in body.items()
        if isinstance(value, list) and not _is_flat(value)
    }
    alone: Row = {
        name: value for name, value in body.items() if name not in lists and value not in ([], None)
    }
    parts: list[tuple[str, Row]] = [("answer", alone)] if alone else []
    return parts + [(name, row) for name, rows in lists.items() for row in rows]


def _names(rows: Sequence[Mapping[str, Json]]) -> list[str]:
    return list(dict.fromkeys(name for one in rows for name in one))


def _is_flat(value: Json) -> bool:
    if isinstance(value, list):
        return not any(isinstance(one, dict | list) for one in value)
    return not isinstance(value, dict) or set(value) == {"from", "until"}


def _cell(value: Json) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case {"from": str(start), "until": str(end), **rest} if not rest:
            return f"{start}/{end}"
        case list() if _is_flat(value):
            return ", ".join(_cell(one) for one in value)
        case _:
            return json.dumps(value, ensure_ascii=False)
