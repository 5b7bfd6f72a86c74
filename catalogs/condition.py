"""Conditions: a row filter as a tree of values, and whether rows of known bounds may satisfy it.

Three-valued logic throughout, as SQL has it: a comparison with NULL is neither true nor false. So
is what is said of a file's rows: which of the three outcomes they may have. NaN equals nothing,
is less than nothing, and is told apart from NULL.

Values are given as formats store them: texts as UTF-8, dates as days, instants as whole units of
the column's type. Everything here is pure; whoever reads statistics makes a `Spread` of them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

Path = tuple[str, ...]
"""A column as the filter names it, or a field inside structs."""

Value = bool | int | float | Decimal | bytes


class Sign(Enum):
    """A comparison, with what it means between two values."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Constant:
    """True or false, whatever the row."""

    value: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A column beside a value."""

    path: Path
    sign: Sign
    value: Value


@dataclass(frozen=True, slots=True)
class StartsWith:
    """A text that begins so."""

    path: Path
    start: bytes


@dataclass(frozen=True, slots=True)
class IsNull:
    """A column without a value."""

    path: Path


@dataclass(frozen=True, slots=True)
class IsNan:
    """A number that is none."""

    path: Path


@dataclass(frozen=True, slots=True)
class Negated:
    """What the part is not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of the parts."""

    parts: tuple[Condition, ...]


Condition = Constant | Compared | StartsWith | IsNull | IsNan | Negated | Both | Either


@dataclass(frozen=True, slots=True)
class Spread:
    """What the values of one column in some rows may be.

    `least` and `most` bound all that is neither NULL nor NaN, and need not be reached; None where
    nothing bounds them. `may_hold` says whether there may be such a value at all. `admits` rules
    out single values, as a Bloom filter or a bucket does; None where nothing does.
    """

    least: Value | None
    most: Value | None
    may_hold: bool
    may_be_null: bool
    may_be_nan: bool
    admits: Callable[[Value], bool] | None


UNKNOWN = Spread(None, None, may_hold=True, may_be_null=True, may_be_nan=True, admits=None)
"""Of which nothing is known."""
NULLS = Spread(None, None, may_hold=False, may_be_null=True, may_be_nan=False, admits=None)
"""Nothing but NULL."""

SpreadOf = Callable[[Path], Spread]


def may_match(condition: Condition, spread_of: SpreadOf) -> bool:
    """Tell whether some row of these spreads may satisfy a condition; never a false no."""
    return _outcomes(condition, spread_of).true


def met(spreads: list[Spread]) -> Spread:
    """Join what several witnesses say of the same values: all of it holds."""
    least = [one.least for one in spreads if one.least is not None]
    most = [one.most for one in spreads if one.most is not None]
    filters = [one.admits for one in spreads if one.admits is not None]
    return Spread(
        least=least[0] if len(least) == 1 else _extreme(least, max),
        most=most[0] if len(most) == 1 else _extreme(most, min),
        may_hold=all(one.may_hold for one in spreads),
        may_be_null=all(one.may_be_null for one in spreads),
        may_be_nan=all(one.may_be_nan for one in spreads),
        admits=(lambda value: all(one(value) for one in filters)) if filters else None,
    )


def paths_in(condition: Condition) -> Iterator[Path]:
    """Yield the columns that a condition looks at, as often as it does."""
    match condition:
        case Negated(part):
            yield from paths_in(part)
        case Both(parts) | Either(parts):
            for one in parts:
                yield from paths_in(one)
        case Constant():
            pass
        case _:
            yield condition.path


def literals_in(condition: Condition) -> Iterator[tuple[Path, Value]]:
    """Yield the values that a condition names, each with its column."""
    match condition:
        case Negated(part):
            yield from literals_in(part)
        case Both(parts) | Either(parts):
            for one in parts:
                yield from literals_in(one)
        case Compared(path, _, value):
            yield path, value
        case StartsWith(path, start):
            yield path, start
        case _:
            pass


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """Which of the three outcomes some row may have."""

    true: bool
    false: bool
    null: bool


_ANY = _Outcomes(true=True, false=True, null=True)
_MEANING: dict[Sign, Callable[[Value, Value], bool]] = {
    Sign.EQUAL: operator.eq,
    Sign.UNEQUAL: operator.ne,
    Sign.LESS: operator.lt,
    Sign.AT_MOST: operator.le,
    Sign.GREATER: operator.gt,
    Sign.AT_LEAST: operator.ge,
}


def _outcomes(condition: Condition, spread_of: SpreadOf) -> _Outcomes:
    match condition:
        case Constant(value):
            return _Outcomes(true=value, false=not value, null=False)
        case Negated(part):
            inside = _outcomes(part, spread_of)
            return _Outcomes(true=inside.false, false=inside.true, null=inside.null)
        case Both(parts):
            inner = [_outcomes(one, spread_of) for one in parts]
            return _Outcomes(
                true=all(one.true for one in inner),
                false=any(one.false for one in inner),
                null=any(one.null for one in inner),
            )
        case Either(parts):
            inner = [_outcomes(one, spread_of) for one in parts]
            return _Outcomes(
                true=any(one.true for one in inner),
                false=all(one.false for one in inner),
                null=any(one.null for one in inner),
            )
        case _:
            return _of_column(condition, spread_of(condition.path))


def _of_column(condition: Compared | StartsWith | IsNull | IsNan, spread: Spread) -> _Outcomes:
    match condition:
        case IsNull():
            return _Outcomes(
                true=spread.may_be_null, false=spread.may_hold or spread.may_be_nan, null=False
            )
        case IsNan():
            return _Outcomes(true=spread.may_be_nan, false=spread.may_hold, null=spread.may_be_null)
        case StartsWith(start=start):
            begins = spread.may_hold and _may_begin(spread, start)
            return _Outcomes(true=begins, false=spread.may_hold, null=spread.may_be_null)
        case Compared(sign=sign, value=value):
            return _compared(sign, value, spread)


def _compared(sign: Sign, value: Value, spread: Spread) -> _Outcomes:
    if isinstance(value, float) and math.isnan(value):
        return _ANY
    try:
        true, false = _of_values(sign, _aligned(spread, value), value)
    except TypeError:
        return _ANY  # statistics of another type say nothing of this one
    nan = spread.may_be_nan
    differs = sign is Sign.UNEQUAL
    return _Outcomes(
        true=(spread.may_hold and true) or (nan and differs),
        false=(spread.may_hold and false) or (nan and not differs),
        null=spread.may_be_null,
    )


def _of_values(sign: Sign, spread: Spread, value: Value) -> tuple[bool, bool]:
    """Tell whether some value within the bounds may stand so, and whether some may not."""
    least, most = spread.least, spread.most
    if sign in {Sign.EQUAL, Sign.UNEQUAL}:
        is_within = (least is None or least <= value) and (most is None or value <= most)  # type: ignore[operator]
        may_equal = is_within and (spread.admits is None or spread.admits(value))
        may_differ = not (least is not None and least == most == value)
        return (may_equal, may_differ) if sign is Sign.EQUAL else (may_differ, may_equal)
    holds = _MEANING[sign]
    upward = sign in {Sign.GREATER, Sign.AT_LEAST}
    best, worst = (most, least) if upward else (least, most)
    return best is None or holds(best, value), worst is None or not holds(worst, value)


def _may_begin(spread: Spread, start: bytes) -> bool:
    size = len(start)
    least, most = spread.least, spread.most
    low = not isinstance(least, bytes) or least[:size] <= start
    return low and (not isinstance(most, bytes) or most[:size] >= start)


def _aligned(spread: Spread, value: Value) -> Spread:
    """Bring bounds to the type they are compared in: beside a float, whole numbers are floats."""
    if not isinstance(value, float):
        return spread
    return Spread(
        least=_as_float(spread.least),
        most=_as_float(spread.most),
        may_hold=spread.may_hold,
        may_be_null=spread.may_be_null,
        may_be_nan=spread.may_be_nan,
        admits=spread.admits,
    )


def _as_float(bound: Value | None) -> Value | None:
    if isinstance(bound, int | Decimal) and not isinstance(bound, bool):
        return float(bound)
    return bound


def _extreme(values: list[Value], pick: Callable[..., Value]) -> Value | None:
    try:
        return pick(values) if values else None
    except TypeError:
        return None
