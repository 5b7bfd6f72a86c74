"""Walks grow with what they find, not with statements: many appends, tables, or long chains."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.pipelines import Pipeline, Table, Version
from benchmarks.told_pipelines import tell
from snapshots.instant import Instant
from temporal_lineage.cli.layout import tree
from temporal_lineage.questions.walks import neighbours
from temporal_lineage.session import Session
from temporal_lineage.workspace import Workspace

NOW = Instant.parse("2026-03-01")


def session_of(folder: Path, pipeline: Pipeline) -> Session:
    folder.mkdir()
    tell(folder / "ledger.db", pipeline, now=NOW)
    return Session(Workspace(folder, str(folder / "ledger.db")), clock=lambda: NOW)


def last(pipeline: Pipeline) -> str:
    return str(Version(Table(pipeline.layers - 1, 0), pipeline.versions - 1))


@pytest.mark.parametrize("width", [1, 12])
def test_more_appends_and_more_tables_take_no_more_statements(
    width: int, tmp_path: Path, asked: list[str]
) -> None:
    counts, reached = [], 0
    for versions in (3, 60):
        pipeline = Pipeline(layers=2, width=width, versions=versions, kept=versions)
        session = session_of(tmp_path / str(versions), pipeline)
        asked.clear()
        reached = len(session.upstream(last(pipeline)).nodes)
        counts.append(len(asked))
        assert reached == min(width, 3) * versions + versions
    # A statement looks into a hundred states: three for each further hundred.
    assert counts[1] - counts[0] <= 3 * (reached // neighbours.STATES_AT_ONCE)
    assert counts[1] < 80


def test_the_provenance_of_a_state_is_one_stab_however_many_appends_live_in_it(
    tmp_path: Path, asked: list[str]
) -> None:
    statements = []
    for versions in (2, 1_200):
        pipeline = Pipeline(layers=1, width=1, versions=versions, kept=versions)
        session = session_of(tmp_path / str(versions), pipeline)
        asked.clear()
        answer = session.upstream(last(pipeline))
        statements.append(list(asked))
        assert len(answer.contributions) == versions
        assert {one.job for one in answer.nodes} == {"spark/make_lake.l0.t000"}
        assert len({one.run for one in answer.nodes}) == versions
    assert statements[0] == statements[1]
    # Names and writers come with the stab; a look-up of the edges into all commits goes on.
    stabs = {"provenance_of", "contributions_to", "claims_of", "steps_into"}
    assert [name for name in asked if name in stabs] == ["provenance_of", "steps_into"]


def test_a_walk_that_meets_too_many_contributions_says_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = Pipeline(layers=2, width=1, versions=30, kept=30)
    session = session_of(tmp_path / "ledger", pipeline)
    whole = session.upstream(last(pipeline))
    assert len(whole.contributions) == 30 + 30 * 31 // 2
    assert whole.cuts == ()
    monkeypatch.setattr(neighbours.LedgerNeighbours.__init__, "__kwdefaults__", _kept_to(100))
    some = session.upstream(last(pipeline))
    assert len(some.contributions) == 30
    assert {one.why for one in some.cuts} == {"more than 100 contributions"}
    assert "not followed further, more than 100 contributions: lake.l0.t000 (30 states)" in (
        some.doubts
    )
    assert {edge.edge for edge in some.edges} == {edge.edge for edge in whole.edges}


def _kept_to(contributions_max: int) -> dict[str, int]:
    return {
        "states_max": neighbours.STATES_MAX,
        "contributions_max": contributions_max,
    }


def test_a_tree_may_be_deeper_than_functions_may_call_each_other() -> None:
    def children(key: str) -> list[tuple[str, str | None]]:
        number = int(key) + 1
        return [(str(number), str(number))] if number <= 3_000 else []

    lines = list(tree("0", children))
    assert len(lines) == 3_000
    assert lines[-1].endswith("└─ 3000")
