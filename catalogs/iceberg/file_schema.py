"""File schemas: which column of a data file is which field of the table. Iceberg spec, "Column
Projection" and "Name Mapping".

A field is the one its id says, or where the file has no id for it, the one that the table's name
mapping has for its name. A file without any ids in a table without a mapping is read only where
its columns stand in the order of their ids and carry their names too: then all who read such a
file, by order or by name, read the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyiceberg.io.pyarrow import pyarrow_to_schema
from pyiceberg.schema import Schema
from pyiceberg.table.name_mapping import MappedField, NameMapping

from catalogs.iceberg.lowered_types import part_ids, variants_in
from snapshots.errors import UnsupportedError

_ID_KEYS = (b"PARQUET:field_id", b"iceberg.id")
NANOSECONDS_SINCE = 3
"""The format version from which nanoseconds are a type of their own; before, they are cut."""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """What a table tells of its fields beside their ids.

    `mapping` is None where the table has no name mapping. `names` are the names that top-level
    fields have had in any schema, by id. `variants` are the fields of type variant. `misplaced`
    are those that the name mapping has inside another field than the schemas do.
    """

    mapping: NameMapping | None
    names: Mapping[int, frozenset[str]]
    variants: frozenset[int]
    misplaced: frozenset[int]


def field_names(schemas: Sequence[Mapping[str, Any]], mapping: NameMapping | None) -> FieldNames:
    """Gather what all the schemas of a table say of its fields."""
    names = defaultdict[int, set[str]](set)
    parents: dict[int, int | None] = {}
    for schema in schemas:
        parents |= dict(_parents(schema, None))
        for field in schema["fields"]:
            names[field["id"]].add(field["name"])
    return FieldNames(
        mapping=mapping,
        names={number: frozenset(several) for number, several in names.items()},
        variants=frozenset(one for schema in schemas for one in variants_in(schema)),
        misplaced=frozenset(_misplaced(list(mapping or ()), None, parents)),
    )


def file_schema(
    physical: pa.Schema, known: FieldNames, *, format_version: int, location: str
) -> Schema:
    """Give the schema of a file with the table's field ids; what has none is left out.

    Raises UnsupportedError where nothing tells which column is which, ValueError where two
    columns claim one id.
    """
    mapped = list(known.mapping or ())
    if not mapped and not any(_has_id(field) for field in physical):
        mapped = _by_order(physical, known, location)
    if known.misplaced and not all(_has_id(field) for field in physical):
        feature = f"a name mapping that has field {min(known.misplaced)} inside another one"
        advice = "make the table property schema.name-mapping.default agree with the schema"
        raise UnsupportedError(location, feature, advice)
    fields = pa.schema(list(_identified(physical, mapped, known.variants)))
    counted = Counter(_ids_in(fields))
    twice = sorted(one for one, n in counted.items() if n > 1 and one is not None)
    if twice:
        msg = f"it has several columns for field {twice[0]}"
        raise ValueError(msg)
    cut = format_version < NANOSECONDS_SINCE
    return pyarrow_to_schema(
        pa.schema(one.with_type(_plain(one.type, cut=cut)) for one in fields),
        downcast_ns_timestamp_to_us=cut,
        format_version=max(1, min(format_version, 3)),  # type: ignore[arg-type]
    )


def unidentified(physical: pa.Schema, known: FieldNames) -> frozenset[str]:
    """Give the names of columns, however deep, that have no id though the table has no mapping.

    Where one of them has the name of a field that the file seems to lack, it may be that field.
    """
    if known.mapping is not None or not any(_has_id(field) for field in physical):
        return frozenset()
    return frozenset(_without_ids(physical, known.variants))


def _without_ids(
    fields: Iterable[pa.Field], variants: Collection[int], role: str | None = None
) -> Iterator[str]:
    for field in fields:
        number, kind = _id_of(field), field.type
        if number is None:
            yield role or field.name
        elif number not in variants and pa.types.is_struct(kind):
            yield from _without_ids(kind, variants)
        elif pa.types.is_map(kind):
            yield from _without_ids((kind.key_field, kind.item_field), variants, field.name)
        elif _is_list(kind):
            yield from _without_ids((kind.value_field,), variants, field.name)


def _identified(
    fields: Iterable[pa.Field],
    mapped: Sequence[MappedField],
    variants: Collection[int],
) -> Iterator[pa.Field]:
    """Yield the fields that have an id, each with it, and the same inside them."""
    by_name = {name: one for one in mapped for name in one.names}
    for field in fields:
        told = by_name.get(field.name)
        number = _id_of(field)
        if number is None and told is not None:
            number = told.field_id
        if number is not None:
            inside = told.fields if told else ()
            found = _with_id(field, number, list(inside), variants)
            if found is not None:
                yield found


def _with_id(
    field: pa.Field, number: int, mapped: Sequence[MappedField], variants: Collection[int]
) -> pa.Field | None:
    """Write an id where Parquet files have it, and identify what is inside the field.

    None where a list or map is inside whose parts have no id.
    """
    kind = field.type
    if number in variants and pa.types.is_struct(kind):
        ids = dict(zip(("metadata", "value"), part_ids(number), strict=True))
        parts = [_numbered(one.name, pa.binary(), ids[one.name]) for one in kind if one.name in ids]
        kind = pa.struct(parts)
    elif pa.types.is_struct(kind):
        kind = pa.struct(list(_identified(kind, mapped, variants)))
    elif pa.types.is_map(kind):
        named = (kind.key_field.with_name("key"), kind.item_field.with_name("value"))
        found = list(_identified(named, mapped, variants))
        if len(found) < len(named):
            return None
        kind = pa.map_(*found)
    elif _is_list(kind):
        found = list(_identified((kind.value_field.with_name("element"),), mapped, variants))
        if not found:
            return None
        kind = (pa.large_list if pa.types.is_large_list(kind) else pa.list_)(found[0])
    return _numbered(field.name, kind, number).with_nullable(field.nullable)


def _ids_in(fields: Iterable[pa.Field]) -> Iterator[int | None]:
    for field in fields:
        yield _id_of(field)
        yield from _ids_in(field.type.field(n) for n in range(field.type.num_fields))


def _numbered(name: str, kind: pa.DataType, number: int) -> pa.Field:
    return pa.field(name, kind, metadata={_ID_KEYS[0]: str(number)})


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _by_order(physical: pa.Schema, known: FieldNames, location: str) -> list[MappedField]:
    """Identify the columns of a file without ids by their order, if their names say the same."""
    found = []
    for number, field in enumerate(physical, start=1):
        named = [one for one, names in known.names.items() if field.name in names]
        if named != [number] or pa.types.is_nested(field.type):
            feature = "data files without field ids, where the table has no name mapping"
            advice = "set the table property schema.name-mapping.default"
            raise UnsupportedError(location, feature, advice)
        found.append(MappedField.model_validate({"field-id": number, "names": [field.name]}))
    return found


def _parents(kind: Any, parent: int | None) -> Iterator[tuple[int, int | None]]:  # noqa: ANN401
    """Yield the id of each field in a type, with that of the field it is in."""
    if not isinstance(kind, dict):
        return
    parts = [(kind[f"{p}-id"], kind[p]) for p in ("element", "key", "value") if p in kind]
    for number, inside in (*((f["id"], f["type"]) for f in kind.get("fields", ())), *parts):
        yield number, parent
        yield from _parents(inside, number)


def _misplaced(
    mapped: Iterable[MappedField], parent: int | None, parents: Mapping[int, int | None]
) -> Iterator[int]:
    for one in mapped:
        number = one.field_id
        if number is not None and parents.get(number, parent) != parent:
            yield number
        yield from _misplaced(one.fields, number, parents)


def _has_id(field: pa.Field) -> bool:
    return _id_of(field) is not None


def _id_of(field: pa.Field) -> int | None:
    for key in _ID_KEYS:
        if (told := (field.metadata or {}).get(key)) is not None:
            return int(told)
    return None


def _plain(kind: pa.DataType, *, cut: bool) -> pa.DataType:
    """Give a type as pyiceberg knows it; it refuses, or warns of, what says the same otherwise.

    Instants of any zone are instants, and those finer than the format has are cut.
    """
    types = pa.types
    if types.is_dictionary(kind):
        return _plain(kind.value_type, cut=cut)
    if types.is_timestamp(kind):
        unit = "us" if cut and kind.unit == "ns" else kind.unit
        return pa.timestamp(unit, None if kind.tz is None else "UTC")
    if types.is_time32(kind):
        return pa.time64("us")
    return _with_parts(kind, lambda one: one.with_type(_plain(one.type, cut=cut)))


def _with_parts(kind: pa.DataType, change: Callable[[pa.Field], pa.Field]) -> pa.DataType:
    """Change the fields in a type; a type without fields stays as it is."""
    types = pa.types
    if types.is_struct(kind):
        return pa.struct([change(one) for one in kind])
    if types.is_map(kind):
        return pa.map_(change(kind.key_field), change(kind.item_field))
    if types.is_large_list(kind):
        return pa.large_list(change(kind.value_field))
    return pa.list_(change(kind.value_field)) if types.is_list(kind) else kind
