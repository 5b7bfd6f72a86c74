"""Schema differences: what changed between two schemas, field by field id. DESIGN 4.2."""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING

from snapshots.field_type import is_widening
from snapshots.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.schema import Field, SchemaVersion


@dataclass(frozen=True, slots=True)
class Created:
    """The first schema there is; nothing came before it that a change could break."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """A field id that was not there before; `inside` are the fields that came within it."""

    field: Field
    inside: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field id that is no longer there; `inside` are the fields that went with it."""

    field: Field
    inside: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Renamed:
    """The field's own name changed; the paths of the fields inside it follow."""

    old: Field
    new: Field


@dataclass(frozen=True, slots=True)
class Moved:
    """The field stands elsewhere: among its neighbours, or in another struct.

    `after` is the neighbour it now follows, None where it is the first.
    """

    old: Field
    new: Field
    after: Field | None


@dataclass(frozen=True, slots=True)
class Retyped:
    """The field's type changed."""

    old: Field
    new: Field


@dataclass(frozen=True, slots=True)
class Required:
    """The field could be null and can no longer."""

    old: Field
    new: Field


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The field could not be null and now can."""

    old: Field
    new: Field


@dataclass(frozen=True, slots=True)
class Redefaulted:
    """The value that old rows have, or the one new rows get, changed."""

    old: Field
    new: Field


@dataclass(frozen=True, slots=True)
class Redocumented:
    """The field's documentation changed."""

    old: Field
    new: Field


SchemaChange = (
    Created
    | Added
    | Dropped
    | Renamed
    | Moved
    | Retyped
    | Required
    | Relaxed
    | Redefaulted
    | Redocumented
)


class Grade(StrEnum):
    """What a change does to those who use the table. Iceberg spec, schema evolution.

    The rule behind the grades: a reader asks for columns by name and expects their type, a writer
    gives the columns it knows. What neither can notice is compatible. Where every old value is
    still one, but values may come that were impossible before, the change is a widening.
    """

    COMPATIBLE = "compatible"
    WIDENING = "widening"
    BREAKING_FOR_READERS = "breaking-for-readers"
    BREAKING_FOR_WRITERS = "breaking-for-writers"


def difference(old: SchemaVersion | None, new: SchemaVersion) -> tuple[SchemaChange, ...]:
    """Give what changed: drops in the old reading order, then all else in the new one.

    Fields are compared by id, so dropping a name and adding it again are two changes. A change of
    a struct is one change, not one of every field inside it. `physical_name` is how files are
    read and no change: switching Delta's column mapping on changes nothing. `old` is None before
    the first schema.
    """
    if old is None:
        return (Created(new.fields),)
    was = {field.field_id: field for field in old.fields}
    now = {field.field_id: field for field in new.fields}
    changes: list[SchemaChange] = [
        Dropped(field, inside) for field, inside in _only_in(old, other=now).values()
    ]
    added = _only_in(new, other=was)
    moved = _moved(old, new)
    for field in new.fields:
        before = was.get(field.field_id)
        if before is not None:
            changes += _changes(before, field, moved)
        elif field.field_id in added:
            changes.append(Added(*added[field.field_id]))
    return tuple(changes)


def grade(change: SchemaChange) -> Grade:
    """Grade a change.

    A null where there never was one is a widening, like a long where there was an int. A required
    field without an initial default cannot be given to rows that are there, and refuses the rows
    of writers that do not know it.
    """
    graded = Grade.COMPATIBLE
    match change:
        case Dropped() | Renamed():
            graded = Grade.BREAKING_FOR_READERS
        case Required():
            graded = Grade.BREAKING_FOR_WRITERS
        case Relaxed():
            graded = Grade.WIDENING
        case Added(field, _) if field.required and field.initial_default is None:
            graded = Grade.BREAKING_FOR_WRITERS
        case Moved(old, new, _) if old.parent_id != new.parent_id:
            graded = Grade.BREAKING_FOR_READERS
        case Retyped(old, new):
            wider = is_widening(old.type, new.type)
            graded = Grade.WIDENING if wider else Grade.BREAKING_FOR_READERS
        case Redefaulted(old, new) if old.initial_default != new.initial_default:
            graded = Grade.BREAKING_FOR_READERS  # rows that are there read differently
        case Redefaulted(_, new) if new.required and new.write_default is None:
            graded = Grade.BREAKING_FOR_WRITERS
    return graded


def describe(change: SchemaChange) -> str:
    """Say the change in one line for people."""
    match change:
        case Created(fields):
            columns = sum(field.parent_id is None for field in fields)
            said = f"created with {columns} column{'' if columns == 1 else 's'}"
        case Added(field, _):
            nullable = "required" if field.required else "optional"
            said = f"added {field.path} {field.type}, {nullable}"
        case Dropped(field, _):
            said = f"dropped {field.path} {field.type}"
        case Moved(old, new, after):
            place = f"after {after.path}" if after else "to the front"
            name = old.path if old.parent_id == new.parent_id else f"{old.path} to {new.path},"
            said = f"moved {name} {place}"
        case _:
            said = _describe_attribute(change)
    return said


def _describe_attribute(
    change: Renamed | Retyped | Required | Relaxed | Redefaulted | Redocumented,
) -> str:
    old, new = change.old, change.new
    match change:
        case Renamed():
            said = f"renamed {old.path} to {new.path}"
        case Retyped():
            said = f"changed type of {new.path} from {old.type} to {new.type}"
        case Required():
            said = f"made {new.path} required"
        case Relaxed():
            said = f"made {new.path} optional"
        case Redefaulted():
            said = " and ".join(
                f"changed default of {new.path} for {rows} from {_text(was)} to {_text(now)}"
                for rows, was, now in (
                    ("old rows", old.initial_default, new.initial_default),
                    ("new rows", old.write_default, new.write_default),
                )
                if was != now
            )
        case _:
            quoted = [repr(doc) if doc is not None else None for doc in (old.doc, new.doc)]
            said = f"changed doc of {new.path} from {_text(quoted[0])} to {_text(quoted[1])}"
    return said


def _text(value: str | None) -> str:
    return "none" if value is None else value


def _changes(old: Field, new: Field, moved: Mapping[int, Field | None]) -> Iterator[SchemaChange]:
    if old.name != new.name:
        yield Renamed(old, new)
    if new.field_id in moved:
        yield Moved(old, new, moved[new.field_id])
    if old.type != new.type:
        yield Retyped(old, new)
    if old.required != new.required:
        yield Required(old, new) if new.required else Relaxed(old, new)
    defaults = (old.initial_default, old.write_default)
    if defaults != (new.initial_default, new.write_default):
        yield Redefaulted(old, new)
    if old.doc != new.doc:
        yield Redocumented(old, new)


def _moved(old: SchemaVersion, new: SchemaVersion) -> dict[int, Field | None]:
    """Map the fewest fields whose move explains the new order to the neighbour each now follows."""
    was = {field.field_id: (place, field.parent_id) for place, field in enumerate(old.fields)}
    siblings: dict[int | None, list[Field]] = {}
    for field in new.fields:
        siblings.setdefault(field.parent_id, []).append(field)
    moved: dict[int, Field | None] = {}
    for parent_id, fields in siblings.items():
        stayed = [f for f in fields if f.field_id in was and was[f.field_id][1] == parent_id]
        order = [was[field.field_id][0] for field in stayed]
        in_order = {stayed[place].field_id for place in _longest_increasing(order)}
        for place, field in enumerate(fields):
            if field.field_id in was and field.field_id not in in_order:
                moved[field.field_id] = fields[place - 1] if place else None
    return moved


def _longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Give the places of a longest increasing subsequence, by patience sorting."""
    tops: list[int] = []  # the smallest end of an increasing run of each length
    places: list[int] = []
    before: list[int | None] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tops, number)
        before.append(places[length - 1] if length else None)
        tops[length : length + 1] = [number]
        places[length : length + 1] = [place]
    found: list[int] = []
    walking = places[-1] if places else None
    while walking is not None:
        found.append(walking)
        walking = before[walking]
    return found[::-1]


def _only_in(
    schema: SchemaVersion, *, other: Mapping[int, Field]
) -> dict[int, tuple[Field, tuple[Field, ...]]]:
    """Give the outermost fields the other schema has not, by id, each with all it has inside."""
    outermost: dict[int, int] = {}
    found: dict[int, list[Field]] = {}
    for field in schema.fields:
        if field.field_id not in other:
            around = field.parent_id if field.parent_id is not None else field.field_id
            top = outermost[field.field_id] = outermost.get(around, field.field_id)
            found.setdefault(top, []).append(field)
    return {top: (fields[0], tuple(fields[1:])) for top, fields in found.items()}
