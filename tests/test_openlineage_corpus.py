"""Other projects' OpenLineage events: what is read of them is what their index counts in them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import (
    CapturedEvent,
    DatasetEvent,
    DatasetMention,
    JobEvent,
    RejectedEvent,
    RunEvent,
)

Facts = dict[str, Any]

TIME = "2026-11-17T09:00:00Z"


def _entries(corpus: Path, kind: str) -> list[Facts]:
    entries = json.loads((corpus / "INDEX.json").read_text())
    found = [entry for entry in entries if entry["format"] == kind]
    assert found
    return found


def _files(corpus: Path, entry: Facts) -> list[Path]:
    path = corpus / entry["path"]
    return [path] if path.is_file() else sorted(path.rglob("*.json"))


def _read(corpus: Path, entry: Facts) -> list[CapturedEvent | RejectedEvent]:
    return [
        one
        for file in _files(corpus, entry)
        for one in read_events(file.read_bytes(), source=file.name)
    ]


def _read_completed(corpus: Path, entry: Facts) -> list[CapturedEvent | RejectedEvent]:
    return [
        one
        for file in _files(corpus, entry)
        for one in read_events(_completed(file.read_bytes()), source=file.name)
    ]


def _completed(body: bytes) -> bytes:
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


def _named(event: Facts) -> Iterator[Facts]:
    for dataset in (*event.get("inputs", ()), *event.get("outputs", ())):
        yield dataset
        columns = dataset.get("facets", {}).get("columnLineage", {})
        for column in columns.get("fields", {}).values():
            yield from column["inputFields"]


def _events(read: list[CapturedEvent | RejectedEvent]) -> list[RunEvent | JobEvent]:
    captured = [one.event for one in read if isinstance(one, CapturedEvent)]
    assert not any(isinstance(one, DatasetEvent) for one in captured)
    return [one for one in captured if not isinstance(one, DatasetEvent)]


def _mentions(events: list[RunEvent | JobEvent]) -> Iterator[DatasetMention]:
    for event in events:
        yield from event.inputs
        yield from event.outputs


def _counted(events: list[RunEvent | JobEvent]) -> Facts:
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
        for one in _mentions(events)
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


def _facets(events: list[RunEvent | JobEvent]) -> Counter[str]:
    """Count the facets that were understood, by the index's names for them."""
    found: Counter[str] = Counter()
    for event in events:
        if isinstance(event, RunEvent):
            found["run.parent"] += event.parent is not None
            found["run.nominalTime"] += event.nominal is not None
            found["run.processing_engine"] += event.engine is not None
        found["job.sql"] += event.sql is not None
        found["job.sourceCodeLocation"] += event.code is not None
    for one in _mentions(events):
        found["ds.schema"] += one.fields is not None
        found["ds.columnLineage"] += one.columns is not None
        found["ds.symlinks"] += bool(one.symlinks)
        found["ds.lifecycleStateChange"] += one.lifecycle is not None
        found["ds.version"] += one.version is not None
    return found


def _agree(counted: Facts, facts: Facts) -> None:
    shared = counted.keys() & facts.keys()
    assert {key: counted[key] for key in shared} == {key: facts[key] for key in shared}


def test_events_are_read_as_their_index_counts_them(corpus: Path) -> None:
    for entry in _entries(corpus, "openlineage"):
        open_ended = entry["id"] in {"ol.marquez-seed", "ol.spark-sparksql-serialized-plans"}
        read = _read_completed(corpus, entry) if open_ended else _read(corpus, entry)
        facts = entry["facts"]
        if facts.get("event_types") == {"none": 1}:
            facts["event_types"] = {"OTHER": 1}
        if entry["id"] == "ol.spark-sparksql-serialized-plans":
            facts["distinct_runs"] = 1  # the one that was filled in
        if entry["id"] == "ol.marquez-event_job_event":
            facts["event_types"] = {"JobEvent": 1}  # it has a transition, but no run
        assert _counted(_events(read)) == {key: facts.get(key, {}) for key in _counted([])}


def test_facets_are_understood_wherever_they_are_valid(corpus: Path) -> None:
    for entry in _entries(corpus, "openlineage"):
        facts = entry["facts"].get("facets", {})
        if entry["category"] == "known-bad":
            continue
        open_ended = entry["id"] in {"ol.marquez-seed", "ol.spark-sparksql-serialized-plans"}
        read = _read_completed(corpus, entry) if open_ended else _read(corpus, entry)
        understood = {name: n for name, n in _facets(_events(read)).items() if n}
        expected = {name: n for name, n in facts.items() if name in _facets_known()}
        if entry["id"] == "ol.spark-sparksql-serialized-plans":
            del expected["run.parent"]  # its parent has no runId
        assert understood == expected, entry["id"]


def _facets_known() -> set[str]:
    return {
        "run.parent",
        "run.nominalTime",
        "run.processing_engine",
        "job.sql",
        "job.sourceCodeLocation",
        "ds.schema",
        "ds.columnLineage",
        "ds.symlinks",
        "ds.lifecycleStateChange",
        "ds.version",
    }


def test_a_template_is_rejected_with_the_reason_and_read_once_it_is_filled_in(
    corpus: Path,
) -> None:
    for entry in _entries(corpus, "openlineage-template"):
        facts = entry["facts"]
        for one in _read(corpus, entry):
            assert isinstance(one, RejectedEvent), entry["id"]
            assert "eventTime" in one.reason or "point in time" in one.reason
        events = _events(_read_completed(corpus, entry))
        _agree(_counted(events), facts)
        told = [one for one in facts.get("distinct_dataset_versions", ()) if "None" not in one]
        versions = {f"{one.dataset.name}@{one.version}" for one in _mentions(events) if one.version}
        assert versions == set(told)


def test_an_event_with_a_bad_facet_keeps_all_the_rest(corpus: Path) -> None:
    bad = [e for e in _entries(corpus, "openlineage") if e["category"] == "known-bad"]
    assert len(bad) == 4
    for entry in bad:
        (one,) = _read(corpus, entry)
        assert isinstance(one, CapturedEvent)
        assert isinstance(one.event, RunEvent)
        assert one.event.run_id == "41fb5137-f0fd-4ee5-ba5c-56f8571d1bd7"
        _agree(_counted([one.event]), entry["facts"])


def test_a_parent_without_a_run_id_is_a_doubt(corpus: Path) -> None:
    (entry,) = [e for e in _entries(corpus, "openlineage") if "invalid_run_facet" in e["id"]]
    (one,) = _read(corpus, entry)
    assert isinstance(one, CapturedEvent)
    assert isinstance(one.event, RunEvent)
    assert one.event.parent is None
    assert one.doubts == ("run.facets.parent: a parent needs a runId and a job",)


def test_every_example_of_a_facet_is_understood_without_a_doubt(corpus: Path) -> None:
    for entry in _entries(corpus, "openlineage-facet-example"):
        for file in _files(corpus, entry):
            facet = json.loads(file.read_text())
            event = {
                "eventTime": TIME,
                "eventType": "COMPLETE",
                "producer": "https://example.org/test",
                "run": {"runId": "b7dce052-51a6-4d66-98b9-5fd8b78a79c7", "facets": {}},
                "job": {"namespace": "n", "name": "j", "facets": {}},
                "outputs": [{"namespace": "n", "name": "d", "facets": {}}],
            }
            for holder in _holders(entry["id"], event):
                holder.update(facet)
            (one,) = read_events(json.dumps(event).encode(), source=file.name)
            assert isinstance(one, CapturedEvent)
            assert one.doubts == (), file


def _holders(name: str, event: Any) -> list[Facts]:  # noqa: ANN401 - a JSON object
    if name.endswith("RunFacet"):
        return [event["run"]["facets"]]
    if name.endswith("JobFacet"):
        return [event["job"]["facets"]]
    if name.endswith("LineageFacet"):
        return [event["job"]["facets"], event["outputs"][0]["facets"]]
    return [event["outputs"][0]["facets"]]


@pytest.mark.parametrize("kind", ["openlineage", "openlineage-template"])
def test_reading_again_what_was_read_gives_the_same_digest(corpus: Path, kind: str) -> None:
    for entry in _entries(corpus, kind):
        for one in _read_completed(corpus, entry):
            if isinstance(one, CapturedEvent):
                (again,) = read_events(one.body, source="again")
                assert isinstance(again, CapturedEvent)
                assert (again.digest, again.body, again.event) == (one.digest, one.body, one.event)
