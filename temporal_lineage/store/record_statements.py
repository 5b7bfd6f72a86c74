"""Statements about the ledger's own records: transactions, harvests, events, kept bytes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, Text, bindparam, func, literal_column, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import Select

from temporal_lineage.store.as_of_rule import instant
from temporal_lineage.store.listed import among_numbers, among_texts
from temporal_lineage.store.tables import blob, event, harvest, ledger, linked, tx

_LIMIT: ColumnElement[int] = bindparam("limit", type_=Integer)
_DATASET: ColumnElement[int] = bindparam("dataset_id", type_=Integer)
# A job's own events are kept under `job:` and its name, see `designs`.
_FIRST: ColumnElement[int] = literal_column("1")
_FOUR: ColumnElement[int] = literal_column("4")
_EIGHT: ColumnElement[int] = literal_column("8")
_AFTER = event.c.tx_id > bindparam("after_tx", type_=Integer)
_UPTO: ColumnElement[int] = bindparam("upto_tx", type_=Integer)


def _harvests() -> Select[Any]:
    return select(
        harvest.c.harvest_id,
        harvest.c.name,
        harvest.c.dataset_id,
        harvest.c.head,
        harvest.c.outcome,
        harvest.c.detail,
        tx.c.recorded_at,
        tx.c.tx_id,
    ).select_from(harvest.join(tx, tx.c.tx_id == harvest.c.tx_id))


def _events() -> Select[Any]:
    columns = (event.c.event_id, event.c.run_id, event.c.source, event.c.body)
    return select(*columns, tx.c.recorded_at, tx.c.tx_id).select_from(
        event.join(tx, tx.c.tx_id == event.c.tx_id)
    )


RECORD_STATEMENTS: dict[str, Select[Any]] = {
    "uuid": select(ledger.c.uuid),
    # Two scalars, so that each is one look at an end of the index.
    "system_bounds": select(
        select(func.min(tx.c.recorded_at)).scalar_subquery(),
        select(func.max(tx.c.recorded_at)).scalar_subquery(),
    ),
    "transactions": select(tx.c.tx_id, tx.c.recorded_at, tx.c.source, tx.c.note)
    .order_by(tx.c.tx_id.desc())
    .limit(_LIMIT)
    .offset(literal_column("0")),
    "transactions_between": select(tx.c.tx_id, tx.c.recorded_at, tx.c.source, tx.c.note)
    .where(tx.c.recorded_at > instant("after"), tx.c.recorded_at <= instant("until"))
    .order_by(tx.c.recorded_at.desc())
    .limit(_LIMIT)
    .offset(literal_column("0")),
    "harvests": _harvests().where(harvest.c.dataset_id == _DATASET).order_by(harvest.c.harvest_id),
    "last_harvest": _harvests()
    .where(harvest.c.name == bindparam("name", type_=Text))
    .order_by(harvest.c.harvest_id.desc())
    .limit(_LIMIT)
    .offset(literal_column("0")),
    "events": _events()
    .where(event.c.run_id == bindparam("run_id", type_=Text))
    .order_by(event.c.event_id),
    "events_of": _events().where(among_texts(event.c.run_id, "run_ids")).order_by(event.c.event_id),
    # Not distinct: the planner would walk all runs for that, not the latest events.
    "event_run_ids": select(event.c.run_id).where(_AFTER, event.c.tx_id <= _UPTO),
    "runs_arrived": select(func.count(event.c.run_id.distinct())).where(
        among_numbers(event.c.tx_id, "tx_ids"),
        event.c.run_id != literal_column("''"),
        func.substr(event.c.run_id, _FIRST, _FOUR) != literal_column("'job:'"),
        func.substr(event.c.run_id, _FIRST, _EIGHT) != literal_column("'dataset:'"),
    ),
    "linked_upto": select(func.max(linked.c.upto_tx)),
    "events_after": select(event.c.tx_id, func.count())
    .where(_AFTER)
    .group_by(event.c.tx_id)
    .order_by(event.c.tx_id)
    .limit(_LIMIT)
    .offset(literal_column("0")),
    "blobs": select(blob.c.witness, blob.c.body)
    .where(blob.c.dataset_id == _DATASET)
    .order_by(blob.c.blob_id),
    "blob_witnesses": select(blob.c.witness).distinct().where(blob.c.dataset_id == _DATASET),
}
