"""Invariants: what is true of every sound ledger, each as SQL that finds where it is not.

Both databases read the same text. A statement gives a row for each breach: the key as text, the
transaction that wrote it or NULL, and what is wrong in words. DESIGN 4.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from temporal_lineage.bookkeeping.kept_tables import KEPT_TABLES
from temporal_lineage.store.rank import TURNS

_FOREVER = 2**63 - 1
# The least number, as PostgreSQL reads one without taking it for a decimal.
_BEGINNING = f"(-{_FOREVER} - 1)"


class LedgerRule(StrEnum):
    """What kind of rule is broken."""

    CACHE = "cache"
    """A cache is not what the log leads to; `--repair` makes it anew."""
    TIME = "time"
    """System time does not rise from transaction to transaction."""
    PERIOD = "period"
    """A period is empty or runs backwards, or two of one key overlap."""
    REFERENCE = "reference"
    """A row names another that is not there."""
    RANK = "rank"
    """The order of what was said of a key cannot be told."""
    GAP = "gap"
    """A number that was given is missing: a row was taken out."""
    DIGEST = "digest"
    """What is kept is not what was kept: its digest is another."""
    DATABASE = "database"
    """The database itself says that a page, an index or a constraint is broken, or lacks one."""


class Invariant(NamedTuple):
    """A rule for a table, and the statement that finds its breaches."""

    rule: LedgerRule
    table: str
    sql: str


def invariants() -> Iterator[Invariant]:
    """Yield every rule that SQL can check, the cheap ones first."""
    yield Invariant(LedgerRule.TIME, "tx", _TIME)
    for table in KEPT_TABLES:
        if table.numbered:
            yield Invariant(LedgerRule.GAP, table.name, _gap(table.name, table.numbered))
    for name in ("edge", "attribute"):
        log = f"{name}_assertion"
        yield Invariant(LedgerRule.PERIOD, log, _empty(log, f"{name}_id", "valid_from", "valid_to"))
        yield Invariant(LedgerRule.RANK, log, _rank(name))
        yield Invariant(LedgerRule.PERIOD, log, _overlap_in_turn(name))
        yield Invariant(LedgerRule.CACHE, name, _cache(name))
    for lives, key in (("contribution", "commit_id"), ("file_life", "file_id")):
        yield Invariant(LedgerRule.PERIOD, lives, _empty(lives, key, "start", "stop"))
        yield Invariant(LedgerRule.PERIOD, lives, _overlap_in_line(lives, key))
    yield Invariant(LedgerRule.CACHE, "place", _WAS_READ)
    for reference in _REFERENCES:
        yield Invariant(LedgerRule.REFERENCE, reference[0], _reference(*reference))


def tx_of_rank(column: str) -> str:
    """Write the transaction of a rank; see `temporal_lineage.store.rank`."""
    return f"(-{column}) / {TURNS}"


_TIME = """
SELECT CAST(tx_id AS TEXT), tx_id, 'recorded at ' || CAST(recorded_at AS TEXT)
    || ', not later than the one before, at ' || CAST(before AS TEXT)
FROM (SELECT tx_id, recorded_at, lag(recorded_at) OVER (ORDER BY tx_id) AS before FROM tx) AS told
WHERE recorded_at <= before
"""

_WAS_READ = """
SELECT CAST(node_id AS TEXT), tx_id, 'was_read is ' || CAST(was_read AS TEXT)
FROM place
WHERE was_read <> CASE WHEN EXISTS (SELECT 1 FROM edge WHERE edge.src_id = place.node_id)
    THEN 1 ELSE 0 END
"""


def _gap(table: str, number: str) -> str:
    """Find numbers without the one before: whoever gives numbers leaves none out."""
    return f"""
SELECT CAST({number} AS TEXT), NULL, 'comes after ' || CAST(coalesce(before, 0) AS TEXT)
FROM (SELECT {number}, lag({number}) OVER (ORDER BY {number}) AS before FROM {table}) AS told
WHERE {number} <> coalesce(before, 0) + 1
"""


def _empty(table: str, key: str, start: str, end: str) -> str:
    tx = tx_of_rank("rank") if table.endswith("_assertion") else "tx_id"
    return f"""
SELECT CAST({key} AS TEXT), {tx}, 'from ' || CAST({start} AS TEXT)
    || ' until ' || CAST({end} AS TEXT)
FROM {table} WHERE NOT {start} < {end}
"""


def _overlap_in_turn(of: str) -> str:
    """Find periods of one turn that overlap: which of them is the newer, nothing tells."""
    return f"""
SELECT CAST({of}_id AS TEXT), {tx_of_rank("rank")}, 'a period from ' || CAST(valid_from AS TEXT)
    || ' begins before ' || CAST(before AS TEXT) || ', where another of its rank ends'
FROM (
    SELECT {of}_id, rank, valid_from,
        lag(valid_to) OVER (PARTITION BY {of}_id, rank ORDER BY valid_from) AS before
    FROM {of}_assertion
) AS told
WHERE valid_from < before
"""


def _overlap_in_line(table: str, key: str) -> str:
    return f"""
SELECT CAST({key} AS TEXT), tx_id, 'in line ' || CAST(line AS TEXT) || ' of dataset '
    || CAST(dataset_id AS TEXT) || ' twice at ' || CAST(start AS TEXT)
FROM (
    SELECT {key}, dataset_id, line, start, tx_id,
        lag(stop) OVER (PARTITION BY {key}, dataset_id, line ORDER BY start) AS before
    FROM {table}
) AS told
WHERE start < before
"""


def _rank(of: str) -> str:
    return f"""
SELECT CAST({of}_id AS TEXT), {tx_of_rank("rank")}, 'rank ' || CAST(rank AS TEXT)
    || ' is of no transaction'
FROM {of}_assertion
WHERE rank >= 0 OR {tx_of_rank("rank")} NOT IN (SELECT tx_id FROM tx)
"""


def _cache(of: str) -> str:
    """Find keys whose kept state is not what their log leads to: `temporal_lineage.store.state`."""
    return f"""
WITH newest AS (
    SELECT {of}_id, min(rank) AS rank FROM {of}_assertion GROUP BY {of}_id
),
opened AS (
    SELECT {of}_id, min(rank) AS rank FROM {of}_assertion
    WHERE valid_to = {_FOREVER} GROUP BY {of}_id
),
decided AS (
    SELECT log.{of}_id, log.rank, max(log.valid_from) AS valid_from, max(log.claim_id) AS claim_id
    FROM opened JOIN {of}_assertion AS log
        ON log.{of}_id = opened.{of}_id AND log.rank = opened.rank AND log.valid_to = {_FOREVER}
    GROUP BY log.{of}_id, log.rank
),
ended AS (
    SELECT log.{of}_id, max(log.valid_to) AS valid_to
    FROM {of}_assertion AS log LEFT JOIN decided ON decided.{of}_id = log.{of}_id
    WHERE log.valid_to <> {_FOREVER} AND (decided.rank IS NULL OR log.rank < decided.rank)
    GROUP BY log.{of}_id
),
told AS (
    SELECT kept.{of}_id, kept.last_tx, kept.since, kept.open_tx, kept.claim_id,
        coalesce({tx_of_rank("newest.rank")}, 0) AS told_last,
        CASE WHEN ended.valid_to > coalesce(decided.valid_from, {_BEGINNING})
            THEN ended.valid_to ELSE coalesce(decided.valid_from, {_BEGINNING}) END AS told_since,
        coalesce({tx_of_rank("decided.rank")}, 0) AS told_open,
        coalesce(decided.claim_id, 0) AS told_claim
    FROM {of} AS kept
    LEFT JOIN newest ON newest.{of}_id = kept.{of}_id
    LEFT JOIN decided ON decided.{of}_id = kept.{of}_id
    LEFT JOIN ended ON ended.{of}_id = kept.{of}_id
)
SELECT CAST({of}_id AS TEXT), last_tx, CASE WHEN told_last = 0 THEN 'nothing was ever said of it'
    ELSE 'claim ' || CAST(claim_id AS TEXT) || ' since ' || CAST(since AS TEXT)
    || ', and its log says claim ' || CAST(told_claim AS TEXT) || ' since '
    || CAST(told_since AS TEXT) || ' in ' || CAST(told_last AS TEXT) END
FROM told
WHERE last_tx <> told_last OR since <> told_since OR open_tx <> told_open
    OR claim_id <> told_claim OR told_last = 0
"""


_REFERENCES = (
    ("node", "node_id", "parent_id", "node", "node_id", "0", None),
    *(("edge", "edge_id", end, "node", "node_id", None, "last_tx") for end in ("src_id", "dst_id")),
    ("edge", "edge_id", "claim_id", "claim", "claim_id", "0", "last_tx"),
    ("attribute", "attribute_id", "node_id", "node", "node_id", None, "last_tx"),
    ("attribute", "attribute_id", "claim_id", "claim", "claim_id", "0", "last_tx"),
    *(
        reference
        for of in ("edge", "attribute")
        for rank in (tx_of_rank("rank"),)
        for reference in (
            (f"{of}_assertion", f"{of}_id", f"{of}_id", of, f"{of}_id", None, rank),
            (f"{of}_assertion", f"{of}_id", "claim_id", "claim", "claim_id", "0", rank),
        )
    ),
    *(
        (table, "node_id", column, "node", "node_id", None, "tx_id")
        for table in ("place", "former_place")
        for column in ("node_id", "dataset_id")
    ),
    ("former_place", "node_id", "until_tx", "tx", "tx_id", None, "tx_id"),
    ("contribution", "commit_id", "commit_id", "node", "node_id", "0", "tx_id"),
    ("contribution", "commit_id", "dataset_id", "node", "node_id", None, "tx_id"),
    ("file", "file_id", "dataset_id", "node", "node_id", None, None),
    ("file_life", "file_id", "file_id", "file", "file_id", None, "tx_id"),
    ("file_life", "file_id", "dataset_id", "node", "node_id", None, "tx_id"),
    ("file_life", "file_id", "origin_id", "node", "node_id", "0", "tx_id"),
    ("harvest", "harvest_id", "dataset_id", "node", "node_id", "0", "tx_id"),
    ("blob", "blob_id", "dataset_id", "node", "node_id", None, "tx_id"),
    ("linked", "upto_tx", "upto_tx", "tx", "tx_id", None, "tx_id"),
    *(
        (table.name, table.key[0], "tx_id", "tx", "tx_id", None, "tx_id")
        for table in KEPT_TABLES
        if "tx_id" in table.names and table.name != "tx"
    ),
)
"""Table, its key, the column that refers, where to, which column, what means nothing, the tx."""


def _reference(
    table: str,
    key: str,
    column: str,
    target: str,
    number: str,
    nothing: str | None,
    tx: str | None,
) -> str:
    unless = f" AND {column} <> {nothing}" if nothing is not None else ""
    return f"""
SELECT CAST({key} AS TEXT), {tx or "NULL"}, '{column} ' || CAST({column} AS TEXT)
    || ' is no {target}'
FROM {table} AS referring
WHERE NOT EXISTS (SELECT 1 FROM {target} AS target WHERE target.{number} = referring.{column})
    {unless.strip()}
"""
