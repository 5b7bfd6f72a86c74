"""Traced tables: the search of one table, told in the words of the ledger."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from catalogs.search import FileRole
from temporal_lineage.erasure.answer import (
    Examined,
    Relation,
    TracedColumn,
    TracedFile,
    TracedState,
    TracedTable,
    UnexaminedPlace,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from catalogs.search import Searched
    from snapshots.history import TableHistory

NOTHING_EXAMINED = Examined(states=0, forgotten=0, files=0, size_bytes=0, looks={}, engine="")


def traced_table(
    name: str, history: TableHistory, found: Searched, *, where: str, relation: Relation
) -> TracedTable:
    """Tell what a search found in a table."""
    looks = Counter(one.look.value for one in found.looked_at)
    return TracedTable(
        table=name,
        identity=str(history.identity),
        location=history.location,
        relation=relation,
        where=where,
        columns=tuple(
            TracedColumn(one.name, one.field_id, one.current, one.namesakes)
            for one in found.columns
        ),
        states=tuple(_states(found, history)),
        files=tuple(
            TracedFile(
                one.path,
                one.role,
                one.size_bytes,
                one.rows,
                sum(1 for rows in one.live.values() if rows),
            )
            for one in found.holding
        ),
        examined=Examined(
            states=len(found.states),
            forgotten=len(found.forgotten),
            files=len(found.looked_at),
            size_bytes=sum(one.size_bytes for one in found.looked_at),
            looks=dict(sorted(looks.items())),
            engine=found.sieve if "engine" in looks else "",
        ),
        unexamined=(
            *(UnexaminedPlace(one.place, one.reason, len(one.states)) for one in found.unexamined),
            *(
                UnexaminedPlace(place, "data may be written there: no orphans were looked for", 0)
                for place in found.beside
            ),
        ),
    )


def table_out_of_reach(
    name: str, identity: str, location: str, reason: str, *, where: str | None, relation: Relation
) -> TracedTable:
    """Tell of a table at which nobody could look."""
    return TracedTable(
        table=name,
        identity=identity,
        location=location,
        relation=relation,
        where=where,
        columns=(),
        states=(),
        files=(),
        examined=NOTHING_EXAMINED,
        unexamined=(UnexaminedPlace(location or name, reason, 0),),
    )


def refs_of(history: TableHistory) -> dict[int, tuple[str, ...]]:
    """Give the names that states have now."""
    head = history.head()
    names: dict[int, list[str]] = {}
    for ref in head.refs if head else ():
        names.setdefault(ref.snapshot_id, []).append(ref.name)
    return {state: tuple(sorted(told)) for state, told in names.items()}


def hiding_states(found: Searched, history: TableHistory) -> tuple[TracedState, ...]:
    """Tell the states that have files with matching rows which deletes hide.

    A file of equality deletes that holds the very value is such a file too.
    """
    hiding = {
        state
        for one in found.holding
        for state, rows in one.live.items()
        if not rows or one.role is FileRole.EQUALITY_DELETES
    }
    return tuple(_states(found, history, hiding))


def _states(
    found: Searched, history: TableHistory, wanted: Collection[int] | None = None
) -> Iterator[TracedState]:
    """Tell the states that hold rows, or those wanted."""
    rows: Counter[int] = Counter()
    files: Counter[int] = Counter()
    for one in found.holding:
        for state, count in one.live.items():
            rows[state] += count
            files[state] += bool(count)
    refs = refs_of(history)
    known = {one.snapshot_id: one for one in history.snapshots}
    for state in found.states:
        if rows[state] if wanted is None else state in wanted:
            snapshot = known.get(state)
            yield TracedState(
                version=state,
                committed_at=snapshot.committed_at if snapshot else None,
                rows=rows[state],
                files=files[state],
                refs=refs.get(state, ()),
                listed=state in history.listed,
            )
