"""Stories for the rules of evidence: small table histories, and the events of runs beside them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from snapshots.commit_point import ChainPoint, CommitPoint
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.refs import MAIN, Branch, SnapshotRef, Tag
from snapshots.snapshot import CommitCounts, Effect, InstantSource, Snapshot
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RunEvent
from temporal_lineage.evidence.grades import Evidence
from temporal_lineage.evidence.runs import RunRecord, gather
from temporal_lineage.evidence.timeline import Timeline

NOON = Instant.parse("2026-11-17T12:00Z")
MINUTE_MICROS = 60_000_000
SKEW_MS = 1_000
TABLE = {"namespace": "s3://lake", "name": "sales/orders"}
SPARK_1_34 = "https://github.com/OpenLineage/OpenLineage/tree/1.34.0/integration/spark"
SPARK_1_40 = "https://github.com/OpenLineage/OpenLineage/tree/1.40.1/integration/spark"

Json = Any


def at(minutes: float) -> Instant:
    """So many minutes after noon."""
    return NOON.plus(micros=round(minutes * MINUTE_MICROS))


@dataclass(frozen=True)
class Commit:
    """A snapshot made at a minute, on a branch; every column of its counts is `rows`."""

    snapshot_id: int
    minute: float
    rows: int | None = None
    summary: Mapping[str, str] = field(default_factory=dict)
    effect: Effect = Effect.APPEND
    operation: str = "append"
    ref: str = MAIN


@dataclass(frozen=True)
class Move:
    """A ref is set to a snapshot at a minute: a rollback of main, a new tag."""

    ref: str
    snapshot_id: int
    minute: float


@dataclass(frozen=True)
class SchemaChange:
    """The schema changes at a minute, without a snapshot."""

    schema_id: int
    minute: float


Step = Commit | Move | SchemaChange


def history(
    *steps: Step, format_of: TableFormat = TableFormat.ICEBERG, start: float | None = None
) -> TableHistory:
    """Make a table that took these steps; with `start` it was empty before, from then on."""
    heads: dict[str, int] = {}
    chain: list[ChainPoint] = []
    snapshots: list[Snapshot] = []
    schema_id = 0
    if start is not None:
        chain.append(_point(0, at(start), {}, schema_id))
    for step in steps:
        if isinstance(step, Commit):
            snapshots.append(_snapshot(step, heads.get(step.ref, heads.get(MAIN)), len(snapshots)))
        if isinstance(step, SchemaChange):
            schema_id = step.schema_id
        else:
            heads[step.ref] = step.snapshot_id
        chain.append(_point(len(chain), at(step.minute), dict(heads), schema_id))
    return TableHistory(
        identity=TableIdentity(format_of, "9c12d441"),
        location="s3://lake/sales/orders",
        chain=tuple(chain),
        recorded=(),
        snapshots=tuple(snapshots),
        schemas=(),
        listed=frozenset(one.snapshot_id for one in snapshots),
        expiries=(),
        gaps=(),
        features=(),
    )


def timeline(*steps: Step, start: float | None = None) -> Timeline:
    """Make the timeline of an Iceberg table that took these steps."""
    return Timeline(history(*steps, start=start))


def seen(version: int | str | None = None, **facets: Json) -> Json:
    """What an event says of the table: its version, and other facets by name."""
    told = {} if version is None else {"version": {"datasetVersion": str(version)}}
    return {**TABLE, "facets": {**told, **facets}}


def wrote(rows: int, version: int | str | None = None, **facets: Json) -> Json:
    """What a terminal event says of the table as output, every count being `rows`."""
    counts = {"rowCount": rows, "size": rows, "fileCount": rows}
    return {**seen(version, **facets), "outputFacets": {"outputStatistics": counts}}


def event(
    kind: str,
    minute: float,
    *,
    run: str = "r1",
    job: str = "load",
    inputs: Sequence[Json] = (),
    outputs: Sequence[Json] = (),
    facets: Mapping[str, Json] | None = None,
    job_facets: Mapping[str, Json] | None = None,
    producer: str = "https://example.org/test",
) -> RunEvent:
    """Make an event the way all events are made: by reading JSON."""
    body = {
        "eventTime": at(minute).isoformat(),
        "eventType": kind,
        "producer": producer,
        "run": {"runId": run, "facets": facets or {}},
        "job": {"namespace": "shop", "name": job, "facets": job_facets or {}},
        "inputs": list(inputs),
        "outputs": list(outputs),
    }
    (found,) = read_events(json.dumps(body).encode(), source="story")
    assert isinstance(found, CapturedEvent)
    assert isinstance(found.event, RunEvent)
    return found.event


def record(*events: RunEvent) -> RunRecord:
    """Gather the events of one run."""
    (found,) = gather(events).values()
    return found


def rejections(evidence: Evidence) -> dict[str, str]:
    """Give why each alternative was rejected."""
    return {one.what: one.why for one in evidence.rejected}


def _snapshot(step: Commit, parent_id: int | None, number: int) -> Snapshot:
    return Snapshot(
        snapshot_id=step.snapshot_id,
        parent_id=parent_id,
        sequence_number=number + 1,
        committed_at=at(step.minute),
        operation=step.operation,
        effect=step.effect,
        schema_id=0,
        counts=CommitCounts(step.rows, 0, step.rows, 0, step.rows, 0),
        summary=step.summary,
    )


def _point(position: int, when: Instant, heads: Mapping[str, int], schema_id: int) -> CommitPoint:
    refs: list[SnapshotRef] = [
        Tag(name, head, None) if name.startswith("tag") else Branch(name, head, None, None, None)
        for name, head in heads.items()
    ]
    return CommitPoint(
        position=position,
        at=when,
        source=InstantSource.METADATA_LOG,
        witness=f"metadata file {position}",
        snapshot_id=heads.get(MAIN),
        schema_id=schema_id,
        refs=tuple(refs),
        properties={},
        definition=None,
    )
