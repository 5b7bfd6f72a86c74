"""Delta tables of other projects: every recorded fact, or an explicit refusal, never a wrong count.

The tables lie outside the repository; without them these tests are skipped.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from catalogs.delta.source import DeltaSource
from catalogs.storage import Storage
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import FileContent
from snapshots.history import TableHistory
from snapshots.schema import Field, SchemaVersion

COLUMNS_LISTED_MAX = 60

# What no reader may believe, and the words of the true reason.
REFUSED = {
    "delta.deltars-err-table_e": (UnsupportedError, "catalogOwned"),
    "delta.deltars-err-table_f": (UnsupportedError, "catalogOwned"),
    "delta.deltars-err-table_i": (UnsupportedError, "catalogOwned"),
    "delta.deltars-simple_table_features": (UnsupportedError, "reader version 5 .* blahabl"),
    "delta.dkr-crc-malformed": (UnreadableError, "no commit and no checkpoint"),
    "delta.dkr-golden-data-reader-absolute-paths-escaped-chars": (UnreadableError, "no metaData"),
    "delta.dkr-golden-deltalog-invalid-protocol-version": (UnsupportedError, "version 99"),
    "delta.dkr-golden-deltalog-state-reconstruction-without-protocol": (
        UnreadableError,
        "no protocol action",
    ),
    "delta.dkr-golden-versions-not-contiguous": (UnreadableError, "lacks version 1"),
    "delta.trino-statistics-basic_multi_file": (UnreadableError, "no protocol action"),
    # A table all readers refuse: the Parquet footer of its only checkpoint is out of specification.
    "delta.dremio-multiPartCheckpoint": (UnreadableError, "it is no checkpoint"),
}

# The facts compare paths letter by letter. `/a` and `file:///a` are one file: the reference
# implementation's own test of this table wants none left.
REMOVED_BY_ANOTHER_SPELLING = {
    "delta.delta-golden-canonicalized-paths-special-b": 1,
    "delta.dkr-golden-canonicalized-paths-special-a": 1,
}

# Tables whose rows cannot be read, and why: their fixtures lack a file, or need what is not there.
ROWS_REFUSED = {
    "delta.delta-partitioned-table-with-dv-large": (UnreadableError, "deletion_vector_b86cba62"),
    "delta.delta-table-with-dv-large": (UnreadableError, "deletion_vector_afcbf9f8"),
    "delta.delta-table-with-dv-small": (UnreadableError, "deletion_vector_b6a98cdd"),
    "delta.delta-table-with-dv-special-char": (UnreadableError, "FOLDER_WITH_SPECIAL_CHAR"),
}


@cache
def _entries(corpus: Path) -> dict[str, dict[str, Any]]:
    told = json.loads((corpus / "INDEX.json").read_text())
    return {one["id"]: one for one in told if one["format"] == "delta"}


@cache
def _histories(corpus: Path) -> dict[str, TableHistory]:
    readable = (name for name in _entries(corpus) if name not in REFUSED)
    return {name: _source(corpus, name).history(known=None) for name in readable}


def _source(corpus: Path, name: str) -> DeltaSource:
    location = str(corpus / _entries(corpus)[name]["path"])
    return DeltaSource(location, storage=Storage({}), options={})


def _readable(corpus: Path) -> Iterator[tuple[str, dict[str, Any], TableHistory]]:
    for name, history in _histories(corpus).items():
        yield name, _entries(corpus)[name]["facts"], history


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_no_table_is_refused_for_the_true_reason(corpus: Path, name: str) -> None:
    kind, reason = REFUSED[name]
    if name not in _entries(corpus):
        pytest.skip(f"this corpus has no {name}")
    with pytest.raises(kind, match=reason):
        _source(corpus, name).history(known=None)


def test_everything_marked_as_bad_is_refused(corpus: Path) -> None:
    bad = {name for name, one in _entries(corpus).items() if one["category"] == "known-bad"}
    assert bad <= REFUSED.keys()


def test_versions_identities_and_what_can_be_rebuilt(corpus: Path) -> None:
    for name, facts, history in _readable(corpus):
        ids = [one.snapshot_id for one in history.snapshots]
        versions = facts["versions"]
        assert (ids[0], ids[-1], len(ids)) == (
            versions["first"],
            versions["latest"],
            versions["listed"],
        ), name
        assert sorted(set(ids) - history.listed) == versions["unreconstructable"], name
        assert history.identity.uuid == facts["table_id"], name


def test_operations_counts_and_in_commit_instants_of_every_version(corpus: Path) -> None:
    for name, facts, history in _readable(corpus):
        by_id = {one.snapshot_id: one for one in history.snapshots}
        for told in facts["history"]:
            snapshot = by_id[told["v"]]
            assert snapshot.operation == (told.get("op") or "unknown"), (name, told)
            if "adds" in told:
                counts = snapshot.counts
                assert counts.added_files == told["adds"], (name, told)
                assert counts.removed_files == told["removes"], (name, told)
            if "ict" in told:
                assert snapshot.committed_at.micros == told["ict"] * 1000, (name, told)


def test_live_files_and_recorded_rows_of_every_version(corpus: Path) -> None:
    for name, facts, history in _readable(corpus):
        table = _source(corpus, name)
        for told in facts["history"]:
            if "files" not in told:
                assert told["v"] not in history.listed, (name, told)
                continue
            state: Any = table.state(told["v"], kept=())
            live = [file for file in state.files if file.content is FileContent.DATA]
            if told["v"] == REMOVED_BY_ANOTHER_SPELLING.get(name):
                assert live == []
                continue
            assert len(live) == told["files"], (name, told)
            rows = [file.rows for file in live]
            total = None if None in rows else sum(one or 0 for one in rows)
            assert total == told.get("rows"), (name, told)


def test_file_lists_of_commits_add_up_to_the_live_files(corpus: Path) -> None:
    for name, _, history in _readable(corpus):
        live: dict[str, str] = {}
        for commit in _source(corpus, name).commit_files(history, skip=()):
            if commit.parent_id is None:
                live = {}
            for key in commit.removed:
                live.pop(key, None)
            live |= {one.file.key: one.file.path for one in commit.added}
        head: Any = _source(corpus, name).state(history.snapshots[-1].snapshot_id, kept=())
        assert live == {file.key: file.path for file in head.files}, name


def test_current_and_first_schemas(corpus: Path) -> None:
    for name, facts, history in _readable(corpus):
        head = history.head()
        assert head is not None
        assert head.schema_id is not None
        current = history.schema(schema_id=head.schema_id)
        assert current is not None
        first = next((one for one in history.schemas if one.fields), current)
        for schema, key in ((current, "current_schema"), (first, "first_schema")):
            told = facts.get(key, [])
            found = list(_columns(schema))
            if len(told) == COLUMNS_LISTED_MAX:  # the facts stop there
                found = found[:COLUMNS_LISTED_MAX]
            assert found == told, name
        assert len({field.field_id for field in current.fields}) == len(current.fields), name


def test_rows_are_the_facts_or_a_refusal_with_its_reason(corpus: Path) -> None:
    for name, facts, history in _readable(corpus):
        table = _source(corpus, name)
        state: Any = table.state(history.snapshots[-1].snapshot_id, kept=())
        current = facts["current"]
        if name in REMOVED_BY_ANOTHER_SPELLING:
            assert state.files == (), name
            continue
        gone = {file.path for file in state.missing() if file.content is FileContent.DATA}
        assert len(gone) == current["missing_files"], name
        if name in ROWS_REFUSED or gone:
            kind, reason = ROWS_REFUSED.get(name, (UnreadableError, "there is no such file"))
            with pytest.raises(kind, match=reason):
                _count(state)
            continue
        count = _count(state)
        assert count == current["rows_from_parquet_footers"] == facts["current_row_count"], name


def test_every_state_that_says_its_rows_gives_as_many(corpus: Path) -> None:
    for name, facts, history in _readable(corpus):
        if facts["current"]["missing_files"] or name in ROWS_REFUSED:
            continue
        table = _source(corpus, name)
        chosen = sorted(history.listed)
        for version in {chosen[0], chosen[len(chosen) // 2]}:
            state: Any = table.state(version, kept=())
            rows = [file.rows for file in state.files if file.content is FileContent.DATA]
            if None not in rows and not state.missing():
                assert _count(state) == sum(rows), (name, version)


def test_a_history_read_in_two_parts_is_the_same(corpus: Path) -> None:
    for name, _, history in _readable(corpus):
        assert _source(corpus, name).history(known=history) == history, name


def _count(state: Any) -> int:  # noqa: ANN401
    return sum(batch.num_rows for batch in state.batches(columns=None))


def _columns(schema: SchemaVersion) -> Iterator[str]:
    """Name columns as the facts do: structs level by level, lists and maps as one type."""
    for field in schema.fields:
        parents = {one.field_id: one for one in schema.fields}
        parent = parents.get(field.parent_id) if field.parent_id is not None else None
        if parent is None or parent.type == "struct":
            yield f"{field.path}:{_type(schema, field)}"


def _type(schema: SchemaVersion, field: Field) -> str:
    parts = [one for one in schema.fields if one.parent_id == field.field_id]
    if field.type == "list":
        return f"array<{_type(schema, parts[0])}>"
    if field.type == "map":
        return f"map<{_type(schema, parts[0])},{_type(schema, parts[1])}>"
    return field.type
