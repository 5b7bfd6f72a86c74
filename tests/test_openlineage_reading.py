"""Reading OpenLineage: any stream, any order of keys, and one bad line costs one line."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reading_stories import DATASET, EVENT, RUN, lines_of, one_of, read, run_of
from snapshots.dataset import Dataset
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage_events import (
    CapturedEvent,
    DatasetEvent,
    JobEvent,
    RejectedEvent,
    RunEvent,
    RunEventKind,
)

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
    assert lines_of(read(body)) == expected


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
    found = read(f"{LINE}\n{bad}\n{LINE}\n")
    assert [one for one in lines_of(found) if one[1]] == [(1, True), (3, True)]
    rejected = [one for one in found if isinstance(one, RejectedEvent)]
    assert {one.line for one in rejected} == {2}
    assert reason in rejected[0].reason


def test_an_array_that_is_cut_off_keeps_the_events_before_the_cut() -> None:
    found = read(f"[{LINE},\n{LINE},\n{LINE[:40]}")
    assert lines_of(found) == [(1, False), (1, True), (2, True), (3, False)]


def test_bytes_that_are_no_text_cost_their_line_only() -> None:
    found = read(LINE.encode() + b"\n\xff\xfe\n" + LINE.encode())
    assert lines_of(found) == [(1, True), (2, False), (3, True)]


@given(st.lists(st.binary(max_size=30)))
def test_no_bytes_break_the_reader(lines: list[bytes]) -> None:
    found = read(b"\n".join([*lines, LINE.encode()]))
    assert all(one.line <= len(lines) + sum(map(_newlines, lines)) + 1 for one in found)


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
    one = one_of(
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

    (other,) = read(json.dumps(shuffled(EVENT), indent=indent))
    assert isinstance(other, CapturedEvent)
    assert (other.digest, other.body) == (one_of(EVENT).digest, one_of(EVENT).body)
    assert other.digest != one_of({**EVENT, "eventType": "FAIL"}).digest


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
    one = one_of({**EVENT, "eventTime": told})
    assert one.event.at == Instant.parse(meant)
    assert one.doubts == ()


def test_a_time_without_an_offset_is_utc_and_a_doubt() -> None:
    one = one_of({**EVENT, "eventTime": "2026-11-17T09:00:00"})
    assert one.event.at == Instant.parse("2026-11-17T09:00:00Z")
    assert one.doubts == ("eventTime: 2026-11-17T09:00:00 has no offset, taken as UTC",)


def test_the_three_kinds_of_events_are_told_apart() -> None:
    job = {key: value for key, value in EVENT.items() if key not in {"run", "eventType"}}
    assert isinstance(one_of(EVENT).event, RunEvent)
    assert isinstance(one_of(job).event, JobEvent)
    assert isinstance(one_of({"eventTime": "2026-11-17", "dataset": DATASET}).event, DatasetEvent)


def test_a_transition_that_is_missing_or_unknown_is_other() -> None:
    assert run_of(eventType=None).kind is RunEventKind.OTHER
    assert run_of(eventType="start").kind is RunEventKind.START
    one = one_of({**EVENT, "eventType": "PAUSED"})
    assert isinstance(one.event, RunEvent)
    assert one.event.kind is RunEventKind.OTHER
    assert one.doubts == ("eventType: PAUSED is no transition of a run, taken as OTHER",)


def test_a_metric_that_is_not_a_number_costs_nothing() -> None:
    metrics = {"dataQualityMetrics": {"columnMetrics": {"a": {"max": float("nan")}}}}
    one = one_of({**EVENT, "inputs": [{**DATASET, "inputFacets": metrics}]})
    assert b'"max":null' in one.body


def test_control_characters_in_a_name_are_marked() -> None:
    one = one_of({**EVENT, "inputs": [{"namespace": "a\x01b", "name": "c\x1fd"}]})
    assert isinstance(one.event, RunEvent)
    assert one.event.inputs[0].dataset == Dataset("a\ufffdb", "c\ufffdd")
    assert one.doubts == (
        "inputs[0].namespace: control characters in a name",
        "inputs[0].name: control characters in a name",
    )
