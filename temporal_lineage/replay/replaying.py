"""Replaying a run: its SQL over the states that it read, compared with the rows that it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from snapshots.availability import Gone, LogTruncated
from snapshots.fingerprint import Fingerprint
from temporal_lineage.claims import LinkClaim, decode
from temporal_lineage.evidence.runs import gather
from temporal_lineage.evidence.sql_reads import spoken
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.linking.run_records import run_events
from temporal_lineage.naming import Naming
from temporal_lineage.replay.engine import ran
from temporal_lineage.replay.statement import NotReplayable, matched, replayable
from temporal_lineage.reproduce.answer import Replay
from temporal_lineage.reproduce.inputs import InputState
from temporal_lineage.reproduce.reaching import OutOfReach, Reached
from temporal_lineage.reproduce.tables import Found as FoundState
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogs.table import TableState
    from temporal_lineage.facts import AsOf
    from temporal_lineage.reproduce.inputs import Inputs
    from temporal_lineage.store.reader import Reader


SAME, DIFFERENT, NOT_REPLAYED = "same", "different", "not-replayed"


@dataclass(frozen=True, slots=True)
class _Written:
    """The state that the run wrote; `grown` is the fingerprint of what it has more than before."""

    address: str
    state: TableState
    whole: Fingerprint
    grown: Fingerprint | None


def replay(reader: Reader, tables: Tables, inputs: Inputs, run: str, as_of: AsOf) -> Replay:
    """Run the SQL of a run again over its inputs, and compare with what it wrote.

    Raises what reading the states raises, and NoEngineError.
    """
    told = _replayed(reader, tables, inputs, run, as_of)
    if isinstance(told, NotReplayable):
        return Replay(NOT_REPLAYED, told.reason, None, None, None, None)
    return told


def _replayed(
    reader: Reader, tables: Tables, inputs: Inputs, run: str, as_of: AsOf
) -> Replay | NotReplayable:
    queries, dialect = _told(reader, run, as_of)
    statement = replayable(queries, dialect=dialect)
    if isinstance(statement, NotReplayable):
        return statement
    read = [one for one in inputs.inputs if isinstance(one, InputState)]
    places = matched(statement.tables, [one.dataset for one in read])
    if isinstance(places, NotReplayable):
        return places
    written = _written(reader, tables, run, as_of)
    if isinstance(written, NotReplayable):
        return written
    states = [_state(tables, read[places[place]]) for place in range(len(statement.tables))]
    lost = next((one for one in states if isinstance(one, NotReplayable)), None)
    if lost is not None:
        return lost
    opened = [one for one in states if not isinstance(one, NotReplayable)]
    with TemporaryDirectory() as scratch:
        rows = ran(statement.query, opened, Path(scratch))
    if isinstance(rows, NotReplayable):
        return rows
    return _compared(_fitted(rows, written, statement.columns), written, statement.query)


def _compared(
    found: Fingerprint | NotReplayable, written: _Written, query: str
) -> Replay | NotReplayable:
    if isinstance(found, NotReplayable):
        return found
    grew = written.grown is not None and found == written.grown
    expected = written.grown if grew else written.whole
    verdict = SAME if found == expected else DIFFERENT
    return Replay(verdict, None, written.address, query, str(expected), str(found))


def _told(reader: Reader, run: str, as_of: AsOf) -> tuple[tuple[str, ...], str]:
    """Give the SQL of a run, and its dialect."""
    kept = [
        one
        for one in reader.events(run_id=run)
        if one.recorded_at <= as_of.system and one.run_id == run
    ]
    record = gather(run_events(kept)).get(run)
    if record is None:
        return (), ""
    dialect, _ = spoken(record)
    return tuple(record.queries), dialect.name


def _state(tables: Tables, one: InputState) -> TableState | NotReplayable:
    reached = tables.reach(one.dataset_id)
    if isinstance(reached, OutOfReach):
        return NotReplayable(f"{one.dataset} is out of reach: {reached.reason}")
    if not one.version.isdecimal():
        return NotReplayable(f"{one.dataset}@{one.version} is no state of a table")
    found = tables.state(reached, int(one.version))
    if isinstance(found, LogTruncated | Gone) or found.state.missing():
        return NotReplayable(f"{one.dataset}@{one.version} cannot be read any more")
    return found.state


def _written(reader: Reader, tables: Tables, run: str, as_of: AsOf) -> _Written | NotReplayable:
    run_id = reader.node(kind=NodeKind.RUN, parent_id=0, name=run) or 0
    links = [
        decode(LinkClaim, one.claim)
        for one in reader.attributes(node_id=run_id, kind=AttributeKind.WRITES, as_of=as_of)
    ]
    links = [one for one in links if one.versions]
    if len(links) != 1:
        return NotReplayable(f"it is known to have written to {len(links)} tables, one is compared")
    (link,) = links
    dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=link.identity) or 0
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    reached = tables.reach(dataset_id)
    if isinstance(reached, OutOfReach):
        return NotReplayable(f"what it wrote, {name}, is out of reach: {reached.reason}")
    # Some writers take several commits for one statement: deletes first, then appends.
    commits = [one for one in reached.history.snapshots if str(one.snapshot_id) in link.versions]
    if not commits:
        return NotReplayable(f"what it wrote, {name}@{link.versions[-1]}, is not known here")
    last = commits[-1].snapshot_id
    found = tables.state(reached, last)
    if not isinstance(found, FoundState) or found.state.missing():
        return NotReplayable(f"what it wrote, {name}@{last}, cannot be read any more")
    whole = _fingerprint(found.state)
    before = _before(tables, reached, commits[0].parent_id)
    grown = None if before is None else whole - before
    return _Written(f"{name}@{last}", found.state, whole, grown)


def _before(tables: Tables, reached: Reached, number: int | None) -> Fingerprint | None:
    """Give the fingerprint of the state before; None where there is none, or none to be read."""
    if number is None:
        return None
    found = tables.state(reached, number)
    if not isinstance(found, FoundState) or found.state.missing():
        return None
    return _fingerprint(found.state)


def _fingerprint(state: TableState) -> Fingerprint:
    from catalogs.portion import Portion
    from temporal_lineage.reproduce.fingerprints import state_fingerprint

    return state_fingerprint(state, Portion(None, None))


def _fitted(
    rows: pa.Table, written: _Written, columns: tuple[str, ...] | None
) -> Fingerprint | NotReplayable:
    """Digest rows as the columns that they were written to, in the types that these have."""
    import pyarrow as pa

    from catalogs.fingerprint.identities import identities
    from catalogs.fingerprint.rows import fingerprint_of

    state = written.state
    target = state.batches(columns=None).schema
    names = columns if columns is not None else tuple(target.names)
    if len(names) != rows.num_columns:
        return NotReplayable(
            f"the query gives {rows.num_columns} columns, and {written.address} has {len(names)}"
        )
    by_name = {name.casefold(): name for name in target.names}
    unknown = [name for name in names if name.casefold() not in by_name]
    if unknown:
        return NotReplayable(f"{written.address} has no column {unknown[0]}")
    fields = [target.field(by_name[name.casefold()]).with_nullable(True) for name in names]
    try:
        fitted = rows.rename_columns([one.name for one in fields]).cast(pa.schema(fields))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        return NotReplayable(f"its columns do not fit those written: {str(error)[:150]}")
    return fingerprint_of(fitted.to_batches(), identities(state.schema, state.identity_of))
