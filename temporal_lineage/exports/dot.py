"""DOT: the language of Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.exports.drawing import LineKind, drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from temporal_lineage.questions.walks.answer import LineageAnswer

_STYLES = {LineKind.DERIVED: "solid", LineKind.CONTAINED: "dashed"}


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write a graph that `dot` draws from left to right, its doubts below it."""
    return "\n".join(_lines(answer, states)) + "\n"


def _lines(answer: LineageAnswer, states: Mapping[str, str]) -> Iterator[str]:
    drawn = drawing(answer, states)
    caption = "\n".join((drawn.title, drawn.point, *(f"! {doubt}" for doubt in drawn.doubts)))
    yield "digraph lineage {"
    yield f"  graph [rankdir=LR, labelloc=b, labeljust=l, label={_shown(caption)}];"
    yield "  node [shape=box];"
    for one in drawn.dots:
        told = [one.state, f"… {one.cut}" if one.cut else None]
        label = "\n".join([one.address, *(line for line in told if line)])
        more = "" if one.address != answer.root else ", penwidth=2"
        tooltip = f", tooltip={_shown(one.job)}" if one.job else ""
        yield f"  {_quoted(one.address)} [label={_shown(label)}{more}{tooltip}];"
    for line in drawn.lines:
        facts = "\n".join(f"{name}: {value}" for name, value in (*line.facts, *line.run_facts))
        yield (
            f"  {_quoted(line.source)} -> {_quoted(line.target)}"
            f" [style={_STYLES[line.kind]}, label={_shown(line.label)},"
            f" tooltip={_shown(facts)}];"
        )
    yield "}"


def _shown(text: str) -> str:
    """Write a string that is read by people: Graphviz takes entities of HTML for what they name.

    >>> print(_shown("&lt;"))
    "&amp;lt;"
    """
    return _quoted(text.replace("&", "&amp;"))


def _quoted(text: str) -> str:
    r"""Write a string of DOT; a line ends with \l, which aligns it to the left.

    >>> print(_quoted('a "b"'))
    "a \"b\""
    """
    # In a label a backslash starts an escape of DOT's own; doubled it is itself.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "")
    return '"' + escaped.replace("\n", "\\l") + ("\\l" if "\n" in escaped else "") + '"'
