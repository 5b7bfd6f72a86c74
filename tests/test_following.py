"""Following files of events: what is added is taken in once, wherever somebody stopped."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from sink_server import await_true, kept_run_ids, run_event
from temporal_lineage.intake.following import CannotFollowError
from temporal_lineage.intake.ingest import IngestReport
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace


@pytest.fixture
def session(ledger_url: str, tmp_path: Path) -> Session:
    (tmp_path / "events").mkdir()
    return Session(Workspace(tmp_path, ledger_url), clock=wall_clock)


def look(session: Session, *sources: Path) -> IngestReport:
    """Look once."""
    return session.follow_openlineage([*map(str, sources)], poll_ms=10, idle_ms_max=0)


def lines(*run_ids: str) -> str:
    return "".join(f"{json.dumps(run_event('followed', run_id=one))}\n" for one in run_ids)


def test_only_what_was_added_is_read_again(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "events" / "a.ndjson"
    file.write_text(lines("r1", "r2"))
    assert look(session, file.parent).new == 2
    assert look(session, file.parent).events == 0
    with file.open("a") as opened:
        opened.write(lines("r3"))
    (tmp_path / "events" / "b.json").write_text(json.dumps([run_event("b", run_id="r4")]))
    report = look(session, file.parent)
    assert (report.events, report.new) == (2, 2)
    assert kept_run_ids(session.workspace.ledger) == ["r1", "r2", "r3", "r4"]


@pytest.mark.parametrize("cut", [1, 40, 250, -1])
def test_a_half_written_line_waits_for_the_rest(session: Session, tmp_path: Path, cut: int) -> None:
    file = tmp_path / "events" / "a.ndjson"
    whole = lines("r1", "r2")
    first = whole.index("\n") + 1
    half = first + cut if cut > 0 else len(whole) - 2
    file.write_text(whole[:half])
    report = look(session, file.parent)
    assert (report.new, report.refused) == (1, 0)
    with file.open("a") as opened:
        opened.write(whole[half:])
    report = look(session, file.parent)
    assert (report.new, report.refused) == (1, 0)


def test_a_file_that_is_rotated_or_cut_loses_nothing(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "events" / "a.ndjson"
    file.write_text(lines("r1"))
    look(session, file)
    with file.open("a") as opened:
        opened.write(lines("r2"))
    file.rename(file.with_name("a.ndjson.1"))
    file.write_text(lines("r3", "r4", "r5"))
    assert look(session, file).new == 4
    file.write_text(lines("r6"))
    assert look(session, file).new == 1
    assert kept_run_ids(session.workspace.ledger) == [f"r{number}" for number in range(1, 7)]


def test_a_packed_file_is_taken_in_when_it_is_whole(session: Session, tmp_path: Path) -> None:
    packed = gzip.compress(lines("r1", "r2").encode())
    file = tmp_path / "events" / "a.ndjson.2.gz"
    file.write_bytes(packed[:-12])
    assert look(session, file.parent).events == 0
    file.write_bytes(packed)
    assert look(session, file.parent).new == 2
    assert look(session, file.parent).events == 0


def test_what_is_refused_is_refused_once(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "events" / "a.ndjson"
    file.write_text(f"garbage\n{lines('r1')}")
    assert look(session, file.parent).refused == 1
    with file.open("a") as opened:
        opened.write(lines("r2"))
    assert look(session, file.parent).refused == 0


def test_standard_input_cannot_be_followed(session: Session) -> None:
    with pytest.raises(CannotFollowError, match=r"'-' cannot be followed; name files or folders"):
        session.follow_openlineage(["-"])


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_a_follower_that_ends_is_followed_by_one_that_goes_on(
    ledger_url: str, tmp_path: Path, end: str
) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text("")
    command = [
        *(sys.executable, "-m", "temporal_lineage", "--ledger", ledger_url, "ingest"),
        *("openlineage", str(tmp_path), "--follow", "--poll-seconds", "0.05"),
    ]
    run_ids = [str(uuid4()) for _ in range(200)]
    Session(Workspace(tmp_path, ledger_url), clock=wall_clock).ingest_openlineage([str(file)])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        with file.open("a") as opened:
            for run_id in run_ids:
                opened.write(lines(run_id))
                opened.flush()
                if run_id == run_ids[100]:
                    await_true(lambda: len(kept_run_ids(ledger_url)) > 10)
        if end == "kill":
            follower.kill()
        else:
            follower.send_signal(signal.SIGTERM)
        printed, _ = follower.communicate(timeout=60)
    if end == "terminate":
        assert follower.returncode == 0
        assert "events: " in printed
    session = Session(Workspace(tmp_path, ledger_url), clock=wall_clock)
    session.follow_openlineage([str(tmp_path)], poll_ms=10, idle_ms_max=0)
    assert kept_run_ids(ledger_url) == sorted(run_ids)
