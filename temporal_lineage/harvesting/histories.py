"""Table histories in the ledger: remembered claim by claim, and read back as one value."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from snapshots.commit_order import settled
from snapshots.commit_point import CommitPoint, LostPoint
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.history import Expiry, Gap, TableHistory
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from snapshots.recorded_log import RecordedEntry
from snapshots.records import replace
from snapshots.schema import SchemaVersion
from snapshots.snapshot import InstantSource, Snapshot
from snapshots.snapshot_log import LogEntry
from temporal_lineage.beliefs import Line, settle_attributes, since
from temporal_lineage.claims import TableClaim, decode, encode
from temporal_lineage.facts.revise import revision
from temporal_lineage.harvesting.definitions import (
    Definitions,
    Held,
    definition_lines,
    properties_line,
)
from temporal_lineage.harvesting.point_claims import (
    ExpiryClaim,
    PointClaim,
    chain_point,
    point_claim,
)
from temporal_lineage.harvesting.state_claims import state_claim
from temporal_lineage.harvesting.table_claims import table_claims
from temporal_lineage.keys import AttributeKind
from temporal_lineage.store.assertions import AttributeAssertion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from snapshots.commit_point import ChainPoint
    from temporal_lineage.store.reader import Believed, Reader
    from temporal_lineage.store.transaction import Transaction


_PARTS = (
    *(AttributeKind.SNAPSHOT, AttributeKind.POINT, AttributeKind.PROPERTIES),
    *(AttributeKind.DEFINITION, AttributeKind.EXPIRY, AttributeKind.RECORDED),
    AttributeKind.SCHEMA,
)
"""The kinds of claims that a history is read back from, beside the table's own."""


def remember(
    transaction: Transaction,
    dataset_id: int,
    history: TableHistory,
    *,
    address: str,
    known: TableHistory | None,
) -> int:
    """Bring the ledger's beliefs about a table to this history. Returns assertions made.

    `known` is what `remembered` gives of it now: then only what differs from that is looked at.
    None where that is not known, or was kept by other rules: then all beliefs are compared.
    """
    table = since(Period.since(_first(history)), encode(_table(history, address)))
    made = settle_attributes(transaction, dataset_id, AttributeKind.TABLE, {"": table})
    before = None if known is None else _lines(known)
    for kind, lines in _lines(history).items():
        if before is None:
            told = {name: _told(line) for name, line in lines.items()}
            made += settle_attributes(transaction, dataset_id, kind, told)
            continue
        old = before[kind]
        made += transaction.assert_attributes(
            AttributeAssertion(dataset_id, kind, name, period, claim)
            for name, line in lines.items()
            if old.get(name) != line
            for period, claim in _difference(old.get(name, ()), line)
        )
    return made


def remembered(reader: Reader, dataset_id: int, *, system: Instant) -> TableHistory | None:
    """Give a table's history as the ledger knew it then; None where it knew no such table."""
    return remembered_of(reader, [dataset_id], system=system).get(dataset_id)


def remembered_of(
    reader: Reader, dataset_ids: Iterable[int], *, system: Instant
) -> dict[int, TableHistory]:
    """Give the same of several tables; those that the ledger did not know are left out."""
    tables = table_claims(reader, dataset_ids, system=system)
    known = {
        kind: reader.timelines_of(node_ids=tables, kind=kind, system=system) if tables else {}
        for kind in _PARTS
    }
    return {
        dataset_id: _remembered(
            table, {kind: lines.get(dataset_id, {}) for kind, lines in known.items()}
        )
        for dataset_id, table in tables.items()
    }


def _remembered(
    table: TableClaim, lines: Mapping[AttributeKind, Mapping[str, Sequence[Believed]]]
) -> TableHistory:
    snapshots = lines[AttributeKind.SNAPSHOT]
    listed = {int(name) for name, line in snapshots.items() if line[-1].valid.end == FOREVER}
    decoded = [decode(Snapshot, line[-1].claim) for line in snapshots.values()]
    claims = {
        int(name): decode(PointClaim, line[-1].claim)
        for name, line in lines[AttributeKind.POINT].items()
    }
    defined = Definitions(
        lines[AttributeKind.PROPERTIES].get("", []), lines[AttributeKind.DEFINITION]
    )
    expiries = [
        Expiry(int(name), line[-1].valid.start, decode(ExpiryClaim, line[-1].claim).act)
        for name, line in lines[AttributeKind.EXPIRY].items()
    ]
    recorded = [
        RecordedEntry(line[-1].valid.start, int(line[-1].claim))
        for line in lines[AttributeKind.RECORDED].values()
    ]
    schemas = lines[AttributeKind.SCHEMA]
    return TableHistory(
        identity=TableIdentity(TableFormat(table.format), table.uuid),
        location=table.location,
        chain=_chain(claims, defined),
        recorded=tuple(sorted(recorded, key=lambda entry: entry.at)),
        snapshots=tuple(sorted(decoded, key=commit_order)),
        schemas=tuple(
            decode(SchemaVersion, line[-1].claim)
            for line in sorted(schemas.values(), key=lambda line: line[-1].valid.start)
        ),
        listed=frozenset(listed),
        expiries=tuple(sorted(expiries, key=lambda expiry: (expiry.since, expiry.snapshot_id))),
        gaps=tuple(Gap(gap) for gap in table.gaps),
        features=table.features,
    )


def commit_order(snapshot: Snapshot) -> tuple[int, Instant]:
    """Give what snapshots of one table are ordered by."""
    return (snapshot.sequence_number, snapshot.committed_at)


def _chain(claims: Mapping[int, PointClaim], defined: Definitions) -> tuple[ChainPoint, ...]:
    """Give the chain, each point with what the table was from when on it counted."""
    bare = [chain_point(position, claim, {}, None) for position, claim in sorted(claims.items())]
    since = {point.position: at for at, point in settled(bare)}
    return tuple(
        replace(
            point,
            properties=defined.properties(since.get(point.position, point.at)),
            definition=defined.definition(since.get(point.position, point.at)),
        )
        if isinstance(point, CommitPoint)
        else point
        for point in bare
    )


def _lines(history: TableHistory) -> dict[AttributeKind, Mapping[str, Held]]:
    """Give all that a history says of its parts, but for the table as a whole."""
    return {
        AttributeKind.SNAPSHOT: _snapshots(history),
        AttributeKind.EXPIRY: {
            str(one.snapshot_id): _since(one.since, ExpiryClaim(one.act))
            for one in history.expiries
        },
        AttributeKind.POINT: {
            str(point.position): _since(point.at, point) for point in history.chain
        },
        AttributeKind.RECORDED: _recorded(history),
        AttributeKind.REF: {
            ref: tuple((entry.period, entry) for entry in log.entries)
            for ref, log in history.logs().items()
        },
        AttributeKind.SCHEMA: _schemas(history),
        AttributeKind.PROPERTIES: {"": properties_line(history.chain)},
        AttributeKind.DEFINITION: definition_lines(history.chain),
    }


def _difference(old: Held, new: Held) -> Iterator[tuple[Period, str | None]]:
    """Yield the assertions that turn one line into another; a log of thousands is cut short."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    yield from revision(_told(old[same:]), _told(new[same:]))


def _told(line: Held) -> Line:
    return tuple((period, _text(what)) for period, what in line)


def _text(what: object) -> str:
    match what:
        case str():
            return what
        case LogEntry():
            return encode(state_claim(what))
        case CommitPoint() | LostPoint():
            return encode(point_claim(what))
        case _:
            return encode(what)


def _since(start: Instant, what: object) -> Held:
    return ((Period.since(start), what),)


def _table(history: TableHistory, address: str) -> TableClaim:
    return TableClaim(
        format=history.identity.format.value,
        uuid=history.identity.uuid,
        location=history.location,
        address=address,
        features=history.features,
        gaps=tuple(dict.fromkeys((*(gap.what for gap in history.gaps), *_clock_steps(history)))),
    )


def _clock_steps(history: TableHistory) -> Iterator[str]:
    """Name the commits that say they are older than one before them."""
    latest: CommitPoint | None = None
    for point in history.chain:
        if not isinstance(point, CommitPoint) or point.source is not InstantSource.METADATA_LOG:
            continue
        if latest is not None and point.at < latest.at:
            yield (
                f"a clock stepped back: {point.witness} says {point.at}, {latest.witness} before it"
                f" {latest.at}; in between nobody can tell which was current, and from then on the"
                " order of the commits decides"
            )
        else:
            latest = point


def _first(history: TableHistory) -> Instant:
    instants = [point.at for point in history.chain]
    instants += [snapshot.committed_at for snapshot in history.snapshots]
    return min(instants, default=BEGINNING)


def _snapshots(history: TableHistory) -> dict[str, Held]:
    """A snapshot holds from its commit until the table's metadata forgot it."""
    ends = {one.snapshot_id: one.since for one in history.expiries}
    lines: dict[str, Held] = {}
    for snapshot in history.snapshots:
        start, end = snapshot.committed_at, ends.get(snapshot.snapshot_id, FOREVER)
        # A clock that stepped back can date an expiry before the commit; the order is known.
        period = Period(start, max(end, start.plus(micros=1)))
        lines[str(snapshot.snapshot_id)] = ((period, snapshot),)
    return lines


def _recorded(history: TableHistory) -> dict[str, Held]:
    """Keep what only the snapshot log can tell: before the chain, and where a point is lost."""
    if all(isinstance(point, CommitPoint) for point in history.chain):
        first = min((point.at for point in history.chain), default=FOREVER)
        needed = [entry for entry in history.recorded if entry.at < first]
    else:
        needed = list(history.recorded)
    return {
        f"{entry.at.micros}:{entry.snapshot_id}": _since(entry.at, str(entry.snapshot_id))
        for entry in needed
    }


def _schemas(history: TableHistory) -> dict[str, Held]:
    """A schema is known from the first commit point that has it as current."""
    firsts: dict[int, Instant] = {}
    for point in history.chain:
        if not isinstance(point, LostPoint) and point.schema_id is not None:
            firsts.setdefault(point.schema_id, point.at)
    for snapshot in history.snapshots:
        if snapshot.schema_id is not None:
            firsts.setdefault(snapshot.schema_id, snapshot.committed_at)
    start = _first(history)
    return {
        str(schema.schema_id): _since(firsts.get(schema.schema_id, start), schema)
        for schema in history.schemas
    }
