"""Targets as people type them: paths from here, names without a namespace, nothing at all."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pyarrow as pa
import pytest

from bad_input import assert_one_line
from lake_session import lake_session
from small_lake import ROWS, delta_table
from snapshots.errors import UnknownNameError
from temporal_lineage.cli.entry import run
from temporal_lineage.frames import as_arrow, as_polars
from temporal_lineage.session import Session
from told_tables import Shop, dataset, event, run_id
from transcripts import Said


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A table of two commits, and a job that made a model of it."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", "2026-09-02")
    shop.harvest(at="2026-09-03")
    shop.tell(
        event("START", "2026-09-02T10:00Z", 1, reads=[shop.told("t", "1")]),
        event("COMPLETE", "2026-09-02T11:00Z", 1, writes=[dataset("model", "m", "v1")]),
    )
    return shop


def said(session: Session, *words: str, capsys: pytest.CaptureFixture[str]) -> Said:
    status = run(words, session=session)
    printed = capsys.readouterr()
    return Said(printed.out, printed.err, status)


def test_a_path_may_start_where_the_program_runs(shop: Shop) -> None:
    with chdir(shop.path("t").parent):
        assert shop.session.at("./t").dataset == "lake.s.t"
        assert shop.session.at("./t@0").snapshot_ids == (0,)
        assert shop.session.at("../s/t@2026-09-01").snapshot_ids == (0,)
        assert shop.session.upstream("./t").root == "lake.s.t@1"
        assert shop.session.log("../../lake/s/t").dataset == "lake.s.t"


def test_a_path_may_start_at_home(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(shop.lake))
    assert shop.session.at("~/s/t").dataset == "lake.s.t"


def test_a_path_needs_no_namespace(shop: Shop) -> None:
    assert shop.session.at(f"dataset:{shop.path('t')}@0").snapshot_ids == (0,)


def test_a_name_that_events_gave_goes_before_a_path(shop: Shop) -> None:
    shop.tell(event("COMPLETE", "2026-09-02T12:00Z", 2, writes=[dataset("/data", "x")]))
    assert shop.session.show("dataset:/data/x").dataset == "dataset:/data/x"


@pytest.mark.parametrize("verb", ["at", "log", "show", "upstream", "why", "harvest", "coverage"])
def test_an_empty_target_is_refused(
    shop: Shop, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = said(shop.session, verb, "", capsys=capsys)
    assert_one_line(done, "''", status=1 if verb == "harvest" else 2)


def test_a_run_stands_for_what_it_read_and_wrote(shop: Shop) -> None:
    run = f"run:{run_id(1)}"
    up, down = shop.session.upstream(run), shop.session.downstream(run)

    (read,), (wrote,) = up.edges, down.edges
    assert (read.source, read.target, read.edge) == ("lake.s.t@1", run, run)
    assert (wrote.source, wrote.target) == (run, "model:m@v1")
    assert shop.session.why(read.edge).run == run_id(1)
    assert shop.session.contamination(run).commit == "model:m@v1"


def test_a_run_that_wrote_nothing_contaminated_nothing(shop: Shop) -> None:
    shop.tell(event("COMPLETE", "2026-09-02T12:00Z", 2, reads=[shop.told("t")]))
    with pytest.raises(UnknownNameError, match="no single state written by run:"):
        shop.session.contamination(f"run:{run_id(2)}")


def test_what_a_job_read_is_compared_between_two_days(shop: Shop) -> None:
    before = shop.now
    shop.tell(event("COMPLETE", "2026-09-02T12:00Z", 2, reads=[dataset("s3://b", "x")]))

    answer = shop.session.diff("upstream", "job:n/job", as_known=(before, None))

    assert [one.what for one in answer.changes if one.learned == "new"] == [
        "dataset:s3://b/x -> job:n/job"
    ]


def test_a_comparison_of_what_nobody_knows_is_refused(shop: Shop) -> None:
    with pytest.raises(UnknownNameError, match="no dataset lake\\.s\\.typo"):
        shop.session.diff("upstream", "lake.s.typo", as_known=(shop.now, None))


def test_a_state_is_not_silently_left_out_of_account(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    done = said(shop.session, "upstream", "model:m@v1", "--flow", capsys=capsys)
    assert_one_line(done, "leave @v1 out", status=2)


def test_the_rows_of_a_scan_are_a_frame(tmp_path: Path, sqlite_url: str) -> None:
    delta_table(tmp_path / "lake" / "t", commits=2)
    session = lake_session(tmp_path, sqlite_url)
    session.harvest()

    assert as_polars(session.scan("lake.t")).height == 2 * ROWS.num_rows
    table = as_arrow(session.scan("lake.t"))
    assert isinstance(table, pa.Table)
    assert table.column_names == ROWS.column_names


@pytest.mark.parametrize("verb", ["log", "show"])
def test_an_answer_from_before_a_table_says_since_when_there_is_more(shop: Shop, verb: str) -> None:
    answer = getattr(shop.session, verb)("lake.s.t", as_of="2026-08-01")
    start = "2026-09-01T00:00:00Z"
    said = f"lake.s.t had no known state at 2026-08-01T00:00:00Z; its history starts at {start}"
    assert answer.doubts == (said,)


def test_a_good_time_before_the_table_is_said_to_be_one(shop: Shop) -> None:
    answer = shop.session.changes("lake.s.t", good="2026-08-01", as_of="2026-09-02T12:00Z")
    assert any("had no known state at 2026-08-01T00:00:00Z" in one for one in answer.doubts)
