"""Questions about edges: what fed what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter

from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.records import NamedTuple
from temporal_lineage.facts import AsOf, Assertion, timeline
from temporal_lineage.store.rank import rank_floor, rank_tx
from temporal_lineage.store.read_attributes import believed_over_time
from temporal_lineage.store.read_base import Reads, listed, listed_pairs, listed_texts, period
from temporal_lineage.store.records import Asserted, EdgeRow
from temporal_lineage.store.runner import Parameters, Row

_ALL_TX = 2**31 - 1

EdgeKey = tuple[str, int, int]
"""Kind, source and destination."""

EdgeStep = tuple[int, int, int, str]
"""Edge, source, destination, and the claim's JSON text."""

_BY_DESTINATION, _BY_SOURCE = itemgetter(2, 1, 0), itemgetter(1, 2, 0)


class EdgeTold(NamedTuple):
    """One assertion about an edge; times in microseconds, `claim` None where nothing held."""

    rank: int
    start: int
    end: int
    claim: str | None


class EdgeReads(Reads):
    """Ask for edges by their ends, their number or their key."""

    def edges_into(
        self, *, node_ids: Iterable[int], kinds: Sequence[str], as_of: AsOf
    ) -> list[EdgeRow]:
        """Give the edges that hold at a point and end in one of the nodes."""
        return self._edges("edges_into", node_ids, kinds, as_of)

    def edges_out_of(
        self, *, node_ids: Iterable[int], kinds: Sequence[str], as_of: AsOf
    ) -> list[EdgeRow]:
        """Give the edges that hold at a point and start in one of the nodes."""
        return self._edges("edges_out_of", node_ids, kinds, as_of)

    def steps_into(
        self, *, node_ids: Iterable[int], kinds: Sequence[str], as_of: AsOf
    ) -> list[EdgeStep]:
        """Give the same edges as `edges_into`, as (edge, source, destination, claim).

        A walk over many edges spends its time on making values: these are bare rows. Their order,
        by destination and then by source, is that of answers, in whichever database.
        """
        rows = self._ends_among("steps_into", node_ids, kinds, as_of)
        rows.sort(key=_BY_DESTINATION)
        return rows

    def steps_out_of(
        self, *, node_ids: Iterable[int], kinds: Sequence[str], as_of: AsOf
    ) -> list[EdgeStep]:
        """Give the same edges as `edges_out_of`, by source and then by destination."""
        rows = self._ends_among("steps_out_of", node_ids, kinds, as_of)
        rows.sort(key=_BY_SOURCE)
        return rows

    def edge_keys_into(self, *, node_ids: Iterable[int], kinds: Sequence[str]) -> list[EdgeKey]:
        """Give all edges ever spoken of that end in one of the nodes, whatever is believed now."""
        lists = {"nodes": listed(node_ids), "kinds": listed_texts(kinds)}
        rows = self._runner.rows("edge_keys_into", lists)
        return [(kind, src_id, dst_id) for kind, src_id, dst_id in rows]

    def edge(self, *, edge_id: int, as_of: AsOf) -> EdgeRow | None:
        """Give one edge; None where there is no such edge, or it does not hold at the point.

        `valid` is the whole stretch over which the claim is believed.
        """
        floor = rank_floor(tx=self.tx_at(system=as_of.system))
        rows = self._runner.rows("edge_history", {"edges": listed([edge_id]), "floor": floor})
        for valid, claim, _, recorded_at in believed_over_time([row[4:] for row in rows]):
            if valid.contains(as_of.valid):
                _, kind, src_id, dst_id = rows[0][:4]
                return EdgeRow(edge_id, kind, src_id, dst_id, valid, claim, Instant(recorded_at))
        return None

    def edge_ends(self, *, edge_id: int) -> tuple[int, int]:
        """Give source and destination; raises UnknownNameError where there is no such edge."""
        rows = self._runner.rows("edge_ends", {"edge_id": edge_id})
        if not rows:
            raise UnknownNameError("edge", str(edge_id), (), "edge numbers are those of one ledger")
        return rows[0][0], rows[0][1]

    def edge_history(self, *, edge_id: int) -> list[Asserted]:
        """Give every assertion ever made about an edge, oldest first; `name` is its kind."""
        rows = self._runner.rows(
            "edge_history", {"edges": listed([edge_id]), "floor": rank_floor(tx=_ALL_TX)}
        )
        return [
            Asserted(kind, period(start, end), body, Instant(recorded_at), tx)
            for _, kind, _, _, start, end, tx, recorded_at, body in rows
        ]

    def edge_lines(
        self, *, keys: Iterable[EdgeKey], system: Instant
    ) -> dict[EdgeKey, list[EdgeTold]]:
        """Give what had been told of edges by then, oldest first; untold ones are left out."""
        floor = rank_floor(tx=self.tx_at(system=system))
        pairs: dict[str, list[tuple[int, int]]] = {}
        for kind, *pair in dict.fromkeys(keys):
            pairs.setdefault(kind, []).append((pair[0], pair[1]))
        lines: dict[EdgeKey, list[EdgeTold]] = {}
        for kind, asked in pairs.items():
            parameters: Parameters = {"kind": kind, "keys": listed_pairs(asked), "floor": floor}
            for src_id, dst_id, *told in self._runner.rows("edge_lines", parameters):
                lines.setdefault((kind, src_id, dst_id), []).append(EdgeTold(*told))
        for line in lines.values():
            if len(line) > 1:
                line.sort(key=lambda one: (-one.rank, one.start))
        return lines

    def edge_timelines(
        self, *, keys: Iterable[EdgeKey], system: Instant
    ) -> dict[EdgeKey, tuple[tuple[Period, str], ...]]:
        """Give what was believed over valid time about edges, as known then.

        Keys about which nothing is believed are left out.
        """
        lines = self.edge_lines(keys=keys, system=system)
        return {key: believed for key, line in lines.items() if (believed := believed_of(line))}

    def _edges(
        self, name: str, node_ids: Iterable[int], kinds: Sequence[str], as_of: AsOf
    ) -> list[EdgeRow]:
        rows = self._ends_among(name, node_ids, kinds, as_of)
        return [
            EdgeRow(edge_id, kind, src, dst, period(start, end), body, Instant(recorded_at))
            for edge_id, kind, src, dst, start, end, _, recorded_at, body in rows
        ]

    def _ends_among(
        self, name: str, node_ids: Iterable[int], kinds: Sequence[str], as_of: AsOf
    ) -> list[Row]:
        lists = {"nodes": listed(node_ids), "kinds": listed_texts(kinds)}
        return self._runner.rows(name, {**lists, **self._point(as_of)})


def believed_of(line: Sequence[EdgeTold]) -> tuple[tuple[Period, str], ...]:
    """Give what is believed over valid time after all that was told, oldest first."""
    log = [Assertion(one.claim, period(one.start, one.end), rank_tx(one.rank)) for one in line]
    return timeline(log, tx=_ALL_TX)
