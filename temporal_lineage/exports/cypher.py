"""Cypher: statements that load a graph into Neo4j, as often as they are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.exports.drawing import LineKind, drawing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from temporal_lineage.exports.drawing import Dot, Drawing, Line
    from temporal_lineage.questions.walks.answer import LineageAnswer

_TYPES = {LineKind.DERIVED: "FED", LineKind.CONTAINED: "CONTAINED_IN"}

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


ROWS_MAX = 500
"""How many nodes or edges one statement loads: Neo4j takes longer to plan one than to run it."""


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write statements for `cypher-shell` that MERGE; the question and its doubts are a node too.

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
    yield from _loaded(
        [f"{{address: {_quoted(one.address)}, told: {_told(one)}}}" for one in drawn.dots],
        "MERGE (n:Lineage {address: row.address}) SET n += row.told;",
    )
    # MERGE takes no property that is missing: edges of the same facts go together.
    alike: dict[tuple[LineKind, tuple[str, ...]], list[Line]] = {}
    for line in drawn.lines:
        alike.setdefault((line.kind, tuple(name for name, _ in line.facts)), []).append(line)
    for (kind, names), lines in alike.items():
        facts = ", ".join(f"{name}: row.{name}" for name in names)
        yield from _loaded(
            [_row(line) for line in lines],
            "MATCH (s:Lineage {address: row.source}), (t:Lineage {address: row.target})"
            f" MERGE (s)-[e:{_TYPES[kind]} {{{facts}}}]->(t) SET e += row.told;",
        )


def _loaded(rows: Sequence[str], statement: str) -> Iterator[str]:
    for start in range(0, len(rows), ROWS_MAX):
        yield "UNWIND ["
        yield ",\n".join(f"  {row}" for row in rows[start : start + ROWS_MAX])
        yield f"] AS row {statement}"


def _told(dot: Dot) -> str:
    facts = [("job", dot.job), ("run", dot.run), ("cut", dot.cut), ("state", dot.state)]
    return _map((name, value) for name, value in facts if value)


def _row(line: Line) -> str:
    ends = _map([("source", line.source), ("target", line.target), *line.facts])
    return f"{ends[:-1]}, told: {_map(line.run_facts)}}}"


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
