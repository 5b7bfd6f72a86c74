"""Registering Iceberg tables: Parquet files become a table of a catalog, created by one commit."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from catalogs.pyiceberg_errors import reaching
from catalogs.registering import NewRows, Standing, TableExistsError, upload
from catalogs.table_name import TableName
from snapshots.dataset import TableFormat
from snapshots.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import StagedTable

    from catalogs.configuration import CatalogEntry
    from catalogs.registering import RowFile
    from snapshots.schema import Field, SchemaVersion

_ADVICE = "write files with tl reproduce --out"


class IcebergNamespace:
    """A namespace of a catalog, through pyiceberg; implements `catalogs.registering.NewTables`."""

    format = TableFormat.ICEBERG.value

    def __init__(self, entry: CatalogEntry, namespace: tuple[str, ...]) -> None:
        """Take the catalog's configuration; nothing is connected before it is asked for."""
        self._entry = entry
        self._namespace = namespace

    def named(self, name: str) -> str:
        """Write the whole name of a table in it."""
        return str(TableName((self._entry.name, *self._namespace, name)))

    def standing(self, name: str) -> Standing | None:
        """Look at a table; see `NewTables.standing`."""
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

        with reaching(self.named(name), self._entry.properties):
            try:
                table = self._catalog.load_table((*self._namespace, name))
            except (NoSuchTableError, NoSuchNamespaceError):
                return None
            options = {**self._entry.properties, **table.io.properties}
            return Standing(table.metadata_location, options, table.properties)

    def make(self, name: str, rows: NewRows) -> None:
        """Make a table; see `NewTables.make`. A namespace that is not there is made as well."""
        from pyiceberg.exceptions import TableAlreadyExistsError
        from pyiceberg.table import CreateTableTransaction

        shown = self.named(name)
        schema = self._schema(rows, shown)
        with reaching(shown, self._entry.properties):
            self._catalog.create_namespace_if_not_exists(self._namespace)
            try:
                staged = self._staged(name, schema, rows)
            except TableAlreadyExistsError as error:
                raise TableExistsError(shown) from error
            written: list[str] = []
            try:
                transaction = CreateTableTransaction(staged)
                with transaction.update_snapshot().fast_append() as appended:
                    for file in rows.files:
                        place = f"{staged.location()}/data/{file.name}"
                        written.append(place)
                        upload(staged.io, file, place)
                        appended.append_data_file(_data_file(staged, file, place))
                transaction.commit_transaction()
            except BaseException as error:
                self._take_back(staged, name, written)
                if type(error).__name__ in {"TableAlreadyExistsError", "CommitFailedException"}:
                    raise TableExistsError(shown) from error
                raise

    @cached_property
    def _catalog(self) -> Catalog:
        from catalogs.pyiceberg_connection import native_catalog

        return native_catalog(self._entry.name, self._entry.properties)

    def _schema(self, rows: NewRows, shown: str) -> Any:  # noqa: ANN401 - pyiceberg's or pyarrow's
        from pyarrow import parquet
        from pyiceberg.schema import Schema

        if rows.schema is None:
            return parquet.read_schema(rows.files[0].path)
        try:
            return Schema.model_validate(_json(rows.schema, rows.columns))
        except ValueError as error:
            feature = "a column of a type that pyiceberg does not write"
            raise UnsupportedError(shown, feature, _ADVICE) from error

    def _staged(self, name: str, schema: Any, rows: NewRows) -> StagedTable:  # noqa: ANN401
        """Stage a table under the field ids that are given: pyiceberg would number them anew."""
        from pyiceberg.schema import Schema
        from pyiceberg.table import StagedTable
        from pyiceberg.table.name_mapping import create_mapping_from_schema

        properties = dict(rows.properties)
        begun = self._catalog.create_table_transaction((*self._namespace, name), schema)
        table = begun._table  # noqa: SLF001 - the one way to what the catalog allotted
        own = schema if isinstance(schema, Schema) else table.schema()
        # The files name their columns and do not number them.
        mapping = create_mapping_from_schema(own).model_dump_json()
        properties["schema.name-mapping.default"] = mapping
        metadata = table.metadata.model_copy(
            update={
                "schemas": [own.model_copy(update={"schema_id": table.metadata.current_schema_id})],
                "last_column_id": own.highest_field_id,
                "properties": {**table.metadata.properties, **properties},
            }
        )
        return StagedTable(
            identifier=table.name(),
            metadata=metadata,
            metadata_location=table.metadata_location,
            io=table.io,
            catalog=self._catalog,
        )

    def _take_back(self, staged: StagedTable, name: str, written: list[str]) -> None:
        """Remove files of a table that was not made; where it may have been made they stay."""
        with suppress(Exception):  # what went wrong before says more
            if not self._catalog.table_exists((*self._namespace, name)):
                for place in written:
                    staged.io.delete(place)


def _data_file(staged: StagedTable, file: RowFile, place: str) -> DataFile:
    """Describe a file with the statistics of its footer."""
    from pyarrow import parquet
    from pyiceberg.io.pyarrow import (
        compute_statistics_plan,
        data_file_statistics_from_parquet_metadata,
        parquet_path_to_id_mapping,
    )
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
    from pyiceberg.typedef import Record

    schema = staged.schema()
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=parquet.read_metadata(file.path),
        stats_columns=compute_statistics_plan(schema, staged.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=place,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        file_size_in_bytes=file.size_bytes,
        sort_order_id=None,
        spec_id=staged.metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _json(schema: SchemaVersion, columns: Sequence[str]) -> dict[str, Any]:
    """Write a schema as Iceberg does, its fields with their own ids. Iceberg spec, Appendix C."""
    inside: dict[int | None, list[Field]] = {}
    for field in schema.fields:
        inside.setdefault(field.parent_id, []).append(field)

    def kind(field: Field) -> Any:  # noqa: ANN401 - JSON
        parts = inside.get(field.field_id, [])
        match field.type:
            case "struct":
                return {"type": "struct", "fields": [told(one) for one in parts]}
            case "list" | "map":
                found: dict[str, Any] = {"type": field.type}
                for one in parts:
                    found |= {f"{one.name}-id": one.field_id, one.name: kind(one)}
                    found |= {} if one.name == "key" else {f"{one.name}-required": one.required}
                return found
            case text:
                return text

    def told(field: Field) -> dict[str, Any]:
        doc = {} if field.doc is None else {"doc": field.doc}
        return {
            "id": field.field_id,
            "name": field.name,
            "type": kind(field),
            "required": field.required,
            **doc,
        }

    top = {one.name: one for one in schema.columns()}
    return {"type": "struct", "fields": [told(top[name]) for name in columns]}
