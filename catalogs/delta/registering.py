"""Registering Delta tables: Parquet files become a table in a folder, created by one commit."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from catalogs.pyiceberg_errors import reaching
from catalogs.registering import NewRows, Standing, TableExistsError, upload
from catalogs.storage import is_local, local_path
from snapshots.dataset import TableFormat
from snapshots.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyiceberg.io import FileIO

_S3 = {
    "s3.endpoint": "AWS_ENDPOINT_URL",
    "s3.access-key-id": "AWS_ACCESS_KEY_ID",
    "s3.secret-access-key": "AWS_SECRET_ACCESS_KEY",
    "s3.session-token": "AWS_SESSION_TOKEN",
    "s3.region": "AWS_REGION",
}
"""What delta-rs calls the settings that pyiceberg and this project have for S3."""


class DeltaFolder:
    """A folder of Delta tables, through delta-rs; implements `catalogs.registering.NewTables`."""

    format = TableFormat.DELTA.value

    def __init__(self, place: str, options: Mapping[str, str]) -> None:
        """Take the folder, which need not be there, and how its storage is reached."""
        self._place = local_path(place) if is_local(place) else place
        self._options = options

    def named(self, name: str) -> str:
        """Write the place of a table in it."""
        return f"{self._place}/{name}"

    def standing(self, name: str) -> Standing | None:
        """Look at a table; see `NewTables.standing`."""
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        place = self.named(name)
        with reaching(place, self._options):
            try:
                table = DeltaTable(place, storage_options=self._storage())
            except (TableNotFoundError, FileNotFoundError):
                return None
            except OSError as error:
                if not is_local(place) or "does not exist" not in str(error).lower():
                    raise
                return None
            return Standing(place, self._options, _told(table.metadata().description))

    def make(self, name: str, rows: NewRows) -> None:
        """Make a table; see `NewTables.make`."""
        from deltalake import Schema
        from deltalake.transaction import AddAction, create_table_with_add_actions
        from pyarrow import parquet
        from pyiceberg.io import load_file_io

        place = self.named(name)
        if self.standing(name) is not None:
            raise TableExistsError(place)
        try:
            schema = Schema.from_arrow(parquet.read_schema(rows.files[0].path))
        except Exception as error:
            feature = f"a column of a type that Delta does not have ({error})"
            raise UnsupportedError(place, feature, "write files with tl reproduce --out") from error
        added = [
            AddAction(
                path=quote(one.name),
                size=one.size_bytes,
                partition_values={},
                modification_time=rows.made_at.micros // 1000,
                data_change=True,
                stats=json.dumps({"numRecords": one.rows}),
            )
            for one in rows.files
        ]
        with reaching(place, self._options):
            io = load_file_io(dict(self._options), place)
            written: list[str] = []
            try:
                for file in rows.files:
                    written.append(f"{place}/{file.name}")
                    upload(io, file, written[-1])
                create_table_with_add_actions(
                    place,
                    schema,
                    added,
                    mode="error",
                    # delta-rs takes no properties that it does not know.
                    description=json.dumps(dict(rows.properties)),
                    storage_options=self._storage(),
                )
            except BaseException:
                self._take_back(io, name, written)
                raise

    def _storage(self) -> dict[str, str] | None:
        found = {_S3[name]: one for name, one in self._options.items() if name in _S3}
        if found.get("AWS_ENDPOINT_URL", "").startswith("http://"):
            found["AWS_ALLOW_HTTP"] = "true"
        return found or None

    def _take_back(self, io: FileIO, name: str, written: list[str]) -> None:
        """Remove files of a table that was not made; where it may have been made they stay."""
        with suppress(Exception):  # what went wrong before says more
            if self.standing(name) is None:
                for place in written:
                    io.delete(place)


def _told(description: str | None) -> Mapping[str, str]:
    """Read what `make` said of a table; nothing where somebody else described it."""
    try:
        told = json.loads(description or "")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
