"""Delivery: events reach every target, or a file from which they can be taken in later."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from temporal_lineage.sdk.targets import UndeliveredError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.sdk.targets import Event, Target

SPOOL = "undelivered"
"""The folder beside the catalog list where events wait that nobody took."""

QUIET_MS_MIN = 1_000
"""So long at least, between events that tell of progress only."""

_SHARE = 20
"""Delivering progress takes one twentieth of a run's time at most."""

_log = logging.getLogger("temporal_lineage.sdk")


class Delivery:
    """Sends the events of one run, and never stops it, unless told to be strict."""

    def __init__(
        self, targets: Sequence[Target], *, folder: Path, run_id: str, strict: bool
    ) -> None:
        """Send to these targets; what one of them does not take is kept below `folder`."""
        self.targets = tuple(targets)
        self._spool = folder / SPOOL / f"{run_id}.ndjson"
        self.strict = strict
        self._lock = threading.Lock()
        self._failed: set[str] = set()
        self._next = 0.0

    def is_due(self) -> bool:
        """Tell whether progress may be told again."""
        return time.monotonic() >= self._next

    def send(self, event: Event, *, last: bool) -> None:
        """Send one event to every target; the last one also to a target that failed before.

        Raises UndeliveredError where it is to be strict, and nothing otherwise.
        """
        with self._lock:
            begun = time.monotonic()
            errors = [error for one in self.targets if (error := self._sent(one, event, last))]
            taken = time.monotonic() - begun
            self._next = time.monotonic() + max(QUIET_MS_MIN / 1000, _SHARE * taken)
        if errors and self.strict:
            raise errors[0]

    def _sent(self, target: Target, event: Event, last: bool) -> UndeliveredError | None:  # noqa: FBT001 - private
        if target.name in self._failed and not last:
            self._keep(event)
            return None
        try:
            target.send(event)
        except Exception as error:  # noqa: BLE001 - a backend may fail in any way
            reason = str(error).partition("\n")[0] or type(error).__name__
            place = self._keep(event)
            if target.name not in self._failed:
                self._failed.add(target.name)
                _log.warning(
                    "the events of this run did not reach %s (%s); %s", target.name, reason, place
                )
            return UndeliveredError(target.name, reason)
        return None

    def _keep(self, event: Event) -> str:
        """Keep an event in a file; says where, and how to take it in later."""
        line = json.dumps(event) + "\n"
        places = (self._spool, Path(tempfile.gettempdir()) / SPOOL / self._spool.name)
        for place in places:
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("a", encoding="utf-8") as file:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                continue
            return f"they are kept: tl ingest openlineage {place}"
        return "and no folder here could keep them, so they are lost"
