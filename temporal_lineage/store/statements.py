"""Statements: every question to the ledger's tables, written once for both databases.

SQLite's text of each is kept in `statements_sqlite.sql`, so that reading needs the standard
library only; a test holds the two together, and `REWRITE=1` rewrites it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from temporal_lineage.store.as_of_rule import Deciding, holds, instant, tx_of
from temporal_lineage.store.commit_statements import COMMIT_STATEMENTS
from temporal_lineage.store.listed import among_numbers, among_texts, kind_beside, pairs_of
from temporal_lineage.store.reach_statements import REACH_STATEMENTS
from temporal_lineage.store.record_statements import RECORD_STATEMENTS
from temporal_lineage.store.tables import (
    attribute,
    attribute_assertion,
    claim,
    edge,
    edge_assertion,
    node,
    tx,
)
from temporal_lineage.store.write_statements import WRITE_STATEMENTS

_KEY = {attribute_assertion: attribute, edge_assertion: edge}


def _text(name: str) -> ColumnElement[str]:
    return bindparam(name, type_=Text)


def _number(name: str) -> ColumnElement[int]:
    return bindparam(name, type_=Integer)


def _attribute_history() -> Select[Any]:
    """Assertions about one attribute, oldest first."""
    return _history(attribute_assertion, attribute.c.name).where(
        attribute.c.node_id == _number("node_id"),
        attribute.c.kind == _text("kind"),
        attribute.c.name == _text("name"),
    )


def _attribute_histories() -> Select[Any]:
    """Assertions about nodes' attributes of one kind, oldest first within each."""
    columns = (attribute.c.node_id, attribute.c.name)
    return _history(attribute_assertion, *columns, by=columns).where(
        among_numbers(attribute.c.node_id, "nodes"), attribute.c.kind == _text("kind")
    )


def _edge_history() -> Select[Any]:
    """Assertions about edges by number, oldest first within each edge."""
    return _history(
        edge_assertion, edge.c.edge_id, edge.c.kind, edge.c.src_id, edge.c.dst_id
    ).where(among_numbers(edge.c.edge_id, "edges"))


def _edge_lines() -> Select[Any]:
    """Assertions about edges of a kind by source and target, in no order."""
    pairs, source, target = pairs_of("keys")
    wanted = and_(
        edge.c.kind == kind_beside(pairs), edge.c.src_id == source, edge.c.dst_id == target
    )
    log = edge_assertion
    visible = and_(log.c.edge_id == edge.c.edge_id, log.c.rank >= instant("floor"))
    return select(
        *(edge.c.src_id, edge.c.dst_id, log.c.rank, log.c.valid_from, log.c.valid_to),
        claim.c.body,
    ).select_from(
        pairs.join(edge, wanted)
        .join(log, visible)
        .outerjoin(claim, claim.c.claim_id == log.c.claim_id)
    )


def _history(
    log: Table,
    *columns: ColumnElement[Any],
    by: Sequence[ColumnElement[Any]] = (),
) -> Select[Any]:
    """Assertions, oldest first within each of `by`, which is the first column unless told."""
    state = _KEY[log]
    key = log.primary_key.columns.values()[0].name
    source = (
        state.join(log, and_(log.c[key] == state.c[key], log.c.rank >= instant("floor")))
        .join(tx, tx.c.tx_id == tx_of(log.c.rank))
        # Where nothing holds there is no claim.
        .outerjoin(claim, claim.c.claim_id == log.c.claim_id)
    )
    return (
        select(
            *columns, log.c.valid_from, log.c.valid_to, tx.c.tx_id, tx.c.recorded_at, claim.c.body
        )
        .select_from(source)
        .order_by(*(by or columns[:1]), log.c.rank.desc(), log.c.valid_from)
    )


def _attributes() -> Select[Any]:
    """Attributes of one kind that hold."""
    deciding = holds(attribute, attribute_assertion)
    return (
        _decided(deciding, attribute.c.node_id, attribute.c.name)
        .where(attribute.c.kind == _text("kind"))
        .order_by(attribute.c.node_id, attribute.c.name)
    )


def _claims_of() -> Select[Any]:
    """Attributes without a name that hold of some nodes, with their claims alone, in no order."""
    return (
        select(attribute.c.node_id, claim.c.body)
        .select_from(_with_claim(holds(attribute, attribute_assertion)))
        .where(
            among_numbers(attribute.c.node_id, "nodes"),
            attribute.c.kind == _text("kind"),
            attribute.c.name == literal_column("''"),
        )
    )


def _claims_holding() -> Select[Any]:
    """Attributes of a kind that hold of some nodes and whose claims hold a text, in no order."""
    return (
        select(attribute.c.node_id, claim.c.body)
        .select_from(_with_claim(holds(attribute, attribute_assertion)))
        .where(
            among_numbers(attribute.c.node_id, "nodes"),
            attribute.c.kind == _text("kind"),
            claim.c.body.like(_text("holding")),
        )
    )


def _attributes_between() -> Select[Any]:
    """Attributes that hold of any node, whose names are from `low` to before `high`."""
    names = and_(attribute.c.name >= _text("low"), attribute.c.name < _text("high"))
    found = _attributes().where(names).order_by(None).limit(_number("limit"))
    # SQLite's compiler adds a parameter of its own for an offset that is not told.
    return found.offset(literal_column("0"))


def _edges(ends: ColumnElement[int]) -> Select[Any]:
    """Edges that hold and have one end among the nodes."""
    deciding = holds(edge, edge_assertion)
    columns = (edge.c.edge_id, edge.c.kind, edge.c.src_id, edge.c.dst_id)
    return _decided(deciding, *columns).where(
        among_numbers(ends, "nodes"), among_texts(edge.c.kind, "kinds")
    )


def _steps(ends: ColumnElement[int]) -> Select[Any]:
    """The same edges with their claims alone: what a walk over many of them needs."""
    deciding = holds(edge, edge_assertion)
    return (
        select(edge.c.edge_id, edge.c.src_id, edge.c.dst_id, claim.c.body)
        .select_from(_with_claim(deciding))
        .where(among_numbers(ends, "nodes"), among_texts(edge.c.kind, "kinds"))
    )


def _decided(deciding: Deciding, *columns: ColumnElement[Any]) -> Select[Any]:
    source = _with_claim(deciding).join(tx, tx.c.tx_id == deciding.tx_id)
    return select(
        *columns,
        deciding.valid_from,
        deciding.valid_to,
        deciding.tx_id,
        tx.c.recorded_at,
        claim.c.body,
    ).select_from(source)


def _with_claim(deciding: Deciding) -> FromClause:
    # No claim has the number that says nothing holds.
    return deciding.source.join(claim, claim.c.claim_id == deciding.claim_id)


_NODE = (node.c.node_id, node.c.kind, node.c.parent_id, node.c.name)

STATEMENTS: dict[str, Select[Any]] = {
    # Both grow together, and only the instant has an index for it: the greatest number would be
    # looked for from the newest transaction backwards, one by one.
    "tx_at": select(tx.c.tx_id)
    .where(tx.c.recorded_at <= instant("system"))
    .order_by(tx.c.recorded_at.desc())
    .limit(literal_column("1"))
    .offset(literal_column("0")),
    "node": select(node.c.node_id).where(
        node.c.kind == _text("kind"),
        node.c.parent_id == _number("parent_id"),
        node.c.name == _text("name"),
    ),
    "named": select(*_NODE).where(among_numbers(node.c.node_id, "nodes")),
    "nodes_named": select(*_NODE)
    .where(
        node.c.kind == _text("kind"),
        node.c.parent_id == _number("parent_id"),
        among_texts(node.c.name, "names"),
    )
    .order_by(node.c.node_id),
    "nodes_after": select(*_NODE)
    .where(
        node.c.kind == _text("kind"),
        node.c.parent_id == _number("parent_id"),
        node.c.name >= _text("low"),
    )
    .order_by(node.c.name)
    .limit(_number("limit"))
    .offset(literal_column("0")),
    "nodes": select(*_NODE).where(node.c.kind == _text("kind")).order_by(node.c.node_id),
    "children": select(*_NODE)
    .where(node.c.kind == _text("kind"), node.c.parent_id == _number("parent_id"))
    .order_by(node.c.node_id),
    "children_of": select(*_NODE)
    .where(node.c.kind == _text("kind"), among_numbers(node.c.parent_id, "parents"))
    .order_by(node.c.node_id),
    "attribute_history": _attribute_history(),
    "attribute_histories": _attribute_histories(),
    "attribute_at": _attributes().where(
        attribute.c.node_id == _number("node_id"), attribute.c.name == _text("name")
    ),
    "attributes_by_name": _attributes().where(attribute.c.name == _text("name")),
    "attributes_among": _attributes().where(among_texts(attribute.c.name, "names")),
    "attributes_between": _attributes_between().order_by(attribute.c.name, attribute.c.node_id),
    "attributes_between_last": _attributes_between().order_by(
        attribute.c.name.desc(), attribute.c.node_id.desc()
    ),
    "claims_of": _claims_of(),
    "claims_holding": _claims_holding(),
    "attributes_of": _attributes().where(among_numbers(attribute.c.node_id, "nodes")),
    "edges_into": _edges(edge.c.dst_id),
    "edges_out_of": _edges(edge.c.src_id),
    "steps_into": _steps(edge.c.dst_id),
    "steps_out_of": _steps(edge.c.src_id),
    "edge_keys_into": select(edge.c.kind, edge.c.src_id, edge.c.dst_id).where(
        among_numbers(edge.c.dst_id, "nodes"), among_texts(edge.c.kind, "kinds")
    ),
    "edge_ends": select(edge.c.src_id, edge.c.dst_id).where(edge.c.edge_id == _number("edge_id")),
    "edge_history": _edge_history(),
    "edge_lines": _edge_lines(),
    **REACH_STATEMENTS,
    **COMMIT_STATEMENTS,
    **RECORD_STATEMENTS,
    **WRITE_STATEMENTS,
}
"""By name; parameters are named in the text, lists are JSON text."""
