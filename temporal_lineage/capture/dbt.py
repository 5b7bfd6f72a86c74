"""dbt: from the artifacts of a project to the OpenLineage events they amount to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from snapshots.errors import UnreadableError
from snapshots.instant import Instant
from temporal_lineage.capture.dbt_artifacts import Witness
from temporal_lineage.capture.dbt_design import design_events
from temporal_lineage.capture.dbt_events import Event, Invocation
from temporal_lineage.capture.dbt_freshness import freshness_events
from temporal_lineage.capture.dbt_projects import DbtProject
from temporal_lineage.capture.dbt_tests import events_of_tests
from temporal_lineage.capture.dbt_times import told_instant
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, JobEvent, RunEvent


@dataclass(frozen=True, slots=True)
class Translated:
    """What a project's artifacts say, as captured events.

    `ran` counts nodes and tests that were executed, `designed` jobs told outside any run, and
    `passed_over` results of nodes that were not executed (skipped, or only compiled).
    """

    events: tuple[CapturedEvent, ...]
    ran: int
    designed: int
    passed_over: int


def translate(project: DbtProject) -> Translated:
    """Turn artifacts into events; the same artifacts give the same events, byte for byte.

    Raises UnreadableError where an artifact lacks what an event must have: a time, an invocation.
    """
    results = project.results.content.results if project.results else ()
    invocation = _invocation(project)
    executed = invocation.executed if invocation else {}
    events = tuple(_captured(project, invocation))
    return Translated(
        events=events,
        ran=len(executed),
        designed=sum(isinstance(one.event, JobEvent) for one in events),
        passed_over=len(results) - len(executed),
    )


def _captured(project: DbtProject, invocation: Invocation | None) -> Iterator[CapturedEvent]:
    source = project.manifest.witness.source
    for event in _events(project, invocation):
        for one in read_events(msgspec.json.encode(event), source=source):
            if not isinstance(one, CapturedEvent) or not isinstance(one.event, RunEvent | JobEvent):
                raise TypeError(one)  # our own events are events
            yield one


def _events(project: DbtProject, invocation: Invocation | None) -> Iterator[Event]:
    written = _written(project.manifest.witness)
    if invocation is not None:
        yield from invocation.events()
        yield from events_of_tests(invocation)
    if project.freshness is not None:
        witness = project.freshness.witness
        yield from freshness_events(
            project, project.freshness, invocation_id=_invoked(witness), at=_written(witness)
        )
    executed = invocation.executed.keys() if invocation else ()
    yield from design_events(project, at=written.isoformat(), executed=executed)


def _invocation(project: DbtProject) -> Invocation | None:
    if project.results is None or not project.results.content.has_executed:
        return None
    witness = project.results.witness
    return Invocation(project, project.results, _invoked(witness), _written(witness))


def _written(witness: Witness) -> Instant:
    found = told_instant(witness.metadata.generated_at)
    if found is None:
        raise UnreadableError(
            witness.source, "it has no metadata.generated_at", "let dbt write it again"
        )
    return found


def _invoked(witness: Witness) -> str:
    found = witness.metadata.invocation_id
    if not found:
        raise UnreadableError(
            witness.source, "it has no metadata.invocation_id", "let dbt write it again"
        )
    return found
