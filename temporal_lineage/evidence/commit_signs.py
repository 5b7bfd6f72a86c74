"""Commit signs: what a commit says of its writer, and how that fits what a run says."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from hashlib import md5
from uuid import UUID

from snapshots.snapshot import Snapshot
from temporal_lineage.capture.openlineage_events import (
    TRINO_QUERY_ID,
    EngineKey,
    KeyKind,
    Statistics,
)
from temporal_lineage.evidence.runs import RunRecord

STAMP = "temporal_lineage.run-id"
"""The snapshot property, and the key in Delta's commitInfo, that names the run that committed."""

_DELTA_QUERY = "operationParameters.queryId"
_TRANSACTION = "txn."  # the rest of the key is the application's id, the value its version
_USER_METADATA = "userMetadata"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LETTERS = re.compile(r"[^a-z0-9]")
_NOT_THE_WRITER = ("parent", "root")
_STAMP_ENDING = "runid"

_KEYS = {
    "spark.app.id": KeyKind.SPARK_APPLICATION,
    "app-id": KeyKind.SPARK_APPLICATION,
    "flink.job-id": KeyKind.FLINK_JOB,
    "trino_query_id": KeyKind.TRINO_QUERY,
    "spark.sql.streaming.queryId": KeyKind.STREAMING_QUERY,
    "kafka.connect.commit-id": KeyKind.KAFKA_CONNECT_COMMIT,
    "job.jobRunId": KeyKind.DATABRICKS_RUN,
    "job.runId": KeyKind.DATABRICKS_RUN,
    "job.jobId": KeyKind.DATABRICKS_JOB,
    "notebook.notebookId": KeyKind.DATABRICKS_NOTEBOOK,
    "clusterId": KeyKind.DATABRICKS_CLUSTER,
}
_ENGINES = ("spark", "trino", "flink")
_ENGINE_OF = {
    KeyKind.SPARK_APPLICATION: "spark",
    KeyKind.TRINO_QUERY: "trino",
    KeyKind.FLINK_JOB: "flink",
}


class Agreement(StrEnum):
    """How the engine keys of a run and of a commit stand to each other."""

    AGREE = "agree"
    SILENT = "silent"
    """They have no kind of key in common."""
    DISAGREE = "disagree"


class Fit(StrEnum):
    """How a run's statistics and a commit's counts stand to each other."""

    EQUAL = "equal"
    """All that both count is equal, and something was counted."""
    SILENT = "silent"
    """They count nothing in common, or nothing was written."""
    DIFFERENT = "different"


def stamps(snapshot: Snapshot) -> frozenset[str]:
    """Give the run ids a commit carries, casefolded: in the summary, commitInfo, userMetadata.

    Any key that ends in `run-id`, however spelled, may hold one; it means something only where a
    run of that id is known. DESIGN 4.4, outputs rung 1.
    """
    found = {
        value.strip().casefold()
        for key, value in snapshot.summary.items()
        if _is_stamp(key) and value.strip()
    }
    return frozenset(found | _in_user_metadata(snapshot.summary.get(_USER_METADATA, "")))


def engine_keys(snapshot: Snapshot) -> frozenset[EngineKey]:
    """Give the engine keys a commit carries. DESIGN 4.4, outputs rung 3."""
    found = {
        EngineKey(kind, snapshot.summary[key])
        for key, kind in _KEYS.items()
        if snapshot.summary.get(key)
    }
    found |= {
        EngineKey(KeyKind.DELTA_APPLICATION, key.removeprefix(_TRANSACTION))
        for key in snapshot.summary
        if key.startswith(_TRANSACTION)
    }
    query = snapshot.summary.get(_DELTA_QUERY)
    if query:
        # Spark's streaming queries use the same parameter for an id of another kind.
        by_trino = TRINO_QUERY_ID.fullmatch(query) is not None
        found.add(EngineKey(KeyKind.TRINO_QUERY if by_trino else KeyKind.DELTA_APPLICATION, query))
    return frozenset(found)


def derived_run_ids(snapshot: Snapshot) -> frozenset[str]:
    """Give the run ids that follow from a commit's keys: Trino's is UUIDv3 of the query id.

    Later versions of its listener make run ids otherwise, so that a difference says nothing.
    """
    return frozenset(
        str(UUID(bytes=md5(key.value.encode(), usedforsecurity=False).digest(), version=3))
        for key in engine_keys(snapshot)
        if key.kind is KeyKind.TRINO_QUERY
    )


def agreement(run: RunRecord, snapshot: Snapshot) -> Agreement:
    """Hold the engine keys of a run and a commit against each other, and their engines."""
    ours, theirs = set(run.keys), engine_keys(snapshot)
    shared = {key.kind for key in ours} & {key.kind for key in theirs}
    agreed = {key.kind for key in ours & theirs}
    if shared - agreed:
        return Agreement.DISAGREE
    if agreed:
        return Agreement.AGREE
    engines = _engines(snapshot)
    named = (run.engine.name or "").casefold() if run.engine else ""
    if named in _ENGINES and engines and named not in engines:
        return Agreement.DISAGREE
    return Agreement.SILENT


def fit(statistics: Statistics | None, snapshot: Snapshot) -> Fit:
    """Hold a run's output statistics against a commit's added counts."""
    if statistics is None:
        return Fit.SILENT
    counts = snapshot.counts
    pairs = (
        (statistics.rows, counts.added_rows),
        (statistics.bytes, counts.added_bytes),
        (statistics.files, counts.added_files),
    )
    known = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    if any(ours != theirs for ours, theirs in known):
        return Fit.DIFFERENT
    return Fit.EQUAL if any(ours for ours, _ in known) else Fit.SILENT


def counted(snapshot: Snapshot) -> str:
    """Write a commit's added counts for people."""
    counts = snapshot.counts
    return written(Statistics(counts.added_rows, counts.added_bytes, counts.added_files))


def written(statistics: Statistics) -> str:
    """Write counts for people."""
    named = (
        (statistics.rows, "rows"),
        (statistics.bytes, "bytes"),
        (statistics.files, "files"),
    )
    return ", ".join(f"{value} {name}" for value, name in named if value is not None)


def _is_stamp(key: str) -> bool:
    bare = _LETTERS.sub("", key.casefold())
    return bare.endswith(_STAMP_ENDING) and not any(word in bare for word in _NOT_THE_WRITER)


def _in_user_metadata(told: str) -> set[str]:
    """Find run ids in Delta's `userMetadata`: a JSON object's, or any UUID of another text."""
    if not told:
        return set()
    try:
        body = json.loads(told)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return {
            value.strip().casefold()
            for key, value in body.items()
            if isinstance(value, str) and _is_stamp(key)
        }
    return {found.casefold() for found in _UUID.findall(told)}


def _engines(snapshot: Snapshot) -> set[str]:
    told = " ".join(
        snapshot.summary.get(key, "") for key in ("engine-name", "engineInfo")
    ).casefold()
    by_key = {_ENGINE_OF[key.kind] for key in engine_keys(snapshot) if key.kind in _ENGINE_OF}
    return by_key | {name for name in _ENGINES if name in told}
