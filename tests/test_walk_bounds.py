"""Graphs that go in circles, on themselves, far down, and everywhere: walked whole, and ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from snapshots.dataset import Dataset
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.claims import AliasClaim, EdgeClaim, FlowClaim, encode
from temporal_lineage.cli.entry import run
from temporal_lineage.evidence.grades import Evidence, Grade, Method
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind, name_key
from temporal_lineage.naming import unharvested_identity
from temporal_lineage.session import Session
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.workspace import Workspace

HUB = 99_999
"""Neighbours of the hub, which with it are as many nodes as a walk may meet."""

SINCE = Period.since(Instant.parse("2026-09-01"))
NOW = Instant.parse("2026-10-01")
READ = Evidence(Method.INPUT_START_VERSION, Grade.HIGH, "told", ())


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    return Session(Workspace(tmp_path, ledger_url), clock=lambda: NOW)


def flows(session: Session, *pairs: tuple[str, str]) -> None:
    """Let a job move data between datasets that events alone know."""
    _tell(session, pairs, EdgeKind.FLOW, encode(FlowClaim(("n/job",), (), ())), version=None)


def edges(session: Session, *pairs: tuple[str, str]) -> None:
    """Let a run read version v1 of one dataset and write v1 of the other."""
    claim = encode(EdgeClaim("r", "n/job", Grade.HIGH, READ, READ))
    _tell(session, pairs, EdgeKind.EDGE, claim, version="v1")


def _tell(
    session: Session,
    pairs: Sequence[tuple[str, str]],
    kind: EdgeKind,
    claim: str,
    *,
    version: str | None,
) -> None:
    named = [Dataset("s3://b", one) for one in dict.fromkeys(end for pair in pairs for end in pair)]
    with (
        Ledger.open(session.workspace.ledger, clock=session.clock) as ledger,
        ledger.transaction(source="test", note="") as transaction,
    ):
        identities = [unharvested_identity(one) for one in named]
        ids = transaction.nodes([NodeKey(NodeKind.DATASET, 0, one) for one in identities])
        names = transaction.nodes([NodeKey(NodeKind.NAME, 0, name_key(one)) for one in named])
        transaction.assert_attributes(
            AttributeAssertion(name, AttributeKind.ALIAS, "", SINCE, encode(AliasClaim(identity)))
            for name, identity in zip(names, identities, strict=True)
        )
        ends = ids
        if version is not None:
            ends = transaction.nodes([NodeKey(NodeKind.VERSION, one, version) for one in ids])
        of = {one.name: end for one, end in zip(named, ends, strict=True)}
        transaction.assert_edges(
            EdgeAssertion(kind, of[source], of[target], SINCE, claim) for source, target in pairs
        )


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
