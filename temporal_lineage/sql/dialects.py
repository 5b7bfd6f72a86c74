"""Dialects: which SQL a run speaks, and what is peculiar to each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from temporal_lineage.sql.errors import UnknownDialectError
from temporal_lineage.sql.names import Casing, Fold

GENERIC = ""

# What producers, people and peers call a dialect that sqlglot knows by another word.
_CALLED = {
    "ansi": GENERIC,
    "generic": GENERIC,
    "greenplum": "postgres",
    "impala": "hive",
    "mariadb": "mysql",
    "mssql": "tsql",
    "postgresql": "postgres",
    "prestodb": "presto",
    "spark_sql": "spark",
    "sparksql": "spark",
    "sqlserver": "tsql",
    "synapse": "tsql",
}

# By the scheme of a dataset's namespace, in the naming of OpenLineage.
_SCHEMES = {
    "athena": "athena",
    "awsathena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "duckdb": "duckdb",
    "hive": "hive",
    "mssql": "tsql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "postgresql": "postgres",
    "presto": "presto",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "teradata": "teradata",
    "trino": "trino",
    "unitycatalog": "databricks",
}

_SPARK = frozenset({"spark", "spark2", "databricks"})
_LATERAL_ALIASES = frozenset(
    {"snowflake", "redshift", "databricks", "spark", "duckdb", "teradata", "clickhouse"}
)
_DOTTED_FIELDS = frozenset(
    {"spark", "spark2", "databricks", "hive", "bigquery", "trino", "presto", "athena", "duckdb"}
    | {GENERIC, "clickhouse", "starrocks", "doris", "dremio", "drill"}
)
_DATABASE_IS_OUTERMOST = frozenset({GENERIC, "snowflake", "tsql", "fabric", "redshift"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What lineage must know of a dialect; `name` is sqlglot's, empty for generic SQL."""

    name: str
    casing: Casing
    lateral_aliases: bool
    """A column of the SELECT list can name an earlier one."""
    dotted_fields: bool
    """`a.b` may be field b of column a."""
    implicit_unnest: bool
    """`FROM t, t.items` goes over the elements of a column."""
    merged_in_place: bool
    """The columns of USING stay where the left table has them."""
    spark: bool
    """Iceberg's `t.branch_x` and Delta's `t@v1` name states."""
    database_is_outermost: bool
    """`USE x` names what stands before the schema."""

    def __str__(self) -> str:
        """Give the name people use."""
        return self.name or "generic"


@cache
def dialect(word: str) -> Dialect:
    """Find a dialect by the word somebody used for it.

    Raises UnknownDialectError, which names the nearest.
    """
    name = word.strip().lower()
    name = _CALLED.get(name, name)
    if name not in known_dialects():
        raise UnknownDialectError(word, tuple(one or "generic" for one in known_dialects()))
    return Dialect(
        name,
        _casing(name),
        lateral_aliases=name in _LATERAL_ALIASES,
        dotted_fields=name in _DOTTED_FIELDS,
        implicit_unnest=name in {"bigquery", "redshift"},
        merged_in_place=name == "duckdb",
        spark=name in _SPARK or name == GENERIC,
        database_is_outermost=name in _DATABASE_IS_OUTERMOST,
    )


@cache
def known_dialects() -> tuple[str, ...]:
    """Give the names of all dialects; those of other languages than SQL are left out."""
    from sqlglot.dialects.dialect import Dialect as Parsed

    return tuple(sorted(Parsed.classes.keys() - {"prql", "dax", "tableau", "solr"}))


def dialect_of_run(
    *, told: str | None, engine: str | None, producer: str, namespaces: Iterable[str]
) -> tuple[Dialect, str | None]:
    """Say which dialect a run's SQL is in, and a doubt where nothing told.

    The sql facet decides, then the engine, the producer and the datasets' namespaces.
    """
    schemes = {namespace.split(":", 1)[0].lower() for namespace in namespaces}
    by_scheme = {_SCHEMES[one] for one in schemes if one in _SCHEMES}
    if told and (known := _known(told)):
        return known, None
    for word in (engine or "", *_words_of(producer)):
        if word and (known := _known(word)):
            return known, None
    if len(by_scheme) == 1:
        return dialect(by_scheme.pop()), None
    why = f"SQL dialect {told!r} is not known" if told else "nothing tells the SQL dialect"
    return dialect(GENERIC), f"{why}; read as generic SQL"


def _known(word: str) -> Dialect | None:
    try:
        return dialect(word)
    except UnknownDialectError:
        return None


def _words_of(producer: str) -> Iterable[str]:
    parts = producer.lower().replace("-", "/").replace("_", "/").split("/")
    return (part for part in parts if part in {"spark", "trino", "hive", "snowflake", "presto"})


def _casing(name: str) -> Casing:
    """Give sqlglot's rule, and where it speaks of tables only, the columns' own."""
    from sqlglot.dialects.dialect import Dialect as Parsed
    from sqlglot.dialects.dialect import NormalizationStrategy as Strategy

    strategy = Parsed.get_or_raise(name).normalization_strategy
    folds = {
        Strategy.LOWERCASE: Fold.LOWER,
        Strategy.UPPERCASE: Fold.UPPER,
        Strategy.CASE_SENSITIVE: Fold.EXACT,
        Strategy.CASE_INSENSITIVE: Fold.IGNORED,
        Strategy.CASE_INSENSITIVE_UPPERCASE: Fold.IGNORED,
    }
    columns = tables = folds[strategy]
    if name == "bigquery":
        tables = Fold.EXACT
    if name in {"mysql", "doris", "starrocks", "singlestore"}:
        columns = Fold.IGNORED
    return Casing(columns, tables)
