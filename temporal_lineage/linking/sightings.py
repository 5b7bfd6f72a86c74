"""Sightings in the ledger: what each run showed to feed a dataset, by job and instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_attributes, since
from temporal_lineage.capture.openlineage_events import JobName
from temporal_lineage.claims import decode, encode
from temporal_lineage.evidence.flows import Coverage, FlowSighting
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from temporal_lineage.store.records import Believed
    from temporal_lineage.store.transaction import Transaction

Manner = tuple[tuple[str, ...], tuple[str, ...]]
"""How data is transformed, and what told it where that is no event."""

Pair = tuple[int, int, Manner]
"""Source node, target node, and the manner."""

Sighting = FlowSighting[Pair]

_ALWAYS = Period.since(BEGINNING)
_KINDS = {EdgeKind.FLOW: "d", EdgeKind.COLUMN_FLOW: "c"}
_COVERAGES = {Coverage.WHOLE: "w", Coverage.PART: "p"}
_ALL = 2**31 - 1
_OFFSET = 2**63
_END = "~"
"""Comes after all that names are made of."""


@dataclass(frozen=True, slots=True)
class SightingClaim:
    """What a run showed to feed a dataset: pairs of nodes, and how."""

    namespace: str
    job: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """The sightings of one kind by one job into one dataset; `job_id` is the job's node."""

    dataset_id: int
    kind: EdgeKind
    job_id: int


class KeptSightings:
    """The sightings of all runs, kept as they are now and found by job and time."""

    def __init__(self, transaction: Transaction) -> None:
        """Keep and look up in this transaction."""
        self._transaction = transaction
        self._now = AsOf(valid=LAST, system=transaction.recorded_at)

    def settle(
        self, run: str, told: Iterable[tuple[int, EdgeKind, Sighting]]
    ) -> set[tuple[Scope, Instant]]:
        """Keep what a run shows now; gives the instants at which that is not what it showed."""
        (run_id,) = self._transaction.nodes([NodeKey(NodeKind.RUN, 0, run)])
        wanted: dict[str, str] = {}
        for dataset_id, kind, one in told:
            scope = Scope(dataset_id, kind, self.job_id(one.job))
            name = f"{_prefix(scope)}{_COVERAGES[one.coverage]}{_hex(one.at)}"
            # A run may name one dataset twice: then both words count.
            also = decode(SightingClaim, wanted[name]).pairs if name in wanted else ()
            pairs = one.sources.union(also)
            claim = SightingClaim(one.job.namespace, one.job.name, tuple(sorted(pairs)))
            wanted[name] = encode(claim)
        before = self._transaction.reader.timelines(
            node_id=run_id, kind=AttributeKind.SIGHTING, system=self._transaction.recorded_at
        )
        lines: dict[str, Line] = dict.fromkeys(before, ())
        lines |= {name: since(_ALWAYS, claim) for name, claim in wanted.items()}
        settle_attributes(self._transaction, run_id, AttributeKind.SIGHTING, lines)
        former = {name: line[-1].claim for name, line in before.items()}
        return {
            _placed(name)
            for name in sorted({*former, *wanted})
            if former.get(name) != wanted.get(name)
        }

    def job_id(self, job: JobName) -> int:
        """Give the node of a job."""
        (found,) = self._transaction.nodes([NodeKey(NodeKind.JOB, 0, str(job))])
        return found

    def scopes(self, dataset_id: int, kind: EdgeKind) -> Iterator[Scope]:
        """Give the jobs of which any sighting into a dataset is kept."""
        start = f"{dataset_id}:{_KINDS[kind]}"
        low = start
        while found := self._between(low, start + _END, limit=1):
            scope, _ = _placed(found[0].name)
            yield scope
            low = _prefix(scope) + _END

    def last_whole(self, scope: Scope, *, upto: Instant) -> Instant | None:
        """Give when a run last showed all there was, at an instant or before."""
        start = f"{_prefix(scope)}w"
        found = self._between(start, f"{start}{_hex(upto)}{_END}", limit=-1)
        return _placed(found[0].name)[1] if found else None

    def next_whole(self, scope: Scope, *, after: Instant) -> Instant | None:
        """Give when a run next showed all there was, after an instant."""
        start = f"{_prefix(scope)}w"
        found = self._between(f"{start}{_hex(after)}{_END}", start + _END, limit=1)
        return _placed(found[0].name)[1] if found else None

    def told(self, scope: Scope, *, start: Instant, end: Instant) -> list[Sighting]:
        """Give the sightings from an instant to before another."""
        found: list[Sighting] = []
        for coverage, letter in _COVERAGES.items():
            low = f"{_prefix(scope)}{letter}"
            last = _END if end == FOREVER else _hex(end)
            for one in self._between(f"{low}{_hex(start)}", f"{low}{last}", limit=_ALL):
                claim = decode(SightingClaim, one.claim)
                found.append(
                    FlowSighting(
                        JobName(claim.namespace, claim.job),
                        Dataset("", str(scope.dataset_id)),
                        _placed(one.name)[1],
                        str(one.node_id),
                        frozenset(claim.pairs),
                        coverage,
                    )
                )
        return found

    def _between(self, low: str, high: str, *, limit: int) -> Sequence[Believed]:
        return self._transaction.reader.attributes_between(
            kind=AttributeKind.SIGHTING, low=low, high=high, limit=limit, as_of=self._now
        )


def _prefix(scope: Scope) -> str:
    return f"{scope.dataset_id}:{_KINDS[scope.kind]}{scope.job_id}:"


def _placed(name: str) -> tuple[Scope, Instant]:
    dataset_id, middle, tail = name.split(":")
    kind = next(kind for kind, letter in _KINDS.items() if letter == middle[0])
    scope = Scope(int(dataset_id), kind, int(middle[1:]))
    return scope, Instant(int(tail[1:], 16) - _OFFSET)


def _hex(instant: Instant) -> str:
    return f"{instant.micros + _OFFSET:016x}"
