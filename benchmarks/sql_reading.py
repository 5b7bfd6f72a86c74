"""Reading SQL: column lineage of whole statements, beside sqlglot's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.corpus_sql_rewrites import TPC_H
from benchmarks.measuring import take_turns, timed
from benchmarks.rows import Row, faster
from temporal_lineage.sql.dependencies import Step

if TYPE_CHECKING:
    from benchmarks.sizes import Size

NOTES = """\
Six queries over the tables of TPC-H, from text to the sources of every output column.
sqlglot parses and qualifies each query once, and `sqlglot.lineage.lineage` is asked for each
column with the scope that it can reuse.
Ours gives the same sources, and beside them how each column acts, what decides about rows, tables,
pins and doubts."""

Told = Mapping[str, frozenset[str]]

_OF_ROWS = frozenset({Step.FILTER, Step.JOIN, Step.GROUP_BY, Step.SORT})

TABLES = {name: columns.split() for name, columns in TPC_H.items()}

QUERIES = (
    """SELECT l_returnflag, l_linestatus, SUM(l_quantity) AS quantity,
       SUM(l_extendedprice * (1 - l_discount)) AS price,
       SUM(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS charge, AVG(l_discount) AS discount
       FROM lineitem WHERE l_shipdate <= DATE '1998-09-02'
       GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus""",
    """SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone
       FROM part, supplier, partsupp, nation, region
       WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND s_nationkey = n_nationkey
       AND n_regionkey = r_regionkey AND r_name = 'EUROPE' AND ps_supplycost = (
       SELECT MIN(ps_supplycost) FROM partsupp AS p2 WHERE p2.ps_partkey = part.p_partkey)""",
    """WITH revenue AS (SELECT l_suppkey AS supplier_no,
       SUM(l_extendedprice * (1 - l_discount)) AS total FROM lineitem GROUP BY l_suppkey)
       SELECT s_suppkey, s_name, total, total / (SELECT MAX(total) FROM revenue) AS share
       FROM supplier JOIN revenue ON s_suppkey = supplier_no""",
    """WITH o AS (SELECT * FROM orders), c AS (SELECT c_custkey AS id, c_name FROM customer),
       j AS (SELECT o.*, c.c_name AS name FROM o JOIN c ON o.o_custkey = c.id)
       SELECT o_orderkey, name, o_totalprice, o_orderdate, o_comment FROM j""",
    """SELECT c_name AS name, c_phone AS phone FROM customer UNION ALL
       SELECT s_name, s_phone FROM supplier UNION ALL SELECT p_name, p_brand FROM part""",
    """SELECT o_orderkey, CASE WHEN o_totalprice > 1000 THEN o_clerk ELSE o_comment END AS who,
       ROW_NUMBER() OVER (PARTITION BY o_custkey ORDER BY o_orderdate) AS place,
       COALESCE(o_clerk, o_comment) AS clerk FROM orders""",
)


def run(size: Size, _folder: Path) -> Iterator[Row]:
    """Compare both on all queries, once they are seen to agree."""
    assert [by_us(one) for one in QUERIES] == [by_sqlglot(one) for one in QUERIES]
    ours, theirs = take_turns(
        timed(lambda: [by_us(one) for one in QUERIES]),
        timed(lambda: [by_sqlglot(one) for one in QUERIES]),
        rounds=size.rounds,
    )
    yield faster(
        "column lineage of statements",
        ours=ours,
        peer=theirs,
        peer_name="`sqlglot.lineage`",
        each=len(QUERIES),
    )


def by_us(query: str) -> Told:
    """Give the sources of each output column, as sqlglot counts them: not what decides on rows."""
    from temporal_lineage.sql.dialects import dialect
    from temporal_lineage.sql.schemas import GivenSchemas
    from temporal_lineage.sql.scripts import analyse

    script = analyse(query, dialect(""), GivenSchemas(TABLES))
    (statement,) = script.read
    return {
        one.name: frozenset(str(found.source) for found in one.found if found.step not in _OF_ROWS)
        for one in statement.shown
    }


def by_sqlglot(query: str) -> Told:
    """Give the same, by sqlglot."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    schema: dict[str, object] = {
        name: dict.fromkeys(columns, "TEXT") for name, columns in TABLES.items()
    }
    tree = qualify(
        sqlglot.parse_one(query), schema=schema, validate_qualify_columns=False, identify=False
    )
    scope = build_scope(tree)
    told: dict[str, frozenset[str]] = {}
    assert isinstance(tree, exp.Query)
    for column in tree.selects:
        name = column.alias_or_name
        root = lineage(name, tree, schema=schema, scope=scope, copy=False)
        told[name] = frozenset(
            f"{node.source.name}.{node.name.rsplit('.', 1)[-1]}"
            for node in root.walk()
            if not node.downstream and isinstance(node.source, exp.Table)
        )
    return told
