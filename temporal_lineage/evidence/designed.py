"""Designs as runs: what a job event says, as the run that does just that at the time it is told.

So all rules for what runs show hold for designs too: datasets, columns, explicit lineage, SQL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_events import RunEvent, RunEventKind
from temporal_lineage.evidence.runs import gather

if TYPE_CHECKING:
    from temporal_lineage.capture.openlineage_events import JobEvent
    from temporal_lineage.evidence.runs import RunRecord

NO_RUN = ""
"""The run id of what is told outside any run."""


def as_run(event: JobEvent) -> RunRecord:
    """Make a run of a design, begun and complete at one instant."""
    begun = RunEvent(
        run_id=NO_RUN,
        invocation=None,
        job=event.job,
        kind=RunEventKind.START,
        at=event.at,
        producer=event.producer,
        inputs=event.inputs,
        outputs=event.outputs,
        lineage=event.lineage,
        parent=None,
        nominal=None,
        error=None,
        engine=None,
        keys=(),
        options=(),
        sql=event.sql,
        sql_dialect=event.sql_dialect,
        code=event.code,
    )
    return gather((begun, replace(begun, kind=RunEventKind.COMPLETE)))[NO_RUN]
