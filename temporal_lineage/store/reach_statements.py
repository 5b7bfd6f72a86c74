"""Statements that walk to the end: all that is reached along edges that hold, in one statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, Text, bindparam, cast, literal_column, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from temporal_lineage.store.as_of_rule import claim_held
from temporal_lineage.store.listed import rows_of
from temporal_lineage.store.tables import edge, edge_assertion, node


def _reached(near: ColumnElement[int], far: ColumnElement[int]) -> Select[Any]:
    """Nodes reached from the roots, each once, in no order that is promised.

    A root is among them where some way leads back to it. `near` is the end of an edge where the
    walk comes from. What was reached is kept by number alone: with a depth beside it, a node would
    be visited once for every length of a way to it.
    """
    roots = rows_of("nodes")
    reach = _beyond(roots, near == cast(roots.c.value, BigInteger), far).cte(
        "reach", recursive=True
    )
    reach = reach.union(_beyond(reach, near == reach.c.node_id, far))
    return (
        select(node.c.node_id, node.c.kind, node.c.parent_id, node.c.name)
        .select_from(reach.join(node, node.c.node_id == reach.c.node_id))
        .limit(bindparam("limit", type_=Integer))
        .offset(literal_column("0"))
    )


def _beyond(
    start: FromClause, from_there: ColumnElement[bool], far: ColumnElement[int]
) -> Select[Any]:
    """Give the other ends of the edges that hold and lead on from a start."""
    return (
        select(far.label("node_id"))
        .select_from(start.join(edge, from_there))
        .where(
            edge.c.kind == bindparam("kind", type_=Text),
            claim_held(edge, edge_assertion) > literal_column("0"),
        )
    )


REACH_STATEMENTS: dict[str, Select[Any]] = {
    "reached_into": _reached(edge.c.dst_id, edge.c.src_id),
    "reached_out_of": _reached(edge.c.src_id, edge.c.dst_id),
}
