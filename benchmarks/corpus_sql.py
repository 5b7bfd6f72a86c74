"""SQL of other projects: lineage as they expect it, by a convention of theirs, or wrong.

A case is right when the answer is the expected one. It differs by convention when a rule below,
which looks at the answer and not at the case, explains the whole difference. It is refused when
the text is, with the reason. Anything else is wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from temporal_lineage.sql.dependencies import ColumnSource, Dependency
from temporal_lineage.sql.dialects import dialect
from temporal_lineage.sql.errors import UnknownDialectError
from temporal_lineage.sql.names import Place, TableName
from temporal_lineage.sql.schemas import GivenSchemas, NoSchemas, Schemas
from temporal_lineage.sql.scripts import analyse
from temporal_lineage.sql.statements import Script, TargetColumn

Pairs = frozenset[tuple[str, str]]
"""Source column and target column, in small letters."""


class Verdict(StrEnum):
    """What the board says of a case."""

    RIGHT = "right"
    CONVENTION = "convention"
    REFUSED = "refused"
    WRONG = "WRONG"


class Convention(StrEnum):
    """The rules by which a difference is one of convention."""

    UNNAMED = "a column without a name: each project makes one up from the expression"
    LISTED = "a column that is named beside *: the peer folds it into *, we keep it"
    SESSION = "CACHE TABLE reads its query; the peer counts it for nothing"
    NET = (
        "a script of several statements: the peer gives where data comes in and where it ends up,"
        " we give each statement's tables and columns"
    )
    DROPPED = "what is dropped or emptied counts for nothing with the peer; we say it is written"
    RENAMED = "a rename: the peer says that the old name feeds the new one, we that it is one table"
    SHAPE = "CREATE TABLE LIKE: we say that the table is looked at, though no row arrives"
    SIMPLIFIED = "the optimizer works out a constant, and what fed the expression is gone"
    WORDS = "the peer lists the parts of names one by one; ours are whole names"
    BY_POSITION = (
        "a name is given to an unlisted column by its place: the optimizer takes the name for the"
        " column's own, we keep *"
    )
    OPTIMIZED = (
        "Hive tells its optimized plan: what WHERE fixes at a constant feeds nothing, and the"
        " columns of an inner join filter; we tell the text"
    )
    STAR_ORDER = (
        "SELECT * of a join: the standard has the columns of USING first, then FROM's order, as we"
        " do; the optimizer takes another order"
    )
    REWRITE = "the rewrite itself adds a table, and its columns, to SELECT *"
    USING_STAR = "t.* of a USING join: the optimizer gives the merged column, we t's own"
    STRUCT = "the fields of s.* of a struct: schemas here list top-level columns alone"


@dataclass(frozen=True, slots=True)
class Case:
    """One text, and what another project expects of it."""

    name: str
    sql: str
    dialect: str
    schema: Mapping[str, Sequence[str]] | None
    expected: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a case, and why."""

    name: str
    verdict: Verdict
    why: str


def cases_of(path: Path) -> list[Case]:
    """Read a file of cases."""
    told = json.loads(path.read_text())
    return [
        Case(
            one["id"],
            one["sql"] if isinstance(one["sql"], str) else ";\n".join(one["sql"]),
            one["dialect"],
            told.get(one["schema"]) if isinstance(one.get("schema"), str) else one.get("schema"),
            one["expected"],
        )
        for one in told["cases"]
    ]


def judge(case: Case) -> Judged:
    """Compare an answer with what is expected."""
    try:
        script = analyse(case.sql, dialect(case.dialect), schemas_of(case))
    except UnknownDialectError as error:
        return Judged(case.name, Verdict.REFUSED, str(error).split(";", 1)[0])
    if case.expected.get("error"):
        refused = bool(script.refused) and not script.read
        return Judged(case.name, Verdict.RIGHT if refused else Verdict.WRONG, "")
    told = [_tables(script, case), _columns(script, case)]
    wrong = [why for verdict, why in told if verdict is Verdict.WRONG]
    if wrong:
        if script.refused:
            return Judged(case.name, Verdict.REFUSED, str(script.refused[0]))
        return Judged(case.name, Verdict.WRONG, "; ".join(wrong))
    conventions = [why for verdict, why in told if verdict is Verdict.CONVENTION]
    if conventions:
        return Judged(case.name, Verdict.CONVENTION, conventions[0])
    return Judged(case.name, Verdict.RIGHT, "")


def schemas_of(case: Case) -> Schemas:
    """Give what a case knows of tables."""
    return GivenSchemas(case.schema) if case.schema else NoSchemas()


def pairs_of(script: Script) -> Pairs:
    """Give which column feeds which, of all kinds of dependency that are of one column."""
    return frozenset(
        (source_name(found), f"{plain(write.place)}.{column.name}".lower())
        for statement in script.read
        for write in statement.writes
        for column in write.columns
        for found in column.found
    )


def source_name(found: Dependency) -> str:
    """Give a source as the cases write it."""
    source = found.source
    if isinstance(source, ColumnSource):
        parts = (plain(source.read.place), source.column, *source.path)
        return ".".join(parts).lower()
    return source.column.lower()


def plain(place: Place) -> str:
    """Give a place without quotes."""
    return ".".join(place.parts) if isinstance(place, TableName) else place.path


def _tables(script: Script, case: Case) -> tuple[Verdict, str]:
    if "sources" not in case.expected:
        return Verdict.RIGHT, ""
    moving = [one for one in script.read if not one.kind.startswith(("DROP", "TRUNCATE"))]
    reads = {plain(read.place).lower() for one in script.read for read in one.reads}
    all_writes = {plain(write.place).lower() for one in script.read for write in one.writes}
    writes = {plain(write.place).lower() for one in moving for write in one.writes}
    sources, targets = _named(case.expected["sources"]), _named(case.expected["targets"])
    if (reads, all_writes) == (sources, targets):
        return Verdict.RIGHT, ""
    cached = {plain(r.place).lower() for one in moving if one.kind == "CACHE" for r in one.reads}
    rules = (
        (Convention.DROPPED, (reads, writes) == (sources, targets)),
        (Convention.NET, len(script.read) > 1 and net_tables(script) == (sources, targets)),
        (Convention.RENAMED, _with_renames(script, reads, writes) == (sources, targets)),
        (Convention.SHAPE, (reads - _shapes(script), writes) == (sources, targets)),
        (Convention.WORDS, _words(reads, all_writes) == _words(sources, targets)),
        (Convention.SESSION, (reads - cached, writes) == (sources, targets)),
    )
    found = next((rule for rule, explains in rules if explains), None)
    if found is not None:
        return Verdict.CONVENTION, found
    return Verdict.WRONG, f"tables {sorted(reads)} -> {sorted(all_writes)}"


def _columns(script: Script, case: Case) -> tuple[Verdict, str]:
    expected = case.expected.get("columns")
    if expected is None:
        return Verdict.RIGHT, ""
    if expected and isinstance(expected[0], Mapping):
        return _outputs(script, expected)
    got = pairs_of(script)
    wanted = frozenset((source.lower(), target.lower()) for source, target in expected)
    if got == wanted:
        return Verdict.RIGHT, ""
    extra, missing = got - wanted, wanted - got
    made_up = all(_is_made_up(target) for _, target in missing)
    same = sorted(source for source, _ in extra) == sorted(source for source, _ in missing)
    rules = (
        (Convention.NET, len(script.read) > 1 and net_pairs(got) == wanted),
        (Convention.LISTED, not missing and all(_is_folded(pair, wanted) for pair in extra)),
        (Convention.UNNAMED, made_up and same),
    )
    found = next((rule for rule, explains in rules if explains), None)
    if found is not None:
        return Verdict.CONVENTION, found
    return Verdict.WRONG, f"too many {sorted(extra)}, too few {sorted(missing)}"


def _with_renames(script: Script, reads: set[str], writes: set[str]) -> tuple[set[str], set[str]]:
    pairs = [pair for one in script.read for pair in one.renames]
    before = {plain(pair.before).lower() for pair in pairs}
    return reads | before, writes | {plain(pair.after).lower() for pair in pairs}


def _shapes(script: Script) -> set[str]:
    """Give what is read by statements that write no column."""
    return {
        plain(read.place).lower()
        for one in script.read
        if one.kind == "CREATE TABLE" and not any(write.columns for write in one.writes)
        for read in one.reads
    }


def net_tables(script: Script) -> tuple[set[str], set[str]]:
    """Give where data comes in and where it ends up, after all drops and renames."""
    edges: set[tuple[str, str]] = set()
    alone_in, alone_out = set[str](), set[str]()
    for one in script.read:
        reads = {plain(read.place).lower() for read in one.reads}
        writes = {plain(write.place).lower() for write in one.writes}
        if one.kind.startswith(("DROP", "TRUNCATE", "ALTER")):
            if one.kind.startswith("DROP"):
                alone_out -= writes
            for pair in one.renames:
                before, after = (plain(place).lower() for place in (pair.before, pair.after))
                edges = {
                    (after if a == before else a, after if b == before else b) for a, b in edges
                }
                alone_out = {after if name == before else name for name in alone_out}
            continue
        edges |= {(read, write) for read in reads for write in writes}
        alone_in |= reads if not writes else set()
        alone_out |= writes if not reads else set()
    into, outof = {b for a, b in edges if a != b}, {a for a, b in edges if a != b}
    sources = ({a for a, _ in edges} | alone_in) - into
    targets = ({b for _, b in edges} | alone_out) - outof
    return sources, targets


def net_pairs(pairs: Pairs) -> Pairs:
    """Give the ends of all chains of columns."""
    further: dict[str, set[str]] = {}
    for source, target in pairs:
        if source != target:
            further.setdefault(source, set()).add(target)
    reached = {name for targets in further.values() for name in targets}
    ends: set[tuple[str, str]] = set()
    for start in further.keys() - reached:
        seen, waiting = {start}, [start]
        while waiting:
            name = waiting.pop()
            after = further.get(name, set()) - seen
            seen |= after
            waiting += sorted(after)
        ends |= {(start, name) for name in seen - {start} if name not in further}
    return frozenset(ends)


def _outputs(script: Script, expected: Sequence[Mapping[str, Any]]) -> tuple[Verdict, str]:
    columns: list[TargetColumn] = [
        column
        for statement in script.read
        for column in (*statement.shown, *(c for w in statement.writes for c in w.columns))
    ]
    got = {one.name.lower(): {source_name(found) for found in one.found} for one in columns}
    wanted = {one["output"].lower(): {name.lower() for name in one["inputs"]} for one in expected}
    if got == wanted:
        return Verdict.RIGHT, ""
    made_up = [name for name in wanted if name.startswith("_") and name not in got]
    named = {name: found for name, found in got.items() if name in wanted}
    rest = sorted(sorted(found) for name, found in got.items() if name not in wanted)
    if rest == sorted(sorted(wanted[name]) for name in made_up) and named == {
        name: found for name, found in wanted.items() if name not in made_up
    }:
        return Verdict.CONVENTION, Convention.UNNAMED
    return Verdict.WRONG, f"columns {got}"


def _is_folded(pair: tuple[str, str], wanted: Pairs) -> bool:
    source, target = (name.rsplit(".", 1)[0] for name in pair)
    return (f"{source}.*", f"{target}.*") in wanted


def _is_made_up(target: str) -> bool:
    return any(mark in target for mark in "()+-|")


def _named(names: Iterable[str]) -> set[str]:
    """Take the marks off names: quotes, and what says that a name is a path or a single part."""
    cleaned = (one.removeprefix("path:").removeprefix("table:") for one in names)
    return {one.translate(str.maketrans("", "", '"[]`')).lower() for one in cleaned}


def _words(*sides: Iterable[str]) -> list[set[str]]:
    return [{word for name in names for word in name.split(".")} for names in sides]


def board(root: Path) -> Iterator[tuple[str, list[Judged]]]:
    """Judge all cases that lie below a folder, by source."""
    for path in sorted(root.glob("*/*.json")):
        yield path.parent.name, [judge(case) for case in cases_of(path)]


def counted(judged: Sequence[Judged]) -> Counter[Verdict]:
    """Count verdicts."""
    return Counter(one.verdict for one in judged)
