"""Reading a SQL text: limits, statements one by one, and a reason for each that does not parse."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from traceback import walk_stack

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Parsed
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from temporal_lineage.sql.blocks import unwrapped
from temporal_lineage.sql.dialects import Dialect
from temporal_lineage.sql.statements import Refusal
from temporal_lineage.sql.wording import tokens_of

CHARS_MAX = 1_000_000
TOKENS_MAX = 200_000
DEPTH_MAX = 150
STATEMENTS_MAX = 5_000
_FRAMES_MAX = 6_000

NEAR_CHARS_MAX = 40

# sqlglot is lenient: of a malformed statement it makes a tree whose parts are missing or of
# another kind, and now and then it trips over one itself. One such text must not stop the rest.
MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
NOT_UNDERSTOOD = "is put together in a way that is not understood"

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_STARTS = frozenset(
    {"select", "insert", "update", "delete", "merge", "create", "with", "drop", "truncate", "alter"}
    | {"declare", "set", "exec", "execute", "if", "begin", "end", "print", "use", "go"}
)
_MAY_BE_READ_AS_TEXT = frozenset({"restore", "export", "rename", "create", "alter", "unload"})
_OPENS = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSES = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})


@dataclass(frozen=True, slots=True)
class Tree:
    """One statement as sqlglot parsed it."""

    root: exp.Expr
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The head of a procedure; what follows is its body."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A statement that sqlglot does not parse, and its text may be read none the less."""

    refusal: Refusal
    line: int
    text: str


def read(text: str, dialect: Dialect) -> tuple[Tree | Opened | Unparsed | Refusal, ...]:
    """Parse a text statement by statement; what fails does not take the others with it."""
    if len(text) > CHARS_MAX:
        return (Refusal(f"{len(text):,} characters; at most {CHARS_MAX:,} are read", 0, 0, ""),)
    if (found := _JINJA.search(text)) is not None and not _in_quotes(text, found.start()):
        line, column = _place(text, found.start())
        why = "a template that was not rendered; give the compiled SQL"
        return (Refusal(why, line, column, found[0][:NEAR_CHARS_MAX]),)
    parsed = Parsed.get_or_raise(dialect.name)
    try:
        tokens = tokens_of(text, parsed, dialect)
    except SqlglotError as error:
        return (_refusal(error, text, ()),)
    if len(tokens) > TOKENS_MAX:
        return (Refusal(f"{len(tokens):,} tokens; at most {TOKENS_MAX:,} are read", 0, 0, ""),)
    chunks = list(_chunks(tokens))
    if len(chunks) > STATEMENTS_MAX:
        why = f"{len(chunks):,} statements; at most {STATEMENTS_MAX:,} are read"
        return (Refusal(why, 0, 0, ""),)
    result: list[Tree | Opened | Unparsed | Refusal] = []
    with _quiet():
        for chunk in chunks:
            body, opened = unwrapped(chunk)
            result += [Opened(name, chunk[0].line) for name in opened]
            if body:
                result += _parse(body, text, parsed, dialect)
    return tuple(result)


def _parse(
    chunk: Sequence[Token], text: str, parsed: Parsed, dialect: Dialect
) -> Iterator[Tree | Unparsed | Refusal]:
    depth = _depth(chunk)
    if depth > DEPTH_MAX:
        why = f"brackets {depth} deep; at most {DEPTH_MAX} are followed"
        yield Refusal(why, chunk[0].line, chunk[0].col, "")
        return
    try:
        yield from list(_trees(chunk, text, parsed))
    except SqlglotError as error:
        piece = text[chunk[0].start : chunk[-1].end + 1]
        if chunk[0].text.lower() in _MAY_BE_READ_AS_TEXT:
            yield Unparsed(_refusal(error, text, chunk), chunk[0].line, piece)
            return
        pieces = list(_without_semicolons(chunk)) if dialect.name in {"tsql", "fabric"} else []
        if len(pieces) < 2:  # noqa: PLR2004  nothing to cut
            yield _refusal(error, text, chunk)
            return
        # All pieces must parse: half of a statement can be a statement, and a wrong one.
        try:
            yield from [tree for piece in pieces for tree in _trees(piece, text, parsed)]
        except SqlglotError as inner:
            yield _refusal(inner, text, chunk)
    except RecursionError:
        yield _too_deep(chunk)
    except MALFORMED:
        yield Refusal(NOT_UNDERSTOOD, chunk[0].line, chunk[0].col, chunk[0].text[:NEAR_CHARS_MAX])


def _trees(chunk: Sequence[Token], text: str, parsed: Parsed) -> Iterator[Tree]:
    first, last = chunk[0], chunk[-1]
    piece = text[first.start : last.end + 1]
    for root in parsed.parser().parse(list(chunk), text):
        if root is not None:
            yield Tree(root, first.line, piece)


def _chunks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Cut at semicolons, those in the bodies of procedures too."""
    chunk: list[Token] = []
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if chunk:
                yield chunk
            chunk = []
        else:
            chunk.append(token)
    if chunk:
        yield chunk


def _without_semicolons(chunk: Sequence[Token]) -> Iterator[list[Token]]:
    """Cut where a line begins a new statement, as T-SQL allows."""
    piece: list[Token] = []
    depth = 0
    for token in chunk:
        begins = (
            piece
            and depth == 0
            and token.text.lower() in _STARTS
            and token.line > piece[-1].line
            and not _goes_on(piece)
        )
        if begins:
            yield piece
            piece = []
        depth += (token.token_type in _OPENS) - (token.token_type in _CLOSES)
        piece.append(token)
    if piece:
        yield piece


def _goes_on(piece: Sequence[Token]) -> bool:
    """Tell whether what came before needs the next word: `INSERT INTO t` ... `SELECT`."""
    first = piece[0].text.lower()
    words = {token.text.lower() for token in piece}
    before = piece[-1].text.lower()
    if before in {"as", "all", "union", "except", "intersect", "then", "else", "begin"}:
        return True
    if first == "insert":
        return not words & {"select", "values", "exec", "execute", "default"}
    if first == "update":
        return "set" not in words
    return first == "with" and not words & {"select", "insert", "update", "delete", "merge"}


def _depth(chunk: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in chunk:
        depth += (token.token_type in _OPENS) - (token.token_type in _CLOSES)
        deepest = max(deepest, depth)
    return deepest


def _too_deep(chunk: Sequence[Token]) -> Refusal:
    return Refusal("nested too deeply to be followed", chunk[0].line, chunk[0].col, "")


def _refusal(error: SqlglotError, text: str, chunk: Sequence[Token]) -> Refusal:
    """Say where a text stops making sense, and how it stands there."""
    details = getattr(error, "errors", None) or ()
    for one in details:
        if one.get("line"):
            near = str(one.get("highlight") or "") or str(one.get("start_context") or "")[-20:]
            why = str(one.get("description") or "does not parse").rstrip(".")
            # sqlglot counts to the end of what it trips over.
            column = max(int(one["col"]) - (len(near) - 1 if "\n" not in near else 0), 1)
            return Refusal(_readable(why), int(one["line"]), column, near[:NEAR_CHARS_MAX])
    line, column = (chunk[0].line, chunk[0].col) if chunk else (1, 1)
    message = str(error).split("\n", 1)[0]
    return Refusal(
        message[:200],
        line,
        column,
        text[:NEAR_CHARS_MAX] if not chunk else chunk[0].text[:NEAR_CHARS_MAX],
    )


def _readable(why: str) -> str:
    why = re.sub(r"<Token token_type: [^,]*, text: (.*?), line:.*?>", r"\1", why)
    return re.sub(r"<class '[\w.]*\.(\w+)'>", r"\1", why)


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _in_quotes(text: str, at: int) -> bool:
    return text.count("'", 0, at) % 2 == 1


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep sqlglot from telling the log what the answer tells already."""
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def deep() -> Iterator[None]:
    """Give the parser the same room whatever stands on the stack already."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(sum(1 for _ in walk_stack(None)) + _FRAMES_MAX)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
