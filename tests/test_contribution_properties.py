"""Contributions: what is said of a state holds for the rows that really live in it."""

from hypothesis import given
from hypothesis import strategies as st

from row_tables import KeptTrace, RowTable, shares, tables
from snapshots.contributions import (
    ContributionCertainty,
    ContributionTracer,
    trace_contributions,
)
from snapshots.snapshot import Effect

EXACT = ContributionCertainty.EXACT


@given(tables())
def test_what_is_exact_is_there_and_what_is_there_is_at_least_possible(table: RowTable) -> None:
    trace = trace_contributions(table.commits)
    for snapshot_id in range(len(table.states)):
        told = shares(trace, snapshot_id)
        truth = table.truth(snapshot_id)
        assert {commit for commit, how in told.items() if how is EXACT} <= truth <= set(told)


@given(tables([Effect.APPEND, Effect.REPLACE, Effect.NOTHING]))
def test_nothing_is_left_in_doubt_while_every_row_stays(table: RowTable) -> None:
    trace = trace_contributions(table.commits)
    for snapshot_id in range(len(table.states)):
        assert shares(trace, snapshot_id) == dict.fromkeys(table.truth(snapshot_id), EXACT)


@given(tables([Effect.APPEND, Effect.OVERWRITE, Effect.NOTHING, Effect.RESTORE]))
def test_nothing_is_left_in_doubt_while_files_come_and_go_whole(table: RowTable) -> None:
    trace = trace_contributions(table.commits)
    for snapshot_id in range(len(table.states)):
        assert shares(trace, snapshot_id) == dict.fromkeys(table.truth(snapshot_id), EXACT)


@given(tables())
def test_the_files_of_every_state_are_those_it_is_made_of(table: RowTable) -> None:
    trace = trace_contributions(table.commits)
    for snapshot_id, state in enumerate(table.states):
        lives = trace.state(snapshot_id).lives
        assert sorted(one.file.key for one in lives) == sorted(state)
        assert all(one.origin == state[one.file.key].writer for one in lives)


@given(tables())
def test_a_state_is_told_the_same_whatever_else_grew_from_its_ancestors(table: RowTable) -> None:
    """Counting along lines and forks agrees with following one ancestry from its root."""
    if any(one.effect is Effect.RESTORE for one in table.commits):
        return  # a restore may look into other lines
    trace = trace_contributions(table.commits)
    for snapshot_id in range(len(table.commits)):
        path = [table.commits[snapshot_id]]
        while path[0].parent_id is not None:
            path.insert(0, table.commits[path[0].parent_id])
        assert shares(trace_contributions(path), snapshot_id) == shares(trace, snapshot_id)


@given(tables(), st.sets(st.integers(1, 11)), st.integers(1, 2))
def test_sessions_that_go_on_from_a_ledger_say_what_one_would_have_said(
    table: RowTable, restarts: set[int], lines_max: int
) -> None:
    ledger = KeptTrace()
    tracer = ContributionTracer(places={}, known=ledger)
    for number, commit in enumerate(table.commits):
        if number in restarts:
            tracer = ContributionTracer(places=ledger.places, known=ledger, lines_max=lines_max)
        ledger.take(tracer.extend(commit))
    trace = trace_contributions(table.commits)
    assert ledger.places == trace.places
    assert set(ledger.lives.values()) == set(trace.lives)
    assert set(ledger.contributions.values()) == set(trace.contributions)
