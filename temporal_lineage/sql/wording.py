"""Wording: what engines write and sqlglot does not read, said in tokens that it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot.dialects.dialect import Dialect as Parsed
from sqlglot.tokenizer_core import Token, TokenType

from temporal_lineage.sql.dialects import Dialect

_PROCEDURAL = frozenset({"elseif", "elsif", "loop", "if", "while", "exception", "begin", "for"})
_SWALLOWING = _PROCEDURAL | {"replace"}
_OPERATORS = frozenset({TokenType.PLUS, TokenType.DASH, TokenType.STAR, TokenType.SLASH})
_PHRASES = frozenset({"title", "format"})


def tokens_of(text: str, parsed: Parsed, dialect: Dialect) -> list[Token]:
    """Cut a text into tokens, each where it stands in the text."""
    tokens = list(_opened(parsed.tokenize(text), text, parsed))
    tokens = [_plain(token) for token in tokens]
    tokens = list(_replacing(tokens))
    if dialect.name in {"tsql", "fabric"}:
        tokens = _assigned(tokens)
    if dialect.name == "teradata":
        tokens = list(_without_phrases(tokens))
    return tokens


def _opened(tokens: Sequence[Token], text: str, parsed: Parsed) -> Iterator[Token]:
    """Open what sqlglot took for one string after a procedural word."""
    for n, token in enumerate(tokens):
        before = tokens[n - 1] if n else None
        swallowed = (
            before is not None
            and before.token_type in (TokenType.COMMAND, TokenType.REPLACE)
            and before.text.lower() in _SWALLOWING
            and token.token_type is TokenType.STRING
        )
        if not swallowed or before is None:
            yield token
            continue
        start = before.end + 1
        lines = text.count("\n", 0, start)
        for one in _opened(parsed.tokenize(text[start : token.end + 1]), text[start:], parsed):
            yield Token(
                one.token_type,
                one.text,
                one.line + lines,
                one.col,
                one.start + start,
                one.end + start,
            )


def _plain(token: Token) -> Token:
    """Say FOR SYSTEM_VERSION AS OF in the words sqlglot knows."""
    if token.token_type is TokenType.VAR and token.text.upper() == "SYSTEM_VERSION":
        return Token(token.token_type, "VERSION", token.line, token.col, token.start, token.end)
    return token


def _replacing(tokens: Sequence[Token]) -> Iterator[Token]:
    """Say REPLACE INTO, which deletes what it meets and inserts, as INSERT INTO."""
    for n, token in enumerate(tokens):
        begins = n == 0 or tokens[n - 1].token_type is TokenType.SEMICOLON
        after = tokens[n + 1].text.lower() if n + 1 < len(tokens) else ""
        if begins and after == "into" and token.text.lower() == "replace":
            yield Token(TokenType.INSERT, "INSERT", token.line, token.col, token.start, token.end)
        else:
            yield token


def _assigned(tokens: Sequence[Token]) -> list[Token]:
    """Say `SET a += b` as `SET a = a + b`."""
    result: list[Token] = []
    for n, token in enumerate(tokens):
        before = tokens[n - 1] if n else None
        if (
            token.token_type is not TokenType.EQ
            or before is None
            or before.token_type not in _OPERATORS
            or before.end + 1 != token.start
        ):
            result.append(token)
            continue
        operator = result.pop()
        left: list[Token] = []
        for one in reversed(result):
            if one.token_type in (TokenType.COMMA, TokenType.SET, TokenType.SEMICOLON):
                break
            left.insert(0, one)
        result += [token, *left, operator]
    return result


def _without_phrases(tokens: Sequence[Token]) -> Iterator[Token]:
    """Leave out Teradata's `(TITLE 'x')` and `(FORMAT 'x')`, which change no value."""
    n = 0
    while n < len(tokens):
        inside = [token.text.lower() for token in tokens[n + 1 : n + 2]]
        is_phrase = (
            tokens[n].token_type is TokenType.L_PAREN
            and inside
            and inside[0] in _PHRASES
            and n + 3 < len(tokens)
            and tokens[n + 3].token_type is TokenType.R_PAREN
        )
        if is_phrase:
            n += 4
            continue
        yield tokens[n]
        n += 1
