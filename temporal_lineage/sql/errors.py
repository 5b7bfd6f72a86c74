"""What is wrong with a SQL text, or with what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from snapshots.errors import TemporalLineageError, UsageError


class UnknownDialectError(UsageError):
    """A word that names no SQL dialect."""

    def __init__(self, word: str, known: Sequence[str]) -> None:
        """Keep the word, and name the nearest dialect."""
        self.word = word
        near = get_close_matches(word.lower(), known, n=1)
        hint = f"did you mean {near[0]}?" if near else "known are " + ", ".join(known)
        super().__init__(f"{word!r} is no SQL dialect; {hint}")


class UnreadableSqlError(TemporalLineageError):
    """A text of which not every statement could be read."""

    def __init__(self, where: str, dialect: str, reasons: Sequence[str]) -> None:
        """Keep what was refused, statement by statement; the message tells the first."""
        self.where = where
        self.dialect = dialect
        self.reasons = tuple(reasons)
        first, *more = reasons
        rest = f", and {len(more)} more" if more else ""
        super().__init__(f"{where} cannot be read as {dialect} SQL: {first}{rest}")
