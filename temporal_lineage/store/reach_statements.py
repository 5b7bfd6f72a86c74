"""Statements of walks to the end: a step from many nodes at once, answered as texts of numbers.

A row for each edge would cost several times what finding the edge does, in the database and in
Python; so would a recursive statement, which keeps what it reached as rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    bindparam,
    case,
    cast,
    literal_column,
    not_,
    select,
    true,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from temporal_lineage.store.as_of_rule import decided_inline, newest
from temporal_lineage.store.listed import joined, rows_of
from temporal_lineage.store.tables import edge, edge_assertion, node

_FromThere = Callable[[ColumnElement[int], ColumnElement[int]], FromClause]
"""Makes the edges that end among the nodes asked for, by their near and their far end.

Its columns: `far_id`, `edge_id`, and of the kept state `last_tx`, `since` and `claim_id`.
"""

_NOTHING: ColumnElement[int] = literal_column("0")


def _step(edges: FromClause) -> Select[Any]:
    """Give three texts of numbers, with commas between them, each NULL where there is none.

    The far ends of edges that hold; then the far ends of those whose history must be searched,
    and in the same order the numbers of these edges.
    """
    # Decided here and not where the edges are found: as a condition SQLite leaves it at the first
    # part that is false, as a column of the edges it works out all of it, three times.
    decided = decided_inline(edges)
    columns: tuple[Any, ...] = (
        joined(edges.c.far_id).filter(decided, edges.c.claim_id > _NOTHING),
        joined(edges.c.far_id).filter(not_(decided)),
        joined(edges.c.edge_id).filter(not_(decided)),
    )
    return select(*columns)


def _held(edges: FromClause) -> Select[Any]:
    """Give the far ends of all edges that hold, as one text; NULL where none does."""
    by_history = newest(edge_assertion, "claim_id", key=edges.c.edge_id, outer=edges)
    claim = case((decided_inline(edges), edges.c.claim_id), else_=by_history)
    return select(joined(edges.c.far_id)).where(claim > _NOTHING)


def _beside(near: ColumnElement[int], far: ColumnElement[int]) -> FromClause:
    """Join the edges with the nodes."""
    roots = rows_of("nodes")
    return (
        _edges(far)
        .select_from(roots.join(edge, near == cast(roots.c.value, BigInteger)))
        .subquery("found")
    )


def _probed(near: ColumnElement[int], far: ColumnElement[int]) -> FromClause:
    """Give the same, looking into an index for each node.

    Without statistics PostgreSQL believes that few edges are of a kind, and joined with the nodes
    it would read all of them for each step of a walk. What has an offset cannot be joined
    otherwise.
    """
    roots = rows_of("nodes")
    ends = _edges(far).where(near == cast(roots.c.value, BigInteger)).offset(_NOTHING)
    found = ends.correlate(roots).lateral("found")
    return select(found).select_from(roots.join(found, true())).subquery("step")


def _edges(far: ColumnElement[int]) -> Select[Any]:
    state = (edge.c.last_tx, edge.c.since, edge.c.claim_id)
    return select(far.label("far_id"), edge.c.edge_id, *state).where(
        edge.c.kind == bindparam("kind", type_=Text)
    )


def _held_by_history() -> Select[Any]:
    """Give the numbers of those edges that hold, as one text; NULL where none does."""
    asked = rows_of("edges")
    number = cast(asked.c.value, BigInteger)
    held = newest(edge_assertion, "claim_id", key=number, outer=asked)
    return select(joined(number)).select_from(asked).where(held > _NOTHING)


def _node_names() -> Select[Any]:
    """Give nodes with their names alone, found one by one in the order they are asked for."""
    asked = rows_of("nodes")
    there = node.c.node_id == cast(asked.c.value, BigInteger)
    return select(node.c.node_id, node.c.name).select_from(asked.join(node, there))


def _edges_told_since() -> Select[Any]:
    """Give the edges of a kind of which something was told after a transaction."""
    columns = (edge.c.edge_id, edge.c.src_id, edge.c.dst_id)
    return select(*columns, edge.c.last_tx, edge.c.since, edge.c.claim_id).where(
        edge.c.kind == bindparam("kind", type_=Text),
        edge.c.last_tx > bindparam("after", type_=Integer),
    )


def _told_of_edges() -> Select[Any]:
    """Give all that was told of some edges, in no order."""
    asked = rows_of("edges")
    log = edge_assertion
    there = log.c.edge_id == cast(asked.c.value, BigInteger)
    columns = (log.c.edge_id, log.c.rank, log.c.valid_from, log.c.valid_to, log.c.claim_id)
    return select(*columns).select_from(asked.join(log, there))


def _statements(from_there: _FromThere) -> dict[str, Select[Any]]:
    into = from_there(edge.c.dst_id, edge.c.src_id)
    out_of = from_there(edge.c.src_id, edge.c.dst_id)
    return {
        "step_into": _step(into),
        "step_out_of": _step(out_of),
        "held_into": _held(into),
        "held_out_of": _held(out_of),
        "held_by_history": _held_by_history(),
        "node_names": _node_names(),
        "edges_told_since": _edges_told_since(),
        "told_of_edges": _told_of_edges(),
    }


REACH_STATEMENTS = _statements(_beside)
REACH_STATEMENTS_POSTGRESQL = _statements(_probed)
