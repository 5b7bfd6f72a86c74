"""Graphs that go in circles, on themselves, far down, and everywhere: walked whole, and ended."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from temporal_lineage.cli.entry import run
from temporal_lineage.session import Session
from temporal_lineage.workspace import Workspace
from told_edges import NOW, edges, flows

HUB = 99_999
"""Neighbours of the hub, which with it are as many nodes as a walk may meet."""


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    return Session(Workspace(tmp_path, ledger_url), clock=lambda: NOW)


def ends(session: Session, verb: str, target: str, *, by_flow: bool) -> list[tuple[str, str]]:
    answer = getattr(session, verb)(f"dataset:s3://b/{target}", by_flow=by_flow)
    assert answer.doubts == ()
    short = [
        (one.source.removeprefix("dataset:s3://b/"), one.target.removeprefix("dataset:s3://b/"))
        for one in answer.edges
    ]
    assert len(set(short)) == len(short)
    return sorted(short)


@pytest.mark.parametrize("verb", ["upstream", "downstream"])
def test_a_circle_of_flows_is_walked_once(session: Session, verb: str) -> None:
    circle = [("a", "b"), ("b", "c"), ("c", "a")]
    flows(session, *circle)
    assert ends(session, verb, "b", by_flow=True) == circle


@pytest.mark.parametrize("verb", ["upstream", "downstream"])
def test_a_circle_of_states_is_walked_once(session: Session, verb: str) -> None:
    edges(session, ("a", "b"), ("b", "c"), ("c", "a"))
    circle = [("a@v1", "b@v1"), ("b@v1", "c@v1"), ("c@v1", "a@v1")]
    assert ends(session, verb, "b@v1", by_flow=False) == circle


@pytest.mark.parametrize("verb", ["upstream", "downstream"])
def test_a_flow_from_a_dataset_to_itself_is_one_edge(session: Session, verb: str) -> None:
    flows(session, ("a", "a"), ("a", "b") if verb == "downstream" else ("b", "a"))
    assert ("a", "a") in ends(session, verb, "a", by_flow=True)
    assert len(ends(session, verb, "a", by_flow=True)) == 2


def test_every_text_and_format_of_a_circle_ends(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    from temporal_lineage.exports import FORMATS

    flows(session, ("a", "b"), ("b", "a"), ("a", "a"))
    for output in ("text", "json", "ndjson", *FORMATS):
        words = ["downstream", "dataset:s3://b/a", "--flow", "--output", output]
        assert run(words, session=session) == 0
        assert "s3://b" in capsys.readouterr().out


def test_a_chain_as_deep_as_may_be_asked_for_is_shown_whole(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    flows(session, *((f"{number}", f"{number + 1}") for number in range(1001)))
    words = ["downstream", "dataset:s3://b/0", "--flow", "--depth", "1000"]

    assert run(words, session=session) == 0

    shown = capsys.readouterr().out
    assert "dataset:s3://b/1000 " in shown
    assert "! not followed further, deeper than 1000: dataset:s3://b/1000\n" in shown


def test_a_hub_is_walked_whole(session: Session) -> None:
    flows(session, *(("hub", str(one)) for one in range(HUB)))

    found = ends(session, "downstream", "hub", by_flow=True)

    assert len(found) == HUB
    assert {other for pair in found for other in pair} == {"hub", *map(str, range(HUB))}


def test_a_hub_is_walked_within_bounded_memory(tmp_path: Path, sqlite_url: str) -> None:
    session = Session(Workspace(tmp_path, sqlite_url), clock=lambda: NOW)
    flows(session, *((str(one), "hub") for one in range(HUB)))
    program = f"""
import pathlib, resource, sys
from temporal_lineage import open_session

answer = open_session({sqlite_url!r}).upstream("dataset:s3://b/hub", by_flow=True)
status = pathlib.Path("/proc/self/status")
if status.exists():
    # Linux counts in ru_maxrss what the process held that started this one.
    lines = status.read_text().splitlines()
    peak = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024
print(len(answer.edges), peak)
"""

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    edges_found, peak = map(int, done.stdout.split())
    assert edges_found == HUB
    assert peak < 5_000 * HUB


def test_a_hub_with_more_neighbours_than_a_walk_may_meet_is_cut_and_says_so(
    tmp_path: Path, sqlite_url: str
) -> None:
    session = Session(Workspace(tmp_path, sqlite_url), clock=lambda: NOW)
    flows(session, *(("hub", str(one)) for one in range(HUB + 2)), ("7", "beyond"))

    answer = session.downstream("dataset:s3://b/hub", by_flow=True)

    assert len(answer.edges) == HUB + 2
    assert any("more than 100000 nodes" in one for one in answer.doubts)
