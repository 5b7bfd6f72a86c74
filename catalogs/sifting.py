"""Sifting: data files whose rows an engine counts, so that only those with matches are read here.

What an engine is asked about a file is so plain that all of them mean the same by it: columns of
whole numbers, texts and booleans, under the names and types of the file itself.

This module imports pyarrow; it is loaded only when files are searched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

from catalogs.condition import (
    Both,
    Compared,
    Condition,
    Constant,
    Either,
    IsNan,
    IsNull,
    Negated,
    Path,
    Sign,
    StartsWith,
    Value,
    paths_in,
)
from catalogs.row_groups import Leaf
from snapshots.errors import UnreadableError

_KINDS: tuple[Callable[[pa.DataType], bool], ...] = (
    pt.is_boolean,
    pt.is_signed_integer,
    lambda one: pt.is_string(one) or pt.is_large_string(one),
)
_OPPOSITES = {
    Sign.EQUAL: Sign.UNEQUAL,
    Sign.UNEQUAL: Sign.EQUAL,
    Sign.LESS: Sign.AT_LEAST,
    Sign.AT_LEAST: Sign.LESS,
    Sign.GREATER: Sign.AT_MOST,
    Sign.AT_MOST: Sign.GREATER,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may hold matching rows: where it lies, how many rows it has, what is sought.

    `columns` are its own, by the names that the condition has for them. `schema` is all of them,
    as a text: files of one schema may be read together.
    """

    place: str
    rows: int
    condition: Condition
    columns: Mapping[Path, pa.Field]
    schema: str


@dataclass(frozen=True, slots=True)
class Sifted:
    """How many rows of files an engine says that match; `hits` are by the place of the file."""

    engine: str
    hits: Mapping[str, int]

    def is_empty(self, place: str) -> bool:
        """Tell whether all rows of a file were read, and none matches."""
        return self.hits.get(place) == 0

    def hold(self, place: str, rows: int) -> None:
        """Raise UnreadableError where other rows of a file match than the engine counted."""
        told = self.hits.get(place, rows)
        if told != rows:
            reason = f"{rows} of its rows match, and {self.engine} counts {told}"
            raise UnreadableError(place, reason, "search without --engine, and tell us")


def candidate(
    place: str,
    rows: int,
    condition: Condition,
    leaves: Mapping[Path, Leaf],
    schema: pa.Schema,
) -> Candidate | None:
    """Make a candidate of a Parquet file; None where engines may not mean the same by it."""
    folded = [name.casefold() for name in schema.names]
    columns: dict[Path, pa.Field] = {}
    for path in paths_in(condition):
        leaf = leaves.get(path)
        if leaf is None or folded.count(leaf.physical.casefold()) != 1:
            return None
        if leaf.physical not in schema.names or "." in leaf.physical:
            return None
        if not any(is_kind(leaf.stored) and is_kind(leaf.wanted) for is_kind in _KINDS):
            return None
        columns[path] = schema.field(leaf.physical)
    if not columns or _looks_for_nan(condition):
        return None
    return Candidate(place, rows, condition, columns, schema.remove_metadata().to_string())


@dataclass(frozen=True, slots=True)
class Words:
    """How an engine's expressions are made; `sure` turns NULL into false."""

    column: Callable[[pa.Field], Any]
    literal: Callable[[bool | int | str], Any]
    is_null: Callable[[Any], Any]
    starts_with: Callable[[Any, Any], Any]
    sure: Callable[[Any], Any]


def expression(one: Candidate, words: Words) -> Any:  # noqa: ANN401 - an engine's own
    """Say in an engine's words which rows meet the condition: true or false, never NULL."""
    return _told(one.condition, one.columns, words, wanted=True)


def _told(
    condition: Condition, columns: Mapping[Path, pa.Field], words: Words, *, wanted: bool
) -> Any:  # noqa: ANN401
    """Say where a condition is true, or where it is false: NULL is neither."""
    match condition:
        case Constant(value):
            return words.literal(value is wanted)
        case Negated(part):
            return _told(part, columns, words, wanted=not wanted)
        case Both(parts) | Either(parts):
            told = [_told(part, columns, words, wanted=wanted) for part in parts]
            conjoined = isinstance(condition, Both) is wanted
            return reduce(lambda a, b: a & b if conjoined else a | b, told)
        case IsNull(path):
            found = words.is_null(words.column(columns[path]))
            return found if wanted else ~found
        case StartsWith(path, start):
            column = words.column(columns[path])
            found = words.starts_with(column, words.literal(start.decode()))
            return words.sure(found if wanted else ~found)
        case Compared(path, sign, value):
            chosen = sign if wanted else _OPPOSITES[sign]
            column = words.column(columns[path])
            return words.sure(_compared(column, chosen, words.literal(_plain(value))))
        case IsNan():
            raise AssertionError(condition)  # no candidate has one


def _compared(column: Any, sign: Sign, value: Any) -> Any:  # noqa: ANN401
    match sign:
        case Sign.EQUAL:
            return column == value
        case Sign.UNEQUAL:
            return column != value
        case Sign.LESS:
            return column < value
        case Sign.AT_MOST:
            return column <= value
        case Sign.GREATER:
            return column > value
        case Sign.AT_LEAST:
            return column >= value


def _plain(value: Value) -> bool | int | str:
    if isinstance(value, bytes):
        return value.decode()
    assert isinstance(value, bool | int)  # noqa: S101 - as its column is
    return value


def _looks_for_nan(condition: Condition) -> bool:
    match condition:
        case IsNan():
            return True
        case Negated(part):
            return _looks_for_nan(part)
        case Both(parts) | Either(parts):
            return any(_looks_for_nan(part) for part in parts)
        case _:
            return False
