"""Contents: all that a ledger says, without the numbers that only tell in which order it came.

Two ledgers that were told the same, one in a single go and one between kills, have equal contents.
Whatever is there twice, is there twice in the contents too.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from sqlalchemy import inspect

from temporal_lineage.bookkeeping.audit import audit
from temporal_lineage.store.engines import make_engine
from temporal_lineage.store.location import sqlite_path
from temporal_lineage.store.rank import rank_tx
from temporal_lineage.store.schema_version import SCHEMA_VERSION

Row = tuple[Any, ...]
Contents = Counter[Row]
Select = Callable[[str], list[Row]]

NOW_FROM = 1_900_000_000_000_000
"""Where the clock of tortured commands stands, in microseconds: years after all tables' times."""

BREACHES_MAX = 5

OLDEST = "0001"
"""The schema version that is migrated from."""

_NOW_UNTIL = 2_000_000_000_000_000
_SIGHTING = re.compile(r"(\d+):([cd])(\d+):(\w+)")
_NUMBER = re.compile(r"\b19\d{14}\b")


def contents(ledger: str) -> Contents:
    """Read a ledger as it is now."""
    engine = make_engine(ledger, wait_ms_max=30_000)
    try:
        with engine.connect() as connection:

            def select(columns: str) -> list[Row]:
                found = connection.exec_driver_sql(f"SELECT {columns}")
                return [tuple(row) for row in found]

            return Counter(_rows(select))
    finally:
        engine.dispose()


def faults(ledger: str) -> list[str]:
    """Say what is broken in a ledger, however far its writer had come; nothing if it is sound."""
    version = _version(ledger)
    if version in (None, OLDEST):
        return []  # nothing was made, or nothing migrated: `contents` tells at the end
    if version != SCHEMA_VERSION:
        return [f"it is of schema version {version}: half migrated"]
    found = [str(one) for one in audit(ledger, limit=BREACHES_MAX).breaches]
    doubled = [f"twice: {row}" for row, times in contents(ledger).items() if times > 1]
    return found + doubled


def _version(ledger: str) -> str | None:
    """Give a ledger's schema version; None where none was made."""
    path = sqlite_path(ledger)
    if path is not None and not path.exists():
        return None
    engine = make_engine(ledger, wait_ms_max=30_000)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            return None if found is None else str(found)
    finally:
        engine.dispose()


def _rows(select: Select) -> Iterator[Row]:
    node = _node_names(select("node_id, kind, parent_id, name FROM node"))
    claim = {0: None} | {
        one: _said(body, node) for one, body in select("claim_id, body FROM claim")
    }
    yield from (("node", *names) for number, names in node.items() if number)
    edges = select("edge_id, src_id, kind, dst_id FROM edge")
    keys = {one: (node[src], kind, node[dst]) for one, src, kind, dst in edges}
    yield from _believed("edge", keys, select, claim)
    attributes = select("attribute_id, node_id, kind, name FROM attribute")
    keys = {one: (node[of], kind, _named(name, node)) for one, of, kind, name in attributes}
    yield from _believed("attribute", keys, select, claim)
    for table, columns in _RECORDS.items():
        for row in select(f"{columns} FROM {table}"):
            yield (table, *_resolved(columns, row, node))
    file: dict[int, str] = dict(select("file_id, path FROM file"))
    columns = "file_id, line, start, dataset_id, stop, origin_id"
    for row in select(f"{columns} FROM file_life"):
        yield ("file_life", file[row[0]], *_resolved(columns, row, node)[1:])
    for of, witness, body in select("dataset_id, witness, body FROM blob"):
        yield ("blob", node[of], witness, zlib.decompress(bytes(body)))
    yield from {
        ("harvest", name, node[of], _timeless(head))
        for name, of, head in select("name, dataset_id, head FROM harvest")
    }
    ((waiting,),) = select(
        "count(*) FROM event WHERE tx_id > (SELECT coalesce(max(upto_tx), 0) FROM linked)"
    )
    yield ("events that wait", waiting)


_RECORDS = {
    "place": "node_id, dataset_id, line, position, files_known, was_read",
    "former_place": "node_id, dataset_id, line, position",
    "contribution": "commit_id, dataset_id, line, start, stop, certainty",
    "file": "dataset_id, key, path, content, size_bytes, row_count, masks",
    "event": "digest, run_id",
}


def _resolved(columns: str, row: Row, node: dict[int, Row]) -> Row:
    """Put names for the numbers of nodes; a negative line is one of what was assumed before."""
    return tuple(
        node.get(value, (value,)) if name.endswith(("_id", "line")) and name != "run_id" else value
        for name, value in zip(columns.split(", "), row, strict=True)
    )


def _node_names(rows: list[Row]) -> dict[int, Row]:
    found = {one: (kind, parent, name) for one, kind, parent, name in rows}

    def name_of(number: int) -> Row:
        if number == 0:
            return ()
        kind, parent, name = found[number]
        return (*name_of(parent), kind, _timeless(name))

    return {0: ()} | {number: name_of(number) for number in found}


def _believed(
    kind: str, keys: dict[int, Row], select: Select, claim: dict[int, str | None]
) -> Iterator[Row]:
    """Yield what is believed now of every key: of each stretch of time, its newest assertion."""
    logs: dict[int, list[Row]] = defaultdict(list)
    columns = f"{kind}_id, rank, valid_from, valid_to, claim_id FROM {kind}_assertion"
    for number, *row in select(f"{columns} ORDER BY {kind}_id, rank, valid_from"):
        logs[number].append(tuple(row))
    transactions = {one for (one,) in select("tx_id FROM tx")}
    for number, key in keys.items():
        log = logs.pop(number, [])
        yield (kind, *key, *_stretches(log, claim))
        lost = {rank_tx(rank) for rank, *_ in log} - transactions
        if lost or not log:
            yield (f"{kind} of no transaction", *key, *sorted(lost))
    yield from ((f"{kind} assertions of no key", number) for number in logs)


def _stretches(log: list[Row], claim: dict[int, str | None]) -> Iterator[Row]:
    ends = sorted({end for _, start, stop, _ in log for end in (start, stop)})
    told: list[Row] = []
    for start, stop in pairwise(ends):
        covering = [one for one in log if one[1] <= start and stop <= one[2]]
        said = claim[covering[0][3]] if covering else None
        if told and told[-1][2] == said and told[-1][1] == _moment(start):
            told[-1] = (told[-1][0], _moment(stop), said)
        else:
            told.append((_moment(start), _moment(stop), said))
    yield from (one for one in told if one[2] is not None and one[0] != one[1])


def _named(name: str, node: dict[int, Row]) -> Row:
    """Give the name of an attribute; that of a sighting starts with a dataset and a job."""
    found = _SIGHTING.fullmatch(name)
    if found is None:
        return (_timeless(name),)
    return (node[int(found[1])], found[2], node[int(found[3])], found[4])


def _said(body: str, node: dict[int, Row]) -> str:
    """Give a claim; one of a sighting pairs nodes, in the order of their numbers."""
    if '"pairs":[[' not in body:
        return _timeless(body)
    told = json.loads(body)
    pairs = [(node[source], node[target], manner) for source, target, manner in told["pairs"]]
    return json.dumps(told | {"pairs": sorted(pairs, key=repr)})


def _moment(micros: int) -> int:
    """Take all moments of tortured commands for one: they began and ended at other times."""
    return NOW_FROM if NOW_FROM <= micros < _NOW_UNTIL else micros


def _timeless(text: str) -> str:
    return _NUMBER.sub("NOW", text)
