"""Told facets: what all events of one run say of it and its job, the newest word on each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from temporal_lineage.capture.facets import JobFacets, RunFacets
from temporal_lineage.capture.openlineage_facets import job_facets, run_facets
from temporal_lineage.capture.openlineage_json import Doubts


@dataclass(frozen=True, slots=True)
class ToldFacets:
    """The facets of a run and of its job, and what in them could not be understood."""

    run: RunFacets
    job: JobFacets
    doubts: tuple[str, ...]


def told_facets(bodies: Iterable[str]) -> ToldFacets:
    """Read kept events, in any order: of each facet the newest event's word counts."""
    events = [msgspec.json.decode(body) for body in bodies]
    # What ties is ordered by the whole event, so that the order of arrival decides nothing.
    events.sort(key=lambda one: (str(one.get("eventTime")), msgspec.json.encode(one)))
    doubts = Doubts()
    run, job = (_joined(events, part) for part in ("run", "job"))
    return ToldFacets(run_facets(run, doubts), job_facets(job, doubts), doubts.found())


def _joined(events: Iterable[dict[str, Any]], part: str) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for event in events:
        whole = event.get(part)
        facets = whole.get("facets") if isinstance(whole, dict) else None
        for name, facet in facets.items() if isinstance(facets, dict) else ():
            if isinstance(facet, dict) and facet.get("_deleted") is True:
                joined.pop(name, None)
            elif facet is not None:
                joined[name] = facet
    return joined
