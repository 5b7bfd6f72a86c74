"""Schema versions: the fields of a table, each known by its field id."""

from __future__ import annotations

from snapshots.records import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a schema, nested ones included, each with its own id.

    `name` is the field's own name (`element`, `key` and `value` inside lists and maps), `path` the
    dotted name from the top (`address.city`, `tags.element`). `parent_id` is None for a
    top-level column. `type` is the primitive type's text, or `struct`, `list`, `map`.
    `doc` is None where there is none; `initial_default` and `write_default` are JSON texts, None
    where there is none. `physical_name` is the name the field has in the data files, None where
    files are read by field id or carry the name of the schema they were written under.
    """

    field_id: int
    name: str
    path: str
    parent_id: int | None
    type: str
    required: bool
    doc: str | None
    initial_default: str | None
    write_default: str | None
    physical_name: str | None


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """The fields of a table under one schema id, parents before children, in reading order.

    For Iceberg `schema_id` is the table's own. Delta has none: there it is the version whose
    `metaData` action brought the schema.
    """

    schema_id: int
    fields: tuple[Field, ...]

    def columns(self) -> tuple[Field, ...]:
        """Give the top-level fields in order."""
        return tuple(field for field in self.fields if field.parent_id is None)

    def field(self, *, field_id: int) -> Field | None:
        """Give the field of that id; None where this schema has none."""
        return next((field for field in self.fields if field.field_id == field_id), None)

    def at_path(self, path: str) -> Field | None:
        """Give the field of that dotted name, letter case ignored where that decides; else None."""
        exact = next((field for field in self.fields if field.path == path), None)
        if exact is not None:
            return exact
        folded = [field for field in self.fields if field.path.casefold() == path.casefold()]
        return folded[0] if len(folded) == 1 else None
