"""Questions about attributes: what is believed of a node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.facts import AsOf, Assertion, decisions
from temporal_lineage.store.rank import rank_floor
from temporal_lineage.store.read_base import Reads, listed, listed_texts, period
from temporal_lineage.store.records import Asserted, Believed
from temporal_lineage.store.runner import Parameters, Row

_ALL_TX = 2**31 - 1


class AttributeReads(Reads):
    """Ask for the attributes of a node at a point in both times, or over valid time."""

    def attribute(self, *, node_id: int, kind: str, name: str, as_of: AsOf) -> Believed | None:
        """Give what is believed at a point; None where nothing holds.

        `valid` is the whole stretch over which the claim is believed. Of a line only what lies
        around the point is read: that of a branch is as long as its table has commits.
        """
        parameters: Parameters = {
            "node_id": node_id,
            "kind": kind,
            "name": name,
            **self._point(as_of),
        }

        def decided(valid: Instant) -> Believed | None:
            at = {**parameters, "valid": valid.micros}
            return next(iter(_decided(self._runner.rows("attribute_at", at))), None)

        believed = decided(as_of.valid)
        while believed is not None and believed.valid.start > BEGINNING:
            before = decided(believed.valid.start.plus(micros=-1))
            if before is None or before.claim != believed.claim:
                break
            believed = _joined(before, believed)
        while believed is not None and believed.valid.end < FOREVER:
            after = decided(believed.valid.end)
            if after is None or after.claim != believed.claim:
                break
            believed = _joined(believed, after)
        return believed

    def attributes(self, *, node_id: int, kind: str, as_of: AsOf) -> list[Believed]:
        """Give all attributes of a kind that hold at a point, by name."""
        lines = self.timelines(node_id=node_id, kind=kind, system=as_of.system).values()
        return [one for line in lines if (one := _at(line, as_of.valid)) is not None]

    def timeline(self, *, node_id: int, kind: str, name: str, system: Instant) -> list[Believed]:
        """Give what was believed over valid time, as known then, in order."""
        rows = self._runner.rows(
            "attribute_history",
            {"node_id": node_id, "kind": kind, "name": name, "floor": self._floor(system)},
        )
        return _believed(node_id, name, rows)

    def timelines(self, *, node_id: int, kind: str, system: Instant) -> dict[str, list[Believed]]:
        """Give the timelines of all attributes of a kind; names that hold nowhere are left out."""
        return self.timelines_of(node_ids=[node_id], kind=kind, system=system).get(node_id, {})

    def timelines_of(
        self, *, node_ids: Iterable[int], kind: str, system: Instant
    ) -> dict[int, dict[str, list[Believed]]]:
        """Give the same of several nodes; a node of which nothing holds anywhere is left out."""
        rows = self._runner.rows(
            "attribute_histories",
            {"nodes": listed(node_ids), "kind": kind, "floor": self._floor(system)},
        )
        lines: dict[int, dict[str, list[Believed]]] = {}
        for (node_id, name), group in groupby(rows, key=itemgetter(0, 1)):
            line = _believed(node_id, name, [row[1:] for row in group])
            if line:
                lines.setdefault(node_id, {})[name] = line
        return lines

    def attribute_history(self, *, node_id: int, kind: str, name: str) -> list[Asserted]:
        """Give every assertion ever made, oldest first, with what was taken back."""
        rows = self._runner.rows(
            "attribute_history",
            {"node_id": node_id, "kind": kind, "name": name, "floor": rank_floor(tx=_ALL_TX)},
        )
        return [
            Asserted(name, period(start, end), body, Instant(recorded_at), tx)
            for name, start, end, tx, recorded_at, body in rows
        ]

    def by_attribute(self, *, kind: str, name: str, as_of: AsOf) -> list[Believed]:
        """Give every node of which the attribute holds at a point.

        `valid` is the stretch around the point over which the newest assertion decides.
        """
        parameters: Parameters = {"kind": kind, "name": name, **self._point(as_of)}
        return _decided(self._runner.rows("attributes_by_name", parameters))

    def by_attributes(self, *, kind: str, names: Iterable[str], as_of: AsOf) -> list[Believed]:
        """Give every node of which one of the attributes holds at a point, as `by_attribute`."""
        parameters: Parameters = {
            "kind": kind,
            "names": listed_texts(names),
            **self._point(as_of),
        }
        return _decided(self._runner.rows("attributes_among", parameters))

    def attributes_between(
        self, *, kind: str, low: str, high: str, limit: int, as_of: AsOf
    ) -> list[Believed]:
        """Give the attributes of any node that hold, with names from `low` to before `high`.

        They are ordered by name; a negative limit gives the last ones, last first.
        """
        parameters: Parameters = {
            "kind": kind,
            "low": low,
            "high": high,
            "limit": abs(limit),
            **self._point(as_of),
        }
        statement = "attributes_between" if limit >= 0 else "attributes_between_last"
        return _decided(self._runner.rows(statement, parameters))

    def attributes_of(self, *, node_ids: Iterable[int], kind: str, as_of: AsOf) -> list[Believed]:
        """Give the attributes of a kind that hold of some of the nodes at a point.

        `valid` is the stretch around the point over which the newest assertion decides.
        """
        parameters: Parameters = {"nodes": listed(node_ids), "kind": kind, **self._point(as_of)}
        return _decided(self._runner.rows("attributes_of", parameters))

    def claims_of(self, *, node_ids: Iterable[int], kind: str, as_of: AsOf) -> dict[int, str]:
        """Give the claims of the attributes without a name that hold of some of the nodes.

        Of ten thousand nodes the periods and transactions take twice as long as these.
        """
        parameters: Parameters = {"nodes": listed(node_ids), "kind": kind, **self._point(as_of)}
        return dict(self._runner.rows("claims_of", parameters))

    def claims_holding(
        self, part: str, *, node_ids: Iterable[int], kind: str, as_of: AsOf
    ) -> list[tuple[int, str]]:
        """Give the claims of a kind that hold of some of the nodes and hold a text, with each node.

        The text has no wildcard of SQL in it, % or _. Most claims that are looked through do not
        hold it, and are not brought out of the database.
        """
        parameters: Parameters = {
            "nodes": listed(node_ids),
            "kind": kind,
            "holding": f"%{part}%",
            **self._point(as_of),
        }
        rows = self._runner.rows("claims_holding", parameters)
        return [(node_id, claim) for node_id, claim in rows if part in claim]

    def _floor(self, system: Instant) -> int:
        return rank_floor(tx=self.tx_at(system=system))


def _joined(before: Believed, after: Believed) -> Believed:
    """Give two neighbours of one claim as one; it rests on the newer of them."""
    newer = max(before, after, key=lambda one: one.tx_id)
    return newer._replace(valid=Period(before.valid.start, after.valid.end))


def _at(line: Sequence[Believed], valid: Instant) -> Believed | None:
    return next((one for one in line if one.valid.contains(valid)), None)


def _decided(rows: Sequence[Row]) -> list[Believed]:
    return [
        Believed(node_id, name, period(start, end), body, Instant(recorded_at), tx)
        for node_id, name, start, end, tx, recorded_at, body in rows
    ]


def _believed(node_id: int, name: str, rows: Sequence[Row]) -> list[Believed]:
    return [
        Believed(node_id, name, valid, claim, Instant(recorded_at), tx)
        for valid, claim, tx, recorded_at in believed_over_time([row[1:] for row in rows])
    ]


def believed_over_time(rows: Sequence[Row]) -> Iterator[tuple[Period, str, int, int]]:
    """Yield what a key's history leaves believed: periods in order, equal neighbours joined.

    Rows are (start, end, tx, recorded_at, claim or None), oldest first. Each piece comes with
    its claim and the newest transaction it rests on.
    """
    if len(rows) == 1:  # most keys were told once
        ((start, end, tx, recorded_at, body),) = rows
        if body is not None:
            yield period(start, end), body, tx, recorded_at
        return
    recorded = {row[2]: row[3] for row in rows}
    log = [Assertion(body, period(start, end), tx) for start, end, tx, _, body in rows]
    piece: tuple[Period, str, int] | None = None
    for valid, one in decisions(log, tx=_ALL_TX):
        if one.claim is None:
            continue
        if piece is not None and piece[0].end == valid.start and piece[1] == one.claim:
            piece = (Period(piece[0].start, valid.end), one.claim, max(piece[2], one.tx))
            continue
        if piece is not None:
            yield (*piece, recorded[piece[2]])
        piece = (valid, one.claim, one.tx)
    if piece is not None:
        yield (*piece, recorded[piece[2]])
