"""Flows: over which periods a job moved data between two datasets or columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Generic, TypeVar

from snapshots.dataset import Dataset
from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.capture.openlineage_events import JobName

S = TypeVar("S", bound=Hashable)


class Coverage(StrEnum):
    """Whether what a sighting does not show is thereby shown to be absent."""

    WHOLE = "whole"
    """The run is over, and its facet lists everything."""
    PART = "part"
    """The run goes on, or only one end was heard: it can begin a flow, but end none."""


@dataclass(frozen=True, slots=True)
class FlowSighting(Generic[S]):
    """What one run showed of one output: everything that it says feeds it.

    A run that says nothing on the matter (no facet) is no sighting. `S` is what flows: an input
    dataset, or a pair of columns.
    """

    job: JobName
    output: Dataset
    at: Instant
    run_id: str
    sources: frozenset[S]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Flow(Generic[S]):
    """A source fed an output through a job, in a period.

    `first_run` showed it first; `last_run` showed it last before the period ended, or of all.
    """

    job: JobName
    output: Dataset
    source: S
    period: Period
    first_run: str
    last_run: str


def flows(sightings: Iterable[FlowSighting[S]]) -> tuple[Flow[S], ...]:
    """Give the periods over which each flow held, by job, output and period.

    A flow holds from the run that first shows it until the next run of the same job on the same
    output that has the facet and does not show it. Runs at one instant speak together. The order
    and repetition of sightings change nothing.
    """
    by_scope: dict[tuple[JobName, Dataset], set[FlowSighting[S]]] = defaultdict(set)
    for one in sightings:
        by_scope[one.job, one.output].add(one)
    found: list[Flow[S]] = []
    for scope in sorted(by_scope):
        told = sorted(by_scope[scope], key=lambda one: (one.at, one.run_id))
        found += sorted(_in_scope(told), key=lambda one: (one.period, repr(one.source)))
    return tuple(found)


@dataclass(slots=True)
class _Open:
    start: Instant
    first_run: str
    last_run: str


def _in_scope(sightings: Sequence[FlowSighting[S]]) -> Iterator[Flow[S]]:
    job, output = sightings[0].job, sightings[0].output
    running: dict[S, _Open] = {}
    for at, group in groupby(sightings, key=lambda one: one.at):
        together = list(group)
        shown: dict[S, str] = {}
        for one in together:
            for source in one.sources:
                shown.setdefault(source, one.run_id)
        if any(one.coverage is Coverage.WHOLE for one in together):
            for source in [one for one in running if one not in shown]:
                ended = running.pop(source)
                period = Period(ended.start, at)
                yield Flow(job, output, source, period, ended.first_run, ended.last_run)
        for source, run_id in shown.items():
            if source in running:
                running[source].last_run = run_id
            else:
                running[source] = _Open(at, run_id, run_id)
    for source, still in running.items():
        period = Period(still.start, FOREVER)
        yield Flow(job, output, source, period, still.first_run, still.last_run)
