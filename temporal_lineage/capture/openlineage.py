"""OpenLineage: from bytes to events, losing no event to a bad neighbour."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from snapshots.instant import Instant
from temporal_lineage.capture import openlineage_runs as runs
from temporal_lineage.capture.dbt_run_ids import RunIdentity, identified
from temporal_lineage.capture.json_stream import (
    RAW_BYTES_MAX,
    BrokenText,
    JsonValue,
    Tail,
    values,
)
from temporal_lineage.capture.openlineage_datasets import mention, mentions
from temporal_lineage.capture.openlineage_events import (
    CapturedEvent,
    DatasetEvent,
    Event,
    JobEvent,
    JobName,
    RejectedEvent,
    RunEvent,
    RunEventKind,
)
from temporal_lineage.capture.openlineage_json import (
    Doubts,
    instant,
    mapping,
    run_id,
    text,
    without_nul,
)
from temporal_lineage.capture.openlineage_lineage import job_entries
from temporal_lineage.capture.openlineage_plans import read_options


def read_events(body: bytes, *, source: str) -> Iterator[CapturedEvent | RejectedEvent]:
    """Read a JSON object, a JSON array, lines of JSON, or any mixture with blank lines.

    Follows OpenLineage 2-0-2 and reads every earlier version. `source` names the file or request
    for people. What is no event is yielded as RejectedEvent with its line; nothing is raised.
    """
    for one, _ in read_stream([body], source=source, tail=Tail.BROKEN):
        yield one


def read_stream(
    chunks: Iterable[bytes], *, source: str, tail: Tail
) -> Iterator[tuple[CapturedEvent | RejectedEvent, int]]:
    """Read a stream of the same, whatever its length, each with where it ends in the stream."""
    for found in values(chunks, tail=tail):
        if isinstance(found, BrokenText):
            one: CapturedEvent | RejectedEvent = RejectedEvent(
                source, found.line, found.reason, found.raw, found.size
            )
        else:
            one = _captured(found, source=source)
        yield one, found.end


_NUL = b"\\u0000"


class _NoEventError(Exception):
    """An object that is no event; the message is the reason."""


def _captured(found: JsonValue, *, source: str) -> CapturedEvent | RejectedEvent:
    value, line = found.value, found.line
    place = "" if found.element is None else f"element {found.element} of the array: "
    doubts = Doubts()
    try:
        body = msgspec.json.encode(value, order="deterministic")
        event = _event(without_nul(value, doubts) if _NUL in body else value, doubts)
    except _NoEventError as error:
        return _rejected(found, source, f"{place}{error}")
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return _rejected(found, source, f"{place}cannot be written down: {error}")
    return CapturedEvent(
        digest=sha256(body).hexdigest(),
        body=body,
        event=event,
        source=source,
        line=line,
        doubts=doubts.found(),
    )


def _rejected(found: JsonValue, source: str, reason: str) -> RejectedEvent:
    raw = found.raw if found.raw is not None else _text_of(found.value)
    return RejectedEvent(source, found.line, reason, raw[:RAW_BYTES_MAX], len(raw))


def _text_of(value: object) -> bytes:
    """Write a value anew; nothing of one that is nested too deeply even for that."""
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b""


def _event(value: object, doubts: Doubts) -> Event:
    if not isinstance(value, dict):
        reason = f"an event is a JSON object, not {type(value).__name__}"
        raise _NoEventError(reason)
    at = instant(value.get("eventTime"), "eventTime", doubts)
    if at is None:
        told = value.get("eventTime")
        reason = "it has no eventTime" if told is None else f"{told!r} is not a point in time"
        raise _NoEventError(reason)
    producer = text(value.get("producer"), "producer", doubts) or ""
    if value.get("run") is not None:
        return _run_event(value, at, producer, doubts)
    if value.get("job") is not None:
        return _job_event(value, at, producer, doubts)
    if value.get("dataset") is not None:
        found = mention(value["dataset"], None, "dataset", doubts)
        if found is None:
            reason = "its dataset has no namespace and name"
            raise _NoEventError(reason)
        return DatasetEvent(found, at, producer)
    reason = "it has neither run, job nor dataset"
    raise _NoEventError(reason)


def _run_event(value: Mapping[str, Any], at: Instant, producer: str, doubts: Doubts) -> RunEvent:
    run = mapping(value["run"], "run", doubts)
    found = run_id(run.get("runId"), "run.runId", doubts)
    if found is None:
        reason = "its run has no runId"
        raise _NoEventError(reason)
    job = _job(value)
    facets = mapping(run.get("facets"), "run.facets", doubts)
    job_facets = _job_facets(value, doubts)
    told = RunIdentity(found, None, runs.parent_run(facets, "run.facets", doubts))
    identity = identified(told, facets, job_facets)
    return RunEvent(
        run_id=identity.run_id,
        invocation=identity.invocation,
        job=job,
        kind=_kind(value, doubts),
        at=at,
        producer=producer,
        inputs=mentions(value.get("inputs"), job, "inputs", doubts),
        outputs=mentions(value.get("outputs"), job, "outputs", doubts),
        lineage=job_entries(job_facets.get("lineage"), job, "job.facets.lineage", doubts),
        parent=identity.parent,
        nominal=runs.nominal_time(facets, "run.facets", doubts),
        error=runs.error_message(facets, "run.facets", doubts),
        engine=runs.engine(facets, "run.facets", doubts),
        keys=runs.engine_keys(facets, job, "run.facets", doubts),
        options=read_options(facets),
        sql=runs.sql(job_facets, "job.facets", doubts),
        sql_dialect=runs.sql_dialect(job_facets, "job.facets", doubts),
        code=runs.source_code(job_facets, "job.facets", doubts),
    )


def _job_event(value: Mapping[str, Any], at: Instant, producer: str, doubts: Doubts) -> JobEvent:
    job = _job(value)
    facets = _job_facets(value, doubts)
    return JobEvent(
        job=job,
        at=at,
        producer=producer,
        inputs=mentions(value.get("inputs"), job, "inputs", doubts),
        outputs=mentions(value.get("outputs"), job, "outputs", doubts),
        lineage=job_entries(facets.get("lineage"), job, "job.facets.lineage", doubts),
        sql=runs.sql(facets, "job.facets", doubts),
        sql_dialect=runs.sql_dialect(facets, "job.facets", doubts),
        code=runs.source_code(facets, "job.facets", doubts),
    )


def _job(value: Mapping[str, Any]) -> JobName:
    found = runs.job_name(value.get("job"), "job", Doubts())
    if found is None:
        reason = "its job has no namespace and name"
        raise _NoEventError(reason)
    return found


def _job_facets(value: Mapping[str, Any], doubts: Doubts) -> Mapping[str, Any]:
    job = mapping(value.get("job"), "job", doubts)
    return mapping(job.get("facets"), "job.facets", doubts)


def _kind(value: Mapping[str, Any], doubts: Doubts) -> RunEventKind:
    told = text(value.get("eventType"), "eventType", doubts)
    if told is None:
        return RunEventKind.OTHER
    try:
        return RunEventKind(told.strip().upper())
    except ValueError:
        doubts.add("eventType", f"{told} is no transition of a run, taken as OTHER")
        return RunEventKind.OTHER
