"""Ingesting: take in the events of runs, keep them as they came, and link what they touch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError, UnreadableError
from temporal_lineage.capture.json_stream import Tail
from temporal_lineage.capture.openlineage import read_events, read_stream
from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent
from temporal_lineage.intake.admission import admitted, kept
from temporal_lineage.intake.event_sources import EventFile, event_files
from temporal_lineage.intake.quarantine import quarantine
from temporal_lineage.linking.pending import LeftOpen, catch_up, link_pending
from temporal_lineage.operations.steps import step

if TYPE_CHECKING:
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.transaction import Transaction

log = logging.getLogger(__name__)

BATCH_EVENTS_MAX = 5_000
BATCH_BYTES_MAX = 32 * 1024 * 1024
"""How much one transaction takes in: others who write wait for it, and memory holds it."""

LINK_EVENTS_MAX = 20_000
"""How many events are linked together: each time, all that wrote the same tables are looked at."""

REJECTED_SHOWN_MAX = 1_000
"""How many refused events a report lists; all of them are in quarantine."""

Read = CapturedEvent | RejectedEvent


class Linking(Enum):
    """When the events of a batch are linked."""

    NOW = "now"
    """With them all that waits."""
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was no event: where it stood, why, and its id in quarantine."""

    source: str
    line: int
    reason: str
    quarantine: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest brought: `repeated` events were known already, byte order aside.

    `rejected` lists the first of the `refused` ones. `unresolved` are addresses of datasets in
    these events that no harvest knows. `strangers` say of events, these or earlier ones, why they
    tell of another run than that whose id they carry: they wait in quarantine.
    """

    events: int
    new: int
    repeated: int
    runs: int
    refused: int
    rejected: tuple[Refused, ...]
    unresolved: tuple[str, ...]
    strangers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was new among events, of how many runs, and which datasets no harvest knows.

    `refused` events are ahead of this clock, and in quarantine; so are `strangers`.
    """

    new: int
    runs: int
    refused: int
    unresolved: tuple[str, ...]
    strangers: tuple[str, ...]


def ingest_openlineage(ledger: Ledger, sources: Iterable[str]) -> IngestReport:
    """Take in OpenLineage events, batch by batch; what is no event goes into quarantine.

    Raises UnreadableError for a file or folder that cannot be opened, before anything is kept;
    and for one that breaks off in the middle, when what stood before was kept.
    """
    files = event_files(sources)
    catch_up(ledger)
    broken: list[UnreadableError] = []
    tally = _tallied(ledger, _read(files, broken), source="ingest openlineage")
    if broken:
        raise broken[0]
    return tally.report()


def ingest_bodies(ledger: Ledger, bodies: Iterable[tuple[str, bytes]]) -> IngestReport:
    """Take in OpenLineage events from bytes, each body with the name of where it came from."""
    catch_up(ledger)
    read = (one for name, body in bodies for one in read_events(body, source=name))
    return _tallied(ledger, read, source="ingest openlineage").report()


def keep_and_link(ledger: Ledger, captured: Iterable[Read], *, source: str) -> Taken:
    """Keep events as they came, and link what they touch; `source` names who takes them in."""
    catch_up(ledger)
    report = _tallied(ledger, captured, source=source).report()
    return Taken(report.new, report.runs, report.refused, report.unresolved, report.strangers)


def _tallied(ledger: Ledger, read: Iterable[Read], *, source: str) -> Tally:
    tally = Tally(ledger, source)
    kept_only = 0
    for batch in _batches(read):
        # Many runs of one table are linked together: seldom is cheaper than often.
        is_due = kept_only + len(batch) >= LINK_EVENTS_MAX or len(batch) < BATCH_EVENTS_MAX
        tally.take_in(batch, linking=Linking.NOW if is_due else Linking.LATER)
        kept_only = 0 if is_due else kept_only + len(batch)
    tally.left_open.add(catch_up(ledger))
    return tally


@dataclass(slots=True)
class Tally:
    """Takes in batches, and counts."""

    ledger: Ledger
    source: str
    events: int = 0
    new: int = 0
    refused: int = 0
    rejected: list[Refused] = field(default_factory=list)
    left_open: LeftOpen = field(default_factory=LeftOpen)
    tx_ids: list[int] = field(default_factory=list)

    def take_in(
        self,
        batch: Sequence[Read],
        *,
        linking: Linking,
        also: Callable[[Transaction], None] = lambda _: None,
    ) -> None:
        """Take in a batch in one transaction, and do in it what else belongs to it.

        Where linking meets a bug of its own, the batch is kept all the same, and linked later.
        """
        before = (self.events, self.new, self.refused, len(self.rejected), len(self.tx_ids))
        try:
            self._take_in(batch, linking, also)
        except TemporalLineageError:
            raise
        except Exception:
            if linking is Linking.LATER:
                raise
            log.exception("linking failed; what came is kept, and linked apart")
            self.events, self.new, self.refused, rejected, tx_ids = before
            del self.rejected[rejected:], self.tx_ids[tx_ids:]
            self._take_in(batch, Linking.LATER, also)

    def _take_in(
        self, batch: Sequence[Read], linking: Linking, also: Callable[[Transaction], None]
    ) -> None:
        now = self.ledger.now()
        judged = [admitted(one, now=now) for one in batch]
        note = judged[0].source
        with (
            step("take in events", log, {"source": note, "events": len(batch)}),
            self.ledger.transaction(source=self.source, note=note) as transaction,
        ):
            self._keep(transaction, judged)
            also(transaction)
            if linking is Linking.NOW:
                self.left_open.add(link_pending(transaction, events_max=LINK_EVENTS_MAX))

    def _keep(self, transaction: Transaction, judged: Sequence[Read]) -> None:
        """Keep events, and put what was refused into quarantine."""
        captured = [one for one in judged if isinstance(one, CapturedEvent)]
        refused = [one for one in judged if isinstance(one, RejectedEvent)]
        new = transaction.keep_events(kept(one) for one in captured)
        ids = quarantine(transaction, refused)
        if new:
            self.tx_ids.append(transaction.tx_id)
        self.events += len(captured)
        self.new += len(new)
        self.refused += len(refused)
        room = REJECTED_SHOWN_MAX - len(self.rejected)
        self.rejected += [
            Refused(one.source, one.line, one.reason, mark)
            for one, mark in zip(refused[:room], ids, strict=False)
        ]

    def report(self) -> IngestReport:
        """Say what was taken in."""
        with self.ledger.reading() as reader:
            runs = reader.runs_arrived(tx_ids=self.tx_ids)
        return IngestReport(
            events=self.events,
            new=self.new,
            repeated=self.events - self.new,
            runs=runs,
            refused=self.refused,
            rejected=tuple(self.rejected),
            unresolved=tuple(self.left_open.unresolved),
            strangers=tuple(self.left_open.strangers),
        )


def _read(files: Sequence[EventFile], broken: list[UnreadableError]) -> Iterator[Read]:
    """Read file by file; one that breaks off does not keep the others from being read."""
    for file in files:
        try:
            for one, _ in read_stream(file.chunks(), source=file.name, tail=Tail.BROKEN):
                yield one
        except UnreadableError as error:
            broken.append(error)


def _batches(read: Iterable[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    size = 0
    for one in read:
        batch.append(one)
        size += len(one.raw if isinstance(one, RejectedEvent) else one.body)
        if len(batch) >= BATCH_EVENTS_MAX or size >= BATCH_BYTES_MAX:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
