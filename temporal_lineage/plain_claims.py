"""Claims read plainly: by the standard library alone, for a program that reads few of them.

Loading msgspec takes as long as reading a thousand claims so: `claims.decode` begins here.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

Read = Callable[[Any], Any]


class NotPlainError(TypeError):
    """A kind whose values are told apart, or made, by rules that only msgspec knows."""


@cache
def plain_reader(kind: Any) -> Read:  # noqa: ANN401 - any annotation of a claim
    """Give what turns parsed JSON into a value of this kind, as msgspec would.

    Nothing is checked: a ledger holds what `encode` wrote. Raises NotPlainError.
    """
    if kind in (str, int, float, bool, NoneType):
        return _as_it_is
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return _optional(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin in (dict, Mapping) and arguments == (str, str):
        return _as_it_is
    if origin is None and isinstance(kind, type):
        if issubclass(kind, Enum):
            return kind
        if "__dataclass_fields__" in vars(kind):
            return _record(kind)
    raise NotPlainError(kind)


def _tuple(kinds: tuple[Any, ...]) -> Read:
    many = kinds[1:] == (...,)
    reads = [plain_reader(one) for one in (kinds[:1] if many else kinds)]
    if all(one is _as_it_is for one in reads):
        return tuple
    if many:
        return lambda values: tuple(map(reads[0], values))
    return lambda values: tuple(read(value) for read, value in zip(reads, values, strict=True))


def _optional(kinds: tuple[Any, ...]) -> Read:
    rest = [plain_reader(one) for one in kinds if one is not NoneType]
    if len(rest) == len(kinds) or any(one is not _as_it_is for one in rest[1:]):
        raise NotPlainError(kinds)
    one = rest[0]
    return _as_it_is if one is _as_it_is else lambda value: None if value is None else one(value)


def _record(record: type) -> Read:
    """Read the fields in order; what a later version wrote besides is left out."""
    names: tuple[str, ...] = record.__match_args__  # type: ignore[attr-defined]
    module = vars(sys.modules[record.__module__])
    kinds = (record.__annotations__[name] for name in names)
    parts = [
        (name, plain_reader(_meant(one, module) if isinstance(one, str) else one))
        for name, one in zip(names, kinds, strict=True)
    ]
    return lambda value: record(*[read(value[name]) for name, read in parts])


def _meant(annotation: str, module: dict[str, Any]) -> object:
    """Give what an annotation means in its module; most are a name, which needs no compiling."""
    for names in (module, vars(builtins)):
        if annotation in names:
            return names[annotation]
    return eval(annotation, module)  # noqa: S307 - annotations are our own source


def _as_it_is(value: object) -> object:
    return value
