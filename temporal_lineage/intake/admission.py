"""Admission: which events are taken in, and which a clock must be wrong for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent
from temporal_lineage.linking.event_keys import kept_under
from temporal_lineage.store.records import KeptEvent

if TYPE_CHECKING:
    from snapshots.instant import Instant

AHEAD_MS_MAX = 24 * 60 * 60 * 1000
"""How far ahead of our clock an event may be: producers' clocks differ, and some write local time
as if it were UTC; what is further ahead would be believed of a time that nobody has seen."""


def admitted(one: CapturedEvent | RejectedEvent, *, now: Instant) -> CapturedEvent | RejectedEvent:
    """Refuse an event of the future; anything else stays what it is."""
    if isinstance(one, RejectedEvent) or one.event.at <= now.plus(micros=AHEAD_MS_MAX * 1000):
        return one
    reason = f"its eventTime {one.event.at} is more than a day ahead of this clock"
    return RejectedEvent(one.source, one.line, reason, one.body, len(one.body))


def kept(one: CapturedEvent) -> KeptEvent:
    """Make of an event what the ledger keeps of it."""
    return KeptEvent(one.digest, kept_under(one.event), one.source, one.body)
