"""What a session takes in: harvests of tables, events, artifacts of dbt, and posts over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from snapshots.instant import Instant
    from temporal_lineage.harvesting.harvest import HarvestReport, Progress
    from temporal_lineage.intake.ingest import IngestReport
    from temporal_lineage.intake.ingest_dbt import DbtReport
    from temporal_lineage.sink.serving import Served, Serving
    from temporal_lineage.workspace import Workspace

HARVEST_JOBS = 4
"""How many tables a harvest reads at once unless told otherwise."""

DBT_JOBS = "dbt"
"""The namespace of dbt's jobs unless told otherwise: the openlineage-dbt wrapper's own."""

POLL_MS = 2_000
"""How often files that are followed are looked at unless told otherwise."""

BODY_BYTES_MAX = 32 * 1024 * 1024
"""The longest body that a sink takes unless told otherwise."""


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
        from temporal_lineage.harvesting.harvest import harvest
        from temporal_lineage.linking.pending import catch_up
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            report = harvest(ledger, self.workspace.folder, targets, jobs=jobs, progress=progress)
            catch_up(ledger)
            return report

    def ingest_openlineage(self, sources: Iterable[str]) -> IngestReport:
        """Take in OpenLineage events from files and folders (`-` is standard input)."""
        from temporal_lineage.intake.ingest import ingest_openlineage
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return ingest_openlineage(ledger, sources)

    def ingest_dbt(
        self,
        sources: Sequence[str],
        *,
        namespace: str | None = None,
        job_namespace: str = DBT_JOBS,
        profiles: Path | None = None,
        catalogs: Mapping[str, str] | None = None,
        any_manifest: bool = False,
    ) -> DbtReport:
        """Take in dbt artifacts from target folders, or from files around each manifest.

        `namespace` is that of the tables; without it, the profile in `profiles`, or where dbt
        looks for it, tells. `catalogs` says which harvested catalog a database of dbt's is, with
        `*` for every other database. `any_manifest` takes a manifest of another invocation than
        the run results'. Raises UnknownNameError for a catalog that is neither configured here
        nor was ever harvested.
        """
        from catalogs.configuration import Configuration
        from temporal_lineage.intake.dbt_catalogs import check_catalogs
        from temporal_lineage.intake.ingest_dbt import DbtNaming, ingest_dbt
        from temporal_lineage.store.ledger import Ledger

        naming = DbtNaming(job_namespace, namespace, profiles, catalogs or {}, any_manifest)
        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            configured = Configuration(self.workspace.folder).entries()
            check_catalogs(ledger, naming.catalogs, configured=[one.name for one in configured])
            return ingest_dbt(ledger, sources, naming)

    def follow_openlineage(
        self,
        sources: Sequence[str],
        *,
        poll_ms: int = POLL_MS,
        idle_ms_max: int | None = None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> IngestReport:
        """Take in events from files and folders, and what is added to them, until stopped.

        Looks every `poll_ms`; ends after `idle_ms_max` in which nothing came, None for never.
        """
        from temporal_lineage.intake.following import follow_openlineage
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return follow_openlineage(
                ledger, sources, poll_ms=poll_ms, idle_ms_max=idle_ms_max, is_stopped=is_stopped
            )

    def serve(
        self,
        *,
        host: str,
        port: int,
        token: str | None = None,
        token_file: Path | None = None,
        bytes_max: int = BODY_BYTES_MAX,
        started: Callable[[Serving], None] = lambda _: None,
    ) -> Served:
        """Take in events over HTTP until SIGTERM or SIGINT; only in the main thread.

        `started` is called once all is open. Without a token anybody may post.
        """
        from temporal_lineage.sink.serving import serve
        from temporal_lineage.sink.tokens import read_tokens

        tokens = read_tokens(token=token, file=token_file)
        return serve(
            self.workspace.ledger,
            host=host,
            port=port,
            tokens=tokens,
            bytes_max=bytes_max,
            clock=self.clock,
            started=started,
        )

    def serve_check(
        self,
        *,
        host: str,
        port: int,
        token: str | None = None,
        token_file: Path | None = None,
        bytes_max: int = BODY_BYTES_MAX,
    ) -> Serving:
        """Try all that `serve` needs, and say what it would do."""
        from temporal_lineage.sink.serving import check
        from temporal_lineage.sink.tokens import read_tokens

        tokens = read_tokens(token=token, file=token_file)
        return check(
            self.workspace.ledger,
            host=host,
            port=port,
            tokens=tokens,
            bytes_max=bytes_max,
            clock=self.clock,
        )
