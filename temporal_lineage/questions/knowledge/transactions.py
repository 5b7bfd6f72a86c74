"""The ledger's own transactions: when it learned something, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.instant import BEGINNING
from temporal_lineage.questions.knowledge.learned import LearnedTransaction

if TYPE_CHECKING:
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class LedgerLogAnswer:
    """The ledger's transactions as known then, newest last."""

    ROWS: ClassVar[str | None] = "transactions"

    question: Question
    transactions: tuple[LearnedTransaction, ...]
    doubts: tuple[str, ...]


def ledger_log(reader: Reader, question: Question, *, limit: int) -> LedgerLogAnswer:
    """Answer `tl log --ledger` with the last `limit` transactions."""
    until = question.as_of.system
    rows = reader.transactions_between(after=BEGINNING, until=until, limit=limit + 1)
    told = [LearnedTransaction(*row) for row in reversed(rows[:limit])]
    more = (f"earlier transactions are left out: --limit shows more than {limit}",)
    return LedgerLogAnswer(question, tuple(told), more if len(rows) > limit else ())
