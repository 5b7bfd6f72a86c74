"""Rows of an Iceberg state whose keys a newer equality delete has are gone, and no others."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc

from catalogs.iceberg.state import IcebergState
from iceberg_files import (
    field,
    schema,
    write_deletion_vector,
    write_position_deletes,
)
from iceberg_states import Rows, data_file, equality_deletes, rows_in, state_of
from snapshots.errors import UnreadableError, UnsupportedError

NAMED = schema(field(1, "id", "long"), field(2, "name", "string"))
PART = {"name": "p", "type": ["null", "int"], "field-id": 1000}
BY_NAME = [{"name": "p", "transform": "bucket[4]", "source-id": 2, "field-id": 1000}]
_APPLIES = {"record_count": 1, "content": 2, "equality_ids": [2], "sequence_number": 2}


def test_rows_with_a_deleted_key_are_gone_from_older_files_only(tmp_path: Path) -> None:
    older = data_file(tmp_path, "older", NAMED, _named("abc"), at=1)
    same = data_file(tmp_path, "same", NAMED, _named("abc"), at=2)
    newer = data_file(tmp_path, "newer", NAMED, _named("abc"), at=3)
    gone = equality_deletes(tmp_path, "gone", NAMED, [{"name": "b"}, {"name": "b"}], by=[2], at=2)
    found = _rows(tmp_path, [older, same, newer, gone], schemas=[NAMED])
    assert [one["name"] for one in found] == [*"ac", *"abc", *"abc"]


def test_each_delete_counts_with_its_own_sequence_number(tmp_path: Path) -> None:
    first = data_file(tmp_path, "first", NAMED, _named("abc"), at=1)
    second = data_file(tmp_path, "second", NAMED, _named("abc"), at=3)
    early = equality_deletes(tmp_path, "early", NAMED, [{"name": "a"}, {"name": "b"}], by=[2], at=2)
    late = equality_deletes(tmp_path, "late", NAMED, [{"name": "b"}], by=[2], at=4)
    same = equality_deletes(tmp_path, "same", NAMED, [{"name": "c"}], by=[2], at=3)
    found = _rows(tmp_path, [first, second, early, same, late], schemas=[NAMED])
    assert [one["name"] for one in found] == ["a", "c"]


def test_a_key_is_all_its_columns_and_null_equals_null(tmp_path: Path) -> None:
    pairs = [(1, "a"), (1, None), (None, "a"), (None, None)]
    rows = [{"id": number, "name": name} for number, name in pairs]
    data = data_file(tmp_path, "data", NAMED, rows, at=1)
    keys: Rows = [{"id": None, "name": "a"}, {"id": 1, "name": None}]
    gone = equality_deletes(tmp_path, "gone", NAMED, keys, by=[2, 1], at=2)
    found = _rows(tmp_path, [data, gone], schemas=[NAMED])
    assert found == [{"id": 1, "name": "a"}, {"id": None, "name": None}]


def test_other_columns_of_a_delete_file_do_not_count(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("ab"), at=1)
    gone = equality_deletes(tmp_path, "gone", NAMED, [{"id": 77, "name": "b"}], by=[2], at=2)
    assert _rows(tmp_path, [data, gone], schemas=[NAMED]) == _named("a")


def test_deletes_by_different_columns_apply_side_by_side(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("abcd"), at=1)
    by_name = equality_deletes(tmp_path, "name", NAMED, [{"name": "b"}], by=[2], at=2)
    by_id = equality_deletes(tmp_path, "id", NAMED, [{"id": 0}], by=[1], at=2)
    found = _rows(tmp_path, [data, by_name, by_id], schemas=[NAMED])
    assert [one["name"] for one in found] == ["c", "d"]


def test_keys_need_not_be_among_the_columns_asked_for(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("abc"), at=1)
    gone = equality_deletes(tmp_path, "gone", NAMED, [{"name": "b"}], by=[2], at=2)
    state = _state(tmp_path, [data, gone], schemas=[NAMED])
    assert state.batches(columns=["id"]).read_all().to_pylist() == [{"id": 0}, {"id": 2}]


def test_a_dropped_key_still_deletes_and_is_not_in_the_result(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("abc"), at=1)
    later = data_file(tmp_path, "later", schema(field(1, "id", "long")), [{"id": 9}], at=1)
    gone = equality_deletes(tmp_path, "gone", NAMED, [{"name": "b"}], by=[2], at=2)
    now = schema(field(1, "id", "long"), field(3, "name", "string"), number=1)
    found = _rows(tmp_path, [data, later, gone], schemas=[NAMED, now], at_schema=1)
    assert found == [{"id": n, "name": None} for n in (0, 2, 9)]


def test_a_dropped_key_that_was_required_is_null_in_files_without_it(tmp_path: Path) -> None:
    before = schema(field(1, "id", "long"), field(2, "name", "string", required=True))
    now = schema(field(1, "id", "long"), number=1)
    data = data_file(tmp_path, "data", now, [{"id": 9}], at=1)
    gone = equality_deletes(tmp_path, "gone", before, [{"name": "b"}], by=[2], at=2)
    assert _rows(tmp_path, [data, gone], schemas=[before, now], at_schema=1) == [{"id": 9}]


@pytest.mark.parametrize(
    ("narrow", "wide", "value"),
    [("int", "long", 7), ("decimal(5,2)", "decimal(20,2)", Decimal("1.50"))],
)
def test_keys_may_be_promoted_and_renamed_on_either_side(
    tmp_path: Path, narrow: str, wide: str, value: object
) -> None:
    old = schema(field(1, "id", narrow))
    new = schema(field(1, "number", wide), number=1)
    files = [
        data_file(tmp_path, "old", old, [{"id": value}, {"id": None}], at=1),
        equality_deletes(tmp_path, "new-gone", new, [{"number": value}], by=[1], at=2),
        data_file(tmp_path, "new", new, [{"number": value}, {"number": 9}], at=3),
        equality_deletes(tmp_path, "old-gone", old, [{"id": value}], by=[1], at=4),
    ]
    found = _rows(tmp_path, files, schemas=[old, new], at_schema=1)
    assert found == [{"number": None}, {"number": 9}]
    # The state's own schema may be the older one: then the result is, and the keys are not.
    assert _rows(tmp_path, files[:2], schemas=[old, new], at_schema=0) == [{"id": None}]


def test_a_key_that_old_files_lack_is_null_or_its_initial_default(tmp_path: Path) -> None:
    old = schema(field(1, "id", "long"))
    data = data_file(tmp_path, "data", old, [{"id": 1}], at=1)
    for default, key, left in ((None, None, 0), (None, 5, 1), (5, 5, 0), (5, None, 1)):
        more = {} if default is None else {"initial-default": default}
        now = schema(field(1, "id", "long"), field(2, "n", "int", **more), number=1)
        gone = equality_deletes(tmp_path, "gone", now, [{"n": key}], by=[2], at=2)
        found = _rows(tmp_path, [data, gone], schemas=[old, now], at_schema=1)
        assert len(found) == left, (default, key)


def test_a_field_in_a_struct_may_be_a_key_and_is_null_where_the_struct_is(tmp_path: Path) -> None:
    point = {"type": "struct", "fields": [field(10, "x", "int"), field(11, "y", "int")]}
    columns = schema(field(1, "id", "long"), field(2, "at", point))
    values = [{"x": 1, "y": 1}, {"x": None, "y": 2}, None, {"x": 2, "y": 3}]
    rows = [{"id": n, "at": value} for n, value in enumerate(values)]
    data = data_file(tmp_path, "data", columns, rows, at=1)
    gone = equality_deletes(
        tmp_path, "gone", columns, [{"at": None}, {"at": {"x": 2}}], by=[10], at=2
    )
    found = _rows(tmp_path, [data, gone], schemas=[columns])
    assert [one["id"] for one in found] == [0]
    both = equality_deletes(
        tmp_path, "both", columns, [{"at": {"x": None, "y": 2}}], by=[11, 10], at=2
    )
    found = _rows(tmp_path, [data, both], schemas=[columns])
    assert [one["id"] for one in found] == [0, 2, 3]


def test_deletes_reach_their_own_partition_and_spec_only(tmp_path: Path) -> None:
    specs = [{"spec-id": 0, "fields": BY_NAME}, {"spec-id": 1, "fields": BY_NAME}]
    data = [
        data_file(tmp_path, f"data{n}", NAMED, _named("a"), at=1) | _part(spec, value)
        for n, (spec, value) in enumerate([(0, 1), (0, 2), (0, None), (1, 1)])
    ]
    for spec, value, left in ((0, 1, 3), (1, 1, 3), (0, None, 3), (0, 3, 4)):
        gone = equality_deletes(tmp_path, "gone", NAMED, [{"name": "a"}], by=[2], at=2) | _part(
            spec, value
        )
        found = _rows(tmp_path, [*data, gone], schemas=[NAMED], partition_specs=specs)
        assert len(found) == left, (spec, value)


@pytest.mark.parametrize("fields", [[], [{**BY_NAME[0], "transform": "void"}]])
def test_deletes_of_a_spec_without_partitions_reach_every_spec(
    tmp_path: Path, fields: list[dict[str, Any]]
) -> None:
    specs = [{"spec-id": 0, "fields": BY_NAME}, {"spec-id": 1, "fields": fields}]
    parts = (_part(0, 1), _part(0, None), {"spec_id": 1})
    data = [
        data_file(tmp_path, f"data{n}", NAMED, _named("ab"), at=1) | part
        for n, part in enumerate(parts)
    ]
    own = _part(1, None) if fields else {"spec_id": 1}
    gone = equality_deletes(tmp_path, "gone", NAMED, [{"name": "a"}], by=[2], at=2) | own
    found = _rows(tmp_path, [*data, gone], schemas=[NAMED], partition_specs=specs)
    assert [one["name"] for one in found] == ["b", "b", "b"]


def test_decimal_partitions_are_the_same_however_many_bytes_they_take(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"), field(2, "name", "decimal(20,2)"))
    specs = [{"spec-id": 0, "fields": [{**BY_NAME[0], "transform": "identity"}]}]
    row = {"id": 1, "name": Decimal("-1.50")}

    def part(size: int) -> dict[str, Any]:
        kind = {"type": "fixed", "size": size, "name": "f"}
        value = {"p": (-150).to_bytes(size, "big", signed=True)}
        return {"partition_field": PART | {"type": ["null", kind]}, "partition": value}

    data = data_file(tmp_path, "data", columns, [row], at=1) | part(3)
    gone = equality_deletes(tmp_path, "gone", columns, [row], by=[1], at=2) | part(9)
    assert _rows(tmp_path, [data, gone], schemas=[columns], partition_specs=specs) == []


def test_a_key_left_out_of_a_partitions_files_comes_from_the_manifest(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"), field(2, "name", "int"))
    specs = [{"spec-id": 0, "fields": [{**BY_NAME[0], "transform": "identity"}]}]
    data = data_file(tmp_path, "data", schema(field(1, "id", "long")), [{"id": 1}], at=1) | _part(
        0, 4
    )
    gone = equality_deletes(tmp_path, "gone", columns, [{"name": 4}], by=[2], at=2) | _part(0, 4)
    assert _rows(tmp_path, [data, gone], schemas=[columns], partition_specs=specs) == []


def test_equality_deletes_work_beside_position_deletes_and_vectors(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("abcd"), at=1)
    other = data_file(tmp_path, "other", NAMED, _named("abcd"), at=1)
    files = [
        data,
        other,
        write_position_deletes(tmp_path / "p.parquet", [(data["file_path"], 0)]),
        write_deletion_vector(tmp_path / "d.puffin", other["file_path"], [3]),
        equality_deletes(tmp_path, "gone", NAMED, [{"name": "b"}], by=[2], at=2),
    ]
    found = _rows(tmp_path, files, schemas=[NAMED])
    assert [one["name"] for one in found] == [*"cd", *"ac"]


def test_deletes_reach_across_the_batches_of_a_large_file(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"))
    data = data_file(tmp_path, "data", columns, [{"id": n} for n in range(300_000)], at=1)
    keys = [{"id": n} for n in (0, 131_071, 131_072, 299_999, 500_000)]
    gone = equality_deletes(tmp_path, "gone", columns, keys, by=[1], at=2)
    places = [(data["file_path"], 5), (data["file_path"], 200_000)]
    also = write_position_deletes(tmp_path / "p.parquet", places)
    found = {one["id"] for one in _rows(tmp_path, [data, gone, also], schemas=[columns])}
    assert found == set(range(300_000)) - {0, 5, 131_071, 131_072, 200_000, 299_999}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("boolean", [True, False]),
        ("date", [1, 2]),
        ("time", [1, 2]),
        ("timestamp", [1, 2]),
        ("timestamptz", [1, 2]),
        ("timestamptz_ns", [1, 2]),
        ("decimal(38,3)", [Decimal("1.5"), Decimal("-1.5")]),
        ("binary", [b"", b"a"]),
        ("fixed[3]", [b"abc", b"abd"]),
        ("uuid", [bytes(16), bytes(15) + b"a"]),
        ("string", ["a", ""]),
    ],
)
def test_keys_of_every_type_are_compared(tmp_path: Path, kind: str, values: list[Any]) -> None:
    columns = schema(field(1, "id", "long"), field(2, "v", kind))
    rows = [{"id": n, "v": value} for n, value in enumerate([*values, None])]
    data = data_file(tmp_path, "data", columns, rows, at=1)
    gone = equality_deletes(tmp_path, "gone", columns, [rows[1]], by=[2], at=2)
    more = {"format-version": 3}
    found = _state(tmp_path, [data, gone], schemas=[columns], **more).batches(columns=None)
    assert found.read_all()["id"].to_pylist() == [0, 2]


def test_delete_files_in_orc_are_read(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("abc"), at=1)
    path = tmp_path / "gone.orc"
    orc.write_table(pa.table({"name": ["b"]}), path)
    gone = {"file_path": str(path), "file_format": "ORC"} | _APPLIES
    mapping = '[{"field-id": 1, "names": ["id"]}, {"field-id": 2, "names": ["name"]}]'
    properties = {"schema.name-mapping.default": mapping}
    found = _rows(tmp_path, [data, gone], schemas=[NAMED], properties=properties)
    assert [one["name"] for one in found] == ["a", "c"]


def test_deletes_that_apply_to_nothing_are_not_read(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("ab"), at=2)
    broken = {"file_path": "nowhere", "file_format": "AVRO", "record_count": 1, "content": 2}
    assert len(_rows(tmp_path, [data, broken | {"sequence_number": 2}], schemas=[NAMED])) == 2


def test_an_empty_delete_file_deletes_nothing(tmp_path: Path) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("ab"), at=1)
    gone = equality_deletes(tmp_path, "gone", NAMED, [], by=[2], at=2)
    assert len(_rows(tmp_path, [data, gone], schemas=[NAMED])) == 2


def test_keys_that_cannot_be_compared_for_certain_are_refused_before_any_row(
    tmp_path: Path,
) -> None:
    inside = {"type": "list", "element-id": 3, "element": "int", "element-required": False}
    for kind, by in ((inside, 3), (inside, 2)):
        columns = schema(field(1, "id", "long"), field(2, "v", kind))
        data = data_file(tmp_path, "data", columns, [{"id": 1, "v": None}], at=1)
        gone = equality_deletes(tmp_path, "gone", columns, [{"v": None}], by=[by], at=2)
        state = _state(tmp_path, [data, gone], schemas=[columns])
        with pytest.raises(UnsupportedError, match="equality deletes by v"):
            state.batches(columns=["id"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"equality_ids": None}, "does not say which columns"),
        ({"equality_ids": [99]}, "field 99, which no schema"),
        ({"equality_ids": [1]}, "there is no field with id 1 in it"),
        ({"record_count": 3}, "it holds 1 rows, and its manifest says 3"),
        ({"sequence_number": None, "status": 0}, "no sequence number"),
        ({"spec_id": 7}, "partition spec 7 is none of"),
    ],
)
def test_delete_files_that_break_the_rules_are_named(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    data = data_file(tmp_path, "data", NAMED, _named("ab"), at=1)
    only = schema(field(2, "name", "string"))
    gone = equality_deletes(tmp_path, "gone", only, [{"name": "a"}], by=[2], at=2) | change
    with pytest.raises(UnreadableError, match=reason):
        _rows(tmp_path, [data, gone], schemas=[NAMED])


def _named(names: str) -> list[dict[str, Any]]:
    return [{"id": n, "name": name} for n, name in enumerate(names)]


def _part(spec_id: int, value: int | None) -> dict[str, Any]:
    return {"spec_id": spec_id, "partition_field": PART, "partition": {"p": value}}


def _rows(root: Path, files: Rows, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as write_table has them
    return rows_in(_state(root, files, **more))


def _state(root: Path, files: Rows, **more: Any) -> IcebergState:  # noqa: ANN401
    more.setdefault("partition_specs", [{"spec-id": 0, "fields": []}])
    return state_of(root, files, **more)
