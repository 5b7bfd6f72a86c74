"""Records are the dataclasses they are written as, though they are made late."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
from types import new_class
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots import records

T = TypeVar("T")


@records.dataclass(frozen=True, slots=True, order=True)
class Late:
    """Made late."""

    KIND: ClassVar[str] = "late"

    number: int
    name: str


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Early:
    """The same, by the standard library."""

    KIND: ClassVar[str] = "early"

    number: int
    name: str


@records.dataclass(frozen=True, slots=True)
class Checked(Generic[T]):
    """A record that looks at what it is given."""

    one: T

    def __post_init__(self) -> None:
        if self.one is None:
            raise ValueError("nothing is told")

    def __repr__(self) -> str:
        return "its own words"


@records.dataclass(frozen=True, slots=True)
class Empty:
    """A record without fields."""


VALUES = st.tuples(st.integers(0, 2), st.sampled_from(["", "a", "b"]))


@given(VALUES, VALUES)
def test_records_compare_and_hash_as_dataclasses_do(
    one: tuple[int, str], other: tuple[int, str]
) -> None:
    late, early = (Late(*one), Late(*other)), (Early(*one), Early(*other))
    assert (late[0] == late[1]) is (early[0] == early[1])
    assert (late[0] < late[1], late[0] >= late[1]) == (early[0] < early[1], early[0] >= early[1])
    assert (hash(late[0]) == hash(late[1])) or late[0] != late[1]
    assert repr(late[0]) == repr(early[0]).replace("Early", "Late")


def test_a_record_can_be_copied_replaced_matched_and_kept() -> None:
    one = Late(number=1, name="a")
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own
    assert dataclasses.replace(one, name="b") == Late(1, "b") == records.replace(one, name="b")
    with pytest.raises(TypeError, match="other"):
        records.replace(one, other="b")  # type: ignore[call-arg]
    assert dataclasses.asdict(one) == {"number": 1, "name": "a"}
    match one:
        case Late(number, name=name):
            assert (number, name) == (1, "a")


def test_the_fields_of_a_record_are_known_before_one_is_made() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Fresh:
        one: int

    assert dataclasses.is_dataclass(Fresh)
    assert [(field.name, field.type) for field in dataclasses.fields(Fresh)] == [("one", "int")]


def test_nothing_of_a_record_can_be_changed_or_added() -> None:
    one = Late(1, "a")
    for name in ("number", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.name
    assert not hasattr(one, "__dict__")


def test_records_of_different_classes_are_never_equal() -> None:
    others: tuple[object, object] = (Checked(1), Late(1, "a"))
    assert others[0] != others[1]
    assert Empty() == Empty()
    assert Late(1, "a").__lt__(3) is NotImplemented  # type: ignore[operator]


def test_a_record_checks_what_it_is_given_and_speaks_for_itself() -> None:
    assert repr(Checked("a")) == "its own words"
    with pytest.raises(ValueError, match="nothing"):
        Checked(None)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Late(1)  # type: ignore[call-arg]


@pytest.mark.parametrize("made", [0, 100])
def test_a_record_is_made_alike_by_names_and_when_it_is_compiled(made: int) -> None:
    @records.dataclass(frozen=True, slots=True)
    class Fresh:
        number: int
        name: str

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("without a name")

    @dataclasses.dataclass(frozen=True, slots=True)
    class Known:
        number: int
        name: str

    assert {repr(Fresh(name="a", number=1)) for _ in range(made)} <= {repr(Fresh(1, "a"))}
    assert (Fresh(1, name="a").number, Fresh(1, "a").name) == (1, "a")
    with pytest.raises(ValueError, match="without"):
        Fresh(1, "")
    wrong: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        *(((1,), {}), ((1, "a", 2), {}), ((1, "a"), {"name": "b"}), ((1,), {"number": 2})),
        *(((1,), {"other": 2}), ((), {"number": 1}), ((1, "a"), {"other": 2})),
    ]
    for values, named in wrong:
        with pytest.raises(TypeError) as told:
            Known(*values, **named)
        with pytest.raises(TypeError, match=re.escape(str(told.value).partition(" ")[2])):
            Fresh(*values, **named)


class LateTuple(records.NamedTuple):
    """Made late."""

    number: int
    name: str

    def told(self) -> str:
        return f"{self.number} {self.name}"


class EarlyTuple(NamedTuple):
    """The same, by the standard library."""

    number: int
    name: str


@pytest.mark.parametrize("kind", [LateTuple, EarlyTuple])
def test_a_named_tuple_does_what_the_standard_librarys_does(
    kind: type[LateTuple | EarlyTuple],
) -> None:
    one = kind._make([1, "a"])
    assert one == (1, "a") == kind(name="a", number=1) == kind(1, "a")
    assert (one.number, one.name, one[1:]) == (1, "a", ("a",))
    assert one._replace(name="b") == (1, "b")
    assert one._asdict() == {"number": 1, "name": "a"}
    assert repr(one) == f"{kind.__name__}(number=1, name='a')"
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own
    assert kind._fields == kind.__match_args__ == ("number", "name")
    assert type(pickle.loads(pickle.dumps(one))) is kind  # noqa: S301 - our own
    for wrong in ([1], [1, "a", 2]):
        with pytest.raises(TypeError):
            kind._make(wrong)
    with pytest.raises(AttributeError):
        one.number = 2  # type: ignore[misc]
    with pytest.raises((TypeError, ValueError), match="other"):
        one._replace(other=1)  # type: ignore[call-arg]
    assert not hasattr(one, "__dict__")


def test_a_named_tuple_has_methods_and_no_defaults() -> None:
    assert LateTuple(1, "a").told() == "1 a"
    with pytest.raises(TypeError, match="has a default"):

        class Careless(records.NamedTuple):
            one: int = 1

    fields = dict.fromkeys("abcdefghijklmnopq", "int")
    with pytest.raises(TypeError, match="17 fields: a named tuple has at most 16"):
        new_class(
            "Many", (records.NamedTuple,), {}, lambda body: body.update(__annotations__=fields)
        )


def test_a_named_tuple_is_made_alike_by_places_and_by_names() -> None:
    class Fresh(records.NamedTuple):
        number: int
        name: str

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Fresh(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="multiple values for argument 'number'"):
        Fresh(1, number=2)  # type: ignore[call-arg, misc]
    assert Fresh(1, "a") == Fresh(name="a", number=1) == Fresh(1, name="a") == (1, "a")
    assert type(Fresh(name="a", number=1)) is Fresh


def test_a_record_with_a_default_is_refused() -> None:
    with pytest.raises(TypeError, match="has a base or a default"):

        @records.dataclass(frozen=True, slots=True)
        class Careless:
            one: int = 1
