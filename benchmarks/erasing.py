"""Erasure: the rows of one person in all states of a table whose states share their files."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import take_turns, timed
from benchmarks.rows import Row, faster

if TYPE_CHECKING:
    from benchmarks.sizes import Size
    from catalogs.table import TableSource

NOTES = """\
A Delta table of a thousand versions: each adds a file of a thousand rows, and takes the oldest of
ten away. One person's rows are in a few of the files.
We find every version and file that holds them by one pass over the log, and read each file once,
unless the statistics in the log rule it out: that of a key by which the rows are clustered mostly
do, that of a scattered key never.
The other way reads every version by itself, with the same library and the same condition; its
versions are opened before the clock starts.
Both give the rows of every version, and are compared before anything is timed."""

_VERSIONS_MAX = 1_000
_LIVE = 10
_ROWS = 1_000
_ROUNDS_MAX = 3
_SOUGHT = 42


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare one search with a scan of each version."""
    from catalogs.catalog import open_path

    versions = min(size.commits, _VERSIONS_MAX)
    _write(folder / "t", versions)
    for column, how in (("scattered", "a scattered key"), ("clustered", "a clustered key")):
        where = f"{column} = {_SOUGHT}"
        source = open_path(str(folder / "t"), {})
        states = [source.state(version, kept=()) for version in range(versions)]
        found = _searched(source, where)
        assert found == _scanned(states, column, where)
        assert any(found.values())
        ours, peer = take_turns(
            timed(partial(_searched, source, where)),
            timed(partial(_scanned, states, column, where)),
            rounds=min(size.rounds, _ROUNDS_MAX),
        )
        what = f"rows of {how} in {versions:,} versions of {versions:,} files"
        yield faster(what, ours=ours, peer=peer, peer_name="each version read")


def _searched(source: TableSource, where: str) -> Mapping[int, int]:
    from catalogs.engines.in_process import InProcess

    history = source.history(known=None)
    found = source.search(
        where, history=history, kept=(), sieve=InProcess(), watch=lambda _done, _total: None
    )
    assert not found.unexamined
    rows = dict.fromkeys(found.states, 0)
    for one in found.holding:
        for state, count in one.live.items():
            rows[state] += count
    return rows


def _scanned(states: list[Any], column: str, where: str) -> Mapping[int, int]:
    from catalogs.portion import Portion, portion_rows

    return {
        state.snapshot_id: sum(
            batch.num_rows for batch in portion_rows(state, Portion((column,), where))
        )
        for state in states
    }


def _write(root: Path, versions: int) -> None:
    """Write the table by hand: libraries take minutes for so many commits."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    log = root / "_delta_log"
    log.mkdir(parents=True)
    chance = random.Random(7)  # noqa: S311 - the same table every time
    columns = ["scattered", "clustered", "payload"]
    for version in range(versions):
        first = version * _ROWS // 2
        values = {
            # Every file spans all keys; one in seven holds the one that is sought.
            "scattered": [0, 10**6, *([_SOUGHT] if version % 7 == 0 else [])],
            "clustered": list(range(first, first + _ROWS)),
            "payload": [chance.randrange(10**6) for _ in range(_ROWS)],
        }
        rest = _ROWS - len(values["scattered"])
        values["scattered"] += [chance.randrange(10**3, 10**6) for _ in range(rest)]
        table = pa.table({name: pa.array(values[name], pa.int64()) for name in columns})
        path = root / f"part-{version:05}.parquet"
        pq.write_table(table, path)
        actions: list[dict[str, Any]] = [{"commitInfo": {"operation": "WRITE"}}]
        if version == 0:
            actions += [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}]
            actions.append({"metaData": _metadata(columns)})
        elif version >= _LIVE:
            gone = f"part-{version - _LIVE:05}.parquet"
            actions.append({"remove": {"path": gone, "dataChange": True, "deletionTimestamp": 1}})
        actions.append({"add": _add(path, values)})
        text = "".join(json.dumps(one) + "\n" for one in actions)
        (log / f"{version:020}.json").write_text(text)


def _metadata(columns: list[str]) -> dict[str, Any]:
    fields = [{"name": name, "type": "long", "nullable": True, "metadata": {}} for name in columns]
    return {
        "id": "erasure",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": [],
        "configuration": {},
    }


def _add(path: Path, values: Mapping[str, list[int]]) -> dict[str, Any]:
    stats = {
        "numRecords": _ROWS,
        "minValues": {name: min(some) for name, some in values.items()},
        "maxValues": {name: max(some) for name, some in values.items()},
        "nullCount": dict.fromkeys(values, 0),
    }
    return {
        "path": path.name,
        "partitionValues": {},
        "size": path.stat().st_size,
        "modificationTime": 1,
        "dataChange": True,
        "stats": json.dumps(stats),
    }
