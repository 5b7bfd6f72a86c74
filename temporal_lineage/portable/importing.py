"""Imports: a ledger is made of an export, and proved to be the one that was exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.bookkeeping.copying import LedgerCopied
from temporal_lineage.bookkeeping.loading import load_ledger, refuse_if_there
from temporal_lineage.portable.errors import AGAIN, NoExportError
from temporal_lineage.portable.layout import EXPORT_TABLES, KEPT_PREFIX
from temporal_lineage.portable.manifest import read_manifest
from temporal_lineage.store.location import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

    from temporal_lineage.bookkeeping.kept_tables import KeptTable
    from temporal_lineage.portable.manifest import Manifest
    from temporal_lineage.store.runner import Row

_STEP_ROWS = 5_000


def import_folder(folder: Path, target: str) -> LedgerCopied:
    """Make a ledger of the files of an export, in a place that has none.

    Raises NoExportError, LedgerThereError, CopyDiffersError, UnsoundCopyError,
    LedgerUnwritableError or LedgerUnreachableError; nothing is left then.
    """
    refuse_if_there(target)
    manifest = read_manifest(folder)
    names = {table.table: [file.name for file in table.files] for table in manifest.tables}

    def rows(table: KeptTable) -> Iterator[list[Row]]:
        for name in names[KEPT_PREFIX + table.name]:
            with (folder / name).open("rb") as file:
                yield from file_rows(file, KEPT_PREFIX + table.name, f"{folder}/{name}")

    return load(str(folder), target, manifest, rows)


def load(
    place: str, target: str, manifest: Manifest, rows: Callable[[KeptTable], Iterator[list[Row]]]
) -> LedgerCopied:
    """Load the rows of an export, and compare them with what its manifest says."""
    expected = manifest.expected()
    load_ledger(target, rows, expected=expected)
    return LedgerCopied(
        source=place,
        target=shown(target),
        uuid=manifest.cut.ledger,
        transactions=manifest.cut.transactions,
        rows=sum(one.rows for one in expected.values()),
    )


def file_rows(file: IO[bytes], table: str, place: str) -> Iterator[list[Row]]:
    """Yield the rows of a Parquet file of a table, some at a time. Raises NoExportError."""
    import pyarrow as pa
    from pyarrow import parquet

    (wanted,) = (one.schema() for one in EXPORT_TABLES if one.name == table)
    try:
        opened = parquet.ParquetFile(file)
        if opened.schema_arrow.names != wanted.names:
            raise NoExportError(place, f"its columns are not those of {table}", AGAIN)
        for batch in opened.iter_batches(batch_size=_STEP_ROWS):
            # Who rewrites an Iceberg table may write the same texts with longer offsets.
            columns = batch.cast(wanted).columns
            yield list(zip(*(column.to_pylist() for column in columns), strict=True))
    except (pa.ArrowException, OSError) as error:
        reason = f"it cannot be read: {' '.join(str(error).split())}"
        raise NoExportError(place, reason, AGAIN) from error
