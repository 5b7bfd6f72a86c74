"""A Delta field keeps its id for life, with column mapping and without."""

import json
from collections.abc import Sequence

import msgspec
import pytest

from catalogs.delta.actions import Metadata
from catalogs.delta.schema import Schemas
from delta_logs import column, metadata
from snapshots.errors import UnreadableError
from snapshots.schema import SchemaVersion


def _metadata(*columns: dict[str, object], mode: str | None = None) -> Metadata:
    configuration = {} if mode is None else {"delta_columnMapping_mode": mode}
    return msgspec.convert(metadata(*columns, **configuration)["metaData"], Metadata)


def _mapped(name: str, of: object, number: int, physical: str | None = None) -> dict[str, object]:
    told = {
        "delta.columnMapping.id": number,
        "delta.columnMapping.physicalName": physical or name,
    }
    return column(name, of, **told)


def _passed(*versions: Metadata, known: Sequence[SchemaVersion] = ()) -> tuple[SchemaVersion, ...]:
    schemas = Schemas(known, location="t")
    first = known[-1].schema_id + 1 if known else 0
    return tuple(
        schemas.take(one, version=number, restored=None)
        for number, one in enumerate(versions, start=first)
    )


def _ids(schema: SchemaVersion) -> dict[str, int]:
    return {field.path: field.field_id for field in schema.fields}


def test_surrogate_ids_follow_the_order_of_first_appearance() -> None:
    inner = {"type": "struct", "fields": [column("x", "long"), column("y", "string")]}
    array = {"type": "array", "elementType": inner, "containsNull": False}
    keyed = {"type": "map", "keyType": "string", "valueType": "long", "valueContainsNull": True}
    (schema,) = _passed(_metadata(column("a", "long"), column("b", array), column("c", keyed)))
    assert _ids(schema) == {
        "a": 1,
        "b": 2,
        "b.element": 3,
        "b.element.x": 4,
        "b.element.y": 5,
        "c": 6,
        "c.key": 7,
        "c.value": 8,
    }
    assert [field.type for field in schema.fields][:4] == ["long", "list", "struct", "long"]
    required = {field.path for field in schema.fields if field.required}
    assert required == {"b.element", "c.key"}
    assert schema.fields[3].parent_id == 3
    assert {field.physical_name for field in schema.fields} == {None}


def test_a_name_dropped_and_added_again_is_another_column() -> None:
    a, b = column("a", "long"), column("b", "long")
    one, two, three = _passed(_metadata(a, b), _metadata(a), _metadata(a, b))
    assert _ids(one) == {"a": 1, "b": 2}
    assert _ids(two) == {"a": 1}
    assert _ids(three) == {"a": 1, "b": 3}


def test_reordering_widening_and_comments_keep_the_id() -> None:
    one, two = _passed(
        _metadata(column("a", "integer"), column("b", "long")),
        _metadata(column("b", "long", comment="why"), column("a", "long")),
    )
    assert _ids(two) == _ids(one)
    assert two.fields[0].doc == "why"
    assert two.schema_id == 1


def test_a_repeated_schema_is_no_new_version() -> None:
    one, two = _passed(_metadata(column("a", "long")), _metadata(column("a", "long")))
    assert one is two


def test_a_mapped_table_gives_its_own_ids() -> None:
    a = _mapped("a", "long", 7, "col-1")
    b = _mapped("b", "string", 3, "col-2")
    one, two = _passed(_metadata(a, b, mode="name"), _metadata(b, a, mode="id"))
    assert _ids(one) == {"a": 7, "b": 3}
    assert one.fields[0].physical_name == "col-1"
    assert _ids(two) == {"a": 7, "b": 3}


def test_a_mapped_rename_keeps_the_id_and_a_name_reused_does_not() -> None:
    one, two, three = _passed(
        _metadata(_mapped("a", "long", 1, "col-1"), mode="name"),
        _metadata(_mapped("b", "long", 1, "col-1"), mode="name"),
        _metadata(_mapped("b", "long", 1, "col-1"), _mapped("a", "long", 2, "col-2"), mode="name"),
    )
    assert (_ids(one), _ids(two), _ids(three)) == ({"a": 1}, {"b": 1}, {"b": 1, "a": 2})


def test_elements_of_a_mapped_table_never_take_an_id_it_gives_later() -> None:
    array = {"type": "array", "elementType": "long", "containsNull": True}
    one, two = _passed(
        _metadata(_mapped("a", array, 1, "c1"), mode="name"),
        _metadata(_mapped("a", array, 1, "c1"), _mapped("b", "long", 2, "c2"), mode="name"),
    )
    assert _ids(two)["b"] == 2
    assert _ids(two)["a.element"] == _ids(one)["a.element"] > 1 << 29


def test_nested_ids_are_taken_where_the_table_has_them() -> None:
    array = {"type": "array", "elementType": "long", "containsNull": True}
    told = _mapped("a", array, 1, "c1")
    assert isinstance(told["metadata"], dict)
    told["metadata"]["delta.columnMapping.nested.ids"] = {"c1.element": 9}
    (schema,) = _passed(_metadata(told, mode="name"))
    assert _ids(schema) == {"a": 1, "a.element": 9}


def test_switching_mapping_on_keeps_the_ids_of_surviving_names() -> None:
    array = {"type": "array", "elementType": "long", "containsNull": True}
    before = _metadata(column("a", "long"), column("tags", array), column("b", "long"))
    switched = _metadata(
        _mapped("b", "long", 1), _mapped("a", "long", 2), _mapped("tags", array, 3), mode="name"
    )
    added = _metadata(
        _mapped("a", "long", 2), _mapped("tags", array, 3), _mapped("new", "long", 4), mode="name"
    )
    one, two, three = _passed(before, switched, added)
    assert _ids(one) == {"a": 1, "tags": 2, "tags.element": 3, "b": 4}
    assert _ids(two) == {"b": 4, "a": 1, "tags": 2, "tags.element": 3}
    # Its own id 4 is b's already: a new column takes the next free one.
    assert _ids(three) == {"a": 1, "tags": 2, "tags.element": 3, "new": 5}


def test_dropping_mapping_keeps_the_ids_of_logical_names() -> None:
    one, two = _passed(
        _metadata(_mapped("a", "long", 4, "col-1"), mode="name"), _metadata(column("a", "long"))
    )
    assert _ids(one) == _ids(two) == {"a": 4}
    assert two.fields[0].physical_name is None


def test_a_restore_brings_dropped_columns_back_with_their_ids() -> None:
    schemas = Schemas((), location="t")
    a, b = column("a", "long"), column("b", "long")
    first = schemas.take(_metadata(a, b), version=0, restored=None)
    schemas.take(_metadata(a), version=1, restored=None)
    again = schemas.take(_metadata(a, b), version=2, restored=first)
    assert _ids(again) == _ids(first)
    assert again.schema_id == 2


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_pass_resumed_from_what_is_known_gives_the_same_ids(cut: int) -> None:
    array = {"type": "array", "elementType": "long", "containsNull": True}
    versions = [
        _metadata(column("a", "long"), column("b", array)),
        _metadata(column("a", "long")),
        _metadata(_mapped("a", "long", 1), _mapped("b", array, 2, "c9"), mode="name"),
        _metadata(_mapped("z", "long", 1, "a"), _mapped("q", "long", 3, "c10"), mode="name"),
    ]
    whole = _passed(*versions)
    resumed = (*whole[:cut], *_passed(*versions[cut:], known=whole[:cut]))
    assert resumed == whole


def test_a_metadata_action_without_a_schema_is_a_table_without_columns() -> None:
    (schema,) = _passed(msgspec.convert({"id": "t"}, Metadata))
    assert schema.fields == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"type":"struct"}', json.dumps({"fields": [{}]})])
def test_a_schema_that_is_none_is_an_error_with_a_name(text: str) -> None:
    told = msgspec.convert({"id": "t", "schemaString": text}, Metadata)
    with pytest.raises(UnreadableError, match="schema in its log"):
        _passed(told)


def test_a_schema_nested_without_end_is_an_error() -> None:
    nested: object = "long"
    for _ in range(100):
        nested = {"type": "array", "elementType": nested, "containsNull": True}
    with pytest.raises(UnreadableError, match="deep"):
        _passed(_metadata(column("a", nested)))


def test_defaults_are_kept_as_json_texts() -> None:
    (schema,) = _passed(_metadata(column("a", "string", CURRENT_DEFAULT="'x'")))
    assert schema.fields[0].write_default == "\"'x'\""
