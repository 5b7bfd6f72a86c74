"""Foreign Iceberg tables against what is known of them, snapshot by snapshot."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.corpus_marks import Column, Fixture, Mark, Marks, Outcome, Tally
from catalogs.catalog import open_path
from catalogs.table import TableSource, TableState
from snapshots.availability import Gone, LogTruncated
from snapshots.commit_point import CommitPoint
from snapshots.errors import TemporalLineageError, UnreadableError
from snapshots.files import FileContent
from snapshots.history import TableHistory
from snapshots.schema import Field, SchemaVersion
from snapshots.snapshot import InstantSource

COLUMNS_LISTED_MAX = 60

# Where a version hint was put back, newer files are not in the past of the one it names.
NEWER_THAN_THE_POINTER = {"iceberg.dremio-partitionednation"}

# Some tables' data is only where they came from; nobody there is asked.
NOWHERE = {"s3.endpoint": "http://127.0.0.1:1", "s3.region": "none", "s3.connect-timeout": "1"}

_KINDS = {
    "data_files": FileContent.DATA,
    "pos_delete_files": FileContent.POSITION_DELETES,
    "eq_delete_files": FileContent.EQUALITY_DELETES,
    "dv": FileContent.DELETION_VECTOR,
}


def iceberg_marks(fixture: Fixture) -> Marks:
    """Read a table through the public reader and compare all that is known of it."""
    try:
        source = opened(fixture)
        history = source.history(known=None)
    except TemporalLineageError as error:
        return dict.fromkeys(Column, Mark(Outcome.REFUSED, 1, (str(error),)))
    return {
        Column.HISTORY: _history(fixture, history),
        Column.SCHEMAS: _schemas(fixture, history),
        Column.INSTANTS: _instants(fixture, history),
        Column.FILES: _files(fixture, source, history),
        Column.ROWS: _rows(fixture, source),
        Column.VALUES: Tally().mark(),
    }


def opened(fixture: Fixture) -> TableSource:
    """Open the folder, as people would; the metadata file where the folder has another table."""
    source = open_path(str(fixture.path), NOWHERE)
    if source.head().rpartition("/")[2] == fixture.facts["current_metadata"]:
        return source
    return open_path(str(fixture.path / "metadata" / fixture.facts["current_metadata"]), NOWHERE)


def _history(fixture: Fixture, history: TableHistory) -> Mark:
    tally, facts = Tally(), fixture.facts
    version = f"format-version={facts['format_version']}"
    tally.expect("format version", found=history.features[0], told=version)
    tally.expect("table uuid", found=history.identity.uuid, told=facts["table_uuid"])
    told = {one["id"]: one for one in facts.get("snapshots", [])}
    listed = {
        one.snapshot_id: one for one in history.snapshots if one.snapshot_id in history.listed
    }
    tally.expect("snapshots", found=sorted(listed), told=sorted(told))
    for number in listed.keys() & told.keys():
        snapshot, fact = listed[number], told[number]
        parent = fact["parent"] if fact["parent"] is not None else snapshot.parent_id
        found = (snapshot.parent_id, snapshot.sequence_number)
        tally.expect(f"place of {number}", found=found, told=(parent, fact["seq"] or 0))
        tally.expect(f"operation of {number}", found=snapshot.operation, told=fact["op"])
    if fixture.name not in NEWER_THAN_THE_POINTER:
        older = {one.snapshot_id for one in history.snapshots} - history.listed
        told_older = set(facts.get("snapshots_only_in_older_metadata", ()))
        tally.expect("expired snapshots", found=older, told=told_older)
    head = history.head()
    current = facts["current_snapshot_id"]
    found_current = head.snapshot_id if head else None
    tally.expect("current snapshot", found=found_current, told=None if current == -1 else current)
    refs = (
        {ref.name: (ref.snapshot_id, type(ref).__name__.lower()) for ref in head.refs}
        if head
        else {}
    )
    for name, ref in facts.get("refs", {}).items():
        tally.expect(f"ref {name}", found=refs.get(name), told=(ref["id"], ref["type"]))
    logged = {one.snapshot_id for one in history.recorded}
    unlogged = set(facts.get("snapshot_log", ())) - logged
    tally.expect("entries of the snapshot log not known", found=unlogged, told=set())
    return tally.mark()


def _schemas(fixture: Fixture, history: TableHistory) -> Mark:
    tally, facts = Tally(), fixture.facts
    known = {str(one.schema_id): one for one in history.schemas}
    for number, columns in facts["schemas"].items():
        if number not in known:
            tally.wrong.append(f"schema {number} is not there")
            continue
        for column in columns[:COLUMNS_LISTED_MAX]:
            _field(tally, known[number], column)
    head = history.head()
    if "current_schema_id" in facts:
        found = head.schema_id if head else None
        tally.expect("current schema", found=found, told=facts["current_schema_id"])
    ids = {one.snapshot_id: one.schema_id for one in history.snapshots}
    for one in facts.get("snapshots", []):
        tally.expect(f"schema of {one['id']}", found=ids.get(one["id"]), told=one["schema_id"])
    return tally.mark()


def _field(tally: Tally, schema: SchemaVersion, column: str) -> None:
    """Compare with `id:path:type`, in which a list says what it is a list of."""
    number, _, rest = column.partition(":")
    path, _, kind = rest.rpartition(":")
    field = schema.field(field_id=int(number))
    found = (field.path, _kind(schema, field)) if field else None
    tally.expect(f"field {number}", found=found, told=(path, kind.replace(" ", "")))


def _kind(schema: SchemaVersion, field: Field) -> str:
    kind = field.type.replace(" ", "")
    if kind != "list":
        return kind
    element = next(one for one in schema.fields if one.parent_id == field.field_id)
    return f"list<{element.type.replace(' ', '')}>"


def _instants(fixture: Fixture, history: TableHistory) -> Mark:
    """Compare snapshots with the facts, and commit points with the files they come from."""
    tally = Tally()
    by_id = {one.snapshot_id: one for one in history.snapshots}
    for one in fixture.facts.get("snapshots", []):
        snapshot = by_id.get(one["id"])
        found = snapshot.committed_at.micros if snapshot else None
        tally.expect(f"instant of {one['id']}", found=found, told=one["ts"] * 1000)
    for point in history.chain:
        if isinstance(point, CommitPoint) and point.source is InstantSource.METADATA_LOG:
            told = _metadata(fixture.path / "metadata" / point.witness.rpartition("/")[2])
            micros = told["last-updated-ms"] * 1000
            tally.expect(f"instant of {point.witness}", found=point.at.micros, told=micros)
    current = _metadata(fixture.path / "metadata" / fixture.facts["current_metadata"])
    recorded = {(one.snapshot_id, one.at.micros) for one in history.recorded}
    log = current.get("snapshot-log") or ()
    entries = {(one["snapshot-id"], one["timestamp-ms"] * 1000) for one in log}
    tally.expect("entries of the snapshot log not known", found=entries - recorded, told=set())
    return tally.mark()


def _metadata(file: Path) -> dict[str, Any]:
    body = file.read_bytes()
    packed = body[:2] == b"\x1f\x8b"
    told: dict[str, Any] = json.loads(gzip.decompress(body) if packed else body)
    return told


def _files(fixture: Fixture, source: TableSource, history: TableHistory) -> Mark:
    tally, live = Tally(), {}
    with tally.refusals("the files of commits"):
        live = _added_up(source, history)
    for number, told in fixture.facts.get("per_snapshot", {}).items():
        if told.get("incomplete"):
            with tally.refusals(f"snapshot {number}"):
                state = _state(source, int(number))
                tally.wrong.append(f"snapshot {number}: {len(state.files)} files, some unlisted")
            continue
        with tally.refusals(f"snapshot {number}"):
            files = _state(source, int(number)).files
            count = Counter(file.content for file in files)
            for key, content in _KINDS.items():
                tally.expect(f"{key} at {number}", found=count[content], told=told[key])
            rows = sum(file.rows or 0 for file in files if file.content is FileContent.DATA)
            tally.expect(f"recorded rows at {number}", found=rows, told=told["records"])
            keys = {file.key for file in files}
            tally.expect(f"files of commits at {number}", found=live.get(int(number)), told=keys)
    if fixture.facts["all_files_present"]:
        for number in history.listed:
            with tally.refusals(f"snapshot {number}"):
                # Some fixtures were rewritten, and record the sizes of the files before that.
                absent = [
                    one.path
                    for one in _state(source, number).missing()
                    if not Path(one.path).is_file()
                ]
                tally.expect(f"files not found at {number}", found=absent, told=[])
    return tally.mark()


def _added_up(source: TableSource, history: TableHistory) -> dict[int, set[str]]:
    live: dict[int, set[str]] = {}
    for one in source.commit_files(history, skip=()):
        before = live.get(one.parent_id, set()) if one.parent_id is not None else set()
        added = {file.file.key for file in one.added}
        live[one.snapshot_id] = (before - set(one.removed)) | added
    return live


def _rows(fixture: Fixture, source: TableSource) -> Mark:
    tally = Tally()
    told = dict(fixture.facts.get("rows_at_snapshot", {}))
    for number, counts in fixture.facts.get("expected_rows_in_upstream_tests", {}).items():
        if number != "current" and len(counts) == 1:
            told.setdefault(number, counts[0])
    for number, rows in told.items():
        with tally.refusals(f"snapshot {number}"):
            found = sum(len(batch) for batch in _state(source, int(number)).batches(columns=None))
            tally.expect(f"rows at {number}", found=found, told=rows)
    return tally.mark()


def _state(source: TableSource, snapshot_id: int) -> TableState:
    state = source.state(snapshot_id, kept=())
    if isinstance(state, Gone):
        raise UnreadableError(f"snapshot {snapshot_id}", f"gone: {state.missing}", "nothing helps")
    if isinstance(state, LogTruncated):
        raise UnreadableError(f"snapshot {snapshot_id}", "its log is truncated", "nothing helps")
    return state
