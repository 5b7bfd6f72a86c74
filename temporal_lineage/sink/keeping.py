"""Keeping: one thread writes for all posters, many events in one commit, and links in between."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from temporal_lineage.intake.quarantine import quarantine
from temporal_lineage.linking.pending import is_pending, link_step
from temporal_lineage.operations.steps import step

if TYPE_CHECKING:
    from temporal_lineage.capture.openlineage_events import RejectedEvent
    from temporal_lineage.sink.meters import Meters
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.records import KeptEvent

log = logging.getLogger(__name__)

EVENTS_PER_COMMIT_MAX = 500
"""Also the least that a step of linking can be asked for: it takes whole transactions."""

WAITING_BYTES_MAX = 128 * 1024 * 1024
"""Bytes of events that may wait for the ledger; whoever posts more is told to come again."""

LINK_QUIET_MS = 200
"""How long nothing is posted before linking begins: the events of a run come close together."""

LINK_LATE_MS = 2_000
"""How long linking is put off at most while events keep coming."""

LINK_STEP_MS = 700
"""How long a step of linking may take: posters wait as long, and clients give up after 5 s."""

LINK_REST_TIMES = 3
"""How many times as long as a step linking rests while events keep coming: posters come first."""

LINK_AGAIN_MS = 10_000
"""How long linking rests after it failed."""

_STEP_EVENTS_MIN, _STEP_EVENTS_MAX = 10, 5_000


class BusyError(Exception):
    """More events wait than the memory meant for them holds."""


@dataclass(frozen=True, slots=True)
class KeeperState:
    """What a keeper did so far; the troubles are empty, or errors that are not over yet."""

    kept: int
    repeated: int
    refused: int
    waiting: int
    linked: int
    is_linked: bool
    keeping_trouble: str
    linking_trouble: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of what was posted: how many events were new, and the ids in quarantine."""

    new: int
    quarantined: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Posted:
    events: Sequence[KeptEvent]
    refused: Sequence[RejectedEvent]
    size_bytes: int
    done: Future[Kept]


class Keeper:
    """Keeps events for many threads; each is told when its events are safe, and how many are new.

    All writing to the ledger happens in one thread, so posters never wait for each other's
    commits: what came while one commit was under way goes into the next one together.
    """

    def __init__(self, ledger: Ledger, meters: Meters) -> None:
        """Write to this ledger, from a thread of its own from `start` on."""
        self._ledger = ledger
        self._meters = meters
        self._change = threading.Condition()
        self._posted: deque[_Posted] = deque()
        self._waiting_bytes = 0
        self._is_stopping = False
        self._kept = self._repeated = self._refused = self._linked = 0
        self._keeping_trouble = self._linking_trouble = ""
        self._step_events = 200
        self._link_since: float | None = None
        self._link_rests_until = self._link_not_before = 0.0
        self._last_post = 0.0
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin; events that an earlier sink left unlinked are linked too."""
        with self._ledger.reading() as reader:
            self._link_since = time.monotonic() if is_pending(reader) else None
        self._thread.start()

    def stop(self) -> None:
        """Keep what was posted, finish the step of linking under way, and end."""
        with self._change:
            self._is_stopping = True
            self._change.notify()
        self._thread.join()

    def keep(
        self, events: Sequence[KeptEvent], refused: Sequence[RejectedEvent] = ()
    ) -> Future[Kept]:
        """Keep events, and what is none in quarantine; the future is done when all is committed.

        It raises LedgerError where the ledger cannot take them. Raises BusyError at once where too
        much waits already.
        """
        size = sum(len(one.body) for one in events) + sum(len(one.raw) for one in refused)
        posted = _Posted(events, refused, size, Future())
        with self._change:
            if self._posted and self._waiting_bytes + posted.size_bytes > WAITING_BYTES_MAX:
                raise BusyError
            if self._is_stopping:
                raise BusyError
            self._posted.append(posted)
            self._waiting_bytes += posted.size_bytes
            self._change.notify()
        return posted.done

    def state(self) -> KeeperState:
        """Say how it goes."""
        with self._change:
            return KeeperState(
                self._kept,
                self._repeated,
                self._refused,
                sum(len(one.events) for one in self._posted),
                self._linked,
                self._link_since is None,
                self._keeping_trouble,
                self._linking_trouble,
            )

    def trouble(self) -> str:
        """Try whether the ledger takes events now; empty where it does."""
        try:
            with self._ledger.transaction(source="serve", note=""):
                return ""
        except TemporalLineageError as error:
            return str(error)

    def _run(self) -> None:
        while True:
            batch = self._take()
            if batch:
                self._keep_together(batch)
            elif self._is_stopping:
                return
            if not self._is_stopping and self._link_is_due():
                self._link()

    def _take(self) -> list[_Posted]:
        """Wait for events, or until linking is due; give all that came, up to one commit's."""
        with self._change:
            if not self._posted and not self._is_stopping:
                self._change.wait(self._seconds_to_link())
            batch: list[_Posted] = []
            count = 0
            while self._posted and (
                not batch or count + len(self._posted[0].events) <= EVENTS_PER_COMMIT_MAX
            ):
                batch.append(self._posted.popleft())
                count += len(batch[-1].events)
                self._waiting_bytes -= batch[-1].size_bytes
            return batch

    def _keep_together(self, batch: Sequence[_Posted]) -> None:
        events = [event for posted in batch for event in posted.events]
        refused = [one for posted in batch for one in posted.refused]
        start = time.monotonic()
        try:
            with (
                step("keep events", log, {"events": len(events), "refused": len(refused)}) as told,
                self._ledger.transaction(source="serve", note="") as transaction,
            ):
                new = set(transaction.keep_events(events))
                ids = iter(quarantine(transaction, refused))
                told["new"] = len(new)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            self._fail(batch, error)
            return
        self._last_post = time.monotonic()
        self._meters.committed(self._last_post - start)
        if new and self._link_since is None:
            self._link_since = self._last_post
        with self._change:
            self._kept += len(new)
            self._repeated += len(events) - len(new)
            self._refused += len(refused)
            self._keeping_trouble = ""
        for posted in batch:
            digests = {event.digest for event in posted.events}
            quarantined = tuple(islice(ids, len(posted.refused)))
            posted.done.set_result(Kept(len(digests & new), quarantined))
            new -= digests

    def _fail(self, batch: Sequence[_Posted], error: Exception) -> None:
        if isinstance(error, TemporalLineageError):
            log.error("events were refused: %s", error)
        else:
            log.error("events were refused", exc_info=error)
        with self._change:
            self._keeping_trouble = str(error) or type(error).__name__
        for posted in batch:
            posted.done.set_exception(error)

    def _seconds_to_link(self) -> float | None:
        """Tell how long to wait for linking to be due; None where nothing is to be linked."""
        if self._link_since is None:
            return None
        quiet = self._last_post + LINK_QUIET_MS / 1000
        late = max(self._link_since + LINK_LATE_MS / 1000, self._link_rests_until)
        due = max(min(quiet, late), self._link_not_before)
        return max(0.0, due - time.monotonic())

    def _link_is_due(self) -> bool:
        return self._seconds_to_link() == 0.0

    def _link(self) -> None:
        """Link some of what waits; how much follows from how long the last step took."""
        start = time.monotonic()
        try:
            done = link_step(self._ledger, events_max=self._step_events)
        except Exception as error:
            # Events must be kept, whatever linking meets.
            log.exception("linking failed, and is tried again")
            self._link_not_before = time.monotonic() + LINK_AGAIN_MS / 1000
            with self._change:
                self._linking_trouble = str(error) or type(error).__name__
            return
        now = time.monotonic()
        self._meters.linked(now - start)
        self._link_rests_until = now + (now - start) * LINK_REST_TIMES
        if done is None or not done.more:
            self._link_since = None
        with self._change:
            self._linked += done.events if done else 0
            self._linking_trouble = ""
        if done is not None:
            pace = LINK_STEP_MS / 1000 / max(now - start, 0.001)
            wanted = int(max(done.events, _STEP_EVENTS_MIN) * min(pace, 4.0))
            self._step_events = max(_STEP_EVENTS_MIN, min(wanted, _STEP_EVENTS_MAX))
