"""Records: frozen dataclasses with slots, and named tuples, of which a program makes what it uses.

The standard library compiles six methods for each dataclass, which takes half a millisecond, and
for each named tuple one method and the text of each annotation. A program that answers one question
imports a hundred records and uses twenty. Here the methods that can be shared are, what makes the
records is compiled for classes of which many are made, and the fields when somebody asks.
"""

from __future__ import annotations

import collections
import operator
from typing import TYPE_CHECKING, Any, Generic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from dataclasses import dataclass, replace
    from typing import NamedTuple
else:

    def dataclass(*, frozen: bool, slots: bool, order: bool = False) -> Callable[[type], type]:
        """Decorate as `dataclasses.dataclass` does: with these options, a class without defaults.

        `fields`, `replace`, `match` and copies know it as the dataclass that it is.
        """
        if not (frozen and slots):
            msg = "a record is frozen and has slots"
            raise TypeError(msg)
        return lambda cls: _record(cls, order=order)

    def replace(record: Any, **changes: object) -> object:  # noqa: ANN401 - any record
        """Make a record anew with other values, as `dataclasses.replace` does."""
        told = {name: getattr(record, name) for name in record.__match_args__}
        return record.__class__(**told | changes)

    class _Tupled(type):
        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            """Make a tuple of a class that is written with `NamedTuple` as its base."""
            return _named_tuple(name, body) if bases else type.__new__(cls, name, bases, body)

    class NamedTuple(metaclass=_Tupled):
        """Written and used as `typing.NamedTuple`, without defaults."""


__all__ = ("NamedTuple", "dataclass", "replace")

_MADE_BY_NAMES_MAX = 20
"""How many records of a class are made before its `__init__` is compiled."""

_CLASS_VAR = ("ClassVar", "typing.ClassVar")
_OF_NO_SLOTS = ("__dict__", "__weakref__")


def _record(cls: type, *, order: bool) -> type:
    """Make the class anew, with slots and with methods."""
    told = cls.__annotations__
    names = tuple(name for name, kind in told.items() if not str(kind).startswith(_CLASS_VAR))
    if set(cls.__bases__) - {object, Generic} or not vars(cls).keys().isdisjoint(names):
        msg = f"{cls.__name__} has a base or a default: no record has"
        raise TypeError(msg)
    body = {name: one for name, one in vars(cls).items() if name not in _OF_NO_SLOTS}
    # What the class says itself goes before.
    body = _methods(names, order=order) | body
    body |= {"__slots__": names, "__match_args__": names, "__dataclass_fields__": _Fields()}
    record = type(cls)(cls.__name__, cls.__bases__, body)
    record.__qualname__ = cls.__qualname__
    record.__init__ = _beginning(record, names)  # type: ignore[misc]
    return record


def _named_tuple(name: str, body: dict[str, Any]) -> type:
    """Make a subclass of tuple, with what a named tuple has."""
    names = tuple(body["__annotations__"])
    size = len(names)
    if not body.keys().isdisjoint(names):
        msg = f"{name} has a default: no record has"
        raise TypeError(msg)
    if size > _FIELDS_MAX:
        msg = f"{name} has {size} fields: a named tuple has at most {_FIELDS_MAX}"
        raise TypeError(msg)
    told = {"__slots__": (), "__match_args__": names, "_fields": names, "_field_defaults": {}}
    places = dict(zip(names, _PLACES, strict=False))

    def new(cls: type, *values: object, **named: object) -> object:
        if not named and len(values) == size:
            return tuple.__new__(cls, values)
        # Whoever names the fields gets what the standard library compiles for it.
        record.__new__ = vars(_namedtuple(name, names))["__new__"]  # type: ignore[method-assign]
        return record.__new__(cls, *values, **named)

    record = type(name, (tuple,), _OF_TUPLES | places | told | {"__new__": new} | body)
    return record


class _Fields:
    """Stands where a dataclass keeps its fields, until somebody looks."""

    def __get__(self, _: object, record: type) -> object:
        import dataclasses

        told = {name: record.__annotations__[name] for name in record.__match_args__}  # type: ignore[attr-defined]
        # Without a docstring it would be given one, from a signature that takes long to find.
        body = {"__annotations__": told, "__module__": record.__module__, "__doc__": "Fields."}
        bare: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(
            type(record.__name__, (), body)
        )
        record.__dataclass_fields__ = bare.__dataclass_fields__  # type: ignore[attr-defined]
        return bare.__dataclass_fields__


def _beginning(record: type, names: tuple[str, ...]) -> Callable[..., None]:
    """Give an `__init__` that puts a compiled one in its own place, where many records are made.

    Compiling takes as long as making twenty to forty records by the names of their fields.
    """
    wanted = frozenset(names)
    looks = hasattr(record, "__post_init__")
    few = iter(range(_MADE_BY_NAMES_MAX))

    def begin(self: Any, *values: object, **named: object) -> None:  # noqa: ANN401 - any record
        told = dict(zip(names, values, strict=False)) | named
        is_whole = told.keys() == wanted and len(values) + len(named) == len(names)
        # Where it is not whole, Python says so of what is compiled.
        if is_whole and next(few, None) is not None:
            for name, value in told.items():
                object.__setattr__(self, name, value)
            if looks:
                self.__post_init__()
            return
        lines = [f" _keep(self, {name!r}, {name})" for name in names] or [" pass"]
        if looks:
            lines.append(" self.__post_init__()")
        made: dict[str, Any] = {"_keep": object.__setattr__}
        exec(f"def __init__({', '.join(('self', *names))}):\n" + "\n".join(lines), made)  # noqa: S102 - names of fields are Python's
        made["__init__"].__qualname__ = f"{record.__qualname__}.__init__"
        record.__init__ = made["__init__"]  # type: ignore[misc]
        made["__init__"](self, *values, **named)

    return begin


def _methods(names: tuple[str, ...], *, order: bool) -> dict[str, Any]:
    """Give the methods of a record with these fields, as a dataclass has them."""
    values: Callable[[Any], Any] = operator.attrgetter(*names) if names else lambda _: ()

    def equals(self: object, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def hashed(self: object) -> int:
        return hash(values(self))

    def compared(how: Callable[[Any, Any], object]) -> Callable[[object, object], object]:
        def compare(self: object, other: object) -> object:
            if other.__class__ is not self.__class__:
                return NotImplemented
            return how(values(self), values(other))

        return compare

    methods: dict[str, Any] = {"__eq__": equals, "__hash__": hashed, **_SHARED}
    if order:
        methods |= {name: compared(how) for name, how in _ORDER.items()}
    return methods


def _shown(self: Any) -> str:  # noqa: ANN401 - any record
    told = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__qualname__}({told})"


def _frozen(_: object, name: str, *_value: object) -> None:
    from dataclasses import FrozenInstanceError

    msg = f"cannot assign to field {name!r}"
    raise FrozenInstanceError(msg)


def _state(self: Any) -> list[object]:  # noqa: ANN401 - any record
    return [getattr(self, name) for name in self.__match_args__]


def _restore(self: Any, state: list[object]) -> None:  # noqa: ANN401 - any record
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)


def _shown_tuple(self: Any) -> str:  # noqa: ANN401 - any named tuple
    told = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"{self.__class__.__name__}({told})"


def _values(self: Iterable[object]) -> tuple[object, ...]:
    return tuple(self)


def _made(cls: Any, values: Iterable[object]) -> object:  # noqa: ANN401 - any named tuple
    made: tuple[object, ...] = tuple.__new__(cls, values)
    if len(made) != len(cls._fields):
        msg = f"Expected {len(cls._fields)} arguments, got {len(made)}"
        raise TypeError(msg)
    return made


def _replaced(self: Any, **named: object) -> object:  # noqa: ANN401 - any named tuple
    return self.__class__(**self._asdict() | named)


def _as_dict(self: Any) -> dict[str, object]:  # noqa: ANN401 - any named tuple
    return dict(zip(self._fields, self, strict=True))


_namedtuple: Any = collections.namedtuple  # noqa: PYI024 - `typing.NamedTuple` asks for types
_FIELDS_MAX = 16
_PLACE_NAMES = [f"at_{place}" for place in range(_FIELDS_MAX)]
_PLACES = operator.itemgetter(*_PLACE_NAMES)(vars(_namedtuple("_Places", _PLACE_NAMES)))
"""What gives the value at each place of a named tuple, faster than a property."""

_OF_TUPLES = {
    "__repr__": _shown_tuple,
    "__getnewargs__": _values,
    "_make": classmethod(_made),
    "_replace": _replaced,
    "_asdict": _as_dict,
}
_SHARED = {
    "__repr__": _shown,
    "__setattr__": _frozen,
    "__delattr__": _frozen,
    "__getstate__": _state,
    "__setstate__": _restore,
}
_ORDER = {
    f"__{one.__name__}__": one for one in (operator.lt, operator.le, operator.gt, operator.ge)
}
