"""The OpenLineage part of the scoreboard: foreign events, and what is read of each facet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_datasets import mention
from temporal_lineage.capture.openlineage_events import (
    CapturedEvent,
    DatasetEvent,
    DatasetMention,
    JobEvent,
    RejectedEvent,
    RunEvent,
)
from temporal_lineage.capture.openlineage_facets import job_facets, run_facets
from temporal_lineage.capture.openlineage_json import Doubts

Json = dict[str, Any]

TIME = "2026-11-17T09:00:00Z"

# Whole files of them are templates, though their index calls them events.
OPEN_ENDED = frozenset({"ol.marquez-seed", "ol.spark-sparksql-serialized-plans"})

# What the index counts otherwise than the specification has it, and why we read it so.
KNOWN_OTHERWISE: Mapping[str, Json] = {
    # The run that was filled in.
    "ol.spark-sparksql-serialized-plans": {"distinct_runs": 1},
    # It has a transition, but no run.
    "ol.marquez-event_job_event": {"event_types": {"JobEvent": 1}},
}
# Its parent has no runId.
NO_PARENT = "ol.spark-sparksql-serialized-plans"

_READ_OF_DATASETS = frozenset(
    {
        *("version", "schema", "columnLineage", "lineage", "symlinks", "catalog", "storage"),
        *("datasetType", "lifecycleStateChange", "inputStatistics", "outputStatistics"),
        *("icebergScanReport", "icebergCommitReport", "connectorInfo", "subset", "ownership"),
        *("tags", "documentation", "dataQualityMetrics", "dataQuality", "dataQualityAssertions"),
    }
)
_EVENTS = ("openlineage", "openlineage-template")
_EXAMPLE = "openlineage-facet-example"
_NAME_WIDTH = 60
_WIDTH = 9
_COUNTS = {
    "events": "events",
    "runs": "distinct_runs",
    "jobs": "distinct_jobs",
    "datasets": "distinct_datasets",
    "edges": "distinct_job_dataset_edges",
    "columns": "distinct_column_edges",
    "versions": "version_facets",
}

Read = CapturedEvent | RejectedEvent
Told = RunEvent | JobEvent


def openlineage_board(corpus: Path, *, quiet: bool) -> int:
    """Print what was read of each fixture; give how many are wrong."""
    entries = json.loads((corpus / "INDEX.json").read_text())
    print(f"\n{_line('OpenLineage', [*_COUNTS, 'facets', 'doubts'])}")
    wrong, seen, left = 0, 0, Counter[str]()
    for entry in entries:
        if entry["format"] in _EVENTS:
            cells, reasons, unread = _scored(corpus, entry)
        elif entry["format"] == _EXAMPLE:
            cells, reasons, unread = _example(corpus, entry)
        else:
            continue
        seen, wrong, left = seen + 1, wrong + bool(reasons), left + unread
        if reasons or not quiet:
            print(_line(entry["id"], cells))
            for reason in reasons:
                print(f"    WRONG {reason}")
    print(f"  {seen} fixtures, {wrong} wrong")
    print("  facets that are kept and not read, and how often:")
    for name, number in sorted(left.items()):
        print(f"    {name} {number}")
    return wrong


def files(corpus: Path, entry: Json) -> list[Path]:
    """Give the files of a fixture."""
    path = corpus / entry["path"]
    return [path] if path.is_file() else sorted(path.rglob("*.json"))


def completed(body: bytes) -> bytes:
    """Fill in what a template leaves open: times, the run of a transition, halves of names."""
    value = json.loads(body)
    for event in value if isinstance(value, list) else [value]:
        job = event.get("job")
        if not isinstance(job, dict):
            continue
        if str(event.get("eventTime", "$"))[:1] in "${":
            event["eventTime"] = TIME
        if "eventType" in event or "run" in event:
            event.setdefault("run", {}).setdefault("runId", "left open")
        for named in (job, *_named(event)):
            named.setdefault("namespace", "left open")
            named.setdefault("name", "left open")
    return json.dumps(value).encode()


def mentions(events: Sequence[Told]) -> Iterator[DatasetMention]:
    """Yield what the events say of their datasets."""
    for event in events:
        yield from event.inputs
        yield from event.outputs


def counted(events: Sequence[Told]) -> Json:
    """Count what the index counts, from what was read."""
    kinds = Counter(e.kind.value if isinstance(e, RunEvent) else "JobEvent" for e in events)
    sides = [
        (event.job, side, one.dataset)
        for event in events
        for side, ones in (("input", event.inputs), ("output", event.outputs))
        for one in ones
    ]
    columns = {
        (source.dataset, source.field, one.dataset, column.field)
        for one in mentions(events)
        if one.columns is not None
        for column in one.columns.columns
        for source in column.inputs
    }
    return {
        "events": len(events),
        "event_types": dict(kinds),
        "distinct_runs": len({e.run_id for e in events if isinstance(e, RunEvent)}),
        "distinct_jobs": len({event.job for event in events}),
        "distinct_datasets": len({dataset for _, _, dataset in sides}),
        "distinct_job_dataset_edges": len(set(sides)),
        "distinct_column_edges": len(columns),
    }


def understood(events: Sequence[Told]) -> Counter[str]:
    """Count the facets that became values, by the index's names for them."""
    found: Counter[str] = Counter()
    for event in events:
        if isinstance(event, RunEvent):
            found["run.parent"] += event.parent is not None
            found["run.nominalTime"] += event.nominal is not None
            found["run.processing_engine"] += event.engine is not None
        found["job.sql"] += event.sql is not None
        found["job.sourceCodeLocation"] += event.code is not None
    for one in mentions(events):
        quality = one.facets.quality
        measured = quality is not None and (quality.rows is not None or bool(quality.columns))
        found["ds.schema"] += one.fields is not None
        found["ds.columnLineage"] += one.columns is not None
        found["ds.symlinks"] += bool(one.symlinks)
        found["ds.lifecycleStateChange"] += one.lifecycle is not None
        found["ds.version"] += one.version is not None
        found["ds.catalog"] += one.catalog is not None
        found["ds.storage"] += one.storage is not None
        found["ds.documentation"] += one.facets.documentation is not None
        found["ds.ownership"] += bool(one.facets.owners)
        found["ds.dataQualityMetrics"] += measured
        found["ds.dataQualityAssertions"] += quality is not None and bool(quality.assertions)
    return found


def expected(entry: Json) -> Json:
    """Give the index's facts of a fixture, put right where they are not the specification's."""
    facts = dict(entry["facts"]) | KNOWN_OTHERWISE.get(entry["id"], {})
    if facts.get("event_types") == {"none": 1}:
        facts["event_types"] = {"OTHER": 1}
    return facts


def holders(name: str, event: Json) -> list[Json]:
    """Give where an example of a facet goes in an event."""
    run, job = event["run"]["facets"], event["job"]["facets"]
    dataset = event["outputs"][0]["facets"]
    if name.endswith("RunFacet"):
        return [run]
    if name.endswith("JobFacet"):
        return [job]
    return [job, dataset] if name.endswith("LineageFacet") else [dataset]


def bare_event() -> Json:
    """Make an event without facets."""
    return {
        "eventTime": TIME,
        "eventType": "COMPLETE",
        "producer": "https://example.org/test",
        "run": {"runId": "b7dce052-51a6-4d66-98b9-5fd8b78a79c7", "facets": {}},
        "job": {"namespace": "n", "name": "j", "facets": {}},
        "outputs": [{"namespace": "n", "name": "d", "facets": {}}],
    }


def _scored(corpus: Path, entry: Json) -> tuple[list[str], list[str], Counter[str]]:
    is_open = entry["format"] == "openlineage-template" or entry["id"] in OPEN_ENDED
    bodies = [file.read_bytes() for file in files(corpus, entry)]
    bodies = [completed(body) for body in bodies] if is_open else bodies
    read = [one for body in bodies for one in read_events(body, source=entry["id"])]
    captured = [one for one in read if isinstance(one, CapturedEvent)]
    events = [one.event for one in captured if not isinstance(one.event, DatasetEvent)]
    facts, counts, told = expected(entry), counted(events), understood(events)
    counts["version_facets"] = told["ds.version"]
    if any(one.endswith("@None") for one in facts.get("distinct_dataset_versions", ())):
        del facts["version_facets"]  # the template leaves them open
    reasons = [
        f"{name}: {counts[name]}, the index has {facts[name]}"
        for name in counts
        if name in facts and counts[name] != facts[name]
    ]
    versions = {f"{one.dataset.name}@{one.version}" for one in mentions(events) if one.version}
    listed_versions = {
        one for one in facts.get("distinct_dataset_versions", ()) if not one.endswith("@None")
    }
    if is_open and versions != listed_versions:
        reasons.append(f"versions: {sorted(versions)}, the index has {sorted(listed_versions)}")
    if entry["category"] != "known-bad":
        listed = dict(facts.get("facets", {}))
        if entry["id"] == NO_PARENT:
            listed.pop("run.parent", None)
        reasons += [
            f"{name}: understood {told[name]} times, the index has {number}"
            for name, number in listed.items()
            if name in told and told[name] != number
        ]
    doubts = sum(len(one.doubts) for one in captured)
    cells = [str(counts[name]) for name in _COUNTS.values()]
    return [*cells, str(+sum(told.values())), str(doubts)], reasons, _left(captured)


def _example(corpus: Path, entry: Json) -> tuple[list[str], list[str], Counter[str]]:
    doubts: list[str] = []
    left: Counter[str] = Counter()
    number = 0
    for file in files(corpus, entry):
        event = bare_event()
        for holder in holders(entry["id"], event):
            holder.update(json.loads(file.read_text()))
        read = list(read_events(json.dumps(event).encode(), source=file.name))
        captured = [one for one in read if isinstance(one, CapturedEvent)]
        doubts += [doubt for one in captured for doubt in one.doubts]
        doubts += [one.reason for one in read if isinstance(one, RejectedEvent)]
        left += _left(captured)
        number += 1
    cells = ["-"] * len(_COUNTS)
    return [*cells, str(number), str(len(doubts))], doubts, left


def _left(captured: Sequence[CapturedEvent]) -> Counter[str]:
    """Count the facets that nothing reads, as the product itself tells them."""
    left: Counter[str] = Counter()
    for one in captured:
        body = json.loads(one.body)
        for part, read in (("run", run_facets), ("job", job_facets)):
            facets = (body.get(part) or {}).get("facets")
            others = read(facets, Doubts()).others if isinstance(facets, dict) else ()
            left.update(f"{part}.{name}" for name in others)
        for dataset in (*(body.get("inputs") or ()), *(body.get("outputs") or ())):
            if mention(dataset, None, "", Doubts()) is None:
                continue
            for bag in ("facets", "inputFacets", "outputFacets"):
                names = dataset.get(bag)
                known = _READ_OF_DATASETS
                left.update(f"ds.{name}" for name in (names or {}) if name not in known)
    return left


def _named(event: Json) -> Iterator[Json]:
    for dataset in (*event.get("inputs", ()), *event.get("outputs", ())):
        yield dataset
        columns = dataset.get("facets", {}).get("columnLineage", {})
        for column in columns.get("fields", {}).values():
            yield from column["inputFields"]


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{_NAME_WIDTH}}{''.join(f'{one:>{_WIDTH}}' for one in cells)}"
