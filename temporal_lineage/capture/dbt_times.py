"""When dbt's nodes ran: from the phases of a result, or what is nearest to them."""

from __future__ import annotations

from dataclasses import dataclass

from snapshots.instant import Instant
from temporal_lineage.capture.dbt_artifacts import Metadata
from temporal_lineage.capture.dbt_run_results import Result, Timing
from temporal_lineage.capture.openlineage_json import Doubts, instant

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something ran; both ends may be one."""

    started: Instant
    ended: Instant

    @property
    def start_text(self) -> str:
        """Write the start as events do."""
        return self.started.isoformat()

    @property
    def end_text(self) -> str:
        """Write the end as events do."""
        return self.ended.isoformat()


def told_instant(text: str | None) -> Instant | None:
    """Read a time of dbt's; one without an offset is UTC. None where there is none."""
    return instant(text, "", Doubts())


def span_of(result: Result, *, written: Instant) -> Span:
    """Give when a node was executed; `written` is when the artifact was, the last resort.

    A node whose query failed to compile has no `execute`: then its compilation is all there is.
    """
    phases = {one.name: one for one in result.timing}
    execute, compiling = phases.get("execute"), phases.get("compile")
    started = _start(execute) or _start(compiling)
    ended = _end(execute) or _end(compiling)
    if started is None:
        started = ended or written
    if ended is None or ended < started:
        took = result.execution_time or 0.0
        ended = Instant(started.micros + int(took * _MICROS))
    return Span(started, ended)


def invocation_span(metadata: Metadata, spans: list[Span], *, written: Instant) -> Span:
    """Give when a command ran; before dbt 1.10 it does not say when it began."""
    begun = [one.started for one in spans]
    told = told_instant(metadata.invocation_started_at)
    started = min([*begun, told or min([*begun, written])])
    return Span(started, max([*(one.ended for one in spans), written]))


def _start(phase: Timing | None) -> Instant | None:
    return told_instant(phase.started_at) if phase else None


def _end(phase: Timing | None) -> Instant | None:
    return told_instant(phase.completed_at) if phase else None
