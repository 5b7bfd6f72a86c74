"""Statements a transaction asks before it writes: what is there already, and the next numbers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Table, Text, and_, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select

from temporal_lineage.store.listed import among_texts, element_of, kind_beside, pairs_of, rows_of
from temporal_lineage.store.state import State
from temporal_lineage.store.tables import (
    attribute,
    attribute_assertion,
    blob,
    claim,
    edge,
    edge_assertion,
    event,
    file,
    harvest,
    node,
)


def _by_key(number: Column[int]) -> Select[Any]:
    """Select rows of a kind by a list of keys, each a number and a name: the keys come first."""
    table = number.table
    keys = rows_of("keys")
    wanted = and_(
        table.c.kind == kind_beside(keys),
        number == element_of(keys.c.value, 0, BigInteger),
        table.c.name == element_of(keys.c.value, 1, Text),
    )
    return _rows(keys.join(table, wanted), number, table.c.name)


def _edges_by_key() -> Select[Any]:
    """Select edges of a kind by a list of pairs, source and target."""
    pairs, source, target = pairs_of("keys")
    wanted = and_(
        edge.c.kind == kind_beside(pairs),
        edge.c.src_id == source,
        edge.c.dst_id == target,
    )
    return _rows(pairs.join(edge, wanted), edge.c.src_id, edge.c.dst_id)


def _rows(source: FromClause, *key: Column[Any]) -> Select[Any]:
    known = {column.name for column in key} | {"kind"}
    rest = (column for column in key[0].table.c if column.name not in known)
    return select(*key, *rest).select_from(source)


def _log(log: Table) -> Select[Any]:
    """Assertions of the keys from `:first` up to `:stop`, oldest first within each key."""
    key = log.primary_key.columns.values()[0]
    return (
        select(key, log.c.rank, log.c.valid_from, log.c.valid_to, log.c.claim_id)
        .where(key >= _number("first"), key < _number("stop"))
        .order_by(key, log.c.rank.desc(), log.c.valid_from)
    )


def _kept_states(key: Column[int]) -> Select[Any]:
    """States of the keys from `:first` up to `:stop`."""
    state = key.table
    return select(key, *(state.c[name] for name in State._fields)).where(
        key >= _number("first"), key < _number("stop")
    )


def _number(name: str) -> ColumnElement[int]:
    return bindparam(name, type_=Integer)


WRITE_STATEMENTS: dict[str, Select[Any]] = {
    "nodes_by_key": _by_key(node.c.parent_id),
    "attribute_states": _by_key(attribute.c.node_id),
    "edge_states": _edges_by_key(),
    "claims_by_digest": select(claim.c.digest, claim.c.claim_id).where(
        among_texts(claim.c.digest, "digests")
    ),
    "files_by_digest": select(file.c.digest, file.c.file_id).where(
        file.c.dataset_id == _number("dataset_id"),
        among_texts(file.c.digest, "digests"),
    ),
    "blobs_by_digest": select(blob.c.digest).where(among_texts(blob.c.digest, "digests")),
    "events_by_digest": select(event.c.digest).where(among_texts(event.c.digest, "digests")),
    "edge_log": _log(edge_assertion),
    "attribute_log": _log(attribute_assertion),
    "edge_kept_states": _kept_states(edge.c.edge_id),
    "attribute_kept_states": _kept_states(attribute.c.attribute_id),
    **{
        f"{column.table.name}_max": select(func.max(column))
        for column in (
            node.c.node_id,
            claim.c.claim_id,
            edge.c.edge_id,
            attribute.c.attribute_id,
            file.c.file_id,
            harvest.c.harvest_id,
            blob.c.blob_id,
            event.c.event_id,
        )
    },
}
