"""What a session takes in: harvests of tables, and the events of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.harvest import HarvestReport, Progress
    from temporal_lineage.ingest import IngestReport
    from temporal_lineage.workspace import Workspace

HARVEST_JOBS = 4
"""How many tables a harvest reads at once unless told otherwise."""


class Intake:
    """The part of a session that writes to the ledger."""

    workspace: Workspace
    clock: Callable[[], Instant]

    def harvest(
        self,
        targets: Sequence[str] = (),
        *,
        jobs: int = HARVEST_JOBS,
        progress: Progress | None = None,
    ) -> HarvestReport:
        """Read the histories of tables, of whole catalogs by name, or of all catalogs.

        At most `jobs` tables are read at once.
        """
        from temporal_lineage.harvest import harvest
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return harvest(ledger, self.workspace.folder, targets, jobs=jobs, progress=progress)

    def ingest_openlineage(self, sources: Iterable[str]) -> IngestReport:
        """Take in OpenLineage events from files and folders (`-` is standard input)."""
        from temporal_lineage.ingest import ingest_openlineage
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return ingest_openlineage(ledger, sources)
