"""Opening a case: what a trace found, kept without the value that was sought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.erasure.case import (
    FORMAT,
    VERSION,
    Case,
    CaseFile,
    CaseTable,
    sealed,
)

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.erasure.answer import TracedTable
    from temporal_lineage.erasure.carrying import Names
    from temporal_lineage.erasure.trace import Traced


def opened(found: Traced, name: str, *, now: Instant, keep_value: bool) -> Case:
    """Make a case of a trace."""
    answer = found.answer
    point = answer.question.as_of
    by_identity = {
        search.traced.identity: found.names[dataset_id]
        for dataset_id, search in found.searches.items()
    }
    columns = [column.name for one in answer.tables for column in one.columns]
    return Case(
        format=FORMAT,
        version=VERSION,
        case=name,
        opened_at=now.isoformat(),
        as_of=point.valid.isoformat(),
        as_known=point.system.isoformat(),
        asked=tuple(one.table for one in answer.tables if one.relation == "asked"),
        condition=sealed(
            answer.where,
            dict.fromkeys(columns),
            salted_by=f"{answer.question.target} {now.isoformat()}",
            keep_value=keep_value,
        ),
        tables=tuple(_table(one, by_identity.get(one.identity, {})) for one in answer.tables),
        products=tuple(one.address for one in answer.products),
    )


def _table(one: TracedTable, names: Names) -> CaseTable:
    return CaseTable(
        table=one.table,
        identity=one.identity,
        location=one.location,
        relation=one.relation.value,
        names=dict(names),
        states=tuple(str(state.version) for state in one.states),
        files=tuple(
            CaseFile(file.path, file.role.value, file.size_bytes, file.rows) for file in one.files
        ),
        unexamined=tuple(place.place for place in one.unexamined),
    )
