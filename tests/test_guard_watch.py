"""Watching: what promises and models need is told once it drifts, and not again while it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reproduce_lake import Lake
from snapshots.instant import FOREVER, Instant
from temporal_lineage.guard.drift import Drift, Standing, drift
from temporal_lineage.guard.watch import WatchLine, WatchReport
from temporal_lineage.session import wall_clock
from temporal_lineage.store.ledger import Ledger

DAY = 86_400_000_000


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def passed(lake: Lake, *, days: float = 0, within_days: float = 1) -> WatchReport:
    """Make a pass some days from now."""
    at = wall_clock().plus(micros=round(days * DAY))
    lake.session.clock = lambda: at
    return lake.session.guard_watch(within_days=within_days)


def told(report: WatchReport) -> list[tuple[str, Drift]]:
    return [(one.address, one.drift) for one in report.lines]


def promised(lake: Lake, target: str, *, days: int = 400, enforce: bool = False) -> None:
    until = wall_clock().plus(micros=days * DAY)
    lake.session.pin(target, until=until, reason="audit", who="ada", enforce=enforce)


def test_what_is_lost_is_told_once(lake: Lake) -> None:
    first = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    promised(lake, f"delta.orders@{first}")
    assert told(passed(lake)) == []
    lake.vacuum()
    report = passed(lake)
    (line,) = report.lines
    assert (line.address, line.drift) == (f"delta.orders@{first}", Drift.LOST)
    assert (line.before, line.verdict, line.wanted_by) == ("at-risk", "gone", ("pin:1",))
    assert "VACUUM" in line.why
    assert told(passed(lake)) == []


def test_what_ends_soon_is_told_at_every_pass(lake: Lake) -> None:
    first = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    promised(lake, f"delta.orders@{first}")
    ending = [(f"delta.orders@{first}", Drift.ENDING)]
    assert told(passed(lake, within_days=3)) == []
    assert told(passed(lake, within_days=8)) == ending
    assert told(passed(lake, days=6.5)) == ending
    line: WatchLine = passed(lake, days=6.5).lines[0]
    assert line.ends is not None
    assert "deletedFileRetentionDuration" in line.why


def test_a_state_that_is_wanted_no_longer_than_it_is_kept_does_not_drift(lake: Lake) -> None:
    first = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    promised(lake, f"delta.orders@{first}", days=5)
    assert told(passed(lake, within_days=30)) == []


def test_an_enforced_promise_drifts_once_its_tag_is_gone(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    lake.append(table)
    lake.harvest()
    promised(lake, f"lake.raw.orders@{first}", enforce=True)
    assert told(passed(lake)) == []
    tags = [one for one in lake.catalog.load_table("raw.orders").metadata.refs if one != "main"]
    lake.catalog.load_table("raw.orders").manage_snapshots().remove_tag(tags[0]).commit()
    assert told(passed(lake)) == [(f"lake.raw.orders@{first}", Drift.SOONER)]
    assert told(passed(lake)) == []


def test_a_model_wants_its_states_for_ever(lake: Lake) -> None:
    read = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    lake.trained("v1", (str(lake.delta / "orders"), read))
    (line,) = passed(lake, within_days=30).lines
    assert (line.wanted_by, line.wanted_until) == (("model:fraud@v1",), FOREVER)


def test_files_that_come_back_are_told(lake: Lake) -> None:
    first = lake.write_delta()
    lake.harvest()
    promised(lake, f"delta.orders@{first}")
    (file,) = (lake.delta / "orders").glob("*.parquet")
    away = file.rename(lake.root / "away")
    assert told(passed(lake)) == [(f"delta.orders@{first}", Drift.LOST)]
    away.rename(file)
    assert told(passed(lake)) == [(f"delta.orders@{first}", Drift.BACK)]


def test_a_table_that_nobody_can_look_at_is_named(lake: Lake) -> None:
    first = lake.write_delta()
    lake.harvest()
    promised(lake, f"delta.orders@{first}")
    (lake.delta / "orders").rename(lake.root / "away")
    report = passed(lake)
    assert (report.states, report.unseen) == (0, (f"delta.orders@{first}",))
    assert lake.tl_status("guard", "watch") == 3


def test_a_pass_that_sees_nothing_new_writes_nothing(lake: Lake) -> None:
    first = lake.write_delta()
    lake.harvest()
    promised(lake, f"delta.orders@{first}")
    passed(lake)
    url = lake.session.workspace.ledger
    with Ledger.open(url, clock=wall_clock) as ledger, ledger.reading() as reader:
        before = reader.transactions(limit=1)
    passed(lake)
    with Ledger.open(url, clock=wall_clock) as ledger, ledger.reading() as reader:
        assert reader.transactions(limit=1) == before


def test_a_watch_goes_on_until_it_is_told_to_stop(lake: Lake, tmp_path: Path) -> None:
    first = lake.write_delta()
    lake.harvest()
    promised(lake, f"delta.orders@{first}")
    words = ["guard", "watch", "--every", "0.05"]
    ledger = lake.session.workspace.ledger
    watching = subprocess.Popen(
        [sys.executable, "-m", "temporal_lineage", "--ledger", ledger, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    lines = [watching.stdout.readline() for _ in range(2)]
    watching.send_signal(signal.SIGTERM)
    assert watching.wait(timeout=60) in (0, 3)
    assert all(" looked at " in line or "!" in line for line in lines)
    watching.stdout.close()
    time.sleep(0)


instants = st.integers(0, 9).map(Instant) | st.just(FOREVER)
standings = st.builds(Standing, st.just("v"), st.none() | instants, st.just(""))


@given(now=standings, before=st.none() | standings, limit=instants, wanted=instants)
def test_a_state_that_stands_as_it_did_is_told_only_while_it_ends_soon(
    now: Standing, before: Standing | None, limit: Instant, wanted: Instant
) -> None:
    found = drift(now, before, limit=limit, wanted_until=wanted)
    again = drift(now, now, limit=limit, wanted_until=wanted)
    assert again in (None, Drift.ENDING)
    if found is Drift.LOST:
        assert now.ends is None
        assert again is None
    if found in (Drift.ENDING, Drift.SOONER):
        assert now.ends is not None
        assert now.ends < wanted
