"""Checks by a program: what it is told, how its end is read, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bisect_lake import GOOD, BisectLake, judged, root
from temporal_lineage.bisection.answer import BisectOutcome
from temporal_lineage.bisection.checks import BadCheckError, CheckFailedError
from temporal_lineage.bisection.searching import USUAL, Searching

MIN = (
    "import os, sys, polars as pl; rows = pl.read_parquet(sys.argv[1]);"
    " assert sys.argv[1] == os.environ['TEMPORAL_LINEAGE_STATE_FILE'];"
    " print(os.environ['TEMPORAL_LINEAGE_STATE'], os.environ['TEMPORAL_LINEAGE_STATE_VERSION'],"
    " rows['amount'].to_list()); sys.exit(rows['amount'].min() < 0)"
)


@pytest.fixture
def lake(tmp_path: Path) -> BisectLake:
    lake = BisectLake(tmp_path)
    lake.row("t", 1, 2, 3, -4, -5)
    return lake


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the states be written where the test can look."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def script(tmp_path: Path, text: str) -> str:
    """Write a program in Python, and give the check that runs it."""
    path = tmp_path / "check.py"
    path.write_text(text)
    return f"command:{sys.executable} {path} {{}}"


def test_a_program_reads_the_rows_of_each_state_and_its_last_line_is_kept(
    lake: BisectLake, tmp_path: Path, scratch: Path
) -> None:
    answer = lake.bisect("t", 0, 4, script(tmp_path, MIN))
    assert root(answer).first_bad == ("delta.t@3",)
    told = {one.state: one.why for one in answer.steps}
    assert told["delta.t@3"] == "delta.t@3 3 [-4]"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(0, "good"), (1, "bad"), (2, "bad"), (124, "bad"), (125, "skipped")],
)
def test_the_exit_status_is_the_verdict(lake: BisectLake, status: int, verdict: str) -> None:
    answer = lake.bisect("t", 0, 4, f"command:sh -c 'exit {status}'")
    assert judged(answer)["delta.t@4"] == verdict


@pytest.mark.parametrize(
    ("end", "how"),
    [
        ("exit 126", "ended with 126"),
        ("exit 127", "ended with 127"),
        ("echo why; exit 200", "ended with 200 (why)"),
        ("kill -SEGV $$", "was ended by SIGSEGV"),
    ],
)
def test_what_is_no_verdict_ends_the_search(
    lake: BisectLake, scratch: Path, end: str, how: str
) -> None:
    with pytest.raises(CheckFailedError) as caught:
        lake.bisect("t", 0, 4, f"command:sh -c '{end}'")
    assert caught.value.how == how
    assert caught.value.state == "delta.t@4"
    assert list(scratch.iterdir()) == []


def test_a_program_that_is_not_there_is_no_bad_state(lake: BisectLake, tmp_path: Path) -> None:
    for words in ("nosuchprogram {}", str(tmp_path), f"{tmp_path}/nosuch {{}}"):
        with pytest.raises(BadCheckError, match="cannot be run"):
            lake.bisect("t", 0, 4, f"command:{words}")


def test_a_program_that_takes_too_long_is_ended_with_all_that_it_started(
    lake: BisectLake, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    slow = f"command:sh -c 'sleep 600 & echo $! > {pid}; wait'"
    soon = Searching(USUAL.depth_max, 300, USUAL.progress, USUAL.is_stopped)
    found = root(lake.bisect("t", 0, 4, slow, searching=soon))
    assert found.outcome is BisectOutcome.UNJUDGED
    assert "did not end within 0.3 seconds" in found.why
    assert not alive(int(pid.read_text()))


def test_sql_that_takes_too_long_skips_the_state(lake: BisectLake) -> None:
    found = root(
        lake.bisect("t", 0, 4, searching=Searching(0, 0, USUAL.progress, USUAL.is_stopped))
    )
    assert found.outcome is BisectOutcome.UNJUDGED
    assert "not read to its end within 0 seconds" in found.why


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_search_leaves_no_program_and_no_file(
    lake: BisectLake, tmp_path: Path, scratch: Path, number: signal.Signals
) -> None:
    pid = tmp_path / "pid"
    slow = f"command:sh -c 'sleep 600 & echo $! > {pid}.new; mv {pid}.new {pid}; wait'"
    words = ["--ledger", lake.session.workspace.ledger, "bisect", "delta.t"]
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "temporal_lineage",
            *words,
            "--good",
            "0",
            "--bad",
            "4",
            "--check",
            slow,
        ],
        cwd=lake.root / "workspace",
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    ) as search:
        while not pid.exists():
            assert search.poll() is None
            time.sleep(0.05)
        search.send_signal(number)
        _, told = search.communicate(timeout=60)
    assert search.returncode == 1
    assert told.strip() == "tl: interrupted; what was committed before is kept"
    assert not alive(int(pid.read_text()))
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("check", [GOOD, "command:sleep 600"])
def test_whoever_searches_may_stop_it(lake: BisectLake, scratch: Path, check: str) -> None:
    looks = iter([False, False])
    stopping = Searching(
        USUAL.depth_max, USUAL.check_ms_max, USUAL.progress, lambda: next(looks, True)
    )
    with pytest.raises(KeyboardInterrupt):
        lake.bisect("t", 0, 4, check, searching=stopping)
    assert list(scratch.iterdir()) == []


def alive(pid: int) -> bool:
    """Tell whether a process still runs; a dead one that nobody asked about does not."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in "ZX":
            return False
        time.sleep(0.05)
    return True


def test_the_command_line_says_what_was_found_and_ends_with_3_where_nothing_was(
    lake: BisectLake,
) -> None:
    words = ("bisect", "delta.t", "--good", "0", "--check", "amount > 0")
    found = lake.tl(*words)
    assert "first bad  delta.t@3" in found.output
    assert lake.tl_status(*words) == 0
    assert lake.tl_status(*words, "--bad", "2") == 3
    assert lake.tl_status(*words, "--upstream-check", "nonsense") == 2
    assert lake.tl_status(*words, "--upstream-check", "delta.nosuch=true") == 1
    assert lake.tl_status(*words[:-1], "count(*)") == 2
