"""GraphML: graphs as XML, for yEd, Gephi, networkx and igraph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from temporal_lineage.exports.drawing import RUN_FACTS, drawing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from temporal_lineage.questions.walks.answer import LineageAnswer

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_KEYS = (
    *(("graph", name) for name in ("question", "point", "doubts")),
    *(("node", name) for name in ("address", "depth", "job", "run", "cut", "state")),
    *(("edge", name) for name in ("kind", "edge", "grade", "job", "run", "how", "certainty")),
    *(("edge", name) for name in RUN_FACTS),
)


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write a directed graph; the address is the id of a node, all else is data beside it."""
    drawn = drawing(answer, states)
    # The default namespace is an attribute: registering a prefix would be for the whole process.
    root = ET.Element("graphml", {"xmlns": _NAMESPACE})
    for owner, name in _KEYS:
        kind = "int" if name == "depth" else "string"
        attributes = {"id": _key(owner, name), "for": owner, "attr.name": name, "attr.type": kind}
        ET.SubElement(root, "key", attributes)
    graph = ET.SubElement(root, "graph", {"id": "lineage", "edgedefault": "directed"})
    told = [("question", drawn.title), ("point", drawn.point), ("doubts", "\n".join(drawn.doubts))]
    _add(graph, "graph", told)
    for one in drawn.dots:
        node = ET.SubElement(graph, "node", {"id": _text(one.address)})
        facts = [("address", one.address), ("depth", str(one.depth)), ("job", one.job)]
        _add(node, "node", [*facts, ("run", one.run), ("cut", one.cut), ("state", one.state)])
    for number, line in enumerate(drawn.lines):
        # With ids of their own two edges between the same nodes stay two.
        ends = {"id": f"e{number}", "source": _text(line.source), "target": _text(line.target)}
        facts = [("kind", line.kind), *line.facts, *line.run_facts]
        _add(ET.SubElement(graph, "edge", ends), "edge", facts)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add(parent: ET.Element, owner: str, facts: Iterable[tuple[str, str | None]]) -> None:
    for name, value in facts:
        if value:
            ET.SubElement(parent, "data", {"key": _key(owner, name)}).text = _text(value)


def _key(owner: str, name: str) -> str:
    return f"{owner}-{name}"


def _text(value: str) -> str:
    """Write what XML cannot hold, control characters and half characters, as escapes."""
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
