"""Peers: what sqlglot's own lineage, and sqllineage where it is installed, make of the cases.

Both are judged on the column cases by the rule that ours are judged by. sqllineage is no
dependency: `pip install sqllineage` into the environment adds its column.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.corpus_sql import Case, Pairs, Verdict

CALLED = {"ansi": "", "sparksql": "spark", "generic": ""}


def peers() -> dict[str, Callable[[Case], Pairs]]:
    """Give the peers that are here."""
    found: dict[str, Callable[[Case], Pairs]] = {"sqlglot.lineage": by_sqlglot}
    try:
        import sqllineage  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return found
    found["sqllineage"] = by_sqllineage
    return found


def judge_peer(cases: Sequence[Case], peer: Callable[[Case], Pairs]) -> Counter[Verdict]:
    """Count how often a peer's answer is the expected one; an error counts as refused."""
    counted: Counter[Verdict] = Counter()
    for case in cases:
        wanted = frozenset(
            (source.lower(), target.lower()) for source, target in case.expected["columns"]
        )
        try:
            got = peer(case)
        except Exception:  # noqa: BLE001  whatever a peer raises
            counted[Verdict.REFUSED] += 1
            continue
        counted[Verdict.RIGHT if got == wanted else Verdict.WRONG] += 1
    return counted


def by_sqlglot(case: Case) -> Pairs:
    """Ask `sqlglot.lineage.lineage` for each column that an INSERT or CREATE writes."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.lineage import lineage

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    spoken = CALLED.get(case.dialect, case.dialect)
    found: set[tuple[str, str]] = set()
    for tree in sqlglot.parse(case.sql, dialect=spoken):
        if not isinstance(tree, exp.Insert | exp.Create) or tree.expression is None:
            raise NotImplementedError(type(tree).__name__)
        query = tree.expression.copy()
        if tree.args.get("with_") is not None:
            query.set("with_", tree.args["with_"].copy())
        schema = tree.this
        names = [one.name for one in schema.expressions] if isinstance(schema, exp.Schema) else []
        table = schema.this if names else schema
        into = exp.table_name(table)
        selects = query.selects
        for n, column in enumerate(selects):
            target = names[n] if n < len(names) else column.alias_or_name
            root = lineage(
                column.alias_or_name, query, schema=_nested(case.schema) or {}, dialect=spoken
            )
            for node in root.walk():
                if not node.downstream and isinstance(node.source, exp.Table):
                    source = exp.table_name(node.source)
                    name = node.name.rsplit(".", 1)[-1]
                    found.add((f"{source}.{name}".lower(), f"{into}.{target}".lower()))
    return frozenset(found)


def by_sqllineage(case: Case) -> Pairs:
    """Ask sqllineage, in its default dialect where the case has none of its own."""
    from sqllineage.core.metadata.dummy import DummyMetaDataProvider  # type: ignore[import-not-found]
    from sqllineage.runner import LineageRunner  # type: ignore[import-not-found]

    metadata = DummyMetaDataProvider({name: list(one) for name, one in (case.schema or {}).items()})
    runner = LineageRunner(case.sql, dialect=case.dialect, metadata_provider=metadata)
    return frozenset((_plain(path[0]), _plain(path[-1])) for path in runner.get_column_lineage())


def _plain(column: object) -> str:
    return str(column).removeprefix("<default>.").lower()


def _nested(tables: Mapping[str, Sequence[str]] | None) -> dict[Any, Any] | None:
    if tables is None:
        return None
    nested: dict[Any, Any] = {}
    for name, columns in tables.items():
        database, _, table = name.rpartition(".")
        into = nested.setdefault(database, {}) if database else nested
        into[table] = dict.fromkeys(columns, "TEXT")
    return nested


def told(counted: Counter[Verdict]) -> str:
    """Write the counts in a line."""
    return ", ".join(f"{n} {verdict}" for verdict, n in sorted(counted.items()))
