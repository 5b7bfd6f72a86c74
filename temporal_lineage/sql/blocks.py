"""Blocks: the procedural words around the statements of a procedure or a script.

Engines differ in their procedural languages; the statements inside are SQL. So the words around
them are taken off, and what branch or loop a statement stands in makes no difference: it may run.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokenizer_core import Token, TokenType

_HEAD_WORDS_MAX = 8
_PROCEDURES = frozenset({"procedure", "proc"})
_TRANSACTION = frozenset({"transaction", "tran", "work", "isolation", "read", "deferred"})
_OPENERS = frozenset({"loop", "else", "repeat", "do", "then"})
_CONDITIONS = frozenset({"if", "elseif", "elsif", "while", "for", "exception", "when"})
_ENDS_OF_CONDITIONS = frozenset({"then", "do", "loop"})
_CLOSED = frozenset({"if", "loop", "while", "repeat", "for", "case", "try", "catch"})


def unwrapped(chunk: Sequence[Token]) -> tuple[list[Token], list[str]]:
    """Give the statement inside procedural words, and the procedures whose heads were passed."""
    tokens = list(chunk)
    opened: list[str] = []
    while tokens:
        word = tokens[0].text.lower()
        after = tokens[1].text.lower() if len(tokens) > 1 else ""
        if word == "create" and (name := _procedure(tokens)) is not None:
            begin = _find(tokens, {"begin"})
            if begin is None:
                break
            opened.append(name)
            tokens = tokens[begin + 1 :]
        elif (word == "begin" and after and after not in _TRANSACTION) or word in _OPENERS:
            tokens = tokens[1:]
        elif word in _CONDITIONS:
            end = _find(tokens, _ENDS_OF_CONDITIONS)
            end = _find(tokens, {"begin"}) if end is None else end
            if end is None:
                break
            tokens = tokens[end + 1 :]
        elif word == "end":
            tokens = tokens[2:] if after in _CLOSED or len(tokens) == 2 else tokens[1:]  # noqa: PLR2004
        else:
            break
    return tokens, opened


def _procedure(tokens: Sequence[Token]) -> str | None:
    """Give the name of the procedure that is created; None where it is something else."""
    words = [token.text.lower() for token in tokens[:_HEAD_WORDS_MAX]]
    at = next((n for n, word in enumerate(words) if word in _PROCEDURES), None)
    if at is None:
        return None
    parts: list[str] = []
    for token in tokens[at + 1 :]:
        if token.token_type in (TokenType.L_PAREN, TokenType.PARAMETER, TokenType.ALIAS):
            break
        if parts and parts[-1] != "." and token.text != ".":
            break
        parts.append(token.text)
    return "".join(parts)


def _find(tokens: Sequence[Token], words: set[str] | frozenset[str]) -> int | None:
    """Find a word outside brackets and CASE."""
    depth = 0
    for n, token in enumerate(tokens):
        if token.token_type in (TokenType.L_PAREN, TokenType.CASE):
            depth += 1
        elif depth and token.token_type in (TokenType.R_PAREN, TokenType.END):
            depth -= 1
        elif depth == 0 and n and token.text.lower() in words:
            return n
    return None
