"""The AsOf rule in SQL: which assertion decides at a point, without history where possible."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, and_, bindparam, case, func, literal_column, not_, select
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.sql.selectable import FromClause, ScalarSelect
from sqlalchemy.types import BigInteger

from snapshots.records import NamedTuple
from temporal_lineage.store.rank import TURNS


class Deciding(NamedTuple):
    """What decides for each key: `source` to select from, and the columns of the decision.

    Where nobody said anything, or that nothing holds, `claim_id` is NULL or 0.
    """

    source: FromClause
    claim_id: ColumnElement[int]
    tx_id: ColumnElement[int]
    valid_from: ColumnElement[int]
    valid_to: ColumnElement[int]


def instant(name: str) -> BindParameter[int]:
    """Give a parameter in microseconds, or any other 64-bit number."""
    return bindparam(name, type_=BigInteger)


def tx_of(rank: ColumnElement[int]) -> ColumnElement[int]:
    """Give the transaction of a rank; see `temporal_lineage.store.rank`."""
    return (-rank) // literal_column(str(TURNS), BigInteger)


def holds(state: Table, log: Table, *, beside: FromClause | None = None) -> Deciding:
    """Give what decides for each key at `:valid` as known in `:tx` (`:floor` is its rank floor).

    The keys are all, or those in `beside`, which has the state's columns joined to others.

    The newest assertion that covers the point: DESIGN 4.6, and `temporal_lineage.facts.holds`.
    The inline state decides where it is old enough and recent enough; only where not is the
    history searched, and there by the first row of a range of the primary key.
    """
    key = log.primary_key.columns.values()[0].name
    valid = instant("valid")
    inline = decided_inline(state)
    rank = newest(log, "rank", key=state.c[key], outer=state)
    found = log.alias("found")
    source = (state if beside is None else beside).outerjoin(
        found,
        and_(
            # NULL ends the look at the history before it begins; a condition of its own would be
            # tested after the subquery.
            found.c[key] == case((not_(inline), state.c[key])),
            found.c.rank == case((not_(inline), rank)),
            found.c.valid_from <= valid,
            found.c.valid_to > valid,
        ),
    )

    def decided(at_once: ColumnElement[int], by_history: ColumnElement[int]) -> ColumnElement[int]:
        return case((inline, at_once), else_=by_history)

    return Deciding(
        source=source,
        claim_id=decided(state.c.claim_id, found.c.claim_id),
        tx_id=decided(state.c.open_tx, tx_of(found.c.rank)),
        valid_from=decided(state.c.since, _latest_end_before(log, found, key)),
        valid_to=decided(
            literal_column(str(2**63 - 1), BigInteger), _first_start_after(log, found, key)
        ),
    )


def decided_inline(state: FromClause) -> ColumnElement[bool]:
    """Tell whether the kept state of a key decides by itself."""
    return and_(state.c.last_tx <= instant("tx"), state.c.since <= instant("valid"))


def newest(
    log: Table, column: str, *, key: ColumnElement[int], outer: FromClause
) -> ScalarSelect[int]:
    """Give a column of the newest assertion that covers the point, for a key of the outer query."""
    valid = instant("valid")
    candidate = log.alias("candidate")
    return (
        select(candidate.c[column])
        .where(
            candidate.c[log.primary_key.columns.values()[0].name] == key,
            candidate.c.rank >= instant("floor"),
            candidate.c.valid_from <= valid,
            candidate.c.valid_to > valid,
        )
        .order_by(candidate.c.rank)
        .limit(literal_column("1"))
        .offset(literal_column("0"))
        .correlate(outer)
        .scalar_subquery()
    )


def _latest_end_before(log: Table, found: FromClause, key: str) -> ColumnElement[int]:
    """Where the newer assertions that ended before the point leave the deciding one."""
    newer = log.alias("newer_before")
    end = _over_newer(func.max(newer.c.valid_to), newer, found, key).where(
        newer.c.valid_to <= instant("valid"), newer.c.valid_to > found.c.valid_from
    )
    return func.coalesce(_scalar(end, found), found.c.valid_from)


def _first_start_after(log: Table, found: FromClause, key: str) -> ColumnElement[int]:
    """Where the newer assertions that begin after the point end the deciding one."""
    newer = log.alias("newer_after")
    start = _over_newer(func.min(newer.c.valid_from), newer, found, key).where(
        newer.c.valid_from > instant("valid"), newer.c.valid_from < found.c.valid_to
    )
    return func.coalesce(_scalar(start, found), found.c.valid_to)


def _over_newer(bound: ColumnElement[int], newer: FromClause, found: FromClause, key: str) -> Any:  # noqa: ANN401
    return select(bound).where(
        newer.c[key] == found.c[key],
        newer.c.rank >= instant("floor"),
        newer.c.rank < found.c.rank,
    )


def _scalar(query: Any, found: FromClause) -> ScalarSelect[int]:  # noqa: ANN401
    scalar: ScalarSelect[int] = query.correlate(found).scalar_subquery()
    return scalar
