"""Reaches in the ledger: an index of runs by table, time and sign, so that few are looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING, Instant
from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_attributes, since
from temporal_lineage.evidence.reach import Asked, Reach, is_sibling, kin_signs
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from temporal_lineage.evidence.reach import Span
    from temporal_lineage.store.records import Believed
    from temporal_lineage.store.transaction import Transaction

_ALWAYS = Period.since(BEGINNING)
_WIDTH_MICROS = 60_000_000
_LEVELS = 10
"""Spans are kept by length, each level sixteen times as wide as the one before: those that meet a
span began at most their level's width before it."""

_SPANS_MAX = 8
"""Of more spans than this all runs of the table are looked through: that is one question."""

_ALL = 2**31 - 1
_OFFSET = 2**63


def keep_reaches(
    transaction: Transaction, run_id: str, reaches: Mapping[int, Reach]
) -> dict[int, Reach]:
    """Keep what a run can come to, by dataset; returns what was kept before."""
    (node_id,) = transaction.nodes([NodeKey(NodeKind.RUN, 0, run_id)])
    before = transaction.reader.timelines(
        node_id=node_id, kind=AttributeKind.REACH, system=transaction.recorded_at
    )
    lines: dict[str, Line] = dict.fromkeys(before, ())
    for dataset_id, reach in reaches.items():
        lines |= {name: since(_ALWAYS, "{}") for name in _names(dataset_id, reach)}
    settle_attributes(transaction, node_id, AttributeKind.REACH, lines)
    former: dict[int, list[str]] = defaultdict(list)
    for name in before:
        text, _, tail = name.partition(":")
        former[int(text)].append(tail)
    return {dataset_id: _parsed(run_id, tails) for dataset_id, tails in former.items()}


def unmarked(transaction: Transaction, dataset_ids: Collection[int]) -> set[int]:
    """Give the datasets of whose runs not all reaches are kept yet, and say that they are now."""
    found = transaction.reader.attributes_of(
        node_ids=sorted(dataset_ids), kind=AttributeKind.REACH, as_of=_now(transaction)
    )
    fresh = set(dataset_ids) - {one.node_id for one in found}
    for dataset_id in sorted(fresh):
        mark = {"": since(_ALWAYS, "{}")}
        settle_attributes(transaction, dataset_id, AttributeKind.REACH, mark)
    return fresh


class WritersOf:
    """All runs that wrote a dataset, found by what they reach."""

    def __init__(self, transaction: Transaction, dataset_id: int) -> None:
        """Look them up through this transaction."""
        self._reader = transaction.reader
        self._now = _now(transaction)
        self._dataset_id = dataset_id
        self._known: dict[int, Reach] = {}

    def meeting(self, asked: Asked) -> list[Reach]:
        """Give the runs that the question meets, and maybe some more."""
        node_ids = self._signed(asked.signs)
        spans = _merged(asked.spans)
        starts = [start for start, _ in spans]
        for name, node_id in self._spans(spans):
            start, end = _span_of(name)
            last = bisect_right(starts, end) - 1
            if last >= 0 and start <= spans[last][1]:
                node_ids.add(node_id)
        for a, b in _merged(asked.ends):
            node_ids |= {one.node_id for one in self._between(f"n{_hex(a)}", f"n{_hex(b, 1)}")}
        return self._loaded(node_ids)

    def kin(self, runs: Sequence[Reach]) -> list[Reach]:
        """Give the runs that are kin to one of these, as far as they wrote the dataset."""
        found = self._signed(kin_signs(runs))
        families = sorted({one.parent for one in runs if one.parent})
        nested = {one.parent for one in runs if one.around}
        nested |= {one for one in families if self._signed([f"a:{one.casefold()}"])}
        beside = [one for one in runs if one.parent and one.parent in nested]
        return self._loaded(found | self._siblings(beside))

    def _siblings(self, runs: Sequence[Reach]) -> set[int]:
        """Give the runs that went on beside one of these, around it or inside it."""
        families: dict[str, list[Reach]] = defaultdict(list)
        for one in runs:
            families[one.parent].append(one)
        spans = self._spans(_merged((one.earliest, one.latest) for one in runs))
        near = {node_id for name, node_id in spans if name[35:] in families}
        self._loaded(near)
        return {
            node_id
            for node_id in near
            if any(
                is_sibling(self._known[node_id], one)
                for one in families[self._known[node_id].parent]
            )
        }

    def _signed(self, signs: Iterable[str]) -> set[int]:
        names = [f"{self._dataset_id}:={one}" for one in sorted(signs)]
        if not names:
            return set()
        found = self._reader.by_attributes(kind=AttributeKind.REACH, names=names, as_of=self._now)
        return {one.node_id for one in found}

    def _spans(self, spans: Sequence[Span]) -> list[tuple[str, int]]:
        found: list[Believed] = []
        if len(spans) > _SPANS_MAX:
            found = self._between("s", "t")
        else:
            for start, end in spans:
                for level in range(_LEVELS):
                    first = start.plus(micros=-_width(level))
                    found += self._between(f"s{level}{_hex(first)}", f"s{level}{_hex(end, 1)}")
        return [(one.name.partition(":")[2], one.node_id) for one in found]

    def _between(self, low: str, high: str) -> list[Believed]:
        return self._reader.attributes_between(
            kind=AttributeKind.REACH,
            low=f"{self._dataset_id}:{low}",
            high=f"{self._dataset_id}:{high}",
            limit=_ALL,
            as_of=self._now,
        )

    def _loaded(self, node_ids: Collection[int]) -> list[Reach]:
        missing = sorted(set(node_ids) - self._known.keys())
        if missing:
            nodes = self._reader.named(node_ids=missing)
            tails: dict[int, list[str]] = defaultdict(list)
            for one in self._reader.attributes_of(
                node_ids=missing, kind=AttributeKind.REACH, as_of=self._now
            ):
                dataset_id, _, tail = one.name.partition(":")
                if dataset_id == str(self._dataset_id):
                    tails[one.node_id].append(tail)
            for node_id in missing:
                self._known[node_id] = _parsed(nodes[node_id].name, tails[node_id])
        return [self._known[one] for one in sorted(node_ids)]


def _names(dataset_id: int, reach: Reach) -> list[str]:
    span = reach.latest.micros - reach.earliest.micros
    level = next((one for one in range(_LEVELS - 1) if span <= _width(one)), _LEVELS - 1)
    flags = ("a" if reach.around else "-") + reach.parent
    tails = [f"s{level}{_hex(reach.earliest)}{_hex(reach.latest)}{flags}"]
    tails += [f"={one}" for one in sorted(reach.signs)]
    if not reach.started:
        tails.append(f"n{_hex(reach.latest)}")
    if reach.around and reach.parent:
        tails.append(f"=a:{reach.parent.casefold()}")
    return [f"{dataset_id}:{tail}" for tail in tails]


def _parsed(run_id: str, tails: Sequence[str]) -> Reach:
    span = next(one for one in tails if one.startswith("s"))
    earliest, latest = _span_of(span)
    return Reach(
        run_id=run_id,
        earliest=earliest,
        latest=latest,
        started=not any(one.startswith("n") for one in tails),
        around=span[34] == "a",
        parent=span[35:],
        signs=frozenset(one[1:] for one in tails if one.startswith("=") and one[1:3] != "a:"),
    )


def _span_of(tail: str) -> Span:
    return Instant(int(tail[2:18], 16) - _OFFSET), Instant(int(tail[18:34], 16) - _OFFSET)


def _hex(instant: Instant, more: int = 0) -> str:
    # After the end of time comes nothing: one digit more would sort before all others.
    return f"{min(instant.micros + _OFFSET + more, 2 * _OFFSET - 1):016x}"


def _width(level: int) -> int:
    return _WIDTH_MICROS * 16**level if level < _LEVELS - 1 else 2 * _OFFSET


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _now(transaction: Transaction) -> AsOf:
    return AsOf(valid=LAST, system=transaction.recorded_at)
