"""Statements about commits: where states stand, whose rows and which files live in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, Select, Subquery

from temporal_lineage.store.as_of_rule import holds
from temporal_lineage.store.listed import among_numbers, among_texts, rows_of
from temporal_lineage.store.tables import (
    attribute,
    attribute_assertion,
    claim,
    contribution,
    edge,
    file,
    file_life,
    former_place,
    harvest,
    node,
    place,
)

_TX: ColumnElement[int] = bindparam("tx", type_=Integer)
_LIMIT: ColumnElement[int] = bindparam("limit", type_=Integer)
_DATASET: ColumnElement[int] = bindparam("dataset_id", type_=Integer)

_CONTRIBUTION = (
    contribution.c.dataset_id,
    contribution.c.commit_id,
    contribution.c.line,
    contribution.c.start,
    contribution.c.stop,
    contribution.c.certainty,
)

_PLACE = (place.c.node_id, place.c.dataset_id, place.c.line, place.c.position, place.c.files_known)


def _contributions() -> Select[Any]:
    """Commits whose rows live in the states: one stab per state. DESIGN 4.3."""
    stood = _stood(lambda where: among_numbers(where, "nodes"))
    return (
        select(stood.c.node_id, contribution.c.commit_id, contribution.c.certainty)
        .select_from(stood.join(contribution, _contributes_to(stood)))
        .order_by(stood.c.node_id, contribution.c.start, contribution.c.commit_id)
    )


def _provenance() -> Select[Any]:
    """The same of one state, with the name of each commit and the run that is believed to be its.

    Joined to one state each commit is met once; states of a set share most of theirs.
    """
    stood = _stood(lambda where: where == bindparam("node_id", type_=Integer))
    writer = and_(
        attribute.c.node_id == contribution.c.commit_id,
        attribute.c.kind == bindparam("kind", type_=Text),
        attribute.c.name == literal_column("''"),
    )
    # Outer joins: rows older than the history have no commit, and many a commit no run.
    wrote = holds(
        attribute,
        attribute_assertion,
        beside=stood.join(contribution, _contributes_to(stood))
        .outerjoin(node, node.c.node_id == contribution.c.commit_id)
        .outerjoin(attribute, writer),
    )
    return (
        select(
            contribution.c.commit_id,
            contribution.c.certainty,
            node.c.kind,
            node.c.parent_id,
            node.c.name,
            claim.c.body,
        )
        .select_from(wrote.source.outerjoin(claim, claim.c.claim_id == wrote.claim_id))
        .order_by(contribution.c.start, contribution.c.commit_id)
    )


def _stood(meant: Callable[[ColumnElement[int]], ColumnElement[bool]]) -> Subquery:
    """Where states stand; or where they did, for as long as nothing better was known."""

    def stood(table: Table) -> Select[Any]:
        columns = (table.c.node_id, table.c.dataset_id, table.c.line, table.c.position)
        return select(*columns).where(meant(table.c.node_id), table.c.tx_id <= _TX)

    before = stood(former_place).where(former_place.c.until_tx > _TX)
    return union_all(stood(place), before).subquery("stood")


def _states() -> Select[Any]:
    """States in which rows of the commits live."""
    return (
        select(contribution.c.commit_id, place.c.node_id, contribution.c.certainty)
        .select_from(contribution.join(place, _contributes_to(place)))
        .where(among_numbers(contribution.c.commit_id, "commits"), place.c.tx_id <= _TX)
        .limit(_LIMIT)
        .offset(literal_column("0"))
    )


def _contributes_to(stood: FromClause) -> ColumnElement[bool]:
    """Join contributions to states, by where they stand or stood."""
    return and_(_lives_at(contribution, stood), contribution.c.tx_id <= _TX)


def _lives_at(lives: Table, stood: FromClause) -> ColumnElement[bool]:
    """Join what lives for a while on a line to the states that stand or stood there then."""
    return and_(
        lives.c.dataset_id == stood.c.dataset_id,
        lives.c.line == stood.c.line,
        lives.c.start <= stood.c.position,
        lives.c.stop > stood.c.position,
    )


def _former_states() -> Select[Any]:
    """States in which rows of the commits were known to live before their files were read."""
    return (
        select(contribution.c.commit_id, former_place.c.node_id, contribution.c.certainty)
        .select_from(former_place.join(contribution, _contributes_to(former_place)))
        .where(former_place.c.tx_id <= _TX, former_place.c.until_tx > _TX)
        .where(among_numbers(contribution.c.commit_id, "commits"))
        .limit(_LIMIT)
        .offset(literal_column("0"))
    )


def _sources() -> Select[Any]:
    """Nodes from which some edge starts, believed or not."""
    nodes = rows_of("nodes")
    node_id = cast(nodes.c.value, BigInteger)
    return select(node_id).where(exists(select(edge.c.edge_id).where(edge.c.src_id == node_id)))


def _live_files() -> Select[Any]:
    lives = _lives_at(file_life, place)
    return (
        select(
            file.c.key,
            file.c.path,
            file.c.content,
            file.c.size_bytes,
            file.c.row_count,
            file.c.masks,
            file_life.c.origin_id,
        )
        .select_from(place.join(file_life, lives).join(file, file.c.file_id == file_life.c.file_id))
        .where(place.c.node_id == bindparam("node_id", type_=Integer))
        .order_by(file_life.c.start, file.c.file_id)
    )


def _lives(*more: ColumnElement[Any]) -> Select[Any]:
    return select(
        file.c.key,
        file.c.path,
        file.c.content,
        file.c.size_bytes,
        file.c.row_count,
        file.c.masks,
        file_life.c.origin_id,
        file_life.c.line,
        file_life.c.start,
        file_life.c.stop,
        *more,
    ).select_from(file_life.join(file, file.c.file_id == file_life.c.file_id))


def _at(lives: Table) -> ColumnElement[bool]:
    """What lives at one position of a line; of a table that may have no state there."""
    position: ColumnElement[int] = bindparam("position", type_=BigInteger)
    return and_(
        lives.c.dataset_id == _DATASET,
        lives.c.line == bindparam("line", type_=Integer),
        lives.c.start <= position,
        lives.c.stop > position,
    )


COMMIT_STATEMENTS: dict[str, Select[Any]] = {
    "places": select(*_PLACE).where(among_numbers(place.c.node_id, "nodes")),
    "placed": select(*_PLACE)
    .where(place.c.dataset_id == _DATASET)
    .order_by(place.c.line, place.c.position),
    "placed_versions": select(node.c.name, *_PLACE)
    .select_from(place.join(node, node.c.node_id == place.c.node_id))
    .where(among_numbers(place.c.dataset_id, "datasets"))
    .order_by(place.c.dataset_id, place.c.line, place.c.position),
    "contributions_to": _contributions(),
    "states_containing": _states(),
    # Written as in the index, which is of these places only.
    "read_states_containing": _states().where(place.c.was_read == literal_column("1")),
    "provenance_of": _provenance(),
    "former_states_containing": _former_states(),
    "with_files": select(place.c.node_id)
    .where(place.c.dataset_id == _DATASET, place.c.files_known == literal_column("1"))
    .limit(_LIMIT)
    .offset(literal_column("0")),
    "sources_among": _sources(),
    "live_files": _live_files(),
    "file_lives": _lives(file_life.c.dataset_id).where(
        among_numbers(file_life.c.dataset_id, "datasets")
    ),
    "file_lives_at": _lives().where(_at(file_life)),
    "file_lives_of": _lives(file_life.c.tx_id).where(
        file.c.dataset_id == _DATASET, among_texts(file.c.digest, "digests")
    ),
    "contribution_rows": select(*_CONTRIBUTION).where(contribution.c.dataset_id == _DATASET),
    "contributions_at": select(*_CONTRIBUTION).where(_at(contribution)),
    # No maximum: it would be looked for among the harvests of all tables, from the last one back.
    "harvested_last": select(harvest.c.harvest_id)
    .where(harvest.c.dataset_id == _DATASET)
    .order_by(harvest.c.harvest_id.desc())
    .limit(literal_column("1"))
    .offset(literal_column("0")),
    "harvest_rules": select(harvest.c.detail).where(
        harvest.c.harvest_id == bindparam("harvest_id", type_=Integer)
    ),
    "snapshots_known": select(func.count()).where(
        attribute.c.node_id == _DATASET, attribute.c.kind == literal_column("'snapshot'")
    ),
}
