"""One table that was only ever appended to: all its commits live in its last state."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import take_turns, timed
from benchmarks.pipelines import Pipeline, Table, Version
from benchmarks.rows import Row, faster, longer
from benchmarks.told_pipelines import tell
from snapshots.instant import Instant
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind

if TYPE_CHECKING:
    from benchmarks.sizes import Size

NOW = Instant.parse("2038-01-01")
"""After the last of a hundred thousand commits, one an hour."""

Named = list[tuple[str, str]]
"""Each commit's version, and the claim of its writer."""

# As our own statement, without certainties, times, and places of before the files were read.
_BARE = """
SELECT node.name, claim.body
FROM place
JOIN contribution ON contribution.dataset_id = place.dataset_id
  AND contribution.line = place.line
  AND contribution.start <= place.position AND contribution.stop > place.position
JOIN node ON node.node_id = contribution.commit_id
JOIN attribute ON attribute.node_id = contribution.commit_id
  AND attribute.kind = 'writer' AND attribute.name = ''
JOIN claim ON claim.claim_id = attribute.claim_id
WHERE place.node_id = {node_id}
"""
_ASKED = ("place", "contribution", "node", "attribute", "claim")


def appended_rows(size: Size, folder: Path) -> Iterator[Row]:
    """Ask for all commits in the last state: the one statement, and the whole question."""
    folder.mkdir()
    path = folder / "ledger.db"
    number = size.appends
    tell(path, Pipeline(layers=1, width=1, versions=number, kept=number), now=NOW)
    with ExitStack() as stack:
        ours, node_id = _our_stab(stack, path, number)
        peers = [_by_hand(stack, path, node_id)]
        if find_spec("duckdb") is not None:
            peers.append(_duckdb(stack, path, node_id))
        asks = [ours, *(ask for _, ask in peers)]
        wanted = sorted(ours())
        assert len(wanted) == number
        assert all(sorted(ask()) == wanted for ask in asks)
        seconds = _turns(asks, size.rounds)
    what = f"commits in a state of {number:,} appends, each with its writer, one statement"
    yield longer(what, ours=seconds[0], peer=seconds[1], peer_name=peers[0][0])
    for (name, _), peer in zip(peers[1:], seconds[2:], strict=True):
        yield faster(what, ours=seconds[0], peer=peer, peer_name=name)
    yield from _whole(size, folder, path)


def _whole(size: Size, folder: Path, path: Path) -> Iterator[Row]:
    """Compare the whole question with reading the manifests."""
    from pyiceberg.table import StaticTable

    from benchmarks.appended_iceberg import write_appended
    from temporal_lineage.session import Session
    from temporal_lineage.workspace import Workspace

    number = size.appends
    session = Session(Workspace(folder, str(path)), clock=lambda: NOW)
    root = str(Version(Table(0, 0), number - 1))
    metadata = str(write_appended(folder / "table", number))
    opened = StaticTable.from_metadata(metadata)

    def by_manifests(table: StaticTable) -> set[int]:
        return set(table.inspect.entries()["snapshot_id"].to_pylist())

    answer = session.upstream(root)
    assert {one.commit for one in answer.contributions} == {one.address for one in answer.nodes}
    assert len(answer.contributions) == number
    assert by_manifests(opened) == set(range(1, number + 1))
    asking, reading, loading = _turns(
        [
            lambda: session.upstream(root),
            lambda: by_manifests(opened),
            lambda: by_manifests(StaticTable.from_metadata(metadata)),
        ],
        size.rounds,
    )
    what = f"`upstream` of a state of {number:,} appends, their writers named"
    name = "pyiceberg `inspect.entries()` by snapshot, no writers"
    yield faster(what, ours=asking, peer=reading, peer_name=f"{name}, table loaded before")
    yield faster(what, ours=asking, peer=loading, peer_name=f"loading the table and {name}")


def _turns(asks: Sequence[Callable[[], object]], rounds: int) -> list[tuple[float, ...]]:
    contenders = [timed(ask, clock=time.process_time) for ask in asks]
    return take_turns(*contenders, rounds=rounds)


def _our_stab(stack: ExitStack, path: Path, number: int) -> tuple[Callable[[], Named], int]:
    """Ask as the question does: as of now, and as known now; by name and claim."""
    from temporal_lineage.store.reader import open_reader

    reader = stack.enter_context(open_reader(str(path)))
    (dataset,) = reader.nodes(kind=NodeKind.DATASET)
    last = str(number - 1)
    node_id = reader.node(kind=NodeKind.VERSION, parent_id=dataset.node_id, name=last)
    assert node_id is not None
    as_of = AsOf(valid=NOW, system=LAST)
    stab = partial(reader.provenance_of, node_id=node_id, kind=AttributeKind.WRITER, as_of=as_of)
    return lambda: [(one[4], one[5] or "") for one in stab()], node_id


def _by_hand(stack: ExitStack, path: Path, node_id: int) -> tuple[str, Callable[[], Named]]:
    connection = stack.enter_context(closing(sqlite3.connect(path)))
    connection.execute("BEGIN")
    connection.execute("PRAGMA cache_size = -65536")
    text = _BARE.format(node_id=node_id)
    return "sqlite3, the bare join as of now", lambda: connection.execute(text).fetchall()


def _duckdb(stack: ExitStack, path: Path, node_id: int) -> tuple[str, Callable[[], Named]]:
    import pyarrow as pa

    duckdb = import_module("duckdb")
    connection = stack.enter_context(closing(duckdb.connect()))
    with closing(sqlite3.connect(path)) as source:
        for table in _ASKED:
            found = source.execute(f"SELECT * FROM {table}")
            names = [one[0] for one in found.description]
            told = pa.table(dict(zip(names, map(list, zip(*found, strict=True)), strict=True)))
            connection.register("told", told)
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM told")
            connection.unregister("told")
    text = _BARE.format(node_id=node_id)
    name = f"DuckDB {version('duckdb')}, the same join in memory"
    return name, lambda: connection.execute(text).fetchall()
