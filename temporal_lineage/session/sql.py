"""Questions about SQL texts: what they read and write, against what the ledger remembers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from temporal_lineage.session.asking import Asking, When

if TYPE_CHECKING:
    from temporal_lineage.questions.schemas.sql import SqlAnswer


class _Asked(TypedDict):
    text: str
    dialect: str
    inside: tuple[str, ...]


class SqlQuestions(Asking):
    """Questions whose subject is a text."""

    def sql_lineage(
        self,
        text: str,
        *,
        dialect: str = "",
        inside: str = "",
        name: str = "SQL",
        as_of: When = None,
        as_known: When = None,
    ) -> SqlAnswer:
        """Say what a SQL text reads and writes, table by table and column by column.

        Columns are resolved against the schemas of the point in both times, a pinned read's
        against those of its state. `dialect` is one of sqlglot's, generic where it is empty;
        `inside` is what names with fewer parts stand in, as `lake.sales`; `name` is what the
        answer calls the text. Statements that cannot be read are in `refused`. Raises
        UnknownDialectError.
        """
        from temporal_lineage.facts import AsOf
        from temporal_lineage.questions.question import Question
        from temporal_lineage.questions.schemas.sql import sql_lineage
        from temporal_lineage.store.errors import LedgerMissingError

        asked: _Asked = {
            "text": text,
            "dialect": dialect,
            "inside": tuple(part for part in inside.split(".") if part),
        }
        try:
            return self._ask("sql", name, (as_of, as_known), sql_lineage, **asked)
        except LedgerMissingError as error:
            now = self.clock()
            question = Question("sql", name, AsOf(valid=now, system=now), known_until=None)
            answer = sql_lineage(None, question, **asked)
            return replace(answer, doubts=(f"no table is known: {error}", *answer.doubts))
