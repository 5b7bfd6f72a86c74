"""Peers on one closure: each is given the facts or the edges as they hold, and walks to the end.

Each gives all datasets from which edges lead to one, as numbers. A peer that is not installed is
left out: `make bench` installs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.flow_facts import Facts
    from benchmarks.flow_histories import Numbers
    from snapshots.instant import Instant

Walk = Callable[[int], set[int]]
"""From a dataset to all that lead to it."""


class Peer(NamedTuple):
    """A contender: `what` tells which work it does; `walk` does it."""

    what: str
    walk: Walk


class FactStore(NamedTuple):
    """A database of all facts; `walk` is told the time too, in microseconds."""

    what: str
    walk: Callable[..., set[int]]


NUMPY = "numpy walk over a CSR built before"


def peers(held: tuple[Numbers, Numbers], stores: Iterable[FactStore], *, at: Instant) -> list[Peer]:
    """Make every peer that is installed, asked at a time that is both valid and system time.

    `held` are the edges that hold then, for those who keep no time.
    """
    makers = {"networkx": _networkx, "rustworkx": _rustworkx}
    graphs = [make(held) for name, make in makers.items() if find_spec(name) is not None]
    walk = _numpy(*held)
    asked = [Peer(one.what, partial(one.walk, at=at.micros)) for one in stores]
    return [Peer(NUMPY, walk), *graphs, *asked]


def fact_stores(folder: Path, facts: Facts) -> list[FactStore]:
    """Load all facts into every database that is installed."""
    makers = {"duckdb": _duckdb, "real_ladybug": _ladybug}
    return [make(folder, facts) for name, make in makers.items() if find_spec(name) is not None]


def _numpy(sources: Numbers, targets: Numbers) -> Walk:
    import numpy as np

    order = np.argsort(targets, kind="stable")
    near = sources[order]
    size = int(max(sources.max(), targets.max())) + 1
    starts = np.searchsorted(targets[order], np.arange(size + 1))

    def walk(root: int) -> set[int]:
        seen, turn = np.zeros(size, bool), np.zeros(size, np.int64)
        frontier = np.array([root])
        while frontier.size:
            first, count = starts[frontier], starts[frontier + 1] - starts[frontier]
            # Places of all edges into the frontier: a run of consecutive ones for each node.
            jumps = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
            reached = near[jumps + np.arange(count.sum())]
            fresh = reached[~seen[reached]]
            # Each once, the one that wrote last: quicker than sorting, and what our own walk does.
            places = np.arange(len(fresh))
            turn[fresh] = places
            frontier = fresh[turn[fresh] == places]
            seen[frontier] = True
        return set(np.flatnonzero(seen).tolist())

    return walk


def _networkx(held: tuple[Numbers, Numbers]) -> Peer:
    networkx = import_module("networkx")
    graph = networkx.DiGraph()
    graph.add_edges_from(zip(*(ends.tolist() for ends in held), strict=True))
    return _library("networkx", networkx, graph)


def _rustworkx(held: tuple[Numbers, Numbers]) -> Peer:
    rustworkx = import_module("rustworkx")
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(int(max(ends.max() for ends in held)) + 1))
    graph.add_edges_from_no_data(list(zip(*(ends.tolist() for ends in held), strict=True)))
    return _library("rustworkx", rustworkx, graph)


def _library(name: str, library: Any, graph: Any) -> Peer:  # noqa: ANN401 - of either library
    return Peer(
        f"{name} `ancestors`, graph built before", lambda root: set(library.ancestors(graph, root))
    )


_DUCKDB = """
WITH RECURSIVE walk(dataset) AS (
  SELECT source FROM fact
  WHERE target = ? AND valid_from <= ? AND valid_to > ? AND recorded_at <= ? AND superseded_at > ?
  UNION
  SELECT fact.source FROM walk JOIN fact ON fact.target = walk.dataset
  WHERE valid_from <= ? AND valid_to > ? AND recorded_at <= ? AND superseded_at > ?
)
SELECT dataset FROM walk
"""


def _duckdb(folder: Path, facts: Facts) -> FactStore:
    duckdb = import_module("duckdb")
    connection = duckdb.connect(str(folder / "facts.duckdb"))
    told = _as_table(facts)  # noqa: F841 - DuckDB finds it by its name
    connection.execute("CREATE TABLE fact AS SELECT * FROM told ORDER BY target")

    def walk(root: int, *, at: int) -> set[int]:
        rows = connection.execute(_DUCKDB, [root, *([at] * 8)]).fetchall()
        return {one for (one,) in rows}

    return FactStore(f"DuckDB {version('duckdb')}, recursive statement over all facts", walk)


_DEPTH_MAX = 60

# Inside the path it takes no parameter.
_LADYBUG = """
MATCH (root:dataset)<-[:fact* SHORTEST 1..{depth} (r, n | WHERE r.valid_from <= {at}
  AND r.valid_to > {at} AND r.recorded_at <= {at} AND r.superseded_at > {at})]-(one:dataset)
WHERE root.number = $root
RETURN one.number
"""


def _ladybug(folder: Path, facts: Facts) -> FactStore:
    """Load Kuzu's maintained fork, whose longest way must be told."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    ladybug = import_module("real_ladybug")
    table = _as_table(facts)
    numbers = sorted({*table["source"].to_pylist(), *table["target"].to_pylist()})
    pq.write_table(pa.table({"number": numbers}), folder / "datasets.parquet")
    pq.write_table(table, folder / "facts.parquet")
    connection = ladybug.Connection(ladybug.Database(str(folder / "facts.ladybug")))
    times = ", ".join(f"{name} INT64" for name in table.column_names[2:])
    for statement in (
        "CREATE NODE TABLE dataset(number INT64, PRIMARY KEY (number))",
        f"CREATE REL TABLE fact(FROM dataset TO dataset, {times})",
        f"COPY dataset FROM '{folder / 'datasets.parquet'}'",
        f"COPY fact FROM '{folder / 'facts.parquet'}'",
        f"CALL var_length_extend_max_depth={_DEPTH_MAX}",
    ):
        connection.execute(statement)

    def walk(root: int, *, at: int) -> set[int]:
        statement = _LADYBUG.format(depth=_DEPTH_MAX, at=at)
        rows = connection.execute(statement, {"root": root}).get_all()
        return {one for (one,) in rows}

    return FactStore(f"Kuzu's fork real_ladybug {version('real_ladybug')}, over all facts", walk)


def _as_table(facts: Facts) -> Any:  # noqa: ANN401 - an Arrow table
    import pyarrow as pa

    return pa.table(facts._asdict())
