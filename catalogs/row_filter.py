"""Row filters: the conditions under which a read takes rows, as text that means one thing for ever.

The grammar is pyiceberg's: `amount > 10 and country in ('DE', 'FR') and not (paid is null)`. It
means what it means in SQL: a comparison with NULL is neither true nor false, and such rows are left
out. Names bind to the schema of the state that is read, never to a later one.

This module imports pyarrow and pyiceberg; it is loaded only when a filter is read or applied.
"""

from __future__ import annotations

import datetime as dt
import difflib
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache, reduce
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from pyiceberg import expressions as ice
from pyiceberg.expressions import literals
from pyiceberg.expressions.parser import parse
from pyparsing import ParseException

from catalogs import condition as tree
from catalogs.filter_limits import refuse_too_large
from catalogs.portion import BadFilterError

_COMPARISONS: dict[Any, tuple[Callable[[Any, Any], Any], str]] = {
    ice.EqualTo: (operator.eq, "="),
    ice.NotEqualTo: (operator.ne, "!="),
    ice.LessThan: (operator.lt, "<"),
    ice.LessThanOrEqual: (operator.le, "<="),
    ice.GreaterThan: (operator.gt, ">"),
    ice.GreaterThanOrEqual: (operator.ge, ">="),
}
_UNARY: dict[Any, str] = {
    ice.IsNull: "is null",
    ice.NotNull: "is not null",
    ice.IsNaN: "is nan",
    ice.NotNaN: "is not nan",
}
_NEGATED = (ice.NotNull, ice.NotNaN, ice.NotIn, ice.NotStartsWith)
_UUID_BYTES = 16
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def filter_text(where: object) -> str:
    """Give the text of a filter: a text as it stands, or a pyiceberg expression, written down.

    Raises BadFilterError for anything else, and for a text that cannot be read.
    """
    if isinstance(where, str):
        _parsed(where)
        return where
    if isinstance(where, ice.BooleanExpression):
        return _written(where)
    raise BadFilterError(repr(where), f"it is a {type(where).__name__}")


def filter_columns(where: str, schema: pa.Schema) -> tuple[str, ...]:
    """Give the top-level columns that a filter looks at, and names that are none as they stand.

    Raises BadFilterError for a text that cannot be read.
    """
    found: dict[str, None] = {}
    waiting: list[Any] = [_parsed(where)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ice.And | ice.Or):
            waiting += [node.left, node.right]
        elif isinstance(node, ice.Not):
            waiting.append(node.child)
        elif hasattr(node, "term"):
            found[_top(node.term.name, schema)] = None
    return tuple(found)


def renamed(where: str, names: Mapping[str, str]) -> str:
    """Write a filter with other names for some columns; those that `names` lacks stay.

    Raises BadFilterError for a text that cannot be read.
    """
    return _written(_renamed(_parsed(where), names))


def _renamed(node: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401
    if isinstance(node, ice.And | ice.Or):
        return type(node)(_renamed(node.left, names), _renamed(node.right, names))
    if isinstance(node, ice.Not):
        return ice.Not(_renamed(node.child, names))
    if not hasattr(node, "term"):
        return node
    term = ice.Reference(names.get(node.term.name, node.term.name))
    if isinstance(node, ice.In | ice.NotIn):
        kind: Any = type(node)
        return kind(term, node.literals)
    if hasattr(node, "literal"):
        return type(node)(term, node.literal)
    return type(node)(term)


def arrow_filter(where: str, schema: pa.Schema) -> pc.Expression:
    """Bind a filter to a schema. Raises BadFilterError for what does not fit."""
    return _bound(_parsed(where), schema, where)


def bound_condition(where: str, schema: pa.Schema) -> tree.Condition:
    """Bind a filter to a schema as a tree of values, which statistics can be held against.

    Raises BadFilterError as `arrow_filter` does.
    """
    return _tree(_parsed(where), schema, where)


def _tree(node: Any, schema: pa.Schema, where: str) -> tree.Condition:  # noqa: ANN401
    match node:
        case ice.AlwaysTrue() | ice.AlwaysFalse():
            return tree.Constant(isinstance(node, ice.AlwaysTrue))
        case ice.And() | ice.Or():
            parts = (_tree(node.left, schema, where), _tree(node.right, schema, where))
            return tree.Both(parts) if isinstance(node, ice.And) else tree.Either(parts)
        case ice.Not():
            return tree.Negated(_tree(node.child, schema, where))
        case _:
            found = _leaf(node, schema, where)
            return tree.Negated(found) if isinstance(node, _NEGATED) else found


def _leaf(node: Any, schema: pa.Schema, where: str) -> tree.Condition:  # noqa: ANN401
    name = node.term.name
    path = _path(name, schema, where)
    kind = _type_at(path, schema)
    if isinstance(node, ice.IsNull | ice.NotNull):
        return tree.IsNull(path)
    if isinstance(node, ice.IsNaN | ice.NotNaN):
        return tree.IsNan(path)
    if isinstance(node, ice.StartsWith | ice.NotStartsWith):
        return tree.StartsWith(path, str(node.literal.value).encode())
    if isinstance(node, ice.In | ice.NotIn):
        values = [_stored(_scalar(one.value, kind, name, where)) for one in node.literals]
        return tree.Either(tuple(tree.Compared(path, tree.Sign.EQUAL, one) for one in values))
    sign = next(sign for kind, (_, sign) in _COMPARISONS.items() if isinstance(node, kind))
    value = _stored(_scalar(node.literal.value, kind, name, where))
    return tree.Compared(path, tree.Sign(sign), value)


def _stored(scalar: pa.Scalar) -> tree.Value:
    """Give a scalar as formats store it: texts as UTF-8, dates and instants as whole numbers."""
    kind = scalar.type
    if pt.is_date32(kind) or pt.is_time32(kind):
        found = scalar.cast(pa.int32()).as_py()
    elif pt.is_temporal(kind):
        found = scalar.cast(pa.int64()).as_py()
    else:
        found = scalar.as_py()
    return found.encode() if isinstance(found, str) else found


@lru_cache(maxsize=8)
def _parsed(where: str) -> Any:  # noqa: ANN401 - pyiceberg's nodes share no attributes
    refuse_too_large(where)
    try:
        return parse(where)
    except ParseException as error:
        reason = f"it stops making sense at {where[error.loc :]!r}"
        raise BadFilterError(where, reason) from error
    except (ValueError, TypeError) as error:
        raise BadFilterError(where, str(error).partition("\n")[0]) from error


def _bound(node: Any, schema: pa.Schema, where: str) -> pc.Expression:  # noqa: ANN401
    match node:
        case ice.AlwaysTrue():
            return pc.scalar(True)
        case ice.AlwaysFalse():
            return pc.scalar(False)
        case ice.And() | ice.Or():
            left, right = _bound(node.left, schema, where), _bound(node.right, schema, where)
            return left & right if isinstance(node, ice.And) else left | right
        case ice.Not():
            return ~_bound(node.child, schema, where)
        case _:
            return _predicate(node, schema, where)


def _predicate(node: Any, schema: pa.Schema, where: str) -> pc.Expression:  # noqa: ANN401
    name = node.term.name
    path = _path(name, schema, where)
    field, kind = pc.field(*path), _type_at(path, schema)
    if isinstance(kind, pa.UuidType):
        field = field.cast(pa.binary(_UUID_BYTES))  # Arrow compares no UUIDs
    if hasattr(node, "literal") and not isinstance(node, ice.StartsWith | ice.NotStartsWith):
        return _compared(node, field, _scalar(node.literal.value, kind, name, where))
    if isinstance(node, ice.IsNull | ice.NotNull):
        found = field.is_null()
    elif isinstance(node, ice.IsNaN | ice.NotNaN):
        # What is NULL is a number or not, nobody knows; a filter asks for what is known.
        found = pc.is_nan(field)
    elif isinstance(node, ice.In | ice.NotIn):
        values = sorted((one.value for one in node.literals), key=str)
        told = [field == _scalar(one, kind, name, where) for one in values]
        found = reduce(lambda left, right: left | right, told)
    elif isinstance(node, ice.StartsWith | ice.NotStartsWith):
        if not _is_text(kind):
            raise BadFilterError(where, f"{name} is {kind}, no text")
        found = pc.starts_with(field, str(node.literal.value))
    else:
        raise BadFilterError(where, f"{type(node).__name__} is not understood")
    return ~found if isinstance(node, _NEGATED) else found


def _compared(node: Any, field: pc.Expression, value: pa.Scalar) -> Any:  # noqa: ANN401
    compare = next(compare for kind, (compare, _) in _COMPARISONS.items() if isinstance(node, kind))
    return compare(field, value)


def _top(name: str, schema: pa.Schema) -> str:
    parts = tuple(name.split("."))
    if name in schema.names or parts[0] not in schema.names:
        return name
    return name if _type_at(parts, schema) is None else parts[0]


def _path(name: str, schema: pa.Schema, where: str) -> tuple[str, ...]:
    """Find a column, or a field inside structs; a column whose own name has dots comes first."""
    if name in schema.names:
        return (name,)
    parts = tuple(name.split("."))
    if parts[0] in schema.names and _type_at(parts, schema) is not None:
        return parts
    nearest = difflib.get_close_matches(name, schema.names, n=1)
    hint = f", did you mean {nearest[0]}" if nearest else ""
    raise BadFilterError(where, f"there is no column {name}{hint}")


def _type_at(path: tuple[str, ...], schema: pa.Schema) -> Any:  # noqa: ANN401
    found = schema.field(path[0]).type
    for part in path[1:]:
        if not pt.is_struct(found) or found.get_field_index(part) < 0:
            return None
        found = found.field(part).type
    return found


def _scalar(value: object, kind: Any, name: str, where: str) -> pa.Scalar:  # noqa: ANN401
    """Make a literal of the column's type; a number that the type cannot hold stays what it is."""
    fits = (
        (isinstance(value, bool) and pt.is_boolean(kind))
        or (
            isinstance(value, int | float | Decimal)
            and not isinstance(value, bool)
            and _is_number(kind)
        )
        or (isinstance(value, str) and _is_spelled(kind))
    )
    if not fits:
        raise BadFilterError(where, f"{name} is {kind}, and {value!r} is not")
    if pt.is_decimal(kind) and isinstance(value, int | float):
        value = Decimal(str(value))  # Arrow compares no decimal with a number of another kind
    if isinstance(kind, pa.UuidType):
        return pa.scalar(_uuid(str(value), name, where).bytes, pa.binary(_UUID_BYTES))
    plain = pa.scalar(value)
    try:
        return plain.cast(kind)
    except pa.ArrowInvalid as error:
        if _is_number(kind) and not isinstance(value, str):
            return plain  # 1.5 beside a whole number: compared as what both can be
        reason = f"{value!r} is no {kind}, which {name} is"
        raise BadFilterError(where, reason) from error


def _uuid(text: str, name: str, where: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadFilterError(where, f"{text!r} is no UUID, which {name} is") from error


def _is_spelled(kind: Any) -> bool:  # noqa: ANN401
    """Tell whether values of a type are written as texts, or may be."""
    is_plain = _is_text(kind) or pt.is_temporal(kind) or _is_number(kind)
    return bool(is_plain or isinstance(kind, pa.UuidType))


def _is_number(kind: Any) -> bool:  # noqa: ANN401
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def _is_text(kind: Any) -> bool:  # noqa: ANN401
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _written(node: Any) -> str:  # noqa: ANN401
    """Write an expression so that it reads back as the same."""
    if isinstance(node, ice.And | ice.Or):
        word = " and " if isinstance(node, ice.And) else " or "
        # What one word joins stands in a row, or it would go as deep as it is long.
        parts = ((type(one) is type(node), _written(one)) for one in (node.left, node.right))
        return word.join(part if is_row else f"({part})" for is_row, part in parts)
    if isinstance(node, ice.Not):
        return f"not ({_written(node.child)})"
    if isinstance(node, ice.AlwaysTrue | ice.AlwaysFalse):
        return "true" if isinstance(node, ice.AlwaysTrue) else "false"
    return ".".join(f'"{part}"' for part in node.term.name.split(".")) + f" {_condition(node)}"


def _condition(node: Any) -> str:  # noqa: ANN401
    for kind, word in _UNARY.items():
        if isinstance(node, kind):
            return word
    for kind, (_, sign) in _COMPARISONS.items():
        if isinstance(node, kind):
            return f"{sign} {_literal(node.literal)}"
    if isinstance(node, ice.In | ice.NotIn):
        word = "in" if isinstance(node, ice.In) else "not in"
        return f"{word} ({', '.join(sorted(map(_literal, node.literals)))})"
    if isinstance(node, ice.StartsWith | ice.NotStartsWith):
        word = "like" if isinstance(node, ice.StartsWith) else "not like"
        start = str(node.literal.value).replace("%", "\\%")
        return f"{word} {_quoted(start + '%')}"
    raise BadFilterError(repr(node), f"{type(node).__name__} cannot be written down")


def _literal(one: Any) -> str:  # noqa: ANN401
    value = one.value
    if isinstance(one, literals.DateLiteral):
        return _quoted((_EPOCH + dt.timedelta(days=value)).date().isoformat())
    if isinstance(one, literals.TimestampLiteral):
        at = _EPOCH + dt.timedelta(microseconds=value)
        return _quoted(at.replace(tzinfo=None).isoformat())
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            return f"{Decimal(value):f}"
        case str():
            return _quoted(value)
        case _:
            raise BadFilterError(repr(one), f"a {type(value).__name__} cannot be written down")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
