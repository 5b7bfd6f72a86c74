"""Pinning: promise to keep the states that a target was made from, and revoke a promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.availability import (
    AtRisk,
    Availability,
    Gone,
    Live,
    LogTruncated,
    Partial,
    Protected,
    Recoverable,
    Unverified,
)
from snapshots.errors import BadTargetError, TemporalLineageError
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.beliefs import settle_attributes, since
from temporal_lineage.claims import encode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.locks.lock import Lock, LockedState
from temporal_lineage.locks.opening import LockedTables
from temporal_lineage.locks.reproducing import look_at_lock
from temporal_lineage.naming import Naming
from temporal_lineage.promises.keeping import KeptBy, NoTags, NotKept, Way, kept_by, let_go, ways
from temporal_lineage.promises.promise import (
    LeftOut,
    PromiseClaim,
    PromisedClaim,
    find_promise,
    next_name,
)
from temporal_lineage.reproduce.answer import availability_name
from temporal_lineage.reproduce.inputs import InputState, find_inputs
from temporal_lineage.reproduce.kept_files import LostFileInput, SeenFile
from temporal_lineage.reproduce.look import look
from temporal_lineage.reproduce.tables import Tables
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from temporal_lineage.addresses import Address
    from temporal_lineage.promises.promise import Promise
    from temporal_lineage.reproduce.inputs import Input
    from temporal_lineage.reproduce.look import Looked
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction


_KEEPABLE = (Live, Protected, AtRisk, Recoverable)
"""The verdicts on states that are there, and could stay."""


class NothingToKeepError(TemporalLineageError):
    """A promise that could not cover a single state."""

    def __init__(self, target: str, left_out: Sequence[LeftOut]) -> None:
        """Keep the target, and why each of its inputs cannot be kept."""
        self.target = target
        self.left_out = tuple(left_out)
        first = self.left_out[0] if self.left_out else None
        why = f"{first.address}: {first.reason}" if first else "nothing tells what it was made from"
        more = f" (and {len(self.left_out) - 1} more)" if len(self.left_out) > 1 else ""
        super().__init__(
            f"{target} cannot be kept: {why}{more}; `tl available` shows which states can"
        )


@dataclass(frozen=True, slots=True)
class HeldState:
    """A state that the promise covers.

    `verdict` names the kind of its `availability` before anything was done for it. `kept` says
    what was written to keep it; None where that was not asked for. `ways` are what people can do
    where the promise alone does not keep it.
    """

    address: str
    verdict: str
    availability: Availability
    kept: KeptBy | NotKept | NoTags | None
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class PinReport:
    """A promise that was made: the states it covers, and the inputs that nothing can keep."""

    promise: str
    target: str
    until: Instant
    reason: str
    who: str
    states: tuple[HeldState, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class TagLeft:
    """A tag that was made for a promise: `dropped`, or why it still stands in its table."""

    address: str
    tag: str
    dropped: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class UnpinReport:
    """A promise that was revoked: what it had covered, and what became of its tags."""

    promise: str
    target: str
    reason: str
    who: str
    states: tuple[str, ...]
    tags: tuple[TagLeft, ...]


def pin(
    ledger: Ledger,
    target: Address | Lock,
    *,
    folder: Path,
    until: Instant,
    reason: str,
    who: str,
    enforce: bool,
) -> PinReport:
    """Promise that every state which a target was made from stays readable until then.

    With `enforce` a tag is made for each state of an Iceberg table that a catalog can write to;
    nothing else is ever written to a table. Raises UnknownNameError, BadTargetError, and
    NothingToKeepError where no state can be kept.
    """
    now = ledger.now()
    with ledger.reading() as reader:
        shown, tables, looked = _looked(reader, target, folder, now)
        if until <= now:
            text = f"--until {until} is not after now, {now}"
            raise BadTargetError(shown, f"{text}; a promise is about the time to come")
        reasons = [(one, seen, _why_not(one, seen)) for one, seen in looked]
        left_out = tuple(
            LeftOut(seen.input.address, why) for _, seen, why in reasons if why is not None
        )
        held = [
            (one, seen) for one, seen, why in reasons if why is None and isinstance(one, InputState)
        ]
        if not held:
            raise NothingToKeepError(shown, left_out)
        claim = PromiseClaim(shown, until, reason, who, left_out)
        name = _promised(ledger, claim, [one for one, _ in held])
        states = []
        for one, seen in held:
            kept = kept_by(ledger, tables, one, name, until, folder=folder) if enforce else None
            before = seen.input.availability
            told = (
                ()
                if isinstance(kept, KeptBy)
                else ways(tables, one, name, until, kept, folder=folder)
            )
            states.append(
                HeldState(seen.input.address, availability_name(before), before, kept, told)
            )
    return PinReport(name, shown, until, reason, who, tuple(states), left_out)


def unpin(
    ledger: Ledger, name: str, *, folder: Path, reason: str, who: str, drop_tags: bool
) -> UnpinReport:
    """Revoke a promise; that it was made stays known. Raises UnknownNameError, BadTargetError.

    With `drop_tags` the tags that were made for it are removed where they still stand as made.
    """
    with ledger.transaction(source="unpin", note=_note(name, who, reason)) as transaction:
        reader = transaction.reader
        now = transaction.recorded_at
        found = find_promise(reader, name, as_of=AsOf(valid=now, system=now))
        _end(transaction, found, at=now)
    with ledger.reading() as reader:
        tables = Tables(reader, folder)
        naming = Naming(reader, as_of=AsOf(valid=LAST, system=LAST))
        addresses = {one: f"{naming.dataset(one.dataset_id)}@{one.version}" for one in found.states}
        tags = []
        for one, address in addresses.items():
            if one.tag is None:
                continue
            why = let_go(tables, one, folder=folder) if drop_tags else "--drop-tags removes it"
            tags.append(TagLeft(address, one.tag, why is None, why))
    told = tuple(sorted(addresses.values()))
    return UnpinReport(name, found.claim.target, reason, who, told, tuple(tags))


def _looked(
    reader: Reader, target: Address | Lock, folder: Path, now: Instant
) -> tuple[str, Tables, Sequence[tuple[Input, Looked]]]:
    """Find what a target was made from, and look at it; names the target for people, too."""
    if isinstance(target, Lock):
        states = [one for one in target.inputs if isinstance(one, LockedState)]
        locked = LockedTables(reader, folder, states)
        return target.target, locked, look_at_lock(locked, target, now=now)
    inputs = find_inputs(reader, target, AsOf(valid=now, system=LAST))
    tables = Tables(reader, folder)
    looked = [(one, look(tables, one, now=now)) for one in inputs.inputs]
    return inputs.target, tables, looked


def _promised(ledger: Ledger, claim: PromiseClaim, states: Sequence[InputState]) -> str:
    """Write the promise down, and give its address."""
    note = _note(claim.target, claim.who, claim.reason)
    with ledger.transaction(source="pin", note=note) as transaction:
        name = next_name(transaction.reader)
        start = transaction.recorded_at
        lasts = Period(start, max(claim.until, start.plus(micros=1)))
        keys = [NodeKey(NodeKind.PROMISE, 0, name)]
        keys += [NodeKey(NodeKind.VERSION, one.dataset_id, one.version) for one in states]
        promise_id, *version_ids = transaction.nodes(keys)
        body = encode(claim)
        settle_attributes(transaction, promise_id, AttributeKind.PROMISE, {"": since(lasts, body)})
        for node_id in version_ids:
            line = since(lasts, encode(PromisedClaim(None)))
            settle_attributes(transaction, node_id, AttributeKind.PROMISED, {name: line})
    return name


def _end(transaction: Transaction, found: Promise, *, at: Instant) -> None:
    """Let a promise hold up to now and no longer."""
    keys = [(found.node_id, AttributeKind.PROMISE, "")]
    keys += [(one.node_id, AttributeKind.PROMISED, found.name) for one in found.states]
    for node_id, kind, name in keys:
        line = transaction.reader.timeline(node_id=node_id, kind=kind, name=name, system=at)
        rest = Period.since(at)
        kept = tuple((piece, one.claim) for one in line for piece in one.valid.minus(rest))
        settle_attributes(transaction, node_id, kind, {name: kept})


def _why_not(one: Input, seen: Looked) -> str | None:
    """Say why nothing can keep an input; None where something can."""
    verdict = seen.input.availability
    if isinstance(seen, SeenFile | LostFileInput):
        return "it is a file outside any table; `tl reproduce --out` copies it"
    if isinstance(one, InputState) and isinstance(verdict, _KEEPABLE):
        # A lock stands alone: this ledger need not know the table.
        place = seen.input.location
        known = one.dataset_id >= 0
        return None if known else f"no harvest here knows its table; `tl harvest {place}` first"
    match verdict:
        case Partial(_, lost, of, _, act):
            why = f"{lost} of its {of} files are gone already{_by(act)}"
        case Gone(_, _, _, act):
            why = f"it is gone already{_by(act)}"
        case LogTruncated(first):
            why = f"it is gone already: its table's log begins with version {first}"
        case Unverified(reason):
            why = reason
        case _:
            why = f"it is {availability_name(verdict)}"
    return why


def _by(act: str | None) -> str:
    return f", by {act}" if act else ""


def _note(what: str, who: str, reason: str) -> str:
    return f"{what}, by {who}" + (f": {reason}" if reason else "")
