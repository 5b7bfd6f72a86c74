"""Statements that walk to the end: all that is reached along edges that hold, in one statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, bindparam, cast, literal_column, select, true
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from temporal_lineage.store.as_of_rule import claim_held
from temporal_lineage.store.listed import rows_of
from temporal_lineage.store.tables import edge, edge_assertion, node

_Beyond = Callable[[FromClause, ColumnElement[bool], ColumnElement[int]], Select[Any]]
"""Makes a step of a walk: from a start, by a condition, to the far end of edges."""


def _reached(near: ColumnElement[int], far: ColumnElement[int], beyond: _Beyond) -> Select[Any]:
    """Nodes reached from the roots, each once, in no order that is promised.

    A root is among them where some way leads back to it. `near` is the end of an edge where the
    walk comes from. What was reached is kept by number alone: with a depth beside it, a node would
    be visited once for every length of a way to it.
    """
    roots = rows_of("nodes")
    reach = beyond(roots, near == cast(roots.c.value, BigInteger), far).cte("reach", recursive=True)
    reach = reach.union(beyond(reach, near == reach.c.node_id, far))
    return (
        select(node.c.node_id, node.c.kind, node.c.parent_id, node.c.name)
        .select_from(reach.join(node, node.c.node_id == reach.c.node_id))
        .limit(bindparam("limit", type_=Integer))
        .offset(literal_column("0"))
    )


def _joined(
    start: FromClause, from_there: ColumnElement[bool], far: ColumnElement[int]
) -> Select[Any]:
    """Give the other ends of the edges that hold and lead on from a start."""
    return _held(far).select_from(start.join(edge, from_there))


def _probed(
    start: FromClause, from_there: ColumnElement[bool], far: ColumnElement[int]
) -> Select[Any]:
    """Give the same, looking into an index for each row of the start.

    Without statistics PostgreSQL believes that few edges are of a kind, and joined with a start it
    would read all of them for each step of a walk. What has an offset cannot be joined otherwise.
    """
    ends = _held(far).where(from_there).offset(literal_column("0"))
    found = ends.correlate(start).lateral("found")
    return select(found.c.node_id).select_from(start.join(found, true()))


def _held(far: ColumnElement[int]) -> Select[Any]:
    return select(far.label("node_id")).where(
        edge.c.kind == bindparam("kind", type_=Text),
        claim_held(edge, edge_assertion) > literal_column("0"),
    )


def _statements(beyond: _Beyond) -> dict[str, Select[Any]]:
    return {
        "reached_into": _reached(edge.c.dst_id, edge.c.src_id, beyond),
        "reached_out_of": _reached(edge.c.src_id, edge.c.dst_id, beyond),
    }


REACH_STATEMENTS = _statements(_joined)
REACH_STATEMENTS_POSTGRESQL = _statements(_probed)
