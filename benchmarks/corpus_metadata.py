"""Foreign Iceberg metadata files without tables: read right, or refused where upstream refuses."""

from __future__ import annotations

from benchmarks.corpus_marks import (
    KNOWN_BAD,
    UNTOLD,
    Column,
    Fixture,
    Mark,
    Marks,
    Outcome,
    Tally,
    one_mark,
)
from catalogs.opening import open_metadata_file
from catalogs.storage import Storage
from snapshots.errors import TemporalLineageError
from snapshots.history import TableHistory

# The upstream test of this file wants it read, with the default spec found by its number, and the
# facts leave it open.
EITHER = frozenset({"icebergmeta.iceberg-go-TableMetadataV1PartitionSpecsWithoutDefaultId"})


def metadata_marks(fixture: Fixture) -> Marks:
    """Read a metadata file as the history of a table, and compare all that is known of it."""
    try:
        history = open_metadata_file(str(fixture.path), Storage({})).history(known=None)
    except TemporalLineageError as error:
        return one_mark(Mark(Outcome.REFUSED, 1, (str(error),)))
    if fixture.category == KNOWN_BAD and fixture.name not in EITHER:
        return one_mark(Mark(Outcome.WRONG, 1, ("known-bad, and loaded",)))
    if "iceberg-view" in fixture.features:
        return one_mark(Mark(Outcome.WRONG, 1, ("a view was taken for a table",)))
    return {
        **dict.fromkeys(Column, UNTOLD),
        Column.HISTORY: _history(fixture, history),
        Column.SCHEMAS: _schemas(fixture, history),
    }


def _history(fixture: Fixture, history: TableHistory) -> Mark:
    tally, facts = Tally(), fixture.facts
    version = f"format-version={facts['format_version']}"
    tally.expect("format version", found=history.features[0], told=version)
    ids = sorted(history.listed)
    tally.expect("snapshots", found=ids, told=sorted(facts.get("snapshot_ids", [])))
    logged = {one.snapshot_id for one in history.recorded}
    tally.expect("snapshot log", found=logged, told=set(facts.get("snapshot_log", [])))
    head = history.head()
    refs = head.refs if head else ()
    found = {one.name: (one.snapshot_id, type(one).__name__.lower()) for one in refs}
    for name, ref in facts.get("refs", {}).items():
        told = (ref["snapshot-id"], ref["type"])
        tally.expect(f"ref {name}", found=found.get(name), told=told)
    return tally.mark()


def _schemas(fixture: Fixture, history: TableHistory) -> Mark:
    tally = Tally()
    if "n_schemas" in fixture.facts:
        found, told = len(history.schemas), fixture.facts["n_schemas"]
        tally.expect("schemas", found=found, told=told)
    return tally.mark()
