"""Schema differences: by field id, complete, and in as few changes as there were."""

from itertools import combinations

import pytest
from hypothesis import given

from snapshots.field_type import is_widening
from snapshots.schema import Field, SchemaVersion
from snapshots.schema_difference import (
    Added,
    Created,
    Dropped,
    Grade,
    Moved,
    Redefaulted,
    Redocumented,
    Relaxed,
    Renamed,
    Required,
    Retyped,
    SchemaChange,
    describe,
    difference,
    grade,
)
from strategies import field, schemas


def _schema(*fields: Field) -> SchemaVersion:
    return SchemaVersion(0, fields)


ID = field(1, "id", type="long", required=True)
ADDRESS = field(2, "address", type="struct")
CITY = field(3, "city", within=ADDRESS)
ZIP = field(4, "zip", within=ADDRESS)


def _said(old: SchemaVersion, new: SchemaVersion) -> list[str]:
    return [describe(change) for change in difference(old, new)]


@given(schemas())
def test_a_schema_does_not_differ_from_itself(schema: SchemaVersion) -> None:
    assert difference(schema, schema) == ()
    assert difference(schema, SchemaVersion(schema.schema_id + 1, schema.fields)) == ()


@given(schemas(), schemas())
def test_every_id_of_either_side_is_accounted_for(old: SchemaVersion, new: SchemaVersion) -> None:
    changes = difference(old, new)
    gone = [f.field_id for c in changes if isinstance(c, Dropped) for f in (c.field, *c.inside)]
    came = [f.field_id for c in changes if isinstance(c, Added) for f in (c.field, *c.inside)]
    assert sorted(gone) == sorted(
        {f.field_id for f in old.fields} - {f.field_id for f in new.fields}
    )
    assert sorted(came) == sorted(
        {f.field_id for f in new.fields} - {f.field_id for f in old.fields}
    )


@given(schemas(), schemas())
def test_the_described_changes_are_all_the_changes(old: SchemaVersion, new: SchemaVersion) -> None:
    """Whatever differs in a field that both have is told by exactly one change of its kind."""
    changes = difference(old, new)
    for after in new.fields:
        before = old.field(field_id=after.field_id)
        if before is None:
            continue
        told = {
            type(change)
            for change in changes
            if not isinstance(change, Created | Added | Dropped | Moved) and change.new == after
        }
        expected = {
            kind
            for kind, differs in (
                (Renamed, before.name != after.name),
                (Retyped, before.type != after.type),
                (Required, after.required and not before.required),
                (Relaxed, before.required and not after.required),
                (Redocumented, before.doc != after.doc),
                (
                    Redefaulted,
                    (before.initial_default, before.write_default)
                    != (after.initial_default, after.write_default),
                ),
            )
            if differs
        }
        assert told == expected


@given(schemas(), schemas())
def test_the_moves_are_the_fewest_that_explain_the_order(
    old: SchemaVersion, new: SchemaVersion
) -> None:
    moved = {c.new.field_id for c in difference(old, new) if isinstance(c, Moved)}
    places = {f.field_id: place for place, f in enumerate(old.fields)}
    for parent in {f.parent_id for f in new.fields}:
        kept = [
            places[f.field_id]
            for f in new.fields
            if f.parent_id == parent
            and (before := old.field(field_id=f.field_id))
            and before.parent_id == parent
        ]
        stayed = [place for place in kept if old.fields[place].field_id not in moved]
        assert stayed == sorted(stayed)
        longest = max(
            length
            for length in range(len(kept) + 1)
            if any(list(run) == sorted(run) for run in combinations(kept, length))
        )
        assert len(stayed) == longest
    for f in new.fields:
        before = old.field(field_id=f.field_id)
        if before and before.parent_id != f.parent_id:
            assert f.field_id in moved


@given(schemas(), schemas())
def test_every_change_has_a_grade_and_one_line(old: SchemaVersion, new: SchemaVersion) -> None:
    for change in (*difference(old, new), *difference(None, new)):
        assert grade(change) in Grade
        assert describe(change)
        assert "\n" not in describe(change)


def test_the_first_schema_is_created_and_breaks_nobody() -> None:
    (change,) = difference(None, _schema(ID, ADDRESS, CITY))
    assert change == Created((ID, ADDRESS, CITY))
    assert describe(change) == "created with 2 columns"
    assert grade(change) is Grade.COMPATIBLE


def test_dropping_a_name_and_adding_it_again_are_two_changes() -> None:
    again = field(9, "city", within=ADDRESS)
    changes = difference(_schema(ID, ADDRESS, CITY), _schema(ID, ADDRESS, again))
    assert changes == (Dropped(CITY, ()), Added(again, ()))


def test_a_renamed_struct_is_one_change_whatever_is_inside() -> None:
    renamed = field(2, "home", type="struct")
    old = _schema(ID, ADDRESS, CITY, ZIP)
    new = _schema(ID, renamed, field(3, "city", within=renamed), field(4, "zip", within=renamed))
    assert _said(old, new) == ["renamed address to home"]


def test_a_struct_comes_and_goes_with_what_is_inside() -> None:
    assert difference(_schema(ID), _schema(ID, ADDRESS, CITY, ZIP)) == (
        Added(ADDRESS, (CITY, ZIP)),
    )
    assert difference(_schema(ID, ADDRESS, CITY), _schema(ID)) == (Dropped(ADDRESS, (CITY,)),)


def test_a_field_that_outlives_its_struct_is_moved_and_not_dropped() -> None:
    outside = field(3, "city")
    changes = difference(_schema(ID, ADDRESS, CITY, ZIP), _schema(ID, outside))
    assert changes == (Dropped(ADDRESS, (ZIP,)), Moved(CITY, outside, ID))
    assert [grade(change) for change in changes] == [Grade.BREAKING_FOR_READERS] * 2
    assert describe(changes[1]) == "moved address.city to city, after id"


def test_one_column_brought_to_the_front_is_one_move() -> None:
    a, b, c, d = (field(n, name) for n, name in enumerate("abcd"))
    assert _said(_schema(a, b, c, d), _schema(d, a, b, c)) == ["moved d to the front"]
    assert _said(_schema(a, b, c, d), _schema(b, c, a, d)) == ["moved a after c"]
    assert _said(_schema(a, b), _schema(field(9, "new"), a, b)) == ["added new string, optional"]


def test_switching_column_mapping_on_changes_nothing() -> None:
    mapped = field(3, "city", within=ADDRESS, physical_name="col-7f3a")
    assert difference(_schema(ADDRESS, CITY), _schema(ADDRESS, mapped)) == ()


@pytest.mark.parametrize(
    ("change", "expected", "line"),
    [
        (Added(field(1, "a"), ()), Grade.COMPATIBLE, "added a string, optional"),
        (
            Added(field(1, "a", required=True), ()),
            Grade.BREAKING_FOR_WRITERS,
            "added a string, required",
        ),
        (
            Added(field(1, "a", required=True, initial_default="0"), ()),
            Grade.COMPATIBLE,
            "added a string, required",
        ),
        (Dropped(field(1, "a"), ()), Grade.BREAKING_FOR_READERS, "dropped a string"),
        (
            Renamed(field(1, "a"), field(1, "b")),
            Grade.BREAKING_FOR_READERS,
            "renamed a to b",
        ),
        (Moved(field(1, "a"), field(1, "a"), None), Grade.COMPATIBLE, "moved a to the front"),
        (
            Retyped(field(1, "a", type="int"), field(1, "a", type="long")),
            Grade.WIDENING,
            "changed type of a from int to long",
        ),
        (
            Retyped(field(1, "a", type="long"), field(1, "a", type="int")),
            Grade.BREAKING_FOR_READERS,
            "changed type of a from long to int",
        ),
        (
            Required(field(1, "a"), field(1, "a", required=True)),
            Grade.BREAKING_FOR_WRITERS,
            "made a required",
        ),
        (Relaxed(field(1, "a", required=True), field(1, "a")), Grade.WIDENING, "made a optional"),
        (
            Redefaulted(field(1, "a"), field(1, "a", initial_default="7")),
            Grade.BREAKING_FOR_READERS,
            "changed default of a for old rows from none to 7",
        ),
        (
            Redefaulted(field(1, "a", write_default="7"), field(1, "a", write_default="8")),
            Grade.COMPATIBLE,
            "changed default of a for new rows from 7 to 8",
        ),
        (
            Redefaulted(
                field(1, "a", required=True, write_default="7"), field(1, "a", required=True)
            ),
            Grade.BREAKING_FOR_WRITERS,
            "changed default of a for new rows from 7 to none",
        ),
        (
            Redocumented(field(1, "a"), field(1, "a", doc="net of tax")),
            Grade.COMPATIBLE,
            "changed doc of a from none to 'net of tax'",
        ),
    ],
)
def test_each_kind_of_change_is_graded_and_said(
    change: SchemaChange, expected: Grade, line: str
) -> None:
    assert grade(change) is expected
    assert describe(change) == line


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int", "long"),
        ("float", "double"),
        ("decimal(9, 2)", "decimal(12, 2)"),
        ("date", "timestamp"),
        ("date", "timestamp_ns"),
        ("unknown", "string"),
        ("byte", "short"),
        ("short", "integer"),
        ("integer", "long"),
        ("integer", "double"),
        ("integer", "decimal(10,0)"),
        ("short", "decimal(12,2)"),
        ("long", "decimal(20,0)"),
        ("decimal(10,2)", "decimal(12,4)"),
        ("date", "timestamp_ntz"),
    ],
)
def test_a_type_that_holds_every_old_value_is_wider(old: str, new: str) -> None:
    assert is_widening(old, new)
    assert not is_widening(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("int", "float"),
        ("long", "double"),
        ("int", "string"),
        ("string", "binary"),
        ("double", "decimal(38,10)"),
        ("decimal(12,2)", "decimal(12,4)"),
        ("decimal(12,2)", "decimal(10,2)"),
        ("integer", "decimal(9,0)"),
        ("long", "decimal(19,0)"),
        ("date", "timestamptz"),
        ("timestamp", "date"),
        ("struct", "list"),
        ("fixed[8]", "fixed[16]"),
    ],
)
def test_any_other_change_of_type_breaks_readers(old: str, new: str) -> None:
    assert not is_widening(old, new)
