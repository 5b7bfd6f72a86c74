"""Limits of row filters: what would take long to read is refused, before anything is read of it."""

from __future__ import annotations

import re

from catalogs.portion import BadFilterError

LETTERS_MAX = 100_000
WORDS_MAX = 2_000
"""How often a condition says `and`, `or` or `not`; each takes half a millisecond to read."""

DEPTH_MAX = 100
"""How deep parentheses go; each level takes some of Python's stack."""

# Texts are matched first, so that nothing inside them counts.
_MARK = re.compile(r"""'[^']*'|"[^"]*"|[()]|\b(?:and|or|not)\b""", re.IGNORECASE)
_STEP = {"(": 1, ")": -1}


def refuse_too_large(where: str) -> None:
    """Raise BadFilterError where a condition is beyond a limit."""
    if len(where) > LETTERS_MAX:
        raise BadFilterError(where, f"it has more than {LETTERS_MAX:,} letters")
    depth = words = 0
    for mark in _MARK.findall(where):
        depth += _STEP.get(mark, 0)
        words += mark.isalpha()
        if depth > DEPTH_MAX:
            raise BadFilterError(where, f"its parentheses go deeper than {DEPTH_MAX}")
        if words > WORDS_MAX:
            raise BadFilterError(where, f"it says and, or, not more than {WORDS_MAX:,} times")
