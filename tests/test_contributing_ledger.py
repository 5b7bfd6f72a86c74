"""Contributions in the ledger: a trace that is gone on from says what one trace would have said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import temporal_lineage.harvesting.contributing_ledger
from row_tables import RowTable, tables
from snapshots.contributions import ContributionTracer, trace_contributions
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.files import CommitFiles
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.snapshot import Effect
from strategies import snapshot
from temporal_lineage.harvesting.contributing import keep_contributions
from temporal_lineage.harvesting.contributing_ledger import LedgerTrace
from temporal_lineage.keys import NodeKind
from temporal_lineage.store.assertions import NodeKey
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import Reader

numbers = iter(range(1, 10**9))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One ledger for all examples; each is a dataset of its own."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with Ledger.open(str(path), clock=lambda: Instant(next(numbers))) as opened:
        yield opened


def keep(ledger: Ledger, dataset: str, commits: Iterable[CommitFiles], *, lines_max: int) -> None:
    """Go on with a dataset's trace, in one transaction."""
    with ledger.transaction(source="test", note="") as transaction:
        (dataset_id,) = transaction.nodes([NodeKey(NodeKind.DATASET, 0, dataset)])
        trace = LedgerTrace(transaction, dataset_id, {one: one for one in range(20)})
        tracer = ContributionTracer(places=trace.places, known=trace, lines_max=lines_max)
        for commit in commits:
            if commit.effect is Effect.RESTORE or commit.parent_id is None:
                trace.expect(one.file.key for one in commit.added)
            trace.note(tracer.extend(commit), files_known=True)
        trace.write()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), st.sets(st.integers(1, 11)), st.integers(1, 2), st.sampled_from([0, 5, 10**6]))
def test_harvests_in_steps_keep_what_one_harvest_keeps(
    ledger: Ledger, table: RowTable, cuts: set[int], lines_max: int, waiting_max: int
) -> None:
    dataset = f"dataset {next(numbers)}"
    with pytest.MonkeyPatch.context() as change:
        change.setattr(temporal_lineage.harvesting.contributing_ledger, "WAITING_MAX", waiting_max)
        bounds = [0, *sorted(one for one in cuts if one < len(table.commits)), len(table.commits)]
        for start, end in pairwise(bounds):
            keep(ledger, dataset, table.commits[start:end], lines_max=lines_max)

    with ledger.transaction(source="test", note="") as transaction:
        (dataset_id,) = transaction.nodes([NodeKey(NodeKind.DATASET, 0, dataset)])
        kept = LedgerTrace(transaction, dataset_id, {})
        whole = trace_contributions(table.commits)

        assert kept.places == whole.places
        for snapshot_id, place in whole.places.items():
            state, wanted = kept.state(place), whole.state(snapshot_id)
            assert set(state.lives) == set(wanted.lives)
            assert set(state.contributions) == set(wanted.contributions)
        keys = {life.file.key for life in whole.lives}
        assert {kept.first_life(key) for key in keys} <= set(whole.lives)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables([Effect.APPEND]), st.sets(st.integers(0, 11)), st.integers(1, 11))
def test_states_without_file_facts_are_assumed_the_same_in_steps_as_at_once(
    ledger: Ledger, table: RowTable, without: set[int], cut: int
) -> None:
    """What follows a state without files is without them too, as where a folder was emptied."""
    lost: set[int] = set()
    for commit in table.commits:
        if commit.snapshot_id in without or commit.parent_id in lost:
            lost.add(commit.snapshot_id)
    known = [one for one in table.commits if one.snapshot_id not in lost]

    def kept(*steps: int) -> object:
        key = NodeKey(NodeKind.DATASET, 0, f"dataset {next(numbers)}")
        with ledger.transaction(source="test", note="") as transaction:
            (dataset_id,) = transaction.nodes([key])
        for step in steps:
            with ledger.transaction(source="test", note="") as transaction:
                keep_contributions(
                    transaction,
                    dataset_id,
                    history(table.commits[:step]),
                    [one for one in known if one.snapshot_id < step],
                )
        with ledger.reading() as reader:
            return told(reader, dataset_id)

    whole = len(table.commits)
    assert kept(min(cut, whole), whole) == kept(whole)


def history(commits: Sequence[CommitFiles]) -> TableHistory:
    """A history of these commits and nothing else."""
    return TableHistory(
        identity=TableIdentity(TableFormat.DELTA, "t"),
        location="/t",
        chain=(),
        recorded=(),
        snapshots=tuple(
            snapshot(one.snapshot_id, parent_id=one.parent_id, effect=one.effect) for one in commits
        ),
        schemas=(),
        listed=frozenset(one.snapshot_id for one in commits),
        expiries=(),
        gaps=(),
        features=(),
    )


def told(reader: Reader, dataset_id: int) -> object:
    """Give places and contributions under names that do not depend on the ledger's numbers."""
    placed = reader.placed_versions(dataset_id=dataset_id)
    name = {one.node_id: own for own, one in placed} | {0: "before"}
    places = {own: (name[one.line], one.position, one.files_known) for own, one in placed}
    shares = {
        (name[one.commit_id], name[one.line], one.start, one.stop, one.certainty)
        for one in reader.contribution_rows(dataset_id=dataset_id)
    }
    return places, shares
