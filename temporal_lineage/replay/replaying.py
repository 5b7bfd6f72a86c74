"""Replaying a run: its SQL over the states that it read, compared with the rows that it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from snapshots.availability import Gone, LogTruncated
from snapshots.fingerprint import Fingerprint
from temporal_lineage.replay.change import said
from temporal_lineage.replay.engine import ran
from temporal_lineage.replay.errors import NotReplayableError
from temporal_lineage.replay.statement import Replayable, fitting, matched, replayable
from temporal_lineage.reproduce.answer import Replay
from temporal_lineage.reproduce.inputs import InputState
from temporal_lineage.reproduce.reaching import OutOfReach, Reached
from temporal_lineage.reproduce.tables import Found as FoundState
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from catalogs.table import TableState
    from temporal_lineage.replay.asked import Asked, Wrote
    from temporal_lineage.reproduce.inputs import Inputs


SAME, DIFFERENT, NOT_REPLAYED = "same", "different", "not-replayed"


@dataclass(frozen=True, slots=True)
class _Written:
    """The state that the run wrote, and the one before; None where that cannot be read."""

    dataset: str
    address: str
    state: TableState
    before: TableState | None


def replay(tables: Tables, inputs: Inputs, asked: Asked, wrote: Callable[[], Wrote]) -> Replay:
    """Run the SQL of a run again over its inputs, and compare with what it wrote.

    Raises what reading the states raises, and NoEngineError. `wrote` may raise NotReplayableError.
    """
    try:
        return _replayed(tables, inputs, asked, wrote)
    except NotReplayableError as error:
        return Replay(NOT_REPLAYED, error.reason, None, None, None, None)


def _replayed(tables: Tables, inputs: Inputs, asked: Asked, wrote: Callable[[], Wrote]) -> Replay:
    statement = replayable(asked.queries, dialect=asked.dialect)
    written = _written(tables, wrote())
    states = _states(tables, statement, inputs, written)
    changed = None if statement.changed is None else _columns(states[statement.changed])
    texts = said(statement, changed)
    with TemporaryDirectory() as scratch:
        rows = ran(texts, states, Path(scratch))
    found = _fitted(rows, written, statement.columns if changed is None else changed)
    return _compared(found, written, "; ".join(texts), whole_only=changed is not None)


def _states(
    tables: Tables, statement: Replayable, inputs: Inputs, written: _Written
) -> list[TableState]:
    """Give the state of each table of a statement: of the one that it changes, that before."""
    read = [one for one in inputs.inputs if isinstance(one, InputState)]
    names = [one.dataset for one in read]
    return [
        _before(parts, written)
        if place == statement.changed
        else _state(tables, read[matched(parts, names)])
        for place, parts in enumerate(statement.tables)
    ]


def _before(parts: tuple[str, ...], written: _Written) -> TableState:
    if not fitting(parts, [written.dataset]):
        raise NotReplayableError(
            f"it changes {'.'.join(parts)}, and the run wrote {written.dataset}"
        )
    if written.before is None:
        raise NotReplayableError(f"the state before {written.address} cannot be read any more")
    if sorted(_columns(written.before)) != sorted(_columns(written.state)):
        raise NotReplayableError(f"{written.address} has other columns than the state before it")
    return written.before


def _columns(state: TableState) -> tuple[str, ...]:
    return tuple(state.batches(columns=None).schema.names)


def _compared(found: Fingerprint, written: _Written, query: str, *, whole_only: bool) -> Replay:
    """Compare with the rows of the written state, or with those by which it grew."""
    expected = _fingerprint(written.state)
    if found != expected and written.before is not None and not whole_only:
        grown = expected - _fingerprint(written.before)
        expected = grown if found == grown else expected
    verdict = SAME if found == expected else DIFFERENT
    return Replay(verdict, None, written.address, query, str(expected), str(found))


def _state(tables: Tables, one: InputState) -> TableState:
    reached = tables.reach(one.dataset_id)
    if isinstance(reached, OutOfReach):
        raise NotReplayableError(f"{one.dataset} is out of reach: {reached.reason}")
    if not one.version.isdecimal():
        raise NotReplayableError(f"{one.dataset}@{one.version} is no state of a table")
    found = tables.state(reached, int(one.version))
    if isinstance(found, LogTruncated | Gone) or found.state.missing():
        raise NotReplayableError(f"{one.dataset}@{one.version} cannot be read any more")
    return found.state


def _written(tables: Tables, wrote: Wrote) -> _Written:
    reached = tables.reach(wrote.dataset_id)
    if isinstance(reached, OutOfReach):
        raise NotReplayableError(
            f"what it wrote, {wrote.address}, is out of reach: {reached.reason}"
        )
    state = _readable(tables, reached, wrote.version)
    if state is None:
        raise NotReplayableError(f"what it wrote, {wrote.address}, cannot be read any more")
    before = _readable(tables, reached, wrote.before)
    return _Written(wrote.dataset, wrote.address, state, before)


def _readable(tables: Tables, reached: Reached, number: int | None) -> TableState | None:
    """Give a state; None where there is none, or none to be read."""
    if number is None:
        return None
    found = tables.state(reached, number)
    if not isinstance(found, FoundState) or found.state.missing():
        return None
    return found.state


def _fingerprint(state: TableState) -> Fingerprint:
    from catalogs.portion import Portion
    from temporal_lineage.reproduce.fingerprints import state_fingerprint

    return state_fingerprint(state, Portion(None, None))


def _fitted(rows: pa.Table, written: _Written, columns: tuple[str, ...] | None) -> Fingerprint:
    """Digest rows as the columns that they were written to, in the types that these have."""
    import pyarrow as pa

    from catalogs.fingerprint.identities import identities
    from catalogs.fingerprint.rows import fingerprint_of

    state = written.state
    target = state.batches(columns=None).schema
    names = columns if columns is not None else tuple(target.names)
    if len(names) != rows.num_columns:
        raise NotReplayableError(
            f"the query gives {rows.num_columns} columns, and {written.address} has {len(names)}"
        )
    by_name = {name.casefold(): name for name in target.names}
    unknown = [name for name in names if name.casefold() not in by_name]
    if unknown:
        raise NotReplayableError(f"{written.address} has no column {unknown[0]}")
    fields = [target.field(by_name[name.casefold()]).with_nullable(True) for name in names]
    try:
        fitted = rows.rename_columns([one.name for one in fields]).cast(pa.schema(fields))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise NotReplayableError(
            f"its columns do not fit those written: {str(error)[:150]}"
        ) from error
    return fingerprint_of(fitted.to_batches(), identities(state.schema, state.identity_of))
