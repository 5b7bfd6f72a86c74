"""Questions of erasure: where rows of a condition still are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking, When
from temporal_lineage.session.targets import as_table

if TYPE_CHECKING:
    from temporal_lineage.erasure.answer import ErasureAnswer
    from temporal_lineage.erasure.searching import Progress


DEPTH_MAX = 20
"""How many tables downstream columns are followed unless told otherwise."""


class ErasureQuestions(Asking):
    """Questions whose answers need the values in the files of all states."""

    def erasure_trace(
        self,
        *tables: str,
        where: str,
        depth_max: int = DEPTH_MAX,
        as_of: When = None,
        as_known: When = None,
        progress: Progress | None = None,
    ) -> ErasureAnswer:
        """Tell every table, state and file that still holds rows of a condition.

        It begins with `tables` and follows the columns through `depth_max` tables downstream.
        `where` is a condition as `scan` takes it; `progress` is told the table, the files that
        are done, and how many there are.
        """
        from temporal_lineage.erasure.trace import erasure_trace

        return self._ask(
            "erasure trace",
            " ".join(tables),
            (as_of, as_known),
            lambda reader, *asked, **more: erasure_trace(reader, asked[:-1], asked[-1], **more),
            *map(as_table, tables),
            where=where,
            depth_max=depth_max,
            folder=self.workspace.folder,
            progress=progress,
        )
