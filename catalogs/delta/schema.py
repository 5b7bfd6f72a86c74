"""Schema versions: the fields of a Delta table, each with the id it keeps for life. DESIGN 4.2.

With column mapping a field's id is the table's own. Without it a name is the identity for one
lifetime, and ids are surrogates in order of first appearance. They are given by one pass forward
over the table's schemas, which a later harvest continues from the schemas already known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from catalogs.delta.actions import Metadata
from catalogs.delta.types import (
    Column,
    DeltaType,
    ListType,
    MapType,
    Primitive,
    StructType,
    mapping_mode,
    parsed,
)
from snapshots.schema import Field, SchemaVersion

# On a mapped table, list elements and map keys and values have no id of their own as a rule. Their
# surrogates start here, so that no id the table gives out later is taken.
_NESTED_IDS_FROM = 1 << 30

_Key = tuple[int | None, str]


class Schemas:
    """The schema versions of one table, in order; the last one is in force."""

    def __init__(self, known: Sequence[SchemaVersion], *, location: str) -> None:
        """Go on from the schemas known before; none for a table seen for the first time."""
        self._versions = sorted(known, key=lambda one: one.schema_id)
        self._location = location
        self._ids = _FieldIds(self._versions)

    def versions(self) -> tuple[SchemaVersion, ...]:
        """Give all versions, in order of first appearance."""
        return tuple(self._versions)

    def current(self) -> SchemaVersion | None:
        """Give the version in force; None before the first one."""
        return self._versions[-1] if self._versions else None

    def named(self, schema_id: int | None) -> SchemaVersion | None:
        """Give the version of that id; None where there is none."""
        return next((one for one in self._versions if one.schema_id == schema_id), None)

    def take(
        self, metadata: Metadata, *, version: int, restored: SchemaVersion | None
    ) -> SchemaVersion:
        """Give the schema in force once a `metaData` action has come in; often the same one.

        `restored` is the schema of the version that the commit goes back to; None for a commit
        that is no RESTORE. Its columns come back, so their ids do.
        """
        mapped = mapping_mode(metadata.properties) is not None
        root = parsed(metadata.schema_string, mapped=mapped, location=self._location)
        current = self.current()
        fields = self._ids.fields_of(root, mapped=mapped, like=restored or current)
        if current is None or current.fields != fields:
            current = SchemaVersion(version, fields)
            self._versions.append(current)
        return current


class _FieldIds:
    """Which id belongs to which name, physical or not, under which parent."""

    def __init__(self, known: Sequence[SchemaVersion]) -> None:
        fields = [field for version in known for field in version.fields]
        used = {field.field_id for field in fields}
        self._used = used
        self._next = max((one for one in used if one < _NESTED_IDS_FROM), default=0) + 1
        self._next_nested = max((one + 1 for one in used), default=0)
        self._next_nested = max(self._next_nested, _NESTED_IDS_FROM)
        self._mapped = False
        self._named: dict[_Key, Field] = {}
        mapped = [v for v in known if any(field.physical_name for field in v.fields)]
        self._physical = {_key(field): field.field_id for v in mapped for field in v.fields}

    def fields_of(
        self, root: StructType, *, mapped: bool, like: SchemaVersion | None
    ) -> tuple[Field, ...]:
        earlier = like.fields if like else ()
        # An unmapped column's name is its physical name: switching mapping on keeps it. Dropping
        # mapping rewrites the files under the logical names, so there these decide.
        self._named = {(_key(one) if mapped else (one.parent_id, one.name)): one for one in earlier}
        self._mapped = mapped
        fields = tuple(self._children(root, None, ""))
        if mapped:
            self._physical |= {_key(field): field.field_id for field in fields}
        return fields

    def _children(self, parent: StructType, parent_id: int | None, path: str) -> Iterator[Field]:
        for column in parent.columns:
            physical = column.physical_name
            field_id = self._id((parent_id, physical or column.name), column.mapping_id)
            yield Field(
                field_id=field_id,
                name=column.name,
                path=f"{path}{column.name}",
                parent_id=parent_id,
                type=_text(column.type),
                required=column.required,
                doc=column.comment,
                initial_default=None,
                write_default=None if column.default is None else json.dumps(column.default),
                physical_name=physical,
            )
            nested = physical or column.name
            yield from self._parts(column, column.type, field_id, f"{path}{column.name}.", nested)

    def _parts(
        self, column: Column, of: DeltaType, parent_id: int, path: str, nested: str
    ) -> Iterator[Field]:
        if isinstance(of, StructType):
            yield from self._children(of, parent_id, path)
        for name, part, required in _unnamed(of):
            below = f"{nested}.{name}"
            field_id = self._id((parent_id, name), column.nested_ids.get(below))
            yield Field(
                field_id=field_id,
                name=name,
                path=f"{path}{name}",
                parent_id=parent_id,
                type=_text(part),
                required=required,
                doc=None,
                initial_default=None,
                write_default=None,
                physical_name=None,
            )
            yield from self._parts(column, part, field_id, f"{path}{name}.", below)

    def _id(self, key: _Key, wanted: int | None) -> int:
        """Find the field that has this name by now, or give a new id: the table's own if free."""
        if (earlier := self._named.get(key)) is not None:
            return earlier.field_id
        if self._mapped and key in self._physical:
            return self._physical[key]
        if wanted is not None and wanted not in self._used:
            found = wanted
        elif self._mapped and wanted is None:
            found = self._next_nested
        else:
            found = self._next
        self._used.add(found)
        if found < _NESTED_IDS_FROM:
            self._next = max(self._next, found + 1)
        else:
            self._next_nested = max(self._next_nested, found + 1)
        return found


def _key(field: Field) -> _Key:
    return field.parent_id, field.physical_name or field.name


def _unnamed(of: DeltaType) -> tuple[tuple[str, DeltaType, bool], ...]:
    """Give the parts of a type that have no name in the log: name here, type, required."""
    match of:
        case ListType():
            return (("element", of.element, of.required),)
        case MapType():
            return (("key", of.key, True), ("value", of.value, of.required))
        case _:
            return ()


def _text(of: DeltaType) -> str:
    match of:
        case StructType():
            return "struct"
        case ListType():
            return "list"
        case MapType():
            return "map"
        case Primitive(name):
            return name
