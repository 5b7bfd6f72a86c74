"""Ingesting: take in the events of runs, keep them as they came, and link what they touch."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.errors import UnreadableError
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent, RunEvent
from temporal_lineage.pending import catch_up, link_pending
from temporal_lineage.store.records import KeptEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from temporal_lineage.store.ledger import Ledger

_ENDINGS = {".json", ".ndjson", ".jsonl"}
_EVENTS_MAX = 5_000
"""Events taken in by one transaction; more are taken in several."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest brought: `repeated` events were known already, byte order aside.

    `unresolved` are addresses of datasets in these events that no harvest knows.
    """

    events: int
    new: int
    repeated: int
    runs: int
    rejected: tuple[RejectedEvent, ...]
    unresolved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was new among events, of how many runs, and which datasets no harvest knows."""

    new: int
    runs: int
    unresolved: tuple[str, ...]


def ingest_openlineage(ledger: Ledger, sources: Iterable[str]) -> IngestReport:
    """Take in OpenLineage events; what is no event is reported and nothing else is lost.

    Raises UnreadableError for a file or folder that cannot be read, before anything is kept.
    """
    bodies = [(name, body) for source in sources for name, body in _bodies(source)]
    return ingest_bodies(ledger, bodies)


def ingest_bodies(ledger: Ledger, bodies: Iterable[tuple[str, bytes]]) -> IngestReport:
    """Take in OpenLineage events from bytes, each body with the name of where it came from."""
    captured: list[CapturedEvent] = []
    rejected: list[RejectedEvent] = []
    for name, body in bodies:
        for one in read_events(body, source=name):
            if isinstance(one, RejectedEvent):
                rejected.append(one)
            else:
                captured.append(one)
    taken = keep_and_link(ledger, captured, source="ingest openlineage")
    return IngestReport(
        events=len(captured),
        new=taken.new,
        repeated=len(captured) - taken.new,
        runs=taken.runs,
        rejected=tuple(rejected),
        unresolved=taken.unresolved,
    )


def keep_and_link(ledger: Ledger, captured: Sequence[CapturedEvent], *, source: str) -> Taken:
    """Keep events as they came, and link what they touch; `source` names who takes them in."""
    catch_up(ledger)
    new, runs, unresolved = 0, set[str](), dict[str, None]()
    for start in range(0, len(captured), _EVENTS_MAX):
        batch = captured[start : start + _EVENTS_MAX]
        with ledger.transaction(source=source, note=batch[0].source) as transaction:
            kept = transaction.keep_events(_kept(one) for one in batch)
            new += len(kept)
            runs |= {
                one.event.run_id
                for one in batch
                if one.digest in kept and isinstance(one.event, RunEvent)
            }
            linked = link_pending(transaction)
            if linked is not None:
                unresolved.update(dict.fromkeys(linked.unresolved))
    return Taken(new, len(runs), tuple(unresolved))


def _kept(one: CapturedEvent) -> KeptEvent:
    run_id = one.event.run_id if isinstance(one.event, RunEvent) else ""
    return KeptEvent(one.digest, run_id, one.source, one.body)


def _bodies(source: str) -> Iterator[tuple[str, bytes]]:
    if source == "-":
        yield "standard input", sys.stdin.buffer.read()
        return
    path = Path(source)
    if not source:
        raise UnreadableError(source, "an empty name", "give a file or folder of events, or -")
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.suffix in _ENDINGS and file.is_file():
                    yield str(file), file.read_bytes()
            return
        yield str(path), path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnreadableError(
            source, reason.lower(), "give a file or folder of OpenLineage events, or -"
        ) from error
