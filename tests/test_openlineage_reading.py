"""Reading OpenLineage: any stream, any order of keys, and one bad line costs one line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.dataset import Dataset
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import (
    CapturedEvent,
    ColumnSource,
    DatasetEvent,
    DatasetSource,
    EngineKey,
    JobEvent,
    JobName,
    JobSource,
    KeyKind,
    Lifecycle,
    ReadOption,
    RejectedEvent,
    RunEvent,
    RunEventKind,
    Statistics,
    Transformation,
)

RUN = "B7DCE052-51a6-4d66-98b9-5fd8b78a79c7"
EVENT: dict[str, Any] = {
    "eventTime": "2026-11-17T09:00:00.123Z",
    "eventType": "COMPLETE",
    "producer": "https://example.org/p",
    "run": {"runId": RUN},
    "job": {"namespace": "n", "name": "j"},
}
DATASET = {"namespace": "s3://b", "name": "t"}


def _read(body: str | bytes) -> list[CapturedEvent | RejectedEvent]:
    return list(read_events(body.encode() if isinstance(body, str) else body, source="test"))


def _one(value: Any) -> CapturedEvent:  # noqa: ANN401 - any JSON
    (found,) = _read(json.dumps(value))
    assert isinstance(found, CapturedEvent), found
    return found


def _run(**changes: Any) -> RunEvent:  # noqa: ANN401 - any JSON
    event = _one({**EVENT, **changes}).event
    assert isinstance(event, RunEvent)
    return event


def _output(facets: Any, **sides: Any) -> Any:  # noqa: ANN401 - any JSON
    return _run(outputs=[{**DATASET, "facets": facets, **sides}]).outputs[0]


def _lines(read: list[CapturedEvent | RejectedEvent]) -> list[tuple[int, bool]]:
    return [(one.line, isinstance(one, CapturedEvent)) for one in read]


LINE = json.dumps(EVENT)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (LINE, [(1, True)]),
        (f"[{LINE}, {LINE}]", [(1, True), (1, True)]),
        (f"{LINE}\n{LINE}\n", [(1, True), (2, True)]),
        (f"\n\n{LINE}\r\n  \n{LINE}", [(3, True), (5, True)]),
        (f"{LINE}\n[{LINE}, 7]\n{LINE}", [(1, True), (2, True), (2, False), (3, True)]),
        (json.dumps(EVENT, indent=2), [(1, True)]),
        (f"{LINE}\n{json.dumps(EVENT, indent=2)}\n{LINE}", [(1, True), (2, True), (14, True)]),
        (f"{LINE} {LINE}", [(1, True), (1, True)]),
        (f"\x1e{LINE}\n\x1e{LINE}\n", [(1, True), (2, True)]),
        (f"\ufeff{LINE}", [(1, True)]),
        ("", []),
        (" \n\n ", []),
        ("[]", []),
    ],
)
def test_an_event_is_found_however_the_stream_is_cut(
    body: str, expected: list[tuple[int, bool]]
) -> None:
    assert _lines(_read(body)) == expected


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "no JSON"),
        ('{"eventTime": "2026', "no JSON"),
        ("not json at all", "no JSON"),
        ("[" * 5000, "broken"),
        ("7", "an event is a JSON object, not int"),
        ("null", "an event is a JSON object, not NoneType"),
        ("{}", "it has no eventTime"),
        ('{"eventTime": 1700000000}', "1700000000 is not a point in time"),
        ('{"eventTime": "2026-11-17"}', "it has neither run, job nor dataset"),
        ('{"eventTime": "2026-11-17", "run": {}}', "its run has no runId"),
        ('{"eventTime": "2026-11-17", "run": {"runId": "r"}}', "its job has no namespace"),
        ('{"eventTime": "2026-11-17", "job": {"name": "j"}}', "its job has no namespace"),
        ('{"eventTime": "2026-11-17", "dataset": {}}', "its dataset has no namespace"),
        ('{"eventTime": "forever", "dataset": {}}', "is not a point in time"),
        (
            '{"eventTime": "2026-11-17", "dataset": {"namespace": "\\ud800", "name": "t"}}',
            "cannot be written down",
        ),
        ("\x00", "no JSON"),
    ],
)
def test_what_is_no_event_is_rejected_with_line_and_reason_and_costs_no_neighbour(
    bad: str, reason: str
) -> None:
    read = _read(f"{LINE}\n{bad}\n{LINE}\n")
    assert [one for one in _lines(read) if one[1]] == [(1, True), (3, True)]
    rejected = [one for one in read if isinstance(one, RejectedEvent)]
    assert {one.line for one in rejected} == {2}
    assert reason in rejected[0].reason


def test_an_array_that_is_cut_off_keeps_the_events_before_the_cut() -> None:
    read = _read(f"[{LINE},\n{LINE},\n{LINE[:40]}")
    assert _lines(read) == [(1, False), (1, True), (2, True), (3, False)]


def test_bytes_that_are_no_text_cost_their_line_only() -> None:
    read = _read(LINE.encode() + b"\n\xff\xfe\n" + LINE.encode())
    assert _lines(read) == [(1, True), (2, False), (3, True)]


@given(st.lists(st.binary(max_size=30)))
def test_no_bytes_break_the_reader(lines: list[bytes]) -> None:
    read = _read(b"\n".join([*lines, LINE.encode()]))
    assert all(one.line <= len(lines) + sum(map(_newlines, lines)) + 1 for one in read)


def _newlines(line: bytes) -> int:
    return line.count(b"\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FACETS = (
    "version", "symlinks", "catalog", "schema", "columnLineage", "lineage", "subset", "storage",
    "outputStatistics", "icebergScanReport", "connectorInfo", "lifecycleStateChange", "parent",
    "nominalTime", "processing_engine", "errorMessage", "spark_properties", "spark.logicalPlan",
    "externalQuery", "environment-properties", "sql", "sourceCodeLocation",
)  # fmt: skip
INNER = (
    "fields", "inputs", "entries", "identifiers", "dataset", "run", "job", "root", "runId",
    "snapshotId", "version", "properties", "namespace", "name", "field", "transformations",
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(FACETS),
        JSON | st.dictionaries(st.sampled_from(INNER), JSON | st.lists(JSON, max_size=2)),
    )
)
def test_no_facet_however_wrong_costs_the_event(facets: dict[str, Any]) -> None:
    one = _one(
        {
            **EVENT,
            "run": {"runId": RUN, "facets": facets},
            "job": {"namespace": "n", "name": "j", "facets": facets},
            "inputs": [{**DATASET, "facets": facets, "inputFacets": facets}, facets],
            "outputs": [{**DATASET, "facets": facets}],
        }
    )
    assert isinstance(one.event, RunEvent)
    assert one.event.run_id == RUN.lower()
    assert one.event.outputs[0].dataset == Dataset("s3://b", "t")


@given(st.randoms(use_true_random=False), st.sampled_from([None, 1, 4]))
def test_the_digest_sees_neither_order_of_keys_nor_white_space(
    random: Any,  # noqa: ANN401 - random.Random
    indent: int | None,
) -> None:
    def shuffled(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return value

    (other,) = _read(json.dumps(shuffled(EVENT), indent=indent))
    assert isinstance(other, CapturedEvent)
    assert (other.digest, other.body) == (_one(EVENT).digest, _one(EVENT).body)
    assert other.digest != _one({**EVENT, "eventType": "FAIL"}).digest


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-11-17T09:00:00Z", "2026-11-17T09:00:00Z"),
        ("2026-11-17T09:00:00.123456789Z", "2026-11-17T09:00:00.123456Z"),
        ("2026-11-17T09:00:00+01:00[Europe/Warsaw]", "2026-11-17T08:00:00Z"),
        ("2026-11-17T09:00:00+05", "2026-11-17T04:00:00Z"),
        ("2026-11-17t09:00:00z", "2026-11-17T09:00:00Z"),
    ],
)
def test_times_are_read_as_the_producers_write_them(told: str, meant: str) -> None:
    one = _one({**EVENT, "eventTime": told})
    assert one.event.at == Instant.parse(meant)
    assert one.doubts == ()


def test_a_time_without_an_offset_is_utc_and_a_doubt() -> None:
    one = _one({**EVENT, "eventTime": "2026-11-17T09:00:00"})
    assert one.event.at == Instant.parse("2026-11-17T09:00:00Z")
    assert one.doubts == ("eventTime: 2026-11-17T09:00:00 has no offset, taken as UTC",)


def test_the_three_kinds_of_events_are_told_apart() -> None:
    job = {key: value for key, value in EVENT.items() if key not in {"run", "eventType"}}
    assert isinstance(_one(EVENT).event, RunEvent)
    assert isinstance(_one(job).event, JobEvent)
    assert isinstance(_one({"eventTime": "2026-11-17", "dataset": DATASET}).event, DatasetEvent)


def test_a_transition_that_is_missing_or_unknown_is_other() -> None:
    assert _run(eventType=None).kind is RunEventKind.OTHER
    assert _run(eventType="start").kind is RunEventKind.START
    one = _one({**EVENT, "eventType": "PAUSED"})
    assert isinstance(one.event, RunEvent)
    assert one.event.kind is RunEventKind.OTHER
    assert one.doubts == ("eventType: PAUSED is no transition of a run, taken as OTHER",)


def test_an_id_that_went_through_a_float_is_no_id() -> None:
    precise = _output({}, outputFacets={"icebergCommitReport": {"snapshotId": 2**62 + 1}})
    assert precise.commit_snapshot_id == 2**62 + 1
    rounded = _output({}, outputFacets={"icebergCommitReport": {"snapshotId": 4.6e18}})
    assert rounded.commit_snapshot_id is None
    small = _output({"icebergScanReport": {"snapshotId": 7.0}})
    assert small.scan_snapshot_id == 7


def test_trino_tells_what_its_connector_read() -> None:
    assert _output({"connectorInfo": {"snapshotId": "88"}}).connector_snapshot_id == 88
    assert _output({}, inputFacets={"connectorInfo": {"version": 3}}).connector_snapshot_id == 3


def test_facets_of_a_dataset_are_typed() -> None:
    found = _output(
        {
            "version": {"datasetVersion": " 12 "},
            "symlinks": {
                "identifiers": [{"namespace": "hive://h", "name": "d.t", "type": "TABLE"}, {}]
            },
            "schema": {
                "fields": [
                    {"name": "a", "type": "struct", "fields": [{"name": "b", "type": "long"}]},
                    {"name": "c"},
                ]
            },
            "lifecycleStateChange": {
                "lifecycleStateChange": "rename",
                "previousIdentifier": {"namespace": "s3://b", "name": "old"},
            },
            "subset": {"outputCondition": {"type": "location", "locations": []}, "_producer": "p"},
        },
        outputFacets={"outputStatistics": {"rowCount": 5, "size": 70}},
    )
    assert found.version == "12"
    assert found.symlinks == (Dataset("hive://h", "d.t"),)
    assert found.fields == (("a", "struct"), ("a.b", "long"), ("c", None))
    assert found.lifecycle == Lifecycle("RENAME", Dataset("s3://b", "old"))
    assert found.statistics == Statistics(rows=5, bytes=70, files=None)
    assert found.subset == '{"outputCondition":{"locations":[],"type":"location"}}'


def test_a_facet_that_was_deleted_is_not_there() -> None:
    assert _output({"version": {"_deleted": True, "datasetVersion": "1"}}).version is None
    assert _output({"columnLineage": {"_deleted": True}}).columns is None


def test_column_lineage_of_every_version_of_the_facet_is_read() -> None:
    source = {**DATASET, "field": "a"}
    new = _output(
        {
            "columnLineage": {
                "fields": {
                    "x": {
                        "inputFields": [
                            {
                                **source,
                                "transformations": [
                                    {"type": "DIRECT", "subtype": "IDENTITY", "masking": False}
                                ],
                            }
                        ]
                    }
                },
                "dataset": [{**source, "transformations": [{"type": "INDIRECT"}]}],
            }
        }
    ).columns
    old = _output(
        {
            "columnLineage": {
                "fields": {"x": {"inputFields": [source], "transformationType": "MASKED"}}
            }
        }
    ).columns
    dataset = Dataset("s3://b", "t")
    identity = Transformation("DIRECT", "IDENTITY", masking=False)
    assert new.columns[0].inputs == (ColumnSource(dataset, "a", (identity,)),)
    assert new.whole == (ColumnSource(dataset, "a", (Transformation("INDIRECT", None, None),)),)
    masked = Transformation("DIRECT", None, masking=True)
    assert old.columns[0].inputs == (ColumnSource(dataset, "a", (masked,)),)


def test_explicit_lineage_names_datasets_jobs_and_the_events_own_job() -> None:
    entries = [
        {**DATASET, "type": "DATASET", "inputs": [{"type": "JOB"}, {**DATASET, "type": "DATASET"}]},
        {"type": "JOB", "inputs": []},
        {**DATASET, "type": "DATASET"},
    ]
    job = {"namespace": "n", "name": "j", "facets": {"lineage": {"entries": entries}}}
    first, second, third = _run(job=job).lineage
    dataset, own = Dataset("s3://b", "t"), JobName("n", "j")
    assert first.inputs == (JobSource(own, None, ()), DatasetSource(dataset, None, ()))
    assert (second.target, second.inputs) == (own, ())
    assert (third.target, third.inputs) == (dataset, None)


def test_the_names_that_engines_give_a_run_become_keys() -> None:
    facets = {
        "spark_applicationDetails": {"applicationId": "app-1"},
        "spark_properties": {"properties": {"spark.app.id": "app-1"}},
        "flink_job": {"jobId": "f"},
        "environment-properties": {
            "environment-properties": {"spark.databricks.job.id": 12, "spark.master": "local"}
        },
        "externalQuery": {"source": "trino", "externalQueryId": "20261117_090000_00001_abcde"},
    }
    assert _run(run={"runId": RUN, "facets": facets}).keys == (
        EngineKey(KeyKind.DATABRICKS_JOB, "12"),
        EngineKey(KeyKind.FLINK_JOB, "f"),
        EngineKey(KeyKind.SPARK_APPLICATION, "app-1"),
        EngineKey(KeyKind.TRINO_QUERY, "20261117_090000_00001_abcde"),
    )


def test_time_travel_options_are_found_in_a_plan() -> None:
    plan = [{"class": "Relation", "options": {"path": "/lake/t", "versionAsOf": 3, "x": "y"}}]
    facets = {"spark.logicalPlan": {"plan": plan}}
    expected = (ReadOption("/lake/t", "versionAsOf", "3"),)
    assert _run(run={"runId": RUN, "facets": facets}).options == expected
    as_text = {"spark.logicalPlan": json.dumps(plan)}
    assert _run(run={"runId": RUN, "facets": as_text}).options == expected


def test_a_parent_and_its_root_are_read_under_both_names() -> None:
    parent = {
        "run": {"runId": RUN},
        "job": {"namespace": "a", "name": "b"},
        "root": {"run": {"runId": "x"}, "job": {"namespace": "c", "name": "d"}},
    }
    new = _run(run={"runId": "r", "facets": {"parent": parent}}).parent
    assert new is not None
    assert (new.run_id, new.root_run_id, new.root_job) == (RUN.lower(), "x", JobName("c", "d"))
    assert _run(run={"runId": "r", "facets": {"parentRun": parent}}).parent == new


def test_a_metric_that_is_not_a_number_costs_nothing() -> None:
    metrics = {"dataQualityMetrics": {"columnMetrics": {"a": {"max": float("nan")}}}}
    one = _one({**EVENT, "inputs": [{**DATASET, "inputFacets": metrics}]})
    assert b'"max":null' in one.body


def test_control_characters_in_a_name_are_marked() -> None:
    one = _one({**EVENT, "inputs": [{"namespace": "a\x00b", "name": "c\x1fd"}]})
    assert isinstance(one.event, RunEvent)
    assert one.event.inputs[0].dataset == Dataset("a\ufffdb", "c\ufffdd")
    assert one.doubts == (
        "inputs[0].namespace: control characters in a name",
        "inputs[0].name: control characters in a name",
    )


def test_the_data_source_is_no_name_of_the_table() -> None:
    uri = "postgres://somebody:secret@db:5432/shop"
    found = _output({"dataSource": {"name": "shop", "uri": uri}})
    assert found == _output({})
