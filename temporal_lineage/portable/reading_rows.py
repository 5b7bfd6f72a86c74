"""Rows for readers: facts as rectangles of both times, with names beside the numbers."""

from __future__ import annotations

from array import array
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from snapshots.instant import BEGINNING, FOREVER, Instant
from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.naming import Naming
from temporal_lineage.portable.plain_rectangles import plain_rectangles
from temporal_lineage.store.rank import rank_tx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.store.moment import Moment
    from temporal_lineage.store.runner import Row

# Spark 3 refuses what a Parquet file has from before 1900 unless it is told of which calendar that
# is, and Python has no year 0, which year 1 is in zones west of Greenwich.
_FIRST = Instant.parse("1900-01-01").micros
_LAST = Instant.parse("9999-12-31").micros
_LARGEST = 2**63 - 1
_TOLD_KEPT = 10_000
_FACT = "a.rank, a.valid_from, a.valid_to, c.body"
_SAID = itemgetter(slice(-4, None))


def kinds(moment: Moment, of: str) -> list[str]:
    """Give the kinds of edges or attributes that a ledger has."""
    return [kind for (kind,) in moment.rows(f"SELECT DISTINCT kind FROM {of} ORDER BY kind")]


class ReadingRows:
    """The rows of each table for readers, of one moment of a ledger."""

    def __init__(self, moment: Moment) -> None:
        """Look up what every row needs: when transactions were, and what datasets are called."""
        self._moment = moment
        told = moment.streamed("SELECT recorded_at FROM tx ORDER BY tx_id")
        # Transactions are counted from 1; before all of them nothing is known.
        self._recorded = array("q", [BEGINNING.micros, *(one for (one,) in told)])
        identities = moment.rows(
            f"SELECT node_id, name FROM node WHERE kind = '{NodeKind.DATASET}' ORDER BY node_id"
        )
        naming = Naming(moment.reader(), as_of=AsOf(valid=LAST, system=LAST))
        naming.keep(dict(identities))
        self._called = naming.datasets(one for one, _ in identities)
        self._identities = identities

    def edges(self, kind: str) -> Iterator[Row]:
        """Yield the edges of a kind, those into one target together."""
        found = self._moment.streamed(
            "SELECT e.edge_id, s.node_id, s.kind, s.parent_id, s.name,"
            f" d.node_id, d.kind, d.parent_id, d.name, {_FACT}"
            " FROM edge AS e CROSS JOIN edge_assertion AS a CROSS JOIN node AS s"
            " CROSS JOIN node AS d LEFT JOIN claim AS c ON c.claim_id = a.claim_id"
            f" WHERE e.kind = '{kind}' AND a.edge_id = e.edge_id AND s.node_id = e.src_id"
            " AND d.node_id = e.dst_id ORDER BY e.dst_id, e.src_id, a.rank DESC, a.valid_from"
        )
        for _, group in groupby(found, key=itemgetter(0)):
            rows = list(group)
            number, *ends = rows[0][:9]
            named = (kind, number, *self._node(*ends[:4]), *self._node(*ends[4:]))
            for times, body in self._facts(rows):
                yield (*named, *times, *_told(kind, body), body)

    def attributes(self, kind: str) -> Iterator[Row]:
        """Yield the attributes of a kind, those of one node together."""
        found = self._moment.streamed(
            f"SELECT e.attribute_id, n.node_id, n.kind, n.parent_id, n.name, e.name, {_FACT}"
            " FROM attribute AS e CROSS JOIN attribute_assertion AS a CROSS JOIN node AS n"
            " LEFT JOIN claim AS c ON c.claim_id = a.claim_id"
            f" WHERE e.kind = '{kind}' AND a.attribute_id = e.attribute_id"
            " AND n.node_id = e.node_id ORDER BY e.node_id, e.name, a.rank DESC, a.valid_from"
        )
        for _, group in groupby(found, key=itemgetter(0)):
            rows = list(group)
            number, *node, name = rows[0][:6]
            for times, body in self._facts(rows):
                yield (kind, number, *self._node(*node), name, *times, body)

    def states(self) -> Iterator[Row]:
        """Yield where states stand, and where they stood before that was known better."""
        stood = "n.node_id, n.kind, n.parent_id, n.name, p.dataset_id, p.line, p.position, p.tx_id"
        found = self._moment.streamed(
            f"SELECT {stood}, 0 FROM place AS p JOIN node AS n ON n.node_id = p.node_id UNION ALL"
            f" SELECT {stood}, p.until_tx FROM former_place AS p"
            " JOIN node AS n ON n.node_id = p.node_id ORDER BY 5, 6, 7, 1"
        )
        for *node, _, line, position, since, until in found:
            end = self._recorded[until] if until else FOREVER.micros
            times = (_shown(self._recorded[since]), _shown(end))
            yield (*self._node(*node), line, position, *times)

    def contributions(self) -> Iterator[Row]:
        """Yield over which states the rows of each commit live."""
        found = self._moment.streamed(
            "SELECT n.node_id, n.kind, n.parent_id, n.name,"
            " o.dataset_id, o.line, o.start, o.stop, o.certainty, o.tx_id"
            " FROM contribution AS o LEFT JOIN node AS n ON n.node_id = o.commit_id"
            " ORDER BY o.dataset_id, o.line, o.start, o.commit_id"
        )
        for *node, dataset, line, start, stop, certainty, tx in found:
            named = self._node(*node) if node[0] is not None else (None,) * 6
            since = _shown(self._recorded[tx])
            yield (*named, dataset, line, start, stop, certainty, since)

    def datasets(self) -> Iterator[Row]:
        """Yield every dataset with what people call it."""
        for number, identity in self._identities:
            yield (number, self._called[number], identity)

    def transactions(self) -> Iterator[Row]:
        """Yield every transaction."""
        sql = "SELECT tx_id, recorded_at, source, note FROM tx ORDER BY tx_id"
        for number, recorded_at, source, note in self._moment.streamed(sql):
            yield (number, _shown(recorded_at), source, note)

    def _node(self, node_id: int, kind: str, parent_id: int, name: str) -> Row:
        """Give the columns of a node; see `layout`."""
        is_dataset = kind == NodeKind.DATASET
        dataset_id = node_id if is_dataset else parent_id
        called = self._called.get(dataset_id)
        return (
            node_id,
            kind,
            name,
            dataset_id if called is not None else None,
            called,
            _snapshot_id(name) if kind == NodeKind.VERSION else None,
        )

    def _facts(self, rows: list[Row]) -> Iterator[tuple[tuple[int, int, int, int], str]]:
        """Yield the periods of every fact of one key, and its claim."""
        recorded = self._recorded
        said = ((rank_tx(rank), start, end, body) for rank, start, end, body in map(_SAID, rows))
        for start, end, since, until, claim in plain_rectangles(said):
            told = (_shown(recorded[since]), _LAST if until is None else _shown(recorded[until]))
            yield (_shown(start), _shown(end), *told), claim


def _shown(micros: int) -> int:
    return _FIRST if micros < _FIRST else min(micros, _LAST)


def _snapshot_id(name: str) -> int | None:
    number = int(name) if name.isdecimal() and name.isascii() else None
    return number if number is not None and number <= _LARGEST else None


@lru_cache(_TOLD_KEPT)
def _told(kind: str, body: str) -> tuple[Any, ...]:
    """Give what the columns of an edge's claim hold; see `layout`."""
    match kind:
        case EdgeKind.EDGE:
            edge = decode(EdgeClaim, body)
            return (
                edge.grade.value,
                edge.run or None,
                [edge.job] if edge.job else [],
                [],
                edge.reads.method.value,
                edge.writes.method.value,
                edge.reads.method.tells_itself,
            )
        case EdgeKind.FLOW | EdgeKind.COLUMN_FLOW:
            flow = decode(FlowClaim, body)
            return (None, None, list(flow.jobs), list(flow.how), None, None, None)
        case _:
            return (None,) * 7
