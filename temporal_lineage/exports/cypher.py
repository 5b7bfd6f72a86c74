"""Cypher: statements that load a graph into Neo4j, as often as they are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.exports.drawing import LineKind, drawing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from temporal_lineage.exports.drawing import Drawing
    from temporal_lineage.questions.walks.answer import LineageAnswer

_TYPES = {LineKind.DERIVED: "FED", LineKind.CONTAINED: "CONTAINED_IN"}

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write MERGE statements for `cypher-shell`; the question and its doubts are a node too.

    A node is known by its address; an edge between two nodes by its kind and the facts that tell
    it from others, to which what is told of its run is added.
    """
    return "\n".join(_statements(drawing(answer, states))) + "\n"


def _statements(drawn: Drawing) -> Iterator[str]:
    yield "CREATE CONSTRAINT lineage_address IF NOT EXISTS"
    yield "  FOR (n:Lineage) REQUIRE n.address IS UNIQUE;"
    asked = [("question", drawn.title), ("point", drawn.point)]
    doubts = f"[{', '.join(map(_quoted, drawn.doubts))}]"
    yield f"MERGE (q:LineageQuestion {_map(asked)}) SET q.doubts = {doubts};"
    for one in drawn.dots:
        facts = [("job", one.job), ("run", one.run), ("cut", one.cut), ("state", one.state)]
        told = [(name, value) for name, value in facts if value]
        more = f" SET n += {_map(told)}" if told else ""
        yield f"MERGE (n:Lineage {_map([('address', one.address)])}){more};"
    for line in drawn.lines:
        more = f" SET e += {_map(line.run_facts)}" if line.run_facts else ""
        yield (
            f"MATCH (s:Lineage {_map([('address', line.source)])}),"
            f" (t:Lineage {_map([('address', line.target)])})"
            f" MERGE (s)-[e:{_TYPES[line.kind]} {_map(line.facts)}]->(t){more};"
        )


def _map(facts: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}: {_quoted(value)}" for name, value in facts) + "}"


def _quoted(text: str) -> str:
    r"""Write a string of Cypher.

    >>> print(_quoted("Ada's"))
    'Ada\'s'
    """
    letters = (
        _ESCAPES.get(one, one) if one.isprintable() or one in _ESCAPES else _code(one)
        for one in text
    )
    return "'" + "".join(letters) + "'"


def _code(letter: str) -> str:
    """Write a letter as Java does, in one or two halves: Neo4j knows no longer escape."""
    halves = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{halves[one : one + 4]}" for one in range(0, len(halves), 4))
