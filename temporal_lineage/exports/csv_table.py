"""CSV: one table of all that a lineage answer says, a row for each edge, cut and doubt."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from temporal_lineage.exports.drawing import RUN_FACTS, LineKind, drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from temporal_lineage.exports.drawing import Drawing
    from temporal_lineage.questions.walks.answer import LineageAnswer

_COLUMNS = (
    *("kind", "source", "target", "edge", "grade", "job", "run", "how", "certainty"),
    *RUN_FACTS,
    "note",
)

_KINDS = {LineKind.DERIVED: "edge", LineKind.CONTAINED: "contribution"}


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write a table whose first column tells what the row is: so a cut answer is seen to be cut."""
    drawn = drawing(answer, states)
    body = StringIO()
    table = csv.DictWriter(body, _COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for row in _rows(drawn, answer.root):
        # Python quotes no carriage return where lines end without one.
        table.writerow({name: value.replace("\r", "\\r") for name, value in row.items()})
    return body.getvalue()


def _rows(drawn: Drawing, root: str) -> Iterator[dict[str, str]]:
    yield {"kind": "question", "target": root, "note": f"{drawn.title}, {drawn.point}"}
    for line in drawn.lines:
        ends = {"kind": _KINDS[line.kind], "source": line.source, "target": line.target}
        yield ends | dict((*line.facts, *line.run_facts))
    for one in drawn.dots:
        if one.cut:
            yield {"kind": "cut", "source": one.address, "note": one.cut}
        if one.state:
            yield {"kind": "state", "source": one.address, "note": one.state}
    for doubt in drawn.doubts:
        yield {"kind": "doubt", "note": doubt}
