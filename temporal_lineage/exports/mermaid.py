"""Mermaid: graphs that Markdown pages draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.exports.drawing import LineKind, drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from temporal_lineage.questions.walks.answer import LineageAnswer

_ARROWS = {LineKind.DERIVED: "-->", LineKind.CONTAINED: "-.->"}

_ENTITIES = str.maketrans(
    {
        "&": "#amp;",
        '"': "#quot;",
        "#": "#35;",
        "%": "#37;",
        "<": "#lt;",
        ">": "#gt;",
        "`": "#96;",
        "\n": " ",
        "\r": " ",
    }
)
"""Mermaid spells entities with a number sign; a backtick would begin Markdown, and two percent
signs with a brace a directive, wherever they stand.
"""


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write a flowchart from left to right; what it does not show stands in a note of its own."""
    return "\n".join(_lines(answer, states)) + "\n"


def _lines(answer: LineageAnswer, states: Mapping[str, str]) -> Iterator[str]:
    drawn = drawing(answer, states)
    yield "flowchart LR"
    names = {one.address: f"n{number}" for number, one in enumerate(drawn.dots)}
    for one in drawn.dots:
        told = [f": {one.state}" if one.state else "", f" … {one.cut}" if one.cut else ""]
        label = one.address + "".join(told)
        yield f"  {names[one.address]}{_box(label)}"
    for line in drawn.lines:
        label = f'|"{line.label.translate(_ENTITIES)}"|' if line.label else ""
        yield f"  {names[line.source]} {_ARROWS[line.kind]}{label} {names[line.target]}"
    for number, text in enumerate((drawn.title, drawn.point, *drawn.doubts)):
        mark = "" if number < len((drawn.title, drawn.point)) else "! "
        yield f"  note{number}{_box(mark + text)}:::note"
    yield "  classDef note fill:none,stroke:none"
    yield f"  style {names[answer.root]} stroke-width:3px"


def _box(text: str) -> str:
    return f'["{text.translate(_ENTITIES)}"]'
