"""Bisection up the contributions: which commit and run made it bad, and what was not followed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bisect_lake import BisectLake, judged, root
from reproduce_lake import current, orders
from temporal_lineage.bisection.answer import InputVerdict
from temporal_lineage.bisection.checks import BadCheckError
from temporal_lineage.bisection.searching import USUAL, Searching


@pytest.fixture
def lake(tmp_path: Path) -> BisectLake:
    """Clean is made of raw, and report of clean; the third state of each is bad, by raw's fault."""
    lake = BisectLake(tmp_path)
    for amounts in ((1, 2), (3,), (-4,), (5,)):
        raw = lake.amounts("raw", *amounts, mode="overwrite")
        made_of(lake, "clean", ("raw", raw), amounts)
        clean = str(lake.delta_table("clean").version())
        made_of(lake, "report", ("clean", clean), amounts if min(amounts) < 0 else (9,))
    return lake


def made_of(lake: BisectLake, name: str, read: tuple[str, str], amounts: tuple[int, ...]) -> str:
    """Let a run make a state of a table from one state of another."""
    return lake.made(
        name, read, write=lambda: lake.amounts(name, *amounts, mode="overwrite"), job=name
    )


def test_the_search_goes_up_to_the_table_that_nothing_bad_went_into(lake: BisectLake) -> None:
    answer = lake.bisect("report", 1, 2)
    assert [(one.dataset, one.distance, one.first_bad) for one in answer.tables] == [
        ("delta.report", 0, ("delta.report@2",)),
        ("delta.clean", 1, ("delta.clean@2",)),
        ("delta.raw", 2, ("delta.raw@2",)),
    ]
    report, clean, raw = answer.tables
    assert [(one.read, one.before, one.verdict) for one in report.inputs] == [
        ("delta.clean@2", "delta.clean@1", InputVerdict.TURNED_BAD)
    ]
    assert [one.verdict for one in clean.inputs] == [InputVerdict.TURNED_BAD]
    assert raw.inputs == ()
    assert [one.commit for one in answer.guilty] == ["delta.raw@2"]
    assert answer.guilty[0].run is None
    assert any("target's own check" in one for one in answer.doubts)


def test_upstream_is_searched_from_the_state_read_for_what_was_good(tmp_path: Path) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", 1)
    made_of(lake, "clean", ("raw", "0"), (1,))
    lake.row("raw", 2, 3, -4, -5, -6)
    made_of(lake, "clean", ("raw", "5"), (-6,))
    answer = lake.bisect("clean", 0, 1)
    raw = answer.tables[1]
    assert (raw.good, raw.bad, raw.states) == ("delta.raw@0", "delta.raw@5", 6)
    assert raw.first_bad == ("delta.raw@3",)
    assert [one.commit for one in answer.guilty] == ["delta.raw@3"]


def test_a_run_is_guilty_that_made_bad_of_good(tmp_path: Path) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", 1, 2)
    before = lake.made(
        "clean",
        ("raw", "0"),
        write=lambda: lake.amounts("clean", 1, mode="overwrite"),
        code="aaaaaaaaaaaaaaaa",
        parameters={"factor": "1", "seed": "7"},
    )
    run = lake.made(
        "clean",
        ("raw", "1"),
        write=lambda: lake.amounts("clean", -2, mode="overwrite"),
        code="bbbbbbbbbbbbbbbb",
        parameters={"factor": "-1", "seed": "7"},
    )
    answer = lake.bisect("clean", 0, 1)
    assert [one.verdict for one in root(answer).inputs] == [InputVerdict.GOOD]
    (guilty,) = answer.guilty
    assert (guilty.commit, guilty.run, guilty.run_before) == ("delta.clean@1", run, before)
    assert (guilty.job, guilty.grade) == ("n/make", "high")
    assert guilty.differences == (
        "code make.py@bbbbbbbbbbbb instead of make.py@aaaaaaaaaaaa",
        "parameter factor is -1 instead of 1",
    )


def test_an_input_in_the_same_state_as_before_is_not_searched(tmp_path: Path) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", -1)
    made_of(lake, "clean", ("raw", "0"), (1,))
    made_of(lake, "clean", ("raw", "0"), (-1,))
    answer = lake.bisect("clean", 0, 1)
    assert [one.verdict for one in root(answer).inputs] == [InputVerdict.UNCHANGED]
    assert "delta.raw@0" not in judged(answer)


def test_an_input_that_was_bad_before_too_does_not_explain_it(tmp_path: Path) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", -1, -2)
    made_of(lake, "clean", ("raw", "0"), (1,))
    made_of(lake, "clean", ("raw", "1"), (-1,))
    answer = lake.bisect("clean", 0, 1)
    (found,) = root(answer).inputs
    assert found.verdict is InputVerdict.BAD_BEFORE
    assert found.before == "delta.raw@0"
    assert any(one.startswith("delta.raw is neither cleared nor") for one in answer.doubts)
    assert [one.commit for one in answer.guilty] == ["delta.clean@1"]


def test_an_input_that_was_not_read_before_is_called_new(tmp_path: Path) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", 1)
    lake.row("other", -1)
    made_of(lake, "clean", ("raw", "0"), (1,))
    lake.made(
        "clean",
        ("raw", "0"),
        ("other", "0"),
        write=lambda: lake.amounts("clean", -1, mode="overwrite"),
        job="clean",
    )
    answer = lake.bisect("clean", 0, 1)
    assert "delta.other is neither cleared nor blamed: it was not read for what was good" in (
        answer.doubts
    )
    found = {one.dataset: one.verdict for one in root(answer).inputs}
    assert found == {
        "delta.raw": InputVerdict.UNCHANGED,
        "delta.other": InputVerdict.NEW,
    }


def test_an_input_that_is_new_to_one_table_is_searched_for_another(tmp_path: Path) -> None:
    lake = BisectLake(tmp_path)
    lake.row("other", 1)
    lake.row("clean", 1)
    made_of(lake, "report", ("clean", "0"), (1,))
    lake.row("other", -1)
    made_of(lake, "clean", ("other", "1"), (-1,))
    lake.made(
        "report",
        ("clean", "1"),
        ("other", "1"),
        write=lambda: lake.amounts("report", -1, mode="overwrite"),
        job="report",
    )
    answer = lake.bisect("report", 0, 1)
    verdicts = {
        (table.dataset, one.dataset): one.verdict for table in answer.tables for one in table.inputs
    }
    assert verdicts == {
        ("delta.report", "delta.clean"): InputVerdict.TURNED_BAD,
        ("delta.report", "delta.other"): InputVerdict.NEW,
        ("delta.clean", "delta.other"): InputVerdict.TURNED_BAD,
    }
    assert [one.commit for one in answer.guilty] == ["delta.other@1"]


@pytest.mark.parametrize("check", ["count(*) > 0 AND count(*) < 2", "command:test 1 = 2"])
def test_what_only_counts_and_what_is_a_program_is_not_asked_of_other_tables(
    tmp_path: Path, check: str
) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", 1, 2)
    made_of(lake, "clean", ("raw", "0"), (1,))
    made_of(lake, "clean", ("raw", "1"), (1, 1))
    if check.startswith("command:"):
        check = "command:sh -c 'test $TEMPORAL_LINEAGE_STATE_VERSION = 0'"
    answer = lake.bisect("clean", 0, 1, check)
    (found,) = root(answer).inputs
    assert found.verdict is InputVerdict.NOT_FOLLOWED
    assert "--upstream-check delta.raw=CHECK" in found.why
    assert answer.doubts == ("not followed, and so not cleared: delta.raw",)


def test_a_table_upstream_may_have_a_check_of_its_own(lake: BisectLake) -> None:
    own = {"delta.clean": "sum(amount) > 0", "delta.raw": "command:grep -q PAR1 {}"}
    answer = lake.bisect("report", 1, 2, upstream_checks=own)
    assert [one.check for one in answer.tables] == ["min(amount) >= 0", "sum(amount) > 0"]
    clean = answer.tables[1]
    assert [one.verdict for one in clean.inputs] == [InputVerdict.GOOD]
    assert [one.commit for one in answer.guilty] == ["delta.clean@2"]


def test_a_check_of_a_table_that_is_not_met_is_named(lake: BisectLake) -> None:
    lake.row("far", 1)
    answer = lake.bisect("raw", 1, 2, upstream_checks={"delta.far": "true"})
    assert "delta.far was not met upstream: its check was not used" in answer.doubts


def test_a_bad_check_of_its_own_is_refused_and_the_targets_own_is_only_left_out(
    tmp_path: Path,
) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", 1, 2)
    made_of(lake, "clean", ("raw", "0"), (1,))
    made_of(lake, "clean", ("raw", "1"), (-1,))
    with pytest.raises(BadCheckError):
        lake.bisect("clean", 0, 1, upstream_checks={"delta.raw": "count(*)"})


def test_the_depth_is_bounded_and_what_lies_beyond_is_named(lake: BisectLake) -> None:
    alone = Searching(0, USUAL.check_ms_max, USUAL.progress, USUAL.is_stopped)
    answer = lake.bisect("report", 1, 2, searching=alone)
    assert len(answer.tables) == 1
    assert [(one.verdict, one.why) for one in root(answer).inputs] == [
        (InputVerdict.NOT_FOLLOWED, "deeper than 0")
    ]
    assert [one.commit for one in answer.guilty] == ["delta.report@2"]


def test_commits_in_a_state_that_nobody_saw_alone_are_all_suspects(tmp_path: Path) -> None:
    lake = BisectLake(tmp_path)
    table = lake.iceberg()
    good = lake.append(table, rows=1)
    with table.transaction() as together:
        together.append(orders(2))
        together.append(orders(9))
    bad = current(table)
    lake.harvest()
    answer = lake.session.bisect("lake.raw.orders", good=good, bad=bad, check="count(*) < 5")
    assert root(answer).states == 2
    assert len(answer.guilty) == 2
    assert {one.added_rows for one in answer.guilty} == {2, 9}


def test_versions_of_a_model_are_judged_by_a_program_and_its_inputs_by_sql(
    tmp_path: Path,
) -> None:
    lake = BisectLake(tmp_path)
    lake.row("raw", 1, 2, -3, -4)
    for version, read in (("v1", "0"), ("v2", "1"), ("v3", "3")):
        lake.made("model:m", ("raw", read), write=partial(str, version), job="train")
    answer = lake.session.bisect(
        "model:m",
        good="v1",
        check="command:sh -c 'test $TEMPORAL_LINEAGE_STATE != model:m@v3'",
        upstream_checks={"delta.raw": "min(amount) > 0"},
    )
    assert root(answer).first_bad == ("model:m@v3",)
    assert [one.first_bad for one in answer.tables[1:]] == [("delta.raw@2",)]
    assert [one.commit for one in answer.guilty] == ["delta.raw@2"]
    with pytest.raises(BadCheckError, match="no rows"):
        lake.session.bisect("model:m", good="v1", check="amount > 0")
    with pytest.raises(BadCheckError, match="no rows"):
        lake.session.bisect("model:m", good="v1", check="command:test -e {}")
