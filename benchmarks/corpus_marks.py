"""Marks of the scoreboard: what a reader did with one kind of fact about one foreign table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from snapshots.errors import TemporalLineageError, UnreadableError

KNOWN_BAD = "known-bad"

NO_SUCH_FILE = "there is no such file"
"""A reason for refusing that can be checked at once."""

REASONS_MAX = 3
REASON_CHARACTERS_MAX = 400


class Column(StrEnum):
    """A kind of fact, one column of the scoreboard."""

    HISTORY = "history"
    SCHEMAS = "schemas"
    INSTANTS = "instants"
    FILES = "files"
    ROWS = "rows"
    VALUES = "values"


class Outcome(StrEnum):
    """What came of comparing."""

    RIGHT = "right"
    REFUSED = "refused"
    WRONG = "WRONG"
    UNTOLD = "-"


@dataclass(frozen=True, slots=True)
class Mark:
    """The outcome for one column: how many facts were compared, and why it is not right."""

    outcome: Outcome
    facts: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fixture:
    """One entry of the corpus, with the facts that are known of it."""

    name: str
    format: str
    category: str
    path: Path
    bundle: Path | None
    features: tuple[str, ...]
    facts: dict[str, Any]
    peer: dict[str, Any]

    @classmethod
    def of(cls, corpus: Path, entry: dict[str, Any]) -> Fixture:
        """Read an entry of INDEX.json."""
        bundle = entry.get("bundle")
        return cls(
            name=entry["id"],
            format=entry["format"],
            category=entry["category"],
            path=corpus / entry["path"],
            bundle=corpus / bundle if bundle else None,
            features=tuple(entry["features"]),
            facts=entry["facts"],
            peer=entry["loads_in_peer"] or {},
        )


@dataclass
class Tally:
    """Comparisons under way; one wrong fact makes the whole column wrong."""

    right: int = 0
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def expect(self, what: str, *, found: object, told: object) -> None:
        """Compare one fact."""
        if found == told:
            self.right += 1
        else:
            self.wrong.append(f"{what}: {found!r} where {told!r} is right")

    @contextmanager
    def refusals(self, what: str) -> Iterator[None]:
        """Take an error of ours for a refusal, any other for a wrong answer."""
        try:
            yield
        except TemporalLineageError as error:
            untrue = isinstance(error, UnreadableError) and (
                error.reason == NO_SUCH_FILE and Path(error.location).exists()
            )
            (self.wrong if untrue else self.refused).append(f"{what}: {error}")
        except Exception as error:  # noqa: BLE001 - a bug must not end the scoreboard
            self.wrong.append(f"{what}: {type(error).__name__}: {error}")

    def mark(self) -> Mark:
        """Sum up."""
        if self.wrong:
            return Mark(Outcome.WRONG, len(self.wrong), _few(self.wrong))
        if self.refused:
            return Mark(Outcome.REFUSED, len(self.refused), _few(self.refused))
        return Mark(Outcome.RIGHT if self.right else Outcome.UNTOLD, self.right, ())


Marks = dict[Column, Mark]


def one_mark(mark: Mark) -> Marks:
    """Give the marks of a table that is judged as a whole."""
    return {column: mark if column is Column.HISTORY else UNTOLD for column in Column}


UNTOLD = Mark(Outcome.UNTOLD, 0, ())


def _few(reasons: list[str]) -> tuple[str, ...]:
    shown = [" ".join(one.split())[:REASON_CHARACTERS_MAX] for one in reasons[:REASONS_MAX]]
    more = len(reasons) - len(shown)
    return (*shown, f"and {more} more") if more else tuple(shown)
