"""Knowledge: how an answer changed between two days of the ledger, and what taught it so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import TemporalLineageError
from temporal_lineage.questions.question import Json, Question, as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.questions.question import Answer
    from temporal_lineage.store.reader import Reader

TRANSACTIONS_MAX = 100_000
"""How many transactions are looked through for those between two days."""

_IDENTITY = {
    "at": (),
    "changes": ("kind", "about", "at"),
    "contamination": ("dataset",),
    "coverage": ("dataset",),
    "critical-path": ("state",),
    "downstream": ("source", "target"),
    "freshness": ("dataset",),
    "impact": ("address",),
    "log": ("snapshot_id",),
    "owners": ("dataset",),
    "redundant": ("kind", "sources", "targets"),
    "run show": ("side", "dataset"),
    "schema audit": ("dataset", "at", "field_id", "kind"),
    "schema diff": ("field_id", "kind"),
    "schema log": ("since", "schema_id"),
    "show": ("dataset",),
    "table log": ("since", "part", "what"),
    "unused": ("dataset",),
    "upstream": ("source", "target"),
    "volume": ("snapshot_id",),
    "why": ("shows", "method"),
}
"""Verbs whose answers can be compared, and the fields by which a row is the same row."""

VERBS = tuple(_IDENTITY)

NOW_ONLY = frozenset(
    {
        *("available", "bisect", "erasure trace", "erasure verify", "fingerprint", "guard"),
        *("lock", "recover", "reproduce", "scan"),
    }
)
"""Verbs whose answers rest on the tables and files themselves, which are there as of now only."""


class Learned(StrEnum):
    """What became of a row of the answer."""

    NEW = "new"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class KnowledgeChange:
    """One row of the answer that is not what it was; or one field, where the answer is one row.

    `fields` are those that differ, as (name, before, after) in JSON's words; all of them for a
    row that is new or lost. `learned_at` and `source` are those of the transaction that taught it,
    None where rows have no transaction of their own.
    """

    learned: Learned
    what: str
    fields: tuple[tuple[str, str, str], ...]
    learned_at: Instant | None
    source: str | None


@dataclass(frozen=True, slots=True)
class LearnedTransaction:
    """A transaction of the ledger: when it was written, and what brought it."""

    tx: int
    recorded_at: Instant
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class KnowledgeAnswer:
    """How the answer to one question changed from what was known on one day to another."""

    ROWS: ClassVar[str | None] = "changes"

    question: Question
    verb: str
    known_before: Instant
    known_after: Instant
    changes: tuple[KnowledgeChange, ...]
    transactions: tuple[LearnedTransaction, ...]
    doubts: tuple[str, ...]


def knowledge(
    reader: Reader,
    question: Question,
    *,
    compared: str,
    known_before: Instant,
    answer_as_known: Callable[[Instant], Answer],
) -> KnowledgeAnswer:
    """Compare an answer as known at two system times; the later one is the question's.

    `compared` is one of VERBS.

    What could not be answered on one of the days, as for a table not harvested yet, is no row;
    where it can be on neither, the question is refused as it would be on the later one.
    """
    after_known = question.as_of.system
    was = _answered(answer_as_known, known_before)
    became = _answered(answer_as_known, after_known)
    if isinstance(was, TemporalLineageError) and isinstance(became, TemporalLineageError):
        raise became
    before, after = _rows(compared, was), _rows(compared, became)
    taught = _transactions(reader, known_before, after_known)
    by_instant = {one.recorded_at: one for one in taught}
    changes = tuple(
        _taught(reader, change, row, by_instant, until=after_known)
        for change, row in _changes(compared, before, after)
    )
    return KnowledgeAnswer(
        question=question,
        verb=compared,
        known_before=known_before,
        known_after=after_known,
        changes=changes,
        transactions=tuple(taught),
        doubts=tuple(_doubts(was, known_before, became, after_known)),
    )


_Row = dict[str, Json]
_Rows = dict[tuple[str, ...], list[_Row]]
"""Rows by what makes them the same row; mostly one each."""


def _answered(ask: Callable[[Instant], Answer], known: Instant) -> Answer | TemporalLineageError:
    """Ask as known then; give why there is no answer where there is none."""
    try:
        return ask(known)
    except TemporalLineageError as error:
        return error


def _doubts(
    was: Answer | TemporalLineageError,
    before: Instant,
    became: Answer | TemporalLineageError,
    after: Instant,
) -> Iterator[str]:
    """Yield what the later answer does not know, then what only the earlier one did not."""
    if isinstance(was, TemporalLineageError):
        yield f"as known {before}: {was}"
    if isinstance(became, TemporalLineageError):
        yield f"as known {after}: {became}"
    later = () if isinstance(became, TemporalLineageError) else became.doubts
    yield from later
    if not isinstance(was, TemporalLineageError):
        yield from (f"as known {before}: {one}" for one in was.doubts if one not in later)


def _rows(verb: str, answer: Answer | TemporalLineageError) -> _Rows:
    """Give the rows of an answer by what makes them the same row; none where there is none."""
    if isinstance(answer, TemporalLineageError):
        return {}
    body = as_json(answer)["answer"]
    rows = body[answer.ROWS] if answer.ROWS is not None and isinstance(body, dict) else [body]
    found: _Rows = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            key = tuple(str(row[name]) for name in _IDENTITY[verb] if row[name] is not None)
            found.setdefault(key, []).append(row)
    return found


def _changes(verb: str, before: _Rows, after: _Rows) -> Iterator[tuple[KnowledgeChange, _Row]]:
    arrow = " -> " if verb in {"upstream", "downstream"} else " "
    for key in dict.fromkeys((*before, *after)):
        for old, new in _paired(before.get(key, ()), after.get(key, ())):
            learned = Learned.CHANGED if old and new else Learned.NEW if new else Learned.LOST
            fields = tuple(_differing(old, new))
            yield KnowledgeChange(learned, arrow.join(key), fields, None, None), new or old


def _paired(before: Sequence[_Row], after: Sequence[_Row]) -> Iterator[tuple[_Row, _Row]]:
    """Yield what rows that go by one name were and became, in order; not those that stayed."""
    was = [one for one in before if one not in after]
    became = [one for one in after if one not in before]
    yield from zip_longest(was, became, fillvalue={})


def _differing(old: _Row, new: _Row) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield name, _text(old.get(name)), _text(new.get(name))


def _text(value: Json) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _transactions(reader: Reader, before: Instant, after: Instant) -> list[LearnedTransaction]:
    rows = reader.transactions_between(after=before, until=after, limit=TRANSACTIONS_MAX)
    return [LearnedTransaction(*row) for row in reversed(rows)]


def _taught(
    reader: Reader,
    change: KnowledgeChange,
    row: _Row,
    by_instant: Mapping[Instant, LearnedTransaction],
    *,
    until: Instant,
) -> KnowledgeChange:
    """Name the transaction that taught an edge; other rows rest on several."""
    edge = row.get("edge")
    # What a job reads and writes itself is told by its runs, and is no edge of the ledger's.
    if not isinstance(edge, str) or not edge.startswith("edge:"):
        return change
    history = reader.edge_history(edge_id=int(edge.removeprefix("edge:")))
    said = [one.recorded_at for one in history if one.recorded_at <= until]
    taught = by_instant.get(max(said)) if said else None
    if taught is None:
        return change
    source = " ".join(part for part in (taught.source, taught.note) if part)
    return KnowledgeChange(change.learned, change.what, change.fields, taught.recorded_at, source)
