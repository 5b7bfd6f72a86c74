"""Searching: tables opened one by one and searched for the rows of a condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from snapshots.files import FileContent
from snapshots.instant import FOREVER
from temporal_lineage.erasure.spread import SearchedStates
from temporal_lineage.erasure.traced_table import hiding_states, table_out_of_reach, traced_table
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.naming import Naming
from temporal_lineage.reproduce.reaching import OutOfReach
from temporal_lineage.reproduce.tables import Found, Tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from catalogs.search import Searched, Sieve
    from snapshots.history import TableHistory
    from snapshots.schema import SchemaVersion
    from temporal_lineage.erasure.answer import Relation, TracedState, TracedTable
    from temporal_lineage.facts import AsOf
    from temporal_lineage.reproduce.reaching import Reached
    from temporal_lineage.store.reader import Reader

Progress = Callable[[str, int, int], None]
"""Is told the table that is searched, how many of its files are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Means:
    """How a trace looks: by the catalogs of a folder, through so many tables downstream.

    `sieve` counts rows of data files. `progress` is None where nobody wants to be told.
    """

    folder: Path
    depth_max: int
    sieve: Sieve
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class Search:
    """One table searched: for people, for what follows the rows further, and all of it.

    `hiding` are the states with files whose rows deletes hide. `found` is None where nobody could
    look.
    """

    traced: TracedTable
    hiding: tuple[TracedState, ...]
    states: SearchedStates
    found: Searched | None


class Searching:
    """Searches tables, each opened once."""

    def __init__(self, reader: Reader, as_of: AsOf, means: Means) -> None:
        """Find catalogs in the configuration of the folder."""
        self._reader = reader
        self._tables = Tables(reader, means.folder)
        self._sieve = means.sieve
        self._progress = means.progress
        self._histories: dict[int, TableHistory | None] = {}
        self.naming = Naming(reader, as_of=as_of)
        self.doubts: list[str] = []

    def history(self, dataset_id: int) -> TableHistory | None:
        """Give what is known of a table by now; None for a dataset that was never harvested."""
        if dataset_id not in self._histories:
            reached = self._tables.reach(dataset_id)
            known = (
                remembered(self._reader, dataset_id, system=FOREVER)
                if isinstance(reached, OutOfReach)
                else reached.history
            )
            self._histories[dataset_id] = known
        return self._histories[dataset_id]

    def schemas(self, dataset_id: int) -> Sequence[SchemaVersion]:
        """Give all schemas that a table ever had; none for what was never harvested."""
        history = self.history(dataset_id)
        return history.schemas if history else ()

    def is_left(self, dataset_id: int, version: int) -> bool:
        """Tell whether a state has a file of rows that is still there, or may have one."""
        reached = self._tables.reach(dataset_id)
        if isinstance(reached, OutOfReach):
            return True
        try:
            found = self._tables.state(reached, version)
            if not isinstance(found, Found):
                return False
            missing = {one.key for one in found.state.missing()}
        except TemporalLineageError:
            return True
        data = (one for one in found.state.files if one.content is FileContent.DATA)
        return any(one.key not in missing for one in data)

    def beside_head(self, dataset_id: int, versions: Iterable[int]) -> Iterator[int]:
        """Yield the versions, of these, that have a file which the newest one has not."""
        reached = self._tables.reach(dataset_id)
        if isinstance(reached, OutOfReach):
            yield from versions
            return
        head = self._keys(reached, reached.history.snapshots[-1].snapshot_id)
        for version in versions:
            keys = self._keys(reached, version)
            if head is None or keys is None or not keys <= head:
                yield version

    def _keys(self, reached: Reached, version: int) -> set[str] | None:
        """Give the files of a state; None where nothing tells them any more."""
        try:
            found = self._tables.state(reached, version)
        except TemporalLineageError:
            return None
        return {one.key for one in found.state.files} if isinstance(found, Found) else None

    def table(self, dataset_id: int, *, where: str, relation: Relation) -> Search:
        """Search a table; what stands in the way is told in its answer.

        Raises BadFilterError where the condition fits no schema of the table.
        """
        from catalogs.portion import BadFilterError
        from catalogs.table import Searchable

        name = self.naming.dataset(dataset_id)
        reached = self._tables.reach(dataset_id)
        if isinstance(reached, OutOfReach):
            return self._unseen(dataset_id, reached.reason, where, relation)
        self.doubts += [f"{name}: {doubt}" for doubt in reached.doubts]
        if not isinstance(reached.source, Searchable):
            return self._unseen(dataset_id, "; ".join(reached.doubts), where, relation)

        def watch(done: int, total: int) -> None:
            if self._progress is not None:
                self._progress(name, done, total)

        # What was kept of a log before it was rewritten does not go on in the new one.
        kept = () if reached.bygone else self._tables.kept(dataset_id)
        try:
            found = reached.source.search(
                where, history=reached.history, kept=kept, sieve=self._sieve, watch=watch
            )
        except BadFilterError:
            raise
        except TemporalLineageError as error:
            return self._unseen(dataset_id, str(error), where, relation)
        traced = traced_table(name, reached.history, found, where=where, relation=relation)
        hiding = hiding_states(found, reached.history)
        return Search(traced, hiding, _states(dataset_id, reached.history, found), found)

    def _unseen(self, dataset_id: int, reason: str, where: str, relation: Relation) -> Search:
        history, claim = self.history(dataset_id), self._tables.claim(dataset_id)
        states = frozenset(one.snapshot_id for one in history.snapshots) if history else frozenset()
        traced = table_out_of_reach(
            self.naming.dataset(dataset_id),
            str(history.identity) if history else "",
            claim.location if claim else "",
            reason,
            where=where,
            relation=relation,
        )
        unsure = SearchedStates(dataset_id, frozenset(), frozenset(), states)
        return Search(traced, (), unsure, None)


def _states(dataset_id: int, history: TableHistory, found: Searched) -> SearchedStates:
    order = {one.snapshot_id: at for at, one in enumerate(history.snapshots)}
    live = [[state for state, rows in one.live.items() if rows] for one in found.holding]
    unsure = {state for one in found.unexamined for state in one.states}
    return SearchedStates(
        dataset_id=dataset_id,
        holding=frozenset(state for states in live for state in states),
        origins=frozenset(
            min(states, key=lambda state: order.get(state, len(order))) for states in live if states
        ),
        unsure=frozenset(unsure | set(found.forgotten) | found.broken),
    )
