"""Foreign Delta tables against what is known of them, version by version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.corpus_golden import golden_folders, rows_of, same_rows
from benchmarks.corpus_marks import (
    KNOWN_BAD,
    Column,
    Fixture,
    Mark,
    Marks,
    Outcome,
    Tally,
    one_mark,
)
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

# The facts compare paths letter by letter. `/a` and `file:///a` are one file: the reference
# implementation's own test of these two tables wants no file left at version 1.
REMOVED_BY_ANOTHER_SPELLING = {
    "delta.delta-golden-canonicalized-paths-special-b": 1,
    "delta.dkr-golden-canonicalized-paths-special-a": 1,
}


def delta_marks(fixture: Fixture) -> Marks:
    """Read a table through the public reader and compare all that is known of it."""
    try:
        source = open_path(str(fixture.path / "_delta_log"), {})
        history = source.history(known=None)
    except TemporalLineageError as error:
        refused = Mark(Outcome.REFUSED, 1, (str(error),))
        return (
            one_mark(refused) if fixture.category == KNOWN_BAD else dict.fromkeys(Column, refused)
        )
    if fixture.category == KNOWN_BAD:
        return one_mark(Mark(Outcome.WRONG, 1, ("known-bad, and loaded",)))
    return {
        Column.HISTORY: _history(fixture, source, history),
        Column.SCHEMAS: _schemas(fixture, history),
        Column.INSTANTS: _instants(fixture, history),
        Column.FILES: _files(fixture, source, history),
        Column.ROWS: _rows(fixture, source),
        Column.VALUES: _values(fixture, source, history),
    }


def _history(fixture: Fixture, source: TableSource, history: TableHistory) -> Mark:
    tally, facts = Tally(), fixture.facts
    ids = [one.snapshot_id for one in history.snapshots]
    told = facts["versions"]
    found = {"first": ids[0], "latest": ids[-1], "listed": len(ids)}
    for key, number in found.items():
        tally.expect(f"{key} version", found=number, told=told[key])
    lost = sorted(set(ids) - history.listed)
    tally.expect("versions beyond rebuilding", found=lost, told=told["unreconstructable"])
    tally.expect("table id", found=history.identity.uuid, told=facts["table_id"])
    by_id = {one.snapshot_id: one for one in history.snapshots}
    for one in facts["history"]:
        snapshot = by_id.get(one["v"])
        if snapshot is None:
            tally.wrong.append(f"version {one['v']} is not there")
            continue
        operation = one.get("op") or "unknown"
        tally.expect(f"operation of {one['v']}", found=snapshot.operation, told=operation)
        if "adds" in one:
            counts = (snapshot.counts.added_files, snapshot.counts.removed_files)
            told_counts = (one["adds"], one["removes"])
            tally.expect(f"files of commit {one['v']}", found=counts, told=told_counts)
    for version in told["unreconstructable"]:
        with tally.refusals(f"version {version}"):
            state = source.state(version, kept=())
            tally.expect(f"state {version}", found=type(state), told=LogTruncated)
    return tally.mark()


def _schemas(fixture: Fixture, history: TableHistory) -> Mark:
    tally, facts = Tally(), fixture.facts
    known = {one.schema_id: one for one in history.schemas}
    in_force = {
        one.snapshot_id: known.get(one.schema_id) if one.schema_id is not None else None
        for one in history.snapshots
    }
    current = in_force[history.snapshots[-1].snapshot_id]
    first = next((one for one in history.schemas if one.fields), current)
    for schema, key in ((current, "current_schema"), (first, "first_schema")):
        told = facts.get(key, [])
        found = list(_columns(schema)) if schema else []
        if len(told) == COLUMNS_LISTED_MAX:  # the facts stop there
            found = found[:COLUMNS_LISTED_MAX]
        tally.expect(key, found=found, told=told)
    before: SchemaVersion | None = None
    for one in facts["history"]:
        schema = in_force.get(one["v"])
        if before and schema and before.fields and one["v"] in history.listed:
            changed = _shape(before) != _shape(schema)
            told_so = "schema_change" in one
            tally.expect(f"schema change at {one['v']}", found=changed, told=told_so)
        before = schema or before
    return tally.mark()


def _instants(fixture: Fixture, history: TableHistory) -> Mark:
    """Compare with in-commit instants of the facts, else with the files' own times in order."""
    tally = Tally()
    in_commit = {one["v"]: one["ict"] for one in fixture.facts["history"] if "ict" in one}
    latest: int | None = None
    for point in history.chain:
        if not isinstance(point, CommitPoint):
            latest = None
            continue
        file = fixture.path / "_delta_log" / f"{point.position:020}.json"
        if point.position in in_commit:
            told, source = in_commit[point.position], InstantSource.IN_COMMIT
        elif file.is_file():
            told, source = file.stat().st_mtime_ns // 1_000_000, InstantSource.FILE_MODIFICATION
            told = told if latest is None else max(told, latest + 1)
        else:
            continue
        latest = told
        found = (point.at.micros, point.source)
        tally.expect(f"instant of {point.position}", found=found, told=(told * 1000, source))
    return tally.mark()


def _files(fixture: Fixture, source: TableSource, history: TableHistory) -> Mark:
    tally = Tally()
    for one in fixture.facts["history"]:
        if "files" not in one:
            continue
        with tally.refusals(f"version {one['v']}"):
            live = [file for file in _state(source, one["v"]).files if _is_data(file.content)]
            if one["v"] == REMOVED_BY_ANOTHER_SPELLING.get(fixture.name):
                tally.expect(f"files at {one['v']}", found=len(live), told=0)
                continue
            tally.expect(f"files at {one['v']}", found=len(live), told=one["files"])
            rows = [file.rows for file in live]
            total = None if None in rows else sum(rows_ or 0 for rows_ in rows)
            tally.expect(f"recorded rows at {one['v']}", found=total, told=one.get("rows"))
    with tally.refusals("the current state"):
        state = _state(source, history.snapshots[-1].snapshot_id)
        if fixture.name not in REMOVED_BY_ANOTHER_SPELLING:
            gone = {file.path for file in state.missing() if _is_data(file.content)}
            told = fixture.facts["current"]["missing_files"]
            tally.expect("missing files", found=len(gone), told=told)
        keys = {file.key for file in state.files}
        tally.expect("files of all commits", found=_added_up(source, history), told=keys)
    return tally.mark()


def _added_up(source: TableSource, history: TableHistory) -> set[str]:
    live: set[str] = set()
    for commit in source.commit_files(history, skip=()):
        live = live if commit.parent_id is not None else set()
        live = (live - set(commit.removed)) | {one.file.key for one in commit.added}
    return live


def _rows(fixture: Fixture, source: TableSource) -> Mark:
    tally, told = Tally(), _told_rows(fixture)
    for version, rows in told.items():
        with tally.refusals(f"version {version}"):
            found = sum(len(batch) for batch in _state(source, version).batches(columns=None))
            tally.expect(f"rows at {version}", found=found, told=rows)
    return tally.mark()


def _told_rows(fixture: Fixture) -> Mapping[int, int]:
    told = {one["v"]: one["rows"] for one in fixture.facts["history"] if "rows" in one}
    current = fixture.facts.get("current_row_count")
    if current is not None:
        told[fixture.facts["versions"]["latest"]] = current
    if fixture.name in REMOVED_BY_ANOTHER_SPELLING:
        told[REMOVED_BY_ANOTHER_SPELLING[fixture.name]] = 0
    return told


def _values(fixture: Fixture, source: TableSource, history: TableHistory) -> Mark:
    """Compare cell by cell with the rows that the fixture's makers keep beside it."""
    tally = Tally()
    for folder, version in golden_folders(fixture):
        number = history.snapshots[-1].snapshot_id if version is None else version
        with tally.refusals(f"version {number}"):
            state = _state(source, number)
            difference = same_rows(rows_of(state), folder)
            tally.expect(f"values at {number}", found=difference, told="")
    return tally.mark()


def _state(source: TableSource, version: int) -> TableState:
    state = source.state(version, kept=())
    if isinstance(state, LogTruncated | Gone):
        raise UnreadableError(source.location, f"{type(state).__name__}", "nothing helps")
    return state


def _is_data(content: FileContent) -> bool:
    return content is FileContent.DATA


def _shape(schema: SchemaVersion) -> list[tuple[str, str, bool]]:
    return [(one.path, one.type, one.required) for one in schema.fields]


def _columns(schema: SchemaVersion) -> Iterator[str]:
    """Name columns as the facts do: structs level by level, lists and maps as one type."""
    by_id: dict[int, Field] = {field.field_id: field for field in schema.fields}
    parts: dict[int | None, list[Field]] = {}
    for field in schema.fields:
        parts.setdefault(field.parent_id, []).append(field)
    for field in schema.fields:
        parent = by_id.get(field.parent_id) if field.parent_id is not None else None
        if parent is None or parent.type == "struct":
            yield f"{field.path}:{_type(parts, field)}"


def _type(parts: Mapping[int | None, list[Field]], field: Field) -> str:
    inner: list[Any] = parts.get(field.field_id, [])
    if field.type == "list":
        return f"array<{_type(parts, inner[0])}>"
    if field.type == "map":
        return f"map<{_type(parts, inner[0])},{_type(parts, inner[1])}>"
    return field.type
