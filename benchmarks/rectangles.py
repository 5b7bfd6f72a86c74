"""Rectangles: the classical bitemporal table, four times a row, over the standard sqlite3.

A row says that a claim holds over a valid period and was believed over a system period. A new claim
closes the rows it overlaps in system time, writes what is left of them anew, and adds its own.
The settings of the database are the ledger's, and so are the two orders in which keys are found.
Of three designs tried this is the fastest: looking up a batch at once and writing it in bulk took
half as long again, a table with numbered rows and two covering indexes a quarter.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from snapshots.instant import FOREVER
from snapshots.period import Period

Key = tuple[int | str, int | str, int | str]


@dataclass(frozen=True, slots=True)
class Told:
    """Over the valid period the claim holds for the key; None: nothing holds any longer."""

    key: Key
    valid: Period
    claim: str | None


_MAKE = """
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -65536;
CREATE TABLE claim (claim_id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE fact (
  a NOT NULL, b NOT NULL, c NOT NULL,
  superseded_at INTEGER NOT NULL, valid_from INTEGER NOT NULL,
  valid_to INTEGER NOT NULL, recorded_at INTEGER NOT NULL, claim_id INTEGER NOT NULL,
  PRIMARY KEY (a, b, c, recorded_at, valid_from)
) WITHOUT ROWID;
"""

_SECOND = """
CREATE INDEX fact_second ON fact
  ({order}, superseded_at, valid_from, valid_to, recorded_at, claim_id)
"""

_OVERLAPPED = """
SELECT valid_from, valid_to, recorded_at, claim_id FROM fact
WHERE a = ? AND b = ? AND c = ? AND superseded_at = ? AND valid_from < ? AND valid_to > ?
"""

_WHICH = "WHERE a = ? AND b = ? AND c = ? AND recorded_at = ? AND valid_from = ?"
_CLOSE = f"UPDATE fact SET superseded_at = ? {_WHICH}"
_TAKE_BACK = f"DELETE FROM fact {_WHICH}"
_OPEN = "INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?, ?, ?)"

_HOLDS = """
SELECT fact.a, fact.b, fact.c, body FROM fact JOIN claim USING (claim_id)
WHERE recorded_at <= :system AND :system < superseded_at
  AND valid_from <= :valid AND :valid < valid_to
"""

_KNOWN_CLAIMS = """
SELECT digest, claim_id FROM claim WHERE digest IN (SELECT value FROM json_each(?))
"""


class Rectangles:
    """A bitemporal table for one kind of key."""

    def __init__(self, path: Path, *, second: str) -> None:
        """Make the table; `second` is the other order of the key's columns that is asked for."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_MAKE + _SECOND.format(order=second))

    def apply(self, told: Sequence[Told], *, now: int) -> None:
        """Apply claims in their order, in one transaction, believed from now on."""
        self._connection.execute("BEGIN IMMEDIATE")
        claims = self._claims({one.claim for one in told if one.claim is not None})
        for one in told:
            self._apply_one(one, now, claims)
        self._connection.execute("COMMIT")

    def holds(self, *, valid: int, system: int) -> set[tuple[Key, str]]:
        """Give what holds at a point in both times, for every key."""
        rows = self._connection.execute(_HOLDS, {"valid": valid, "system": system})
        return {((a, b, c), body) for a, b, c, body in rows}

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _apply_one(self, one: Told, now: int, claims: dict[str, int]) -> None:
        run = self._connection.execute
        start, end = one.valid.start.micros, one.valid.end.micros
        wanted = (*one.key, FOREVER.micros, end, start)
        opened = []
        for first, last, recorded_at, claim_id in run(_OVERLAPPED, wanted).fetchall():
            if recorded_at < now:
                run(_CLOSE, (now, *one.key, recorded_at, first))
            else:
                # Written by this transaction: nobody has seen it.
                run(_TAKE_BACK, (*one.key, recorded_at, first))
            if first < start:
                opened.append((*one.key, FOREVER.micros, first, start, now, claim_id))
            if end < last:
                opened.append((*one.key, FOREVER.micros, end, last, now, claim_id))
        if one.claim is not None:
            opened.append((*one.key, FOREVER.micros, start, end, now, claims[one.claim]))
        self._connection.executemany(_OPEN, opened)

    def _claims(self, bodies: Iterable[str]) -> dict[str, int]:
        """Give the numbers of claims; each text is kept once, as in the ledger."""
        digests = {blake2b(body.encode(), digest_size=16).hexdigest(): body for body in bodies}
        found = self._connection.execute(_KNOWN_CLAIMS, (json.dumps(list(digests)),))
        known: dict[str, int] = dict(found)
        ((last,),) = self._connection.execute("SELECT coalesce(max(claim_id), 0) FROM claim")
        new = [digest for digest in digests if digest not in known]
        rows = [(last + place, digest, digests[digest]) for place, digest in enumerate(new, 1)]
        self._connection.executemany("INSERT INTO claim VALUES (?, ?, ?)", rows)
        known.update((digest, number) for number, digest, _ in rows)
        return {body: known[digest] for digest, body in digests.items()}
