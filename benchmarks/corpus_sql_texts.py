"""Texts without expected answers: TPC-DS written in two ways, and events that tell both sides.

A query's lineage must not depend on how it is laid out: sqlglot writes each anew, and both are
compared whole. Events whose job has SQL and whose outputs have columnLineage are compared with
that facet, its types and subtypes too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlglot

from benchmarks.corpus_sql import Convention, Judged, Verdict, plain
from temporal_lineage.sql.dependencies import ColumnSource
from temporal_lineage.sql.dialects import dialect
from temporal_lineage.sql.schemas import GivenSchemas, NoSchemas
from temporal_lineage.sql.scripts import analyse
from temporal_lineage.sql.statements import Script

Told = frozenset[tuple[str, str, str, str, bool]]
"""Target column, source table, source column, subtype and masking."""


def board_of_texts(corpus: Path) -> Iterator[tuple[str, list[Judged]]]:
    """Judge what has its expectation in itself."""
    queries = sorted((corpus / "sql").glob("*tpcds*/*.sql"))
    yield "tpc-ds, laid out anew", [_laid_out_anew(path) for path in queries]
    yield "events with SQL and columnLineage", list(_events(corpus))


def _laid_out_anew(path: Path) -> Judged:
    text = path.read_text()
    spoken = dialect("spark")
    before = analyse(text, spoken, NoSchemas())
    if before.refused:
        return Judged(path.name, Verdict.REFUSED, str(before.refused[0]))
    anew = ";\n".join(sqlglot.transpile(text, read="spark", write="spark", pretty=True))
    after = analyse(anew, spoken, NoSchemas())
    same = [one.writes for one in before.read] == [one.writes for one in after.read]
    return Judged(path.name, Verdict.RIGHT if same else Verdict.WRONG, "")


def _events(corpus: Path) -> Iterator[Judged]:
    for path in sorted((corpus / "oltpl").glob("hive-*/*Complete.json")):
        event = json.loads(path.read_text())
        sql = event["job"].get("facets", {}).get("sql")
        facets = [one["facets"].get("columnLineage") for one in event["outputs"]]
        if sql and facets and facets[0]:
            yield _judge_event(path.parent.name, event, sql, facets[0])


def _judge_event(
    name: str, event: Mapping[str, Any], sql: Mapping[str, Any], facet: Mapping[str, Any]
) -> Judged:
    tables = {
        one["name"]: [field["name"] for field in one["facets"]["schema"]["fields"]]
        for one in event["inputs"]
        if "schema" in one.get("facets", {})
    }
    script = analyse(sql["query"], dialect(sql["dialect"]), GivenSchemas(tables))
    if script.refused:
        return Judged(name, Verdict.REFUSED, str(script.refused[0]))
    got, wanted = ours(script), frozenset(_fields(facet))
    if got == wanted:
        return Judged(name, Verdict.RIGHT, "")
    if _is_filtered(got - wanted, got) and _is_joined(wanted - got, got):
        return Judged(name, Verdict.CONVENTION, Convention.OPTIMIZED)
    return Judged(
        name, Verdict.WRONG, f"too many {sorted(got - wanted)}, too few {sorted(wanted - got)}"
    )


def ours(script: Script) -> Told:
    """Put an answer in the facet's form."""
    found = set()
    for statement in script.read:
        for write in statement.writes:
            targets = [(one.name, one.found) for one in write.columns]
            for name, dependencies in (*targets, ("*", write.whole)):
                for one in dependencies:
                    if isinstance(one.source, ColumnSource):
                        table = plain(one.source.read.place).rsplit(".", 1)[-1]
                        column = one.source.column
                        found.add((name, table, column, one.step.value, one.masking))
    return frozenset((*map(str.lower, row[:3]), *row[3:]) for row in found)  # type: ignore[misc]


def _fields(facet: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, bool]]:
    rows = [(name, one) for name, told in facet["fields"].items() for one in told["inputFields"]]
    for name, one in (*rows, *(("*", one) for one in facet.get("dataset", ()))):
        for how in one["transformations"]:
            table = one["name"].rsplit(".", 1)[-1]
            yield name, table, one["field"], how["subtype"], bool(how.get("masking"))


def _is_filtered(extra: Told, got: Told) -> bool:
    """Tell whether only columns that a filter fixes at a constant are too many."""
    return all(("*", one[1], one[2], "FILTER", False) in got for one in extra)


def _is_joined(missing: Told, got: Told) -> bool:
    """Tell whether only the filters that a plan makes of join conditions are too few."""
    return all(
        one[0] == "*" and one[3] == "FILTER" and ("*", one[1], one[2], "JOIN", False) in got
        for one in missing
    )
