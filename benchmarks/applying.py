"""Writing: claims in batches, each at its time, with corrections of the past among them."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import loading
from benchmarks.measuring import take_turns
from benchmarks.rectangles import Key, Rectangles, Told
from benchmarks.rows import Row, faster
from benchmarks.statements_alone import overheard, said_again
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_edges
from temporal_lineage.claims import encode
from temporal_lineage.evidence.grades import Evidence, Grade, Method
from temporal_lineage.facts import AsOf
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion
from temporal_lineage.store.ledger import Ledger

if TYPE_CHECKING:
    from benchmarks.sizes import Size
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

NOTES = """\
Batches of 5,000 claims, each batch one transaction: six in ten say something new from a time on,
two in ten correct a stretch of the past, one in ten ends what held, one in ten holds for a while.
Each key is told about five times, or about fourteen times, as in the histories whose measurements
set the goal; three keys share a claim's text.
The peer is the classical bitemporal table of rectangles in SQLite, with the same settings, the
same two orders of its key and the same table of claim texts: for a batch it looks up what it
believes, closes the rows that the claims overlap, and writes what is left of them and the new ones,
with the standard `sqlite3` alone.
The row below each says how much of our time is SQLite's: the very statements of our transactions
are kept, and said again to a new ledger with no Python between them. No code around them can be
quicker than that, so where that row is below the goal, these tables cannot reach it.
On 26 November 2026, in processor time on a busy machine: 1.65x to 1.9x at five times a key, where
the statements alone are 2.8x, and 2.5x at fourteen, where they are 4.6x. For a key told few times
the peer has few rows to close, and we write an assertion, the key's state, that state once more in
the index of the other order, and the claim, which both keep alike. Without the state in that index
the statements would take a tenth less, and every walk against the tables' order would look twice
for each edge: it stays.
Then the same beliefs are settled a second time, when nothing is new.
The last rows put ready rows into the ledger's own tables, indexes and all, in one transaction, by
its session and by the driver alone: no claim is looked up, no state worked out."""

_BATCH = 5_000
_FIRST = 1_767_225_600_000_000
_STEP = 1_000_000
_LATER = Instant(_FIRST + 10**15)
_TOLD = (5, 14)
"""How often each key is told something, on the average."""

_NODES = 1_000
"""How many nodes the keys are about, whatever their number."""

Batch = Sequence[Told]

Telling = Callable[["Transaction"], int]
"""Tells a transaction one batch."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Edges or attributes, how to tell and ask of them; `second` is their key's other order."""

    name: str
    second: str
    key: Callable[[int], Key]
    tell: Callable[[Batch], Telling]
    held: Callable[[Reader, AsOf], set[tuple[Key, str]]]


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare the log of assertions with rectangles, and a second time with the first."""
    for kind in _KINDS:
        for told in _TOLD:
            yield from _applied(size, folder / f"{kind.name}-{told}", kind, told)
    yield _settled_again(size, folder / "settled")
    yield from loading.run(size, folder / "loaded")


def _applied(size: Size, folder: Path, kind: _Kind, told: int) -> Iterator[Row]:
    trial = _Trial(folder, kind, list(_batches(kind, size.assertions, told)))
    trial.check()
    contenders = (trial.ours, trial.theirs, trial.statements_alone)
    asserting, closing, saying = take_turns(*contenders, rounds=size.rounds)
    what = f"apply {size.assertions:,} assertions on {kind.name}, {told} on each, 5,000 a batch"
    for name, ours, goal in ((what, asserting, 3), ("its statements alone", saying, None)):
        yield faster(
            name,
            ours=ours,
            peer=closing,
            peer_name="rectangles in sqlite3",
            goal=goal,
            each=size.assertions,
        )


class _Trial:
    """The same batches for both, each time into a new database."""

    def __init__(self, folder: Path, kind: _Kind, batches: Sequence[Batch]) -> None:
        folder.mkdir()
        self._paths = (folder / f"{number}.db" for number in count())
        self._kind = kind
        self._batches = batches
        # Both get their claims in their own classes, ready made.
        self._tellings = [kind.tell(batch) for batch in batches]
        self._made: Path | None = None
        self._said = overheard(next(self._paths), self._tellings, first=_LATER)

    def ours(self) -> float:
        """Apply the batches as assertions; only the transactions are counted."""
        seconds = 0.0
        self._made = next(self._paths)
        with _ledger(self._made) as ledger:
            for telling in self._tellings:
                start = time.perf_counter()
                with ledger.transaction(source="benchmark", note="") as transaction:
                    telling(transaction)
                seconds += time.perf_counter() - start
        return seconds

    def theirs(self) -> float:
        """Apply the batches to rectangles."""
        rectangles = Rectangles(next(self._paths), second=self._kind.second)
        start = time.perf_counter()
        self._apply(rectangles)
        seconds = time.perf_counter() - start
        rectangles.close()
        return seconds

    def statements_alone(self) -> float:
        """Say again what ours said to SQLite."""
        return said_again(next(self._paths), self._said)

    def check(self) -> None:
        """Ask both what holds at points in both times."""
        self.ours()
        rectangles = Rectangles(next(self._paths), second=self._kind.second)
        self._apply(rectangles)
        assert self._made is not None
        draw = random.Random(2)  # noqa: S311 - the same every time, and no secret
        steps = sum(len(batch) for batch in self._batches)
        with _ledger(self._made) as ledger, ledger.reading() as reader:
            for _ in range(10):
                valid = _FIRST + draw.randrange(steps) * _STEP
                system = _recorded(draw.randrange(len(self._batches)))
                ours = self._kind.held(reader, AsOf(valid=Instant(valid), system=system))
                assert ours == rectangles.holds(valid=valid, system=system.micros)
                assert ours
        rectangles.close()

    def _apply(self, rectangles: Rectangles) -> None:
        for number, batch in enumerate(self._batches):
            rectangles.apply(batch, now=_recorded(number).micros)


def _tell_edges(batch: Batch) -> Telling:
    assertions = [
        EdgeAssertion(str(kind), int(src_id), int(dst_id), one.valid, one.claim)
        for one in batch
        for src_id, kind, dst_id in (one.key,)
    ]
    return lambda transaction: transaction.assert_edges(assertions)


def _tell_attributes(batch: Batch) -> Telling:
    assertions = [
        AttributeAssertion(int(node_id), str(kind), str(name), one.valid, one.claim)
        for one in batch
        for node_id, kind, name in (one.key,)
    ]
    return lambda transaction: transaction.assert_attributes(assertions)


def _held_edges(reader: Reader, point: AsOf) -> set[tuple[Key, str]]:
    rows = reader.edges_out_of(node_ids=range(_NODES), kinds=["edge"], as_of=point)
    return {((one.src_id, one.kind, one.dst_id), one.claim) for one in rows}


def _held_attributes(reader: Reader, point: AsOf) -> set[tuple[Key, str]]:
    rows = reader.attributes_of(node_ids=range(_NODES), kind="snapshot", as_of=point)
    return {((one.node_id, "snapshot", one.name), one.claim) for one in rows}


_KINDS = (
    _Kind(
        name="edges",
        second="c, b, a",
        key=lambda number: (number % _NODES, "edge", number // _NODES + number % 3),
        tell=_tell_edges,
        held=_held_edges,
    ),
    _Kind(
        name="attributes",
        second="b, c, a",
        key=lambda number: (number % _NODES, "snapshot", f"name-{number // _NODES}"),
        tell=_tell_attributes,
        held=_held_attributes,
    ),
)


def _ledger(path: Path) -> Ledger:
    batches = count()
    return Ledger.open(str(path), clock=lambda: _recorded(next(batches)))


def _recorded(batch: int) -> Instant:
    """Give when a batch is recorded: later than all it tells."""
    return _LATER.plus(micros=batch)


def _batches(kind: _Kind, assertions: int, told_each: int) -> Iterator[Batch]:
    """Make up the same claims every time."""
    draw = random.Random(1)  # noqa: S311 - the same every time, and no secret
    keys = max(1, assertions // told_each)
    told = [
        _told(kind.key(draw.randrange(keys)), draw, step, assertions) for step in range(assertions)
    ]
    for start in range(0, assertions, _BATCH):
        yield told[start : start + _BATCH]


def _told(key: Key, draw: random.Random, step: int, steps: int) -> Told:
    now = Instant(_FIRST + step * _STEP)
    before = now.plus(micros=-draw.randrange(1, steps) * _STEP)
    span = draw.randrange(1, steps) * _STEP
    match draw.randrange(10):
        case 0:
            return Told(key, Period.since(now), None)
        case 1:
            return Told(key, Period(now, now.plus(micros=span)), _claim(step // 3))
        case 2 | 3:
            return Told(key, Period(before, before.plus(micros=span)), _claim(step // 3))
        case _:
            return Told(key, Period.since(now), _claim(step // 3))


def _claim(number: int) -> str:
    run = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
    read = Evidence(Method.INPUT_START_VERSION, Grade.HIGH, f"START version {number}", ())
    wrote = Evidence(Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH, f"COMPLETE version {number}", ())
    return encode(EdgeClaim(run, f"spark/job_{number % 50}", Grade.HIGH, read, wrote))


def _settled_again(size: Size, folder: Path) -> Row:
    """Settle beliefs, and settle them again."""
    folder.mkdir()
    paths = (folder / f"{number}.db" for number in count())
    lines: list[dict[tuple[str, int, int], Line]] = []
    for start in range(0, size.assertions, _BATCH):
        numbers = range(start, min(start + _BATCH, size.assertions))
        keys = (("edge", number % _NODES, number // _NODES) for number in numbers)
        since = Period.since(Instant(_FIRST))
        lines.append({key: ((since, _claim(sum(key[1:]) // 3)),) for key in keys})
    made: list[Path] = []

    def settled(path: Path) -> tuple[float, int]:
        seconds, new = 0.0, 0
        with _ledger(path) as ledger:
            for batch in lines:
                start = time.perf_counter()
                with ledger.transaction(source="benchmark", note="") as transaction:
                    new += settle_edges(transaction, batch)
                seconds += time.perf_counter() - start
        return seconds, new

    def first() -> float:
        made.append(next(paths))
        seconds, new = settled(made[-1])
        assert new == size.assertions
        return seconds

    def again() -> float:
        seconds, new = settled(made[-1])
        assert new == 0
        return seconds

    loading, repeating = take_turns(first, again, rounds=size.rounds)
    return faster(
        f"settle {size.assertions:,} beliefs a second time, 5,000 a batch",
        ours=repeating,
        peer=loading,
        peer_name="ours, the first time",
        goal=2.5,
        each=size.assertions,
    )
