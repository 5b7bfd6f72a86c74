"""Changes: what is otherwise upstream between a good and a bad time, the likeliest cause first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import delta_logs
from snapshots.errors import EmptyPeriodError, UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.lineage.out_of_line import out_of_line, overdue
from temporal_lineage.questions.changes import job as changed_job
from temporal_lineage.questions.changes.findings import FindingKind
from temporal_lineage.questions.changes.upstream import ChangesAnswer
from told_tables import Json, Shop, event

GOOD, BAD = "2026-09-06T12:00Z", "2026-09-08"


def made(
    shop: Shop,
    number: int,
    day: int,
    *,
    code: str = "a1",
    kind: str = "COMPLETE",
    parameters: Mapping[str, str] | None = None,
) -> None:
    """Tell of the daily run that makes the features of the orders."""
    facet = {"_producer": "p", "_schemaURL": "s", "type": "git", "url": "u/make.sql"}
    ends: Json = event(
        kind,
        f"2026-09-{day:02}T11:00Z",
        number,
        "make",
        reads=[shop.told("orders")],
        writes=[shop.told("features")],
    )
    ends["job"]["facets"] = {"sourceCodeLocation": facet | {"version": code}}
    told = [{"key": key, "value": value} for key, value in (parameters or {}).items()]
    if told:
        facet = {"_producer": "p", "_schemaURL": "s"}
        ends["run"]["facets"] = {"executionParameters": facet | {"parameters": told}}
    shop.tell(
        event("START", f"2026-09-{day:02}T10:00Z", number, "make", reads=[shop.told("orders")]),
        ends,
    )


def daily(shop: Shop, name: str, rows: list[int]) -> None:
    """Write a table with a commit each day, of so many rows."""
    for version, count in enumerate(rows):
        actions = [{"commitInfo": {"operation": "WRITE"}}]
        if version == 0:
            columns = (delta_logs.column("a", "long"), delta_logs.column("b", "long"))
            actions += [delta_logs.protocol(), delta_logs.metadata(*columns, table_id=name)]
        added = delta_logs.add(f"{name}-{version}.parquet", stats=f'{{"numRecords": {count}}}')
        millis = Instant.parse(f"2026-09-{version + 1:02}T09:00Z").micros // 1000
        delta_logs.write(shop.path(name), version, *actions, added, millis=millis)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Six days are alike; on the seventh the orders get a tenth of their rows, by new code."""
    shop = Shop(tmp_path)
    daily(shop, "orders", [100, 104, 98, 101, 103, 99, 10])
    daily(shop, "features", [100, 104, 98, 101, 103, 99, 97])
    shop.harvest(at="2026-09-09")
    for day in range(1, 7):
        made(shop, day, day)
    made(shop, 7, 7, code="b2")
    return shop


def asked(shop: Shop, *, good: str = GOOD, bad: str = BAD, name: str = "features") -> ChangesAnswer:
    return shop.session.changes(f"lake.s.{name}", good=good, as_of=bad)


def kinds(answer: ChangesAnswer) -> dict[FindingKind, str]:
    return {one.kind: one.about for one in answer.findings}


def test_a_volume_out_of_line_and_new_code_are_found_where_they_are(shop: Shop) -> None:
    answer = asked(shop)
    assert kinds(answer) == {FindingKind.CODE: "job:n/make", FindingKind.VOLUME: "lake.s.orders"}
    volume = next(one for one in answer.findings if one.kind is FindingKind.VOLUME)
    assert volume.what == "6 by WRITE added rows: 10, where 98 to 104 were usual"
    assert (volume.distance, volume.at) == (1, Instant.parse("2026-09-07T09:00Z"))
    code = next(one for one in answer.findings if one.kind is FindingKind.CODE)
    assert code.what == "make.sql@b2 instead of make.sql@a1"


def test_the_nearest_of_equal_weight_comes_first(shop: Shop) -> None:
    scores = [one.score for one in asked(shop).findings]
    assert scores == sorted(scores, reverse=True)


def test_a_period_in_which_all_is_as_usual_has_no_findings(shop: Shop) -> None:
    assert asked(shop, good="2026-09-05T12:00Z", bad="2026-09-06T12:00Z").findings == ()


def test_what_happened_at_the_good_time_is_good(shop: Shop) -> None:
    answer = asked(shop, good="2026-09-07T11:00Z", bad=BAD)
    assert FindingKind.CODE not in kinds(answer)


def test_a_failed_run_weighs_most(shop: Shop) -> None:
    made(shop, 8, 7, kind="FAIL")
    first = asked(shop).findings[0]
    assert (first.kind, first.about) == (FindingKind.FAILED, "job:n/make")
    assert "ended in FAIL" in first.what


def test_the_error_of_a_failed_run_is_told_without_its_password(shop: Shop) -> None:
    failed = event("FAIL", "2026-09-07T11:00Z", 8, "make", writes=[shop.told("features")])
    facet = {"_producer": "p", "_schemaURL": "s", "programmingLanguage": "sql"}
    message = "no answer from postgres://ada:hunter2@db/x\nat line 1"
    failed["run"]["facets"] = {"errorMessage": facet | {"message": message}}
    shop.tell(event("START", "2026-09-07T10:00Z", 8, "make"), failed)
    first = asked(shop).findings[0]
    assert first.what.endswith("ended in FAIL: no answer from postgres://***@db/x")


def test_a_parameter_that_was_the_same_before_and_is_otherwise_is_told(shop: Shop) -> None:
    for day in range(1, 7):
        told = {"days": "30", "on": f"2026-09-0{day}", "password": "old", "seed": "1"}
        made(shop, 20 + day, day, parameters=told)
    told = {"days": "3", "on": "2026-09-07", "password": "new", "strict": "yes"}
    made(shop, 27, 7, parameters=told)
    found = [one for one in asked(shop).findings if one.kind is FindingKind.PARAMETERS]
    assert [one.what for one in found] == [
        "days is 3 instead of 30",
        "seed is no longer given, which was 1",
        "strict is yes, which was not given before",
    ]
    assert {one.about for one in found} == {"job:n/make"}


def test_runs_that_tell_no_parameters_are_no_change_of_them(shop: Shop) -> None:
    made(shop, 21, 5, parameters={"days": "30"})
    made(shop, 22, 7, parameters={"days": "30"})
    assert FindingKind.PARAMETERS not in kinds(asked(shop))


def test_how_many_runs_were_compared_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed_job, "RUNS_READ_MAX", 1)
    made(shop, 21, 7)
    doubts = asked(shop).doubts
    assert doubts == ("parameters of job:n/make were compared over its last 1 runs only",)


def test_a_new_and_a_lost_source_are_told(shop: Shop) -> None:
    daily(shop, "extra", [5, 5])
    shop.harvest(at="2026-09-10")
    reads = [shop.told("extra")]
    shop.tell(
        event("START", "2026-09-07T12:00Z", 9, "make", reads=reads),
        event(
            "COMPLETE",
            "2026-09-07T12:30Z",
            9,
            "make",
            reads=reads,
            writes=[shop.told("features")],
        ),
    )
    found = {(one.kind, one.what) for one in asked(shop).findings}
    assert (FindingKind.NEW_SOURCE, "made from lake.s.extra now") in found


def test_a_schema_change_and_another_operation_are_told(shop: Shop) -> None:
    actions = (
        {"commitInfo": {"operation": "DROP COLUMNS"}},
        delta_logs.metadata(delta_logs.column("a", "long"), table_id="orders"),
    )
    millis = Instant.parse("2026-09-07T10:00Z").micros // 1000
    delta_logs.write(shop.path("orders"), 7, *actions, millis=millis)
    shop.harvest(at="2026-09-10")
    found = kinds(asked(shop))
    assert found[FindingKind.BREAKING] == "lake.s.orders"
    assert found[FindingKind.OPERATION] == "lake.s.orders"


def test_a_table_that_stopped_is_overdue(shop: Shop) -> None:
    shop.harvest(at="2026-09-20")
    late = [one for one in asked(shop, bad="2026-09-20").findings if one.kind is FindingKind.LATE]
    assert {one.about for one in late} == {"lake.s.orders", "lake.s.features"}
    assert "24.0 hours was the longest pause" in late[0].what


def test_nothing_is_overdue_that_no_harvest_looked_for(shop: Shop) -> None:
    found = asked(shop, bad="2026-09-20").findings
    assert [one for one in found if one.kind is FindingKind.LATE] == []


def test_a_flow_that_goes_on_is_not_lost_with_the_source_that_it_fed(shop: Shop) -> None:
    def join(number: int, day: int, *reads: str) -> None:
        named = [shop.told(one) for one in reads]
        shop.tell(
            event("START", f"2026-09-{day:02}T12:00Z", number, "join", reads=named),
            event(
                *("COMPLETE", f"2026-09-{day:02}T13:00Z", number, "join"),
                reads=named,
                writes=[shop.told("joined")],
            ),
        )

    daily(shop, "joined", [1, 1])
    daily(shop, "other", [1])
    shop.harvest(at="2026-09-10")
    join(11, 5, "features", "other")
    join(12, 7, "other")
    lost = [one for one in asked(shop, name="joined").findings if one.at is None]
    assert [(one.kind, one.about, one.what) for one in lost] == [
        (FindingKind.LOST_SOURCE, "lake.s.joined", "made from lake.s.features no longer")
    ]
    join(13, 8, "features", "other")
    found = asked(shop, name="joined", good="2026-09-08T01:00Z", bad="2026-09-09").findings
    assert [(one.kind, one.what) for one in found if one.at is None] == [
        (FindingKind.NEW_SOURCE, "made from lake.s.features now")
    ]


def test_a_bad_time_before_the_good_one_is_refused(shop: Shop) -> None:
    with pytest.raises(EmptyPeriodError):
        asked(shop, good=BAD, bad=GOOD)


def test_an_unknown_table_is_refused_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match=r"lake\.s\.features"):
        asked(shop, name="feature")


def test_the_command_line_tells_what_is_left_out(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["changes", "lake.s.features", "--from", GOOD, "--to", BAD, "--limit", "1"]
    assert run(words, session=shop.session) == 0
    assert "and 1 more; --limit shows them" in capsys.readouterr().out


@given(st.integers(0, 10**9), st.integers(4, 30))
def test_a_series_that_stands_still_lets_itself_go_on_and_nothing_far(
    value: int, length: int
) -> None:
    assert out_of_line(value, [value] * length) is None
    assert out_of_line(2 * value + 2, [value] * length) is not None


@given(st.lists(st.integers(1, 1000), min_size=5))
def test_a_pause_no_longer_than_before_is_not_overdue(pauses: list[int]) -> None:
    instants = [sum(pauses[:place]) for place in range(len(pauses) + 1)]
    assert overdue(instants, instants[-1] + max(pauses)) is None
    assert overdue(instants, instants[-1] + 2 * max(pauses) - 1) is None
    assert overdue(instants, instants[-1] + 2 * max(pauses)) == max(pauses)
