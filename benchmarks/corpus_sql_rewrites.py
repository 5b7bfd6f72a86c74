"""Rewrites: what an optimizer may do to a query must not change where its columns come from.

sqlglot's fixtures pair a query with the same query rewritten. The direct sources of each output
column are compared, position by position.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from benchmarks.corpus_sql import Convention, Judged, Verdict
from temporal_lineage.sql.dependencies import ColumnSource, Kind
from temporal_lineage.sql.dialects import dialect
from temporal_lineage.sql.names import TableName
from temporal_lineage.sql.schemas import GivenSchemas
from temporal_lineage.sql.scripts import analyse
from temporal_lineage.sql.statements import Script

_OPTION = re.compile(r"# *(\w+): *(.*)")

# As in sqlglot's own tests.
FIXTURES = {
    "x": ["a", "b"],
    "y": ["b", "c"],
    "z": ["b", "c"],
    "w": ["d", "e"],
    "temporal": ["d", "t"],
    "structs": ["one", "nested_0", "quoted"],
    "t_bool": ["a"],
    "pivotable": ["id", "cat", "val", "kind", "amt"],
    "unpivotable": ["id", "jan", "feb", "north", "south"],
}
TPC_H = {
    "lineitem": "l_orderkey l_partkey l_suppkey l_linenumber l_quantity l_extendedprice l_discount"
    " l_tax l_returnflag l_linestatus l_shipdate l_commitdate l_receiptdate l_shipinstruct"
    " l_shipmode l_comment",
    "orders": "o_orderkey o_custkey o_orderstatus o_totalprice o_orderdate o_orderpriority o_clerk"
    " o_shippriority o_comment",
    "customer": "c_custkey c_name c_address c_nationkey c_phone c_acctbal c_mktsegment c_comment",
    "part": "p_partkey p_name p_mfgr p_brand p_type p_size p_container p_retailprice p_comment",
    "supplier": "s_suppkey s_name s_address s_nationkey s_phone s_acctbal s_comment",
    "partsupp": "ps_partkey ps_suppkey ps_availqty ps_supplycost ps_comment",
    "nation": "n_nationkey n_name n_regionkey n_comment",
    "region": "r_regionkey r_name r_comment",
}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A query, and what an optimizer made of it."""

    name: str
    dialect: str
    before: str
    after: str


def rewrites(path: Path) -> Iterator[Rewrite]:
    """Read a fixture file."""
    options: dict[str, str] = {}
    lines: list[str] = []
    texts: list[str] = []
    for line in path.read_text().splitlines():
        if not lines and (not line.strip() or line.startswith("--")):
            continue
        found = _OPTION.fullmatch(line)
        if found and not lines:
            options[found[1].lower()] = found[2]
            continue
        lines.append(line)
        if line.rstrip().endswith(";"):
            texts.append("\n".join(lines))
            lines = []
        if len(texts) == 2:  # noqa: PLR2004  a pair
            yield Rewrite(f"{path.stem}: {texts[0]}", options.get("dialect", ""), *texts)
            options, texts = {}, []


def judge_rewrite(one: Rewrite, tables: Mapping[str, Sequence[str]]) -> Judged | None:
    """Compare both sides; None for what is no query at all, or in a dialect with settings."""
    if "," in one.dialect:
        return None
    spoken, schemas = dialect(one.dialect), GivenSchemas(tables)
    before, after = (analyse(text, spoken, schemas) for text in (one.before, one.after))
    if before.refused:
        if before.refused[0].reason == "is no statement":
            return None
        return Judged(one.name, Verdict.REFUSED, str(before.refused[0]))
    left, right = sources(before), sources(after)
    if left == right:
        return Judged(one.name, Verdict.RIGHT, "")
    why = _convention(one, before, left, right)
    if why is not None:
        return Judged(one.name, Verdict.CONVENTION, why)
    return Judged(one.name, Verdict.WRONG, f"{_shown(left)} became {_shown(right)}")


def tables_of(path: Path, pairs: Sequence[Rewrite]) -> dict[str, list[str]]:
    """Give the tables of a file of fixtures: what sqlglot's tests give them, or the rewrites say.

    A query over TPC-DS names its columns alone; its rewrite says of which table each is.
    """
    if path.parent.name == "tpc-h":
        return {name: words.split() for name, words in TPC_H.items()}
    if path.parent.name.startswith("tpc"):
        found: dict[str, dict[str, None]] = {}
        for one in pairs:
            for table, column in _qualified(one):
                found.setdefault(table, {})[column] = None
        return {name: list(columns) for name, columns in found.items()}
    tables = dict(FIXTURES)
    if path.stem == "optimizer":
        tables["z"] = ["a", "c"]
    return tables


def _qualified(one: Rewrite) -> Iterator[tuple[str, str]]:
    tree = sqlglot.parse_one(one.after, dialect=one.dialect or None)
    for scope in traverse_scope(tree):
        tables = {
            name: source.name.lower()
            for name, source in scope.sources.items()
            if isinstance(source, exp.Table)
        }
        for column in scope.columns:
            if column.table in tables:
                yield tables[column.table], column.name.lower()


Sources = list[frozenset[tuple[str, str]]]


def sources(script: Script) -> Sources:
    """Give the direct sources of each output column: table without its databases, and column."""
    return [
        frozenset(
            (_table(found.source), ".".join((found.source.column, *found.source.path)).lower())
            if isinstance(found.source, ColumnSource)
            else ("", found.source.column.rsplit(".", 1)[-1].lower())
            for found in column.found
            if found.step.kind is Kind.DIRECT
        )
        for statement in script.read
        for column in (*statement.shown, *(c for w in statement.writes for c in w.columns))
    ]


def _convention(one: Rewrite, script: Script, left: Sources, right: Sources) -> str | None:
    """Give the rule that explains the whole difference; None where none does."""
    rules = (
        (Convention.STRUCT, _is_struct(one, script, left, right)),
        (Convention.USING_STAR, _is_using_star(one, left, right)),
        (Convention.SIMPLIFIED, _is_simplified(one, left, right)),
        (
            Convention.STAR_ORDER,
            "*" in one.before and sorted(map(sorted, left)) == sorted(map(sorted, right)),
        ),
        (
            Convention.REWRITE,
            len(right) > len(left) and right[: len(left)] == left and _starred(left),
        ),
        (Convention.BY_POSITION, _is_named_by_place(left, right)),
    )
    return next((rule for rule, explains in rules if explains), None)


def _is_struct(one: Rewrite, script: Script, left: Sources, right: Sources) -> bool:
    told = any("the fields of" in doubt for each in script.read for doubt in each.doubts)
    return (told or "UNNEST" in one.before.upper()) and _roots(left) == _roots(right)


def _is_using_star(one: Rewrite, left: Sources, right: Sources) -> bool:
    if not re.search(r"\w\.\*", one.before) or "USING" not in one.before.upper():
        return False
    return len(left) == len(right) and all(a <= b for a, b in zip(left, right, strict=True))


def _is_simplified(one: Rewrite, left: Sources, right: Sources) -> bool:
    """Tell whether the rewrite does not even name what it has no longer."""
    if len(left) != len(right):
        return False
    pairs = list(zip(left, right, strict=True))
    gone = {column for before, after in pairs for _, column in before - after}
    named = any(re.search(rf"\b{re.escape(name)}\b", one.after, re.IGNORECASE) for name in gone)
    return all(after <= before for before, after in pairs) and not named


def _roots(told: Sources) -> set[tuple[str, str]]:
    return {(table, column.split(".")[0]) for each in told for table, column in each}


def _is_named_by_place(left: Sources, right: Sources) -> bool:
    """Tell whether all that is other is a column where we keep a star of the same table."""
    before, after = frozenset().union(*left), frozenset().union(*right)
    starred = {table for table, column in before if column == "*"}
    kept = {pair for pair in before if pair[1] != "*"}
    return (
        bool(starred)
        and kept <= after
        and {table for table, _ in after} >= starred
        and all(pair in before or pair[0] in starred for pair in after)
    )


def _starred(told: Sources) -> bool:
    return any(name == "*" for each in told for _, name in each)


def _table(source: ColumnSource) -> str:
    place = source.read.place
    return place.parts[-1].lower() if isinstance(place, TableName) else place.path


def _shown(told: Sources) -> str:
    return str([sorted(".".join(pair) for pair in one) for one in told])


def board_of_rewrites(root: Path) -> Iterator[tuple[str, list[Judged]]]:
    """Judge all fixtures below a folder."""
    for path in sorted(root.glob("*/optimizer/**/*.sql")):
        if path.stem.endswith("invalid"):
            continue  # queries that must fail, and no pairs
        pairs = list(rewrites(path))
        tables = tables_of(path, pairs)
        judged = [judge_rewrite(one, tables) for one in pairs]
        yield f"sqlglot {path.stem}", [one for one in judged if one is not None]


def conventions(judged: Sequence[Judged]) -> list[str]:
    """Give the conventions that were met, each once."""
    return sorted({one.why for one in judged if one.verdict is Verdict.CONVENTION})
