"""Actors: who ran a run, by the first of its witnesses that names somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from snapshots.producer import producer_of
from temporal_lineage.capture.openlineage_facets import ACTOR_FACETS
from temporal_lineage.capture.told_facets import told_facets
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.history_parts import remembered_snapshot
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import LinkClaim

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from temporal_lineage.store.reader import Reader

_ANCESTORS_MAX = 5
_COMMITS_MAX = 5
_OWNED = '"ownership"'


class Actor(NamedTuple):
    """Who ran a run; `told_by` is a facet, a run above it, a commit of it, or `ownership`.

    An owner answers for the job, and need not be who ran it.
    """

    name: str
    told_by: str


def actors(reader: Reader, run_ids: Iterable[str], as_of: AsOf) -> dict[str, Actor]:
    """Give who ran each run, as known then; runs of which nobody told are left out."""
    known = _Known(reader, AsOf(valid=LAST, system=as_of.system))
    found = ((run_id, next(known.witnesses(run_id), None)) for run_id in dict.fromkeys(run_ids))
    return {run_id: actor for run_id, actor in found if actor is not None}


class _Known:
    """What the ledger knew of runs, each read once."""

    def __init__(self, reader: Reader, point: AsOf) -> None:
        self._reader = reader
        self._point = point
        self._told: dict[str, Actor | None] = {}

    def witnesses(self, run_id: str) -> Iterator[Actor]:
        """Yield who ran a run, by each witness, the surest first."""
        own = self._by_facets(run_id)
        if own is not None:
            yield own
        node_id = self._reader.node(kind=NodeKind.RUN, parent_id=0, name=run_id)
        if node_id is not None:
            yield from self._by_runs_above(node_id)
            yield from self._by_commits(node_id)
        for one in told_facets(self._bodies(run_id, (_OWNED,))).job.owners:
            yield Actor(one.name, "ownership")

    def _by_facets(self, run_id: str) -> Actor | None:
        if run_id not in self._told:
            signs = tuple(f'"{facet}"' for facet in ACTOR_FACETS)
            told = told_facets(self._bodies(run_id, signs)).run.actor
            self._told[run_id] = Actor(told.value, told.name) if told else None
        return self._told[run_id]

    def _by_runs_above(self, node_id: int) -> Iterator[Actor]:
        """Spark tells its user of the application alone, and Airflow of the whole DAG's run."""
        seen: int | None = node_id
        for _ in range(_ANCESTORS_MAX):
            claim = self._claim(seen) if seen is not None else None
            if claim is None or claim.parent is None:
                return
            above = self._by_facets(claim.parent)
            if above is not None:
                yield Actor(above.name, f"run:{claim.parent}")
            seen = self._reader.node(kind=NodeKind.RUN, parent_id=0, name=claim.parent)

    def _claim(self, node_id: int) -> RunClaim | None:
        found = self._reader.attribute(
            node_id=node_id, kind=AttributeKind.RUN, name="", as_of=self._point
        )
        return decode(RunClaim, found.claim) if found else None

    def _by_commits(self, node_id: int) -> Iterator[Actor]:
        """Delta and Trino name the user in the commit."""
        links = self._reader.attributes(
            node_id=node_id, kind=AttributeKind.WRITES, as_of=self._point
        )
        for one in links:
            link = decode(LinkClaim, one.claim)
            dataset_id = self._reader.node(kind=NodeKind.DATASET, parent_id=0, name=link.identity)
            # Which of several candidates the run made, nobody knows.
            if dataset_id is None or not link.evidence.grade.claims:
                continue
            for version in filter(str.isdecimal, link.versions[:_COMMITS_MAX]):
                snapshot = remembered_snapshot(
                    self._reader, dataset_id, int(version), system=self._point.system
                )
                user = producer_of(snapshot.summary).user if snapshot else None
                if user:
                    yield Actor(user, f"commit {version}")

    def _bodies(self, run_id: str, signs: Iterable[str]) -> list[str]:
        """Give the kept events of a run that may tell; most are large, and tell nothing of it."""
        signs = tuple(signs)
        return [
            one.body
            for one in self._reader.events(run_id=run_id)
            if one.run_id == run_id
            and one.recorded_at <= self._point.system
            and any(sign in one.body for sign in signs)
        ]
