"""Erasure traces: where rows of a condition still are. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from temporal_lineage.erasure.answer import ErasureAnswer, Relation, TracedTable
from temporal_lineage.erasure.traced_table import table_out_of_reach, traced_table
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.reproduce.reaching import OutOfReach
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

Progress = Callable[[str, int, int], None]
"""Is told the table that is searched, how many of its files are done, and how many there are."""


def erasure_trace(
    reader: Reader,
    address: DatasetAddress,
    question: Question,
    *,
    where: str,
    folder: Path,
    progress: Progress | None,
) -> ErasureAnswer:
    """Answer `tl erasure trace`. Raises BadFilterError for a condition that fits no schema."""
    dataset_id = find_addressed(reader, address, as_of=question.as_of)
    search = TableSearch(reader, question, folder=folder, progress=progress)
    table = search.table(dataset_id, where=where, relation=Relation.ASKED)
    return ErasureAnswer(question, where, (table,), tuple(search.doubts))


class TableSearch:
    """Searches tables one by one, each opened once."""

    def __init__(
        self, reader: Reader, question: Question, *, folder: Path, progress: Progress | None
    ) -> None:
        """Find catalogs in the configuration of this folder."""
        self._tables = Tables(reader, folder)
        self._naming = Naming(reader, as_of=question.as_of)
        self._progress = progress
        self.doubts: list[str] = []

    def table(self, dataset_id: int, *, where: str, relation: Relation) -> TracedTable:
        """Search a table; what stands in the way is told in its answer.

        Raises BadFilterError where the condition fits no schema of the table.
        """
        from catalogs.portion import BadFilterError
        from catalogs.table import Searchable

        name = self._naming.dataset(dataset_id)
        reached = self._tables.reach(dataset_id)
        if isinstance(reached, OutOfReach):
            claim = self._tables.claim(dataset_id)
            place = claim.location if claim else ""
            return table_out_of_reach(
                name, "", place, reached.reason, where=where, relation=relation
            )
        self.doubts += [f"{name}: {doubt}" for doubt in reached.doubts]
        identity, place = str(reached.history.identity), reached.history.location
        if not isinstance(reached.source, Searchable):
            reason = "; ".join(reached.doubts)
            return table_out_of_reach(name, identity, place, reason, where=where, relation=relation)

        def watch(done: int, total: int) -> None:
            if self._progress is not None:
                self._progress(name, done, total)

        # What was kept of a log before it was rewritten does not go on in the new one.
        kept = () if reached.bygone else self._tables.kept(dataset_id)
        try:
            found = reached.source.search(where, history=reached.history, kept=kept, watch=watch)
        except BadFilterError:
            raise
        except TemporalLineageError as error:
            return table_out_of_reach(
                name, identity, place, str(error), where=where, relation=relation
            )
        return traced_table(name, reached, found, where=where, relation=relation)
