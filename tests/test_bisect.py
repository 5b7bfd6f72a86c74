"""Bisection of real tables: which states are judged, what is skipped, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from bisect_lake import GOOD, BisectLake, judged, root
from reproduce_lake import current, local, orders
from snapshots.errors import BadTargetError, BeforeHistoryError, EmptyPeriodError, UnknownNameError
from temporal_lineage.bisection.answer import BisectOutcome
from temporal_lineage.bisection.checks import BadCheckError


@pytest.fixture
def lake(tmp_path: Path) -> BisectLake:
    return BisectLake(tmp_path)


def files(lake: BisectLake, version: int) -> list[Path]:
    """Give the files of one state."""
    table = DeltaTable(lake.delta / "t", version=version)
    return [local(str(one)) for one in table.file_uris()]


def test_the_first_bad_state_is_found_and_few_states_are_read(lake: BisectLake) -> None:
    lake.row("t", *range(20), *range(-1, -13, -1))
    answer = lake.bisect("t", 0, 31)
    found = root(answer)
    assert found.outcome is BisectOutcome.FOUND
    assert (found.last_good, found.first_bad) == ("delta.t@19", ("delta.t@20",))
    assert (found.good, found.bad, found.states) == ("delta.t@0", "delta.t@31", 32)
    assert len(answer.steps) <= 2 + 5
    assert answer.doubts == ()


def test_times_name_the_states_that_were_current_then(lake: BisectLake) -> None:
    lake.row("t", 1, 2, 3, -1, -2)
    since = {one.snapshot_id: one.committed_at for one in lake.session.log("delta.t").lines}
    answer = lake.session.bisect(
        "delta.t", good=since[1], bad=str(since[4].plus(micros=1)), check=GOOD
    )
    assert root(answer).first_bad == ("delta.t@3",)
    to_the_end = lake.session.bisect("delta.t", good="1", check=GOOD)
    assert root(to_the_end).bad == "delta.t@4"


def test_a_state_whose_files_are_gone_is_skipped_and_named(lake: BisectLake) -> None:
    lake.row("t", 1, 2, 3, -1, -2)
    for version in (2, 3):
        for path in files(lake, version):
            path.unlink()
    answer = lake.bisect("t", 0, 4)
    found = root(answer)
    assert found.outcome is BisectOutcome.AMONG
    assert found.last_good == "delta.t@1"
    assert found.first_bad == ("delta.t@2", "delta.t@3", "delta.t@4")
    skipped = {one.state: one.why for one in answer.steps if one.verdict.value == "skipped"}
    assert set(skipped) == {"delta.t@2", "delta.t@3"}
    assert all(".parquet" in why for why in skipped.values())
    assert any(
        "2 states of delta.t before delta.t@4 cannot be judged" in one for one in answer.doubts
    )
    assert [one.commit for one in answer.guilty] == ["delta.t@2", "delta.t@3", "delta.t@4"]


def test_a_good_state_that_is_bad_is_said_plainly(lake: BisectLake) -> None:
    lake.row("t", -1, 2, -3)
    found = root(lake.bisect("t", 0, 2))
    assert found.outcome is BisectOutcome.GOOD_IS_BAD
    assert found.why == "the check calls delta.t@0 bad"
    assert (found.last_good, found.first_bad, found.commits) == (None, (), ())


def test_a_bad_state_that_is_good_is_said_plainly(lake: BisectLake) -> None:
    lake.row("t", 1, -2, 3)
    found = root(lake.bisect("t", 0, 2))
    assert found.outcome is BisectOutcome.BAD_IS_GOOD
    assert found.why == "the check calls delta.t@2 good"


def test_an_end_that_cannot_be_read_leaves_nothing_to_search(lake: BisectLake) -> None:
    lake.row("t", 1, -2)
    for path in files(lake, 0):
        path.unlink()
    answer = lake.bisect("t", 0, 1)
    found = root(answer)
    assert found.outcome is BisectOutcome.UNJUDGED
    assert "delta.t@0 cannot be judged" in found.why
    assert answer.doubts == ("`tl available delta.t` says which states can be read",)


def test_after_a_rollback_the_last_change_to_bad_is_the_answer(lake: BisectLake) -> None:
    table = lake.iceberg()
    good = lake.append(table, rows=3)
    lake.append(table, rows=8)
    table.manage_snapshots().rollback_to_snapshot(int(good)).commit()
    bad = lake.append(table, rows=9)
    lake.harvest()
    answer = lake.session.bisect("lake.raw.orders", good=good, bad=bad, check="count(*) < 5")
    # The good state was current again just before: nothing lies between.
    assert root(answer).states == 2
    assert root(answer).first_bad == (f"lake.raw.orders@{bad}",)


def test_a_bad_episode_that_was_rolled_back_is_named_beside_the_answer(lake: BisectLake) -> None:
    table = lake.iceberg()
    first = lake.append(table, rows=1)
    good = lake.append(table, rows=1)
    episode = lake.append(table, rows=8)
    table.manage_snapshots().rollback_to_snapshot(int(good)).commit()
    bad = lake.append(table, rows=9)
    lake.harvest()
    answer = lake.session.bisect("lake.raw.orders", good=first, bad=bad, check="count(*) < 5")
    found = root(answer)
    assert found.states == 5
    assert (found.last_good, found.first_bad) == (
        f"lake.raw.orders@{good}",
        (f"lake.raw.orders@{bad}",),
    )
    if f"lake.raw.orders@{episode}" in judged(answer):
        assert any("was mended" in one and episode in one for one in answer.doubts)


def test_a_rollback_to_a_bad_state_is_what_made_it_bad(lake: BisectLake) -> None:
    table = lake.iceberg()
    bad = lake.append(table, rows=8)
    table.delete("id >= 3")
    good = current(table)
    table.manage_snapshots().rollback_to_snapshot(int(bad)).commit()
    lake.harvest()
    answer = lake.session.bisect("lake.raw.orders", good=good, check="count(*) < 5")
    assert root(answer).first_bad == (f"lake.raw.orders@{bad}",)
    assert any(f"lake.raw.orders@{bad} is older: main went back" in one for one in answer.doubts)


def test_a_branch_is_searched_along_its_own_log(lake: BisectLake) -> None:
    table = lake.iceberg()
    good = lake.append(table, rows=1)
    table.manage_snapshots().create_branch(int(good), "audit").commit()
    table.append(orders(9), branch="audit")
    on_branch = str(table.refs()["audit"].snapshot_id)
    lake.append(table, rows=9)
    lake.harvest()
    answer = lake.session.bisect("lake.raw.orders@audit", good=good, check="count(*) < 5")
    assert root(answer).first_bad == (f"lake.raw.orders@{on_branch}",)
    with pytest.raises(UnknownNameError, match="another branch"):
        lake.session.bisect("lake.raw.orders", good=good, bad=on_branch, check="count(*) < 5")


def test_a_tag_names_an_end(lake: BisectLake) -> None:
    table = lake.iceberg()
    good = lake.append(table, rows=1)
    table.manage_snapshots().create_tag(int(good), "v1").commit()
    bad = lake.append(table, rows=9)
    lake.harvest()
    answer = lake.session.bisect("lake.raw.orders", good="v1", check="count(*) < 5")
    assert (root(answer).good, root(answer).first_bad) == (
        f"lake.raw.orders@{good}",
        (f"lake.raw.orders@{bad}",),
    )


def test_a_state_under_an_older_schema_is_skipped_where_the_check_does_not_fit_it(
    lake: BisectLake,
) -> None:
    lake.row("t", 1)
    for paid in (5, 6, -7):
        columns = {"amount": [1], "paid": [paid]}
        write_deltalake(
            lake.delta / "t", pa.table(columns), mode="overwrite", schema_mode="overwrite"
        )
    lake.harvest()
    answer = lake.bisect("t", 1, 3, "paid > 0")
    assert root(answer).first_bad == ("delta.t@3",)
    older = root(lake.bisect("t", 0, 3, "paid > 0"))
    assert older.outcome is BisectOutcome.UNJUDGED
    assert 'unable to find column "paid"' in older.why


@pytest.mark.parametrize(
    ("check", "first_bad"),
    [
        ("amount > 0", "3"),
        ("SELECT amount > 0 FROM state", "3"),
        ("select count(*) filter (where amount < 0) = 0 from state;", "3"),
        ("WITH bad AS (SELECT * FROM state WHERE amount < 0) SELECT count(*) = 0 FROM bad", "3"),
        ("NOT EXISTS (SELECT 1 FROM state WHERE amount < 0)", "3"),
        ("sum(amount) <> 3", "2"),
    ],
)
def test_checks_are_sql_over_the_rows_of_the_state(
    lake: BisectLake, check: str, first_bad: str
) -> None:
    lake.row("t", 1, 2, 3, -4)
    bad = 3 if first_bad == "3" else 2
    assert root(lake.bisect("t", 0, bad, check)).first_bad == (f"delta.t@{first_bad}",)


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("count(*)", "one column of true or false"),
        ("SELECT amount > 0, amount > 1 FROM state", "one column of true or false"),
        ("SELEC 1 FROM", "sql parser error"),
        ("nosuchfunction(amount) > 1", "nosuchfunction"),
        ("SELECT count(*) > 0 FROM orders", "orders"),
        ("DROP TABLE state", ""),
        ("", "empty"),
        ("command:", "no command follows"),
        ("command:'x", "quotation"),
        ("\x00", "no text"),
    ],
)
def test_a_check_that_cannot_be_understood_is_refused(
    lake: BisectLake, check: str, why: str
) -> None:
    lake.row("t", 1, -1)
    with pytest.raises(BadCheckError) as caught:
        lake.bisect("t", 0, 1, check)
    assert why in caught.value.reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("max(CASE WHEN amount > 9 THEN 1 END) > 0", "gave NULL"),
        ("SELECT amount > 0 FROM state WHERE amount > 9", "no value"),
    ],
)
def test_a_check_that_says_neither_yes_nor_no_skips_the_state(
    lake: BisectLake, check: str, why: str
) -> None:
    lake.row("t", 1, -1)
    found = root(lake.bisect("t", 0, 1, check))
    assert found.outcome is BisectOutcome.UNJUDGED
    assert why in found.why


def test_the_ends_are_refused_where_they_are_none(lake: BisectLake) -> None:
    lake.row("t", 1, 2, -3)
    with pytest.raises(EmptyPeriodError, match="good delta"):
        lake.bisect("t", 2, 1)
    with pytest.raises(EmptyPeriodError):
        lake.bisect("t", 1, 1)
    with pytest.raises(BeforeHistoryError):
        lake.bisect("t", "2001-01-01", 2)
    with pytest.raises(UnknownNameError):
        lake.bisect("t", 77, 2)
    with pytest.raises(UnknownNameError):
        lake.bisect("t", "nosuchtag", 2)
    for target in ("job:n/make", "delta.t@1", "delta.t#amount"):
        with pytest.raises(BadTargetError):
            lake.session.bisect(target, good="0", check=GOOD)


def test_a_harvest_that_is_late_limits_the_search_to_what_is_known(lake: BisectLake) -> None:
    lake.row("t", 1, -2)
    known = lake.session.clock()
    lake.row("t", -3, -4)
    answer = lake.session.bisect("delta.t", good="0", check=GOOD, as_known=known)
    assert root(answer).bad == "delta.t@1"
