"""Event keys: under what each kept event is found again, together with those it is read with."""

from __future__ import annotations

from temporal_lineage.capture.openlineage_events import Event, JobEvent, RunEvent
from temporal_lineage.keys import name_key

DESIGN = "job:"
"""How the key of a job's own events begins; a run's events have its id for a key."""

DESCRIPTION = "dataset:"
"""How the key of the events begins that describe a dataset outside of any run."""

REPORT = "snapshot:"
"""How the key of Iceberg's metrics reports on a snapshot begins."""


def kept_under(event: Event) -> str:
    """Give the key of the events that are read together with this one."""
    match event:
        case RunEvent():
            return event.run_id
        case JobEvent():
            return f"{DESIGN}{event.job}"
        case _:
            return f"{DESCRIPTION}{name_key(event.dataset.dataset)}"


def is_of_a_run(key: str) -> bool:
    """Tell whether events are kept under a run's id."""
    return not key.startswith((DESIGN, DESCRIPTION, REPORT))
