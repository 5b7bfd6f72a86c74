"""Erasure verification: everything of a case looked at again, and what can be said after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from catalogs.moved import below, normal
from temporal_lineage.erasure.answer import Relation, TracedTable
from temporal_lineage.erasure.carrying import conditions
from temporal_lineage.erasure.case import (
    Case,
    CaseTable,
    SealedCondition,
    check_condition,
    paths_that_tell,
    sealed,
)
from temporal_lineage.erasure.trace import traced
from temporal_lineage.keys import NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from catalogs.search import LookedAt
    from snapshots.instant import Instant
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.erasure.searching import Means, Search
    from temporal_lineage.erasure.trace import Traced
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


class Closure(StrEnum):
    """What can be said: rows were found; none was, and all was examined; or not all was."""

    CLOSED = "closed"
    INCOMPLETE = "incomplete"
    OPEN = "open"


class Fate(StrEnum):
    """What became of a file that had held rows."""

    GONE = "gone"
    CLEAN = "clean"
    HOLDS_ROWS = "holds-rows"
    NOT_EXAMINED = "not-examined"


@dataclass(frozen=True, slots=True)
class FormerFile:
    """A file that held rows when the case was opened."""

    path: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class ExaminedFile:
    """A file that was looked at; `look` says what settled it."""

    path: str
    role: str
    size_bytes: int
    look: str


@dataclass(frozen=True, slots=True)
class ExaminedTable:
    """All that was looked at in one table; `forgotten` states are those nothing tells of."""

    table: str
    identity: str
    location: str
    versions: tuple[int, ...]
    forgotten: int
    files: tuple[ExaminedFile, ...]


@dataclass(frozen=True, slots=True)
class VerifyAnswer:
    """Whether the rows are gone, and what exactly that was said of.

    `case` is null where none was given. `former` is what became of the files of the case, and
    `remaining` are states, made of the rows, that cannot be searched by value and are still there.
    `products` were made of the rows and are not looked into. `certificate` and `signature` are the
    files that were written, null where none was.
    """

    ROWS: ClassVar[str | None] = "tables"

    question: Question
    closure: Closure
    case: str | None
    checked_at: Instant
    condition: SealedCondition
    tables: tuple[TracedTable, ...]
    examined: tuple[ExaminedTable, ...]
    former: tuple[FormerFile, ...]
    remaining: tuple[str, ...]
    products: tuple[str, ...]
    certificate: str | None
    signature: str | None
    doubts: tuple[str, ...]


def erasure_verify(
    reader: Reader,
    addresses: Sequence[DatasetAddress],
    question: Question,
    *,
    case: Case | None,
    where: str | None,
    now: Instant,
    means: Means,
) -> VerifyAnswer:
    """Answer `tl erasure verify`. Raises OtherConditionError for a condition of another case."""
    condition_text = where or "" if case is None else check_condition(case, where)
    found = traced(reader, addresses, question, where=condition_text, means=means)
    searches = dict(found.searches)
    for dataset_id, table in _left_out(reader, case, searches):
        own = conditions(condition_text, table.names)
        searches[dataset_id] = found.searching.table(
            dataset_id, where=own, relation=Relation(table.relation)
        )
    # The value sought stands in the condition; it is in no answer that is to be kept.
    tables = tuple(replace(one.traced, where=None) for one in searches.values())
    examined = tuple(_examined(one) for one in searches.values())
    paths = (file.path for one in examined for file in one.files)
    former = tuple(_former(case, searches))
    remaining = tuple(_remaining(reader, case, found))
    return VerifyAnswer(
        question=question,
        closure=_closure(tables, former, remaining),
        case=case.case if case else None,
        checked_at=now,
        condition=_condition(case, found, now),
        tables=tables,
        examined=examined,
        former=former,
        remaining=remaining,
        products=case.products if case else tuple(one.address for one in found.answer.products),
        certificate=None,
        signature=None,
        doubts=(*found.answer.doubts, *told_by_paths(condition_text, paths)),
    )


def _condition(case: Case | None, found: Traced, now: Instant) -> SealedCondition:
    if case is not None:
        return replace(case.condition, text=None)
    columns = (one.name for search in found.searches.values() for one in search.traced.columns)
    salted_by = f"{found.answer.question.target} {now.isoformat()}"
    return sealed(found.answer.where, dict.fromkeys(columns), salted_by=salted_by, keep_value=False)


def told_by_paths(where: str, paths: Iterable[str]) -> Iterator[str]:
    """Say where a value that is not to be kept stands in the names of files all the same."""
    count = paths_that_tell(where, paths)
    if count:
        yield f"{count} paths of files hold a value that is sought: they are partitioned by it"


def _left_out(
    reader: Reader, case: Case | None, searches: Mapping[int, Search]
) -> Iterator[tuple[int, CaseTable]]:
    """Yield the tables of a case to which lineage leads no more."""
    for table in case.tables if case else ():
        dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=table.identity)
        if dataset_id is not None and dataset_id not in searches and table.names:
            yield dataset_id, table


def _closure(
    tables: Sequence[TracedTable], former: Sequence[FormerFile], remaining: Sequence[str]
) -> Closure:
    if any(one.holds for one in tables):
        return Closure.OPEN
    gaps = any(one.unexamined for one in tables) or bool(remaining)
    gaps = gaps or any(one.fate is Fate.NOT_EXAMINED for one in former)
    return Closure.INCOMPLETE if gaps or not tables else Closure.CLOSED


def _former(case: Case | None, searches: Mapping[int, Search]) -> Iterator[FormerFile]:
    looked: dict[str, LookedAt] = {}
    holding: set[str] = set()
    walked: list[str] = []
    for search in searches.values():
        if search.found is not None:
            looked |= {normal(one.path): one for one in search.found.looked_at}
            holding |= {normal(one.path) for one in search.found.holding}
            lost = {normal(one.place) for one in search.found.unexamined}
            root = normal(search.traced.location)
            walked += [] if root in lost else [root]
    for table in case.tables if case else ():
        for one in table.files:
            yield FormerFile(one.path, _fate(normal(one.path), looked, holding, walked))


def _fate(
    path: str, looked: Mapping[str, LookedAt], holding: set[str], walked: Sequence[str]
) -> Fate:
    if path in holding:
        return Fate.HOLDS_ROWS
    if path in looked:
        return Fate.GONE if looked[path].look == "gone" else Fate.CLEAN
    # Whatever lies below a folder that was listed was looked at.
    is_gone = any(below(path, root) is not None for root in walked)
    return Fate.GONE if is_gone else Fate.NOT_EXAMINED


def _remaining(reader: Reader, case: Case | None, found: Traced) -> Iterator[str]:
    for table in case.tables if case else ():
        if table.relation != Relation.FED:
            continue
        dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=table.identity)
        for version in table.states:
            if dataset_id is None or found.searching.is_left(dataset_id, int(version)):
                yield f"{table.table}@{version}"
    for fed in found.answer.tables:
        if fed.relation is Relation.FED and case is None:
            yield from (f"{fed.table}@{one.version}" for one in fed.states if one.listed)


def _examined(search: Search) -> ExaminedTable:
    found, traced_table = search.found, search.traced
    return ExaminedTable(
        table=traced_table.table,
        identity=traced_table.identity,
        location=traced_table.location,
        versions=found.states if found else (),
        forgotten=len(found.forgotten) if found else 0,
        files=tuple(
            ExaminedFile(one.path, one.role.value, one.size_bytes, one.look.value)
            for one in (found.looked_at if found else ())
        ),
    )
