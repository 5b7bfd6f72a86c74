"""Checks: what tells a good state from a bad one, a query over its rows or a command."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from snapshots.errors import TemporalLineageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.table import TableState
    from snapshots.instant import Instant
    from temporal_lineage.lineage.first_bad import Verdict

COMMAND = "command:"
"""What a check starts with that is a command."""


class BadCheckError(UsageError):
    """A check that cannot be understood."""

    def __init__(self, check: str, reason: str) -> None:
        """Keep the check as it was given, and why it was refused."""
        self.check = check
        self.reason = reason
        super().__init__(
            f"the check {check!r} cannot be used: {reason}; write SQL over the table `state` that"
            ' gives true where the state is good, as in "count(*) > 0" or "SELECT max(paid) <'
            ' 100 FROM state", or command:PROGRAM'
        )


class CheckFailedError(TemporalLineageError):
    """A command that ended in a way that says nothing of the state."""

    def __init__(self, command: str, state: str, how: str) -> None:
        """Keep the command, the state it was to judge, and how it ended."""
        self.command = command
        self.state = state
        self.how = how
        super().__init__(
            f"{command} {how} at {state}, which is no verdict; end with 0 for a good state, 1 to"
            " 124 for a bad one, 125 for one that cannot be judged"
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of one state; `why` is empty where the verdict says it all."""

    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class OpenState:
    """A state to be judged; `table` is None for a version of a model, which has no rows here.

    `version` is a snapshot id, a Delta version or the name of a version.
    """

    address: str
    dataset: str
    version: str
    since: Instant
    table: TableState | None


class Check(Protocol):
    """A check that was understood."""

    text: str

    def judge(self, state: OpenState) -> Judged:
        """Judge one state; skipped where nothing can be said of it.

        Raises BadCheckError and CheckFailedError for what is no matter of the state, and what
        `TableState.batches` raises.
        """


@dataclass(frozen=True, slots=True)
class SqlText:
    """A check in SQL: a query over the table `state`, or what is to be selected from it."""

    text: str


@dataclass(frozen=True, slots=True)
class CommandText:
    """A check by a command, as its words."""

    text: str
    words: Sequence[str]


CheckText = SqlText | CommandText


def read_check(text: str) -> CheckText:
    """Read a check as it was typed. Raises BadCheckError."""
    if "\x00" in text:
        raise BadCheckError(text, "it holds what is no text")
    if not text.startswith(COMMAND):
        if not text.strip():
            raise BadCheckError(text, "it is empty")
        return SqlText(text.strip().rstrip(";"))
    try:
        words = shlex.split(text.removeprefix(COMMAND))
    except ValueError as error:
        raise BadCheckError(text, str(error).lower()) from error
    if not words or not words[0]:
        raise BadCheckError(text, "no command follows")
    return CommandText(text, tuple(words))
