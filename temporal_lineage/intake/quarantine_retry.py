"""Trying again: what waits in quarantine is read with today's reader, by today's clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.intake.admission import admitted, kept
from temporal_lineage.intake.quarantine import (
    Entry,
    Fate,
    decide,
    entries,
    find_entries,
    raw_of,
    refuse_again,
)
from temporal_lineage.linking.apart import link_apart, release
from temporal_lineage.linking.event_keys import kept_under, set_aside_among
from temporal_lineage.linking.link import link
from temporal_lineage.linking.pending import link_pending

if TYPE_CHECKING:
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

_NOW = AsOf(valid=LAST, system=LAST)


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one entry: its fate, and why."""

    id: str
    fate: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuarantineReport:
    """What became of the entries that were tried or dropped; `new` events were taken in."""

    new: int
    entries: tuple[Decided, ...]


def retry(ledger: Ledger, names: Sequence[str]) -> QuarantineReport:
    """Try the named entries again, or all that wait; what is an event now is taken in and linked.

    Raises UnknownNameError, and NotWaitingError for a named one that was decided before.
    """
    now = ledger.now()
    new, told = 0, []
    with ledger.transaction(source="quarantine retry", note="") as transaction:
        reader = transaction.reader
        if names:
            wanted = find_entries(reader, names, as_of=_NOW)
        else:
            wanted = [one for one in entries(reader, as_of=_NOW) if one.claim.fate is Fate.WAITS]
        for entry in wanted:
            found = [
                admitted(one, now=now)
                for one in read_events(raw_of(reader, entry), source=entry.claim.source)
            ]
            added, decided = _tried(transaction, entry, found)
            new += added
            told.append(decided)
        link_pending(transaction)
        pairs = zip(wanted, told, strict=True)
        heard = _keys_of(reader, [entry for entry, one in pairs if one.fate == Fate.TAKEN_IN])
        released = _released(transaction, heard)
        # Events that were kept already wait for no linking: strangers of another run's id.
        link(transaction, run_ids=sorted(heard - set(released)), changes={})
    link_apart(ledger, released)
    with ledger.reading() as reader:
        known = {one.id: one.claim for one in entries(reader, as_of=_NOW)} if heard else {}
    return QuarantineReport(
        new,
        tuple(
            replace(one, fate=Fate.WAITS.value, reason=known[one.id].reason)
            if one.id in known and known[one.id].fate is Fate.WAITS
            else one
            for one in told
        ),
    )


def drop(ledger: Ledger, names: Sequence[str], *, remark: str) -> QuarantineReport:
    """Say that these entries are not wanted any more; they stay, and can be looked at.

    Raises UnknownNameError and NotWaitingError.
    """
    with ledger.transaction(source="quarantine drop", note=remark) as transaction:
        wanted = find_entries(transaction.reader, names, as_of=_NOW)
        for entry in dict.fromkeys(wanted):
            decide(transaction, entry, Fate.DROPPED, remark=remark)
    told = tuple(Decided(one.id, Fate.DROPPED.value, one.claim.reason) for one in wanted)
    return QuarantineReport(0, told)


def _keys_of(reader: Reader, taken_in: Iterable[Entry]) -> set[str]:
    """Give the keys under which these are kept."""
    return {
        kept_under(one.event)
        for entry in taken_in
        for one in read_events(raw_of(reader, entry), source=entry.claim.source)
        if isinstance(one, CapturedEvent)
    }


def _released(transaction: Transaction, heard: Iterable[str]) -> list[str]:
    """Let what was set aside be linked again."""
    keys = sorted(set_aside_among(transaction.reader, heard))
    for key in keys:
        release(transaction, key)
    return keys


def _tried(
    transaction: Transaction, entry: Entry, found: Sequence[CapturedEvent | RejectedEvent]
) -> tuple[int, Decided]:
    """Take in an entry if all of it can be; gives how many events were new."""
    refused = [one for one in found if isinstance(one, RejectedEvent)]
    captured = [one for one in found if isinstance(one, CapturedEvent)]
    if captured and not refused and entry.is_whole:
        new = transaction.keep_events(kept(one) for one in captured)
        decide(transaction, entry, Fate.TAKEN_IN, remark="")
        return len(new), Decided(entry.id, Fate.TAKEN_IN.value, "")
    if not entry.is_whole:
        reason = f"only the first {entry.claim.kept} of {entry.claim.size} bytes are kept"
    else:
        reason = refused[0].reason if refused else "nothing in it is an event"
        refuse_again(transaction, entry, reason)
    return 0, Decided(entry.id, entry.claim.fate.value, reason)
