"""Choices: which columns of a state are asked for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from snapshots.errors import UnknownNameError, UsageError


def chosen(asked: Sequence[str] | None, *, columns: Sequence[str], state: str) -> tuple[str, ...]:
    """Give the names of the columns to read, each once; all where `asked` is None.

    Raises UnknownNameError for a column that the state's own schema lacks, UsageError for none.
    """
    if asked is None:
        return tuple(columns)
    for name in asked:
        if name not in columns:
            nearest = difflib.get_close_matches(name, columns)
            advice = f"the columns of this state are {', '.join(columns)}"
            raise UnknownNameError("column", f"{state}#{name}", nearest, advice)
    if not asked:
        shown = ", ".join(columns)
        raise UsageError(f"no column of {state} is asked for; name one or more of {shown}")
    return tuple(dict.fromkeys(asked))
