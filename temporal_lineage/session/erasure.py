"""Questions of erasure: where rows of a condition still are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking, When
from temporal_lineage.session.targets import as_table

if TYPE_CHECKING:
    from temporal_lineage.erasure.answer import ErasureAnswer
    from temporal_lineage.erasure.trace import Progress


class ErasureQuestions(Asking):
    """Questions whose answers need the values in the files of all states."""

    def erasure_trace(
        self,
        table: str,
        *,
        where: str,
        as_of: When = None,
        as_known: When = None,
        progress: Progress | None = None,
    ) -> ErasureAnswer:
        """Tell every table, state and file that still holds rows of a condition.

        `where` is a condition as `scan` takes it; `progress` is told the table, the files that
        are done, and how many there are.
        """
        from temporal_lineage.erasure.trace import erasure_trace

        return self._ask(
            "erasure trace",
            table,
            (as_of, as_known),
            erasure_trace,
            as_table(table),
            where=where,
            folder=self.workspace.folder,
            progress=progress,
        )
