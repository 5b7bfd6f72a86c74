"""Bodies of OpenLineage events, read by the real reader."""

import json
from typing import Any

from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent, RunEvent

RUN = "B7DCE052-51a6-4d66-98b9-5fd8b78a79c7"
EVENT: dict[str, Any] = {
    "eventTime": "2026-11-17T09:00:00.123Z",
    "eventType": "COMPLETE",
    "producer": "https://example.org/p",
    "run": {"runId": RUN},
    "job": {"namespace": "n", "name": "j"},
}
DATASET = {"namespace": "s3://b", "name": "t"}


def read(body: str | bytes) -> list[CapturedEvent | RejectedEvent]:
    """Read a body."""
    return list(read_events(body.encode() if isinstance(body, str) else body, source="test"))


def one_of(value: Any) -> CapturedEvent:  # noqa: ANN401 - any JSON
    """Read the one event that this JSON is."""
    (found,) = read(json.dumps(value))
    assert isinstance(found, CapturedEvent), found
    return found


def run_of(**changes: Any) -> RunEvent:  # noqa: ANN401 - any JSON
    """Read a run event that differs from EVENT in these keys."""
    event = one_of({**EVENT, **changes}).event
    assert isinstance(event, RunEvent)
    return event


def output_of(facets: Any, **sides: Any) -> Any:  # noqa: ANN401 - any JSON
    """Read the one output of a run event, with these facets."""
    return run_of(outputs=[{**DATASET, "facets": facets, **sides}]).outputs[0]


def lines_of(found: list[CapturedEvent | RejectedEvent]) -> list[tuple[int, bool]]:
    """Give the line of each thing read, and whether it is an event."""
    return [(one.line, isinstance(one, CapturedEvent)) for one in found]
