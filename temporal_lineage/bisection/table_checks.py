"""Which check judges which table: the one asked for, one of its own, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.bisection.checks import COMMAND, SqlText, read_check
from temporal_lineage.bisection.command_check import CommandCheck
from temporal_lineage.bisection.sql_check import SqlCheck, names_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.bisection.checks import Check
    from temporal_lineage.bisection.searching import Searching


@dataclass(frozen=True, slots=True)
class Chosen:
    """The check for a table upstream; `own` where it was given for this table."""

    check: Check
    own: bool


class TableChecks:
    """The check of the target, and those given for tables upstream."""

    def __init__(self, check: str, upstream: Mapping[int, str], searching: Searching) -> None:
        """Read them all, the latter by dataset. Raises BadCheckError."""
        self.target = _understood(check, searching)
        self._upstream = {one: _understood(text, searching) for one, text in upstream.items()}
        # What only counts rows would count other things elsewhere, and a program that does not
        # know a table fails just as it does on a bad state.
        self._is_general = not check.startswith(COMMAND) and names_columns(check)
        self.unused = dict.fromkeys(self._upstream)

    def of(self, dataset_id: int) -> Chosen | None:
        """Give the check for a table upstream; None where none can be applied to it."""
        own = self._upstream.get(dataset_id)
        if own is not None:
            self.unused.pop(dataset_id, None)
            return Chosen(own, own=True)
        return Chosen(self.target, own=False) if self._is_general else None


def _understood(text: str, searching: Searching) -> Check:
    read = read_check(text)
    if isinstance(read, SqlText):
        return SqlCheck(read.text, searching)
    return CommandCheck(read.text, read.words, searching)
