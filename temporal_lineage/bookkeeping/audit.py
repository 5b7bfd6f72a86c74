"""Audits: a ledger is compared with every rule that it keeps, and each breach is named."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.bookkeeping.database_rules import database_breaches
from temporal_lineage.bookkeeping.digests import digest_breaches
from temporal_lineage.bookkeeping.invariants import LedgerRule, invariants
from temporal_lineage.store.moment import open_moment

if TYPE_CHECKING:
    from temporal_lineage.store.moment import Moment


class Breach(NamedTuple):
    """One rule that one row breaks; `tx` is the transaction that wrote it, None where none is told.

    `key` is the row's number or key; empty where a whole table or the database is concerned.
    """

    rule: LedgerRule
    table: str
    key: str
    tx: int | None
    detail: str


class LedgerAudit(NamedTuple):
    """How a ledger stands: how many rules were checked, and what is broken.

    `left_out` counts the breaches beyond the limit; `repaired` the cached rows made anew before.
    """

    location: str
    transactions: int
    rules: int
    repaired: int
    left_out: int
    breaches: tuple[Breach, ...]


_OTHERS = 5
"""What is not SQL of ours: the database itself, and four kinds of digests."""

RULES_COUNT = sum(1 for _ in invariants()) + _OTHERS


def audit(url: str, *, limit: int, repaired: int = 0) -> LedgerAudit:
    """Check a ledger at one moment; it is not written. Names up to `limit` breaches.

    Raises LedgerMissingError, LedgerOutdatedError, LedgerDamagedError or LedgerUnreachableError.
    """
    with open_moment(url) as moment:
        ((transactions,),) = moment.rows("SELECT count(*) FROM tx")
        found = breaches_of(moment)
        named = tuple(islice(found, limit))
        left_out = sum(1 for _ in found)
        return LedgerAudit(moment.location, transactions, RULES_COUNT, repaired, left_out, named)


def breaches_of(moment: Moment) -> Iterator[Breach]:
    """Yield everything in which a ledger is not as it should be."""
    for table, detail in database_breaches(moment):
        yield Breach(LedgerRule.DATABASE, table, "", None, detail)
    for rule, table, sql in invariants():
        for key, tx, detail in moment.streamed(sql):
            yield Breach(rule, table, str(key), tx, detail)
    for table, key, tx, detail in digest_breaches(moment):
        yield Breach(LedgerRule.DIGEST, table, key, tx, detail)
