"""Stories of one run that reads one table, and the link that follows."""

from collections.abc import Sequence

from evidence_stories import SKEW_MS, Commit, record, timeline
from temporal_lineage.capture.openlineage_events import RunEvent
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.inputs import InputLink, link_input
from temporal_lineage.evidence.metrics_reports import ScanReport
from temporal_lineage.evidence.own_commits import NO_COMMITS, Own
from temporal_lineage.evidence.timeline import Timeline

# 1 at noon, 2 ten minutes later, 3 another ten minutes later.
ORDERS = timeline(Commit(1, 0), Commit(2, 10), Commit(3, 20))


def link(
    *events: RunEvent,
    table: Timeline = ORDERS,
    written: tuple[int, ...] = (),
    reports: Sequence[ScanReport] = (),
) -> InputLink:
    """Link the one input of the one run of these events."""
    run = record(*events)
    own = Own(written, Grade.HIGH) if written else NO_COMMITS
    (observation,) = run.inputs
    return link_input(
        observation, table=table, run=run, skew_ms_max=SKEW_MS, own=own, reports=reports
    )


def decided(found: InputLink) -> tuple[tuple[int, ...], Method, Grade]:
    """Give what a link says, without the reasons."""
    return found.snapshot_ids, found.evidence.method, found.evidence.grade
