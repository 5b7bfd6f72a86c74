"""Lines of a table's states: contributions and files are found by one stab, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshots.files import DataFile, FileContent
from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.facts import AsOf
from temporal_lineage.store.commits import (
    BEFORE_HISTORY,
    OPEN,
    Contribution,
    ContributionEnd,
    FileEnd,
    FileLife,
    Place,
)
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.transaction import AttributeAssertion, EdgeAssertion, NodeKey

STATES = 6
_numbers = count()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ticks = count(1_000, 10)
    with Ledger.open(ledger_url, clock=lambda: Instant(next(ticks))) as ledger:
        yield ledger


def new_table(ledger: Ledger) -> tuple[int, list[int]]:
    """A dataset with STATES states, placed in one line."""
    with ledger.transaction(source="test", note="") as transaction:
        (dataset,) = transaction.nodes([NodeKey("dataset", 0, str(next(_numbers)))])
        states = transaction.nodes([NodeKey("version", dataset, str(one)) for one in range(STATES)])
        transaction.places(
            Place(state, dataset, 0, position, files_known=True)
            for position, state in enumerate(states)
        )
    return dataset, states


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lives=st.lists(
        st.tuples(st.integers(0, STATES - 1), st.none() | st.integers(1, STATES)),
        min_size=STATES,
        max_size=STATES,
    )
)
def test_states_and_commits_find_each_other(
    ledger: Ledger, lives: list[tuple[int, int | None]]
) -> None:
    dataset, states = new_table(ledger)
    spans = [(start, None if stop is None else max(stop, start + 1)) for start, stop in lives]
    with ledger.transaction(source="test", note="") as transaction:
        transaction.contributions(
            opened=[
                Contribution(dataset, commit, 0, start, OPEN, "exact")
                for commit, (start, _) in zip(states, spans, strict=True)
            ],
            closed=[],
        )
    with ledger.transaction(source="test", note="") as transaction:
        transaction.contributions(
            opened=[],
            closed=[
                ContributionEnd(dataset, commit, 0, stop)
                for commit, (_, stop) in zip(states, spans, strict=True)
                if stop is not None
            ],
        )
    wanted = {
        (states[position], commit)
        for position in range(STATES)
        for commit, (start, stop) in zip(states, spans, strict=True)
        if start <= position and (stop is None or position < stop)
    }
    with ledger.reading() as reader:
        forward = reader.contributions_to(node_ids=states, system=FOREVER)
        backward = reader.all_states_containing(commit_ids=states, system=FOREVER)
    assert {(one.state_id, one.commit_id) for one in forward} == wanted
    assert {(one.state_id, one.commit_id) for one in backward} == wanted
    assert len(forward) == len(backward) == len(wanted)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.integers(0, STATES - 1), st.integers(0, 9), st.integers(1, 9), st.booleans()),
        max_size=8,
    ),
    starts=st.lists(st.integers(0, STATES - 1), min_size=STATES, max_size=STATES),
    valid=st.integers(0, 20),
    known=st.integers(0, 9),
)
def test_one_statement_gives_a_states_commits_with_what_is_believed_of_them(
    ledger: Ledger,
    told: list[tuple[int, int, int, bool]],
    starts: list[int],
    valid: int,
    known: int,
) -> None:
    dataset, states = new_table(ledger)
    moments: list[Instant] = []
    with ledger.transaction(source="test", note="") as transaction:
        opened = [
            Contribution(dataset, commit, 0, start, OPEN, "exact")
            for commit, start in zip((BEFORE_HISTORY, *states), (0, *starts), strict=True)
        ]
        transaction.contributions(opened=opened, closed=[])
        moments.append(transaction.recorded_at)
    for turn, (place, start, length, holds) in enumerate(told):
        with ledger.transaction(source="test", note="") as transaction:
            period = Period(Instant(start), Instant(start + length))
            claim = f"{turn}" if holds else None
            one = AttributeAssertion(states[place], "writer", "", period, claim)
            transaction.assert_attributes([one])
            moments.append(transaction.recorded_at)
    as_of = AsOf(valid=Instant(valid), system=moments[min(known, len(told))])
    with ledger.reading() as reader:
        names = reader.named(node_ids=states)
        believed = reader.attributes_of(node_ids=states, kind="writer", as_of=as_of)
        claims = {one.node_id: one.claim for one in believed}
        assert reader.claims_of(node_ids=states, kind="writer", as_of=as_of) == claims
        for state in states:
            found = reader.contributions_to(node_ids=[state], system=as_of.system)
            expected = []
            for _, commit_id, certainty in found:
                name = names[commit_id][1:] if commit_id else (None, None, None)
                expected.append((commit_id, certainty, *name, claims.get(commit_id)))
            asked = reader.provenance_of(node_id=state, kind="writer", as_of=as_of)
            assert asked == expected


def test_only_states_that_somebody_read_are_given_unless_all_are_wanted(ledger: Ledger) -> None:
    dataset, states = new_table(ledger)
    with ledger.transaction(source="test", note="") as transaction:
        (report,) = transaction.nodes([NodeKey("version", 0, "report")])
        transaction.contributions(
            opened=[Contribution(dataset, states[0], 0, 0, OPEN, "exact")], closed=[]
        )
        always = Period.since(Instant(0))
        transaction.assert_edges([EdgeAssertion("edge", states[3], report, always, "1")])
    with ledger.reading() as reader:
        read = reader.states_containing(commit_ids=states[:1], system=FOREVER)
        assert read == [(states[0], states[3], "exact")]
        every = reader.all_states_containing(commit_ids=states[:1], system=FOREVER)
        assert sorted(one.state_id for one in every) == sorted(states)
        cut = reader.all_states_containing(commit_ids=states[:1], system=FOREVER, limit=2)
        assert len(cut) == 2


def test_it_does_not_matter_whether_a_state_is_placed_or_read_first(ledger: Ledger) -> None:
    always = Period.since(Instant(0))
    with ledger.transaction(source="test", note="") as transaction:
        dataset, *states = transaction.nodes(
            [NodeKey("dataset", 0, "d"), *(NodeKey("version", 1, f"{n}") for n in range(60))]
        )
        early, late = states[:30], states[30:]
        edges = {node: EdgeAssertion("edge", node, dataset, always, "1") for node in states}
        transaction.assert_edges(edges[node] for node in early)
        transaction.places(
            Place(node, dataset, 0, position, files_known=True)
            for position, node in enumerate(states)
        )
        transaction.assert_edges(edges[node] for node in late)
        opened = [Contribution(dataset, states[0], 0, 0, OPEN, "exact")]
        transaction.contributions(opened=opened, closed=[])
    with ledger.reading() as reader:
        read = reader.states_containing(commit_ids=states[:1], system=FOREVER)
        assert sorted(one.state_id for one in read) == sorted(states)


def test_what_was_not_yet_recorded_contributes_to_nothing(ledger: Ledger) -> None:
    dataset, states = new_table(ledger)
    with ledger.transaction(source="test", note="") as transaction:
        before = transaction.recorded_at.plus(micros=-1)
        transaction.contributions(
            opened=[Contribution(dataset, BEFORE_HISTORY, 0, 0, OPEN, "assumed")], closed=[]
        )
    with ledger.reading() as reader:
        assert reader.contributions_to(node_ids=states, system=before) == []
        assert len(reader.contributions_to(node_ids=states, system=FOREVER)) == STATES


def test_files_live_in_the_states_between_their_commit_and_their_removal(ledger: Ledger) -> None:
    dataset, states = new_table(ledger)
    first = DataFile("s3://b/1.parquet", "s3://b/1.parquet", FileContent.DATA, 10, None, None)
    second = DataFile("s3://b/1.parquet#dv1", "s3://b/1.parquet", FileContent.DATA, 10, 4, None)
    with ledger.transaction(source="test", note="") as transaction:
        opened = [FileLife(dataset, first, states[0], 0, 0, OPEN)]
        assert transaction.file_lives(opened=opened, closed=[]) == 1
    with ledger.transaction(source="test", note="") as transaction:
        transaction.file_lives(
            opened=[FileLife(dataset, second, BEFORE_HISTORY, 0, 2, OPEN)],
            closed=[FileEnd(dataset, first.key, 0, 2)],
        )
    with ledger.transaction(source="test", note="") as transaction:
        # A restore brings the first file back.
        transaction.file_lives(
            opened=[FileLife(dataset, first, states[0], 0, 4, OPEN)],
            closed=[FileEnd(dataset, second.key, 0, 4)],
        )
    with ledger.reading() as reader:
        live = [reader.live_files(node_id=state) for state in states]
    assert [[one.file for one in files] for files in live] == [
        *([[first]] * 2),
        *([[second]] * 2),
        *([[first]] * 2),
    ]
    assert [files[0].origin_id for files in live] == [
        *([states[0]] * 2),
        *([BEFORE_HISTORY] * 2),
        *([states[0]] * 2),
    ]


def test_a_state_is_placed_once(ledger: Ledger) -> None:
    dataset, states = new_table(ledger)
    with ledger.transaction(source="test", note="") as transaction:
        (late,) = transaction.nodes([NodeKey("version", dataset, "late")])
        places = [
            Place(states[0], dataset, 9, 9, files_known=False),
            Place(late, dataset, 1, 0, files_known=False),
        ]
        assert transaction.places(places) == 1
    with ledger.reading() as reader:
        placed = reader.placed(dataset_id=dataset)
        assert [(one.line, one.position) for one in placed] == [*((0, n) for n in range(6)), (1, 0)]
        assert [one.files_known for one in placed] == [*([True] * 6), False]
        place = reader.place(node_id=states[2])
        assert place is not None
        assert (place.dataset_id, place.position) == (dataset, 2)
        assert reader.place(node_id=dataset) is None
