"""Strangers: events that carry the id of a run and tell of another one.

A run id is drawn once for one run, but ids are copied from examples, made of too little (of a task
and its hour, say, in two workflows), or written into a program for good. Then the id is that of
the run that used it first, by the times of the events themselves, so that no order of arrival
decides; what tells of another run is nobody's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_events import JobName, RunEvent, RunEventKind
from temporal_lineage.evidence.producers import producer_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.instant import Instant

Teller = tuple[str, JobName]
"""A producer without its version, and the job that it tells of."""


@dataclass(frozen=True, slots=True)
class Divided:
    """The events under one run id, oldest first: those of the run, and those of others."""

    own: tuple[RunEvent, ...]
    strangers: tuple[RunEvent, ...]


def divided(events: Sequence[RunEvent]) -> Divided:
    """Divide the events under one run id; in any order they are divided the same. DESIGN 4.4.

    Events tell of one run where they name the same job, or come from one invocation of dbt, of
    which the id was made here. A producer may call a job otherwise as it goes on, within the job's
    namespace: but a run starts once, so that of two names with a START each, where neither
    continues the other, there are two runs; a name without one is then that of nobody knows whom.
    """
    first = events[0]
    if all(one.job == first.job and one.producer == first.producer for one in events):
        return Divided(tuple(events), ())
    groups = _Groups()
    told: dict[Teller, list[RunEvent]] = defaultdict(list)
    for one in events:
        told[producer_name(one.producer), one.job].append(one)
    by_namespace: dict[tuple[str, str], list[Teller]] = defaultdict(list)
    for teller, many in told.items():
        tool, job = teller
        groups.join(teller, job)
        by_namespace[tool, job.namespace].append(teller)
        if any(one.invocation is not None for one in many):
            groups.join(teller, "dbt")
    for tellers in by_namespace.values():
        _join_names(groups, tellers, told)
    winner = groups.of(min(told, key=lambda teller: _first(teller, told[teller])))
    own = {teller for teller in told if groups.of(teller) == winner}
    sides: tuple[list[RunEvent], list[RunEvent]] = [], []
    for one in events:
        sides[(producer_name(one.producer), one.job) not in own].append(one)
    return Divided(tuple(sides[0]), tuple(sides[1]))


def reason_of(own: Iterable[RunEvent], stranger: RunEvent) -> str:
    """Say why an event under a run's id is none of the run's events."""
    first = min(own, key=_place)
    return (
        f"it carries the id of another run: {stranger.run_id} was used first by"
        f" {_teller(first)}, at {first.at}; this tells of {_teller(stranger)}"
    )


def _join_names(
    groups: _Groups, tellers: Sequence[Teller], told: dict[Teller, list[RunEvent]]
) -> None:
    """Join the names that one producer gave a run in one namespace."""
    by_name = {job.name: (tool, job) for tool, job in tellers}
    for name, teller in by_name.items():
        # Spark adds the dataset to the name of a job, once it knows it.
        parts = name.split(".")
        for count in range(1, len(parts)):
            shorter = by_name.get(".".join(parts[:count]))
            if shorter is not None:
                groups.join(teller, shorter)
    begun = [one for one in tellers if any(e.kind is RunEventKind.START for e in told[one])]
    if len({groups.of(one) for one in begun}) <= 1:
        for one in tellers:
            groups.join(tellers[0], one)


class _Groups:
    """Groups of things that were joined, each found by any of its things."""

    def __init__(self) -> None:
        self._next: dict[object, object] = {}

    def of(self, thing: object) -> object:
        """Give the thing that stands for the group of this one."""
        path = []
        while (found := self._next.get(thing, thing)) != thing:
            path.append(thing)
            thing = found
        self._next.update(dict.fromkeys(path, thing))
        return thing

    def join(self, one: object, other: object) -> None:
        self._next[self.of(one)] = self.of(other)


def _first(teller: Teller, events: Iterable[RunEvent]) -> tuple[Instant, Teller]:
    return min(one.at for one in events), teller


def _place(event: RunEvent) -> tuple[Instant, Teller]:
    return event.at, (producer_name(event.producer), event.job)


def _teller(event: RunEvent) -> str:
    return f"{event.job} by {producer_name(event.producer) or 'nobody'}"
