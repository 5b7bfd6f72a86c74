"""Windows: the span of time in which a run read and wrote, as far as its events tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snapshots.dataset import Dataset
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage_events import RunEventKind
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.evidence.runs import RunRecord

SKEW_MS_MAX = 2_000
"""How far the clocks of an engine, its listener and its storage are taken to differ, at most."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`, both included, clock skew left out.

    `started` and `ended` tell whether a START and an end were heard; without them the first and
    last event stand in. `skew_micros` is what a comparison may be wrong by.
    """

    start: Instant
    end: Instant
    started: bool
    ended: bool
    skew_micros: int

    @property
    def earliest(self) -> Instant:
        """The start, less the skew."""
        return self.start.plus(micros=-self.skew_micros)

    @property
    def latest_start(self) -> Instant:
        """The start, and the skew."""
        return self.start.plus(micros=self.skew_micros)

    @property
    def latest(self) -> Instant:
        """The end, and the skew."""
        return self.end.plus(micros=self.skew_micros)

    def contains(self, instant: Instant) -> bool:
        """Tell whether something at that instant may have happened during the run."""
        return self.earliest <= instant <= self.latest

    def holds(self, instant: Instant) -> bool:
        """Tell whether something happened during the run, by clocks that are one."""
        return self.start <= instant <= self.end

    def encloses(self, other: Window) -> bool:
        """Tell whether another run began and ended during this one, by clocks that are one."""
        known = self.started and self.ended and other.started and other.ended
        return known and self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        """Write it for people."""
        start = f"START {self.start}" if self.started else f"first event {self.start} (no START)"
        end = f"end {self.end}" if self.ended else f"last event {self.end} (not ended)"
        return f"{start}, {end}"


def window_of(run: RunRecord, *, skew_ms_max: int) -> Window:
    """Give a run's window; an end before the START, as clocks go, is put right."""
    start = run.first_at if run.started_at is None else run.started_at
    end = run.last_at if run.ended_at is None else run.ended_at
    return Window(
        start=min(start, end),
        end=max(start, end),
        started=run.started_at is not None,
        ended=run.ended_at is not None,
        skew_micros=max(skew_ms_max, 0) * 1000,
    )


def begun_at(run: RunRecord) -> Instant:
    """Give the START of a run, or its first event where none was heard."""
    return run.started_at or run.first_at


def written_at(run: RunRecord) -> Mapping[Dataset, Instant]:
    """Give when an event last told of each output; START alone tells what is yet to be written.

    Outputs that only START names are not in it. Names are canonical.
    """
    return {
        canonical(mention.dataset): event.at
        for event in run.events
        if event.kind is not RunEventKind.START
        for mention in event.outputs
    }
