"""Watching: one look at all states that promises and models need, against the last one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.addresses import DatasetAddress
from temporal_lineage.beliefs import settle_attributes
from temporal_lineage.claims import decode, encode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.guard.drift import Drift, Standing, drift, standing
from temporal_lineage.guard.scope import in_scope
from temporal_lineage.guard.uses import Uses
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.promises.promise import promises
from temporal_lineage.questions.question import Question
from temporal_lineage.reproduce.available import available
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class WatchLine:
    """A state that drifts: who wants it until when, what is said of it now, and what was before.

    `ends` is when what keeps it ends, `forever` where nothing takes it, null where it cannot be
    read as its table has it; `why` says what that is. `before` is null at the first look.
    """

    address: str
    drift: Drift
    wanted_by: tuple[str, ...]
    wanted_until: Instant
    verdict: str
    ends: Instant | None
    why: str
    before: str | None
    seen_at: Instant


@dataclass(frozen=True, slots=True)
class WatchReport:
    """One pass: how many states were looked at, what drifts, and what could not be looked at."""

    seen_at: Instant
    states: int
    lines: tuple[WatchLine, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A state that somebody wants; a model wants its own for ever."""

    by: tuple[str, ...]
    until: Instant


def watch(
    ledger: Ledger, folder: Path, targets: Sequence[str], *, within_micros: int
) -> WatchReport:
    """Look at every state that a promise or a model needs, and keep what was seen.

    What drifts is told: what was lost since the last pass, what ends sooner than it did then, and
    what ends within that time. Raises UnknownNameError.
    """
    now = ledger.now()
    limit = now.plus(micros=within_micros)
    lines: list[WatchLine] = []
    unseen: list[str] = []
    seen: dict[NodeKey, Standing] = {}
    with ledger.reading() as reader:
        for dataset_id, name in in_scope(reader, targets).items():
            wanted = _wanted(reader, dataset_id, name, now)
            if not wanted:
                continue
            found = _standings(reader, name, now, folder)
            before = _before(reader, dataset_id, wanted)
            for version, want in sorted(wanted.items()):
                stands = found.get(version)
                if stands is None:
                    unseen.append(f"{name}@{version}")
                    continue
                seen[NodeKey(NodeKind.VERSION, dataset_id, version)] = stands
                last = before.get(version)
                how = drift(stands, last, limit=limit, wanted_until=want.until)
                if how is not None:
                    lines.append(_line(f"{name}@{version}", how, want, stands, last, now))
    _keep(ledger, seen)
    return WatchReport(now, len(seen), tuple(lines), tuple(unseen))


def _wanted(reader: Reader, dataset_id: int, name: str, now: Instant) -> dict[str, _Wanted]:
    """Map the versions of a table that are wanted to who wants them, and until when."""
    by: dict[str, list[str]] = defaultdict(list)
    until: dict[str, Instant] = {}
    for promise in promises(reader, as_of=AsOf(valid=now, system=LAST)):
        for state in promise.states:
            if state.dataset_id == dataset_id:
                by[state.version].append(promise.name)
                end = promise.claim.until
                until[state.version] = max(end, until.get(state.version, end))
    versions = [one.name for one in reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)]
    for use in Uses(reader, dataset_id, name).models(versions):
        version = use.state.removeprefix(f"{name}@")
        by[version].append(use.address)
        until[version] = FOREVER
    return {version: _Wanted(tuple(who), until[version]) for version, who in by.items()}


def _standings(reader: Reader, name: str, now: Instant, folder: Path) -> dict[str, Standing]:
    question = Question("watch", name, AsOf(valid=now, system=LAST), known_until=None)
    answer = available(reader, DatasetAddress(name, None, None), question, now=now, folder=folder)
    return {
        str(one.version): standing(one.verdict, one.availability)
        for one in answer.states
        if one.verdict != "unverified"
    }


def _before(reader: Reader, dataset_id: int, wanted: dict[str, _Wanted]) -> dict[str, Standing]:
    nodes = reader.nodes_named(kind=NodeKind.VERSION, parent_id=dataset_id, names=list(wanted))
    names = {one.node_id: one.name for one in nodes}
    rows = reader.attributes_of(
        node_ids=list(names),
        kind=AttributeKind.WATCHED,
        as_of=AsOf(valid=LAST, system=LAST),
    )
    return {names[one.node_id]: decode(Standing, one.claim) for one in rows}


def _keep(ledger: Ledger, seen: dict[NodeKey, Standing]) -> None:
    """Keep what was seen from now on; what is as it was is not written again."""
    if not seen:
        return
    with ledger.transaction(source="guard watch", note=f"{len(seen)} states") as transaction:
        node_ids = transaction.nodes(list(seen))
        now = Period.since(transaction.recorded_at)
        for node_id, stands in zip(node_ids, seen.values(), strict=True):
            line = transaction.reader.timeline(
                node_id=node_id,
                kind=AttributeKind.WATCHED,
                name="",
                system=transaction.recorded_at,
            )
            claim = encode(stands)
            if line and line[-1].claim == claim:
                continue
            kept = [(piece, one.claim) for one in line for piece in one.valid.minus(now)]
            kept.append((now, claim))
            settle_attributes(transaction, node_id, AttributeKind.WATCHED, {"": tuple(kept)})


def _line(
    address: str,
    how: Drift,
    want: _Wanted,
    now: Standing,
    before: Standing | None,
    seen_at: Instant,
) -> WatchLine:
    return WatchLine(
        address=address,
        drift=how,
        wanted_by=want.by,
        wanted_until=want.until,
        verdict=now.verdict,
        ends=now.ends,
        why=now.why,
        before=before.verdict if before else None,
        seen_at=seen_at,
    )
