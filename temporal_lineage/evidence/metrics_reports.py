"""Iceberg metrics reports: what a client told its REST catalog, joined with runs on app id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from snapshots.instant import Instant
from temporal_lineage.capture.openlineage_events import KeyKind
from temporal_lineage.evidence.grades import Grade
from temporal_lineage.evidence.input_pins import Meant
from temporal_lineage.evidence.runs import RunRecord
from temporal_lineage.evidence.timeline import Timeline
from temporal_lineage.evidence.windows import Window

APPLICATIONS = (KeyKind.SPARK_APPLICATION, KeyKind.FLINK_JOB)
"""The keys of runs that clients write as `app-id`."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """A client said that it planned a scan of a snapshot; `at` is when the report arrived.

    `app_id` is what its metadata call the application.
    """

    snapshot_id: int
    app_id: str
    at: Instant


@dataclass(frozen=True, slots=True)
class CommitReport:
    """A client said that it made a snapshot; the rest as in ScanReport."""

    snapshot_id: int
    app_id: str
    at: Instant


def applications(run: RunRecord) -> tuple[str, ...]:
    """Give what clients call the applications of a run."""
    return tuple(sorted({key.value for key in run.keys if key.kind in APPLICATIONS}))


def made(
    reports: Iterable[CommitReport], *, run: RunRecord, table: Timeline, window: Window
) -> tuple[int, ...]:
    """Give the snapshots that a run's applications said they made. DESIGN 4.4, outputs rung 2.

    An application may own several runs: only what the run can have come to counts, whatever other
    runs there are, and which of them it was is for the rung to decide.
    """
    apps = applications(run)
    told = {one.snapshot_id for one in reports if one.app_id in apps}
    return tuple(sorted(told & reportable(table, window))) if told else ()


def reportable(table: Timeline, window: Window) -> set[int]:
    """Give the commits that were made in a run's window."""
    return {one.snapshot_id for one in table.commits(start=window.earliest, end=window.latest)}


def scanned(
    reports: Iterable[ScanReport], *, run: RunRecord, table: Timeline, window: Window
) -> Meant | None:
    """Give the snapshots that a run's application scanned while it ran. DESIGN 4.4, inputs rung 1.

    An application may own several runs, so that only what arrived in the run's time counts; with
    several snapshots then, it may have been another run of the application that read some.
    """
    apps = applications(run)
    found: dict[int, Instant] = {}
    for one in sorted(reports, key=lambda one: (one.at, one.snapshot_id)):
        known = one.snapshot_id in table.by_id
        if one.app_id in apps and known and window.contains(one.at):
            found.setdefault(one.snapshot_id, one.at)
    if not found:
        return None
    words = ", ".join(f"{snapshot_id} at {at}" for snapshot_id, at in found.items())
    witness = f"Iceberg scan reports of application {', '.join(apps)}: {words}"
    grade = Grade.EXACT if len(found) == 1 else Grade.CANDIDATES
    return Meant(table.in_commit_order(found), grade, witness)
