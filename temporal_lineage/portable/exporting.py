"""Exports: a ledger as it is at one moment, as Parquet files that any engine reads."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from snapshots.instant import Instant
from snapshots.records import NamedTuple
from temporal_lineage.bookkeeping.row_digests import Digesting, rows_of
from temporal_lineage.locks.making import tool
from temporal_lineage.portable.layout import (
    ATTRIBUTES,
    CONTRIBUTIONS,
    DATASETS,
    EDGES,
    EXPORT_TABLES,
    KEPT,
    LAYOUT_VERSION,
    STATES,
    TRANSACTIONS,
)
from temporal_lineage.portable.manifest import (
    MANIFEST_NAME,
    Cut,
    Manifest,
    ManifestTable,
    manifest_text,
)
from temporal_lineage.portable.parquet_files import write_files
from temporal_lineage.portable.publishing import open_namespace, publish
from temporal_lineage.portable.reading_rows import ReadingRows, kinds
from temporal_lineage.reproduce.folder import CannotWriteError, appearing
from temporal_lineage.reproduce.manifest import write_text
from temporal_lineage.store.moment import open_moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from temporal_lineage.portable.layout import ExportTable
    from temporal_lineage.store.moment import Moment
    from temporal_lineage.store.runner import Row


class LedgerTableExported(NamedTuple):
    """A table that was written: its rows, in how many files of which size."""

    table: str
    rows: int
    files: int
    size_bytes: int


class LedgerExported(NamedTuple):
    """What was exported whereto, as it was after so many transactions.

    `folder` is None where no files were asked for, and `namespace` where no tables were.
    """

    source: str
    folder: str | None
    namespace: str | None
    uuid: str
    transactions: int
    tables: tuple[LedgerTableExported, ...]


def export_ledger(
    source: str, out: Path | None, into: str | None, *, workspace: Path
) -> LedgerExported:
    """Write a ledger, as it is now, into a folder, or as Iceberg tables, or both.

    The folder appears whole or not at all; `into` is a namespace of a catalog of the workspace.
    Others may write the ledger meanwhile. Raises CannotWriteError, LedgerMissingError,
    LedgerOutdatedError, LedgerUnreachableError, and what `publishing.publish` does.
    """
    tables = None if into is None else open_namespace(into, workspace)
    with _place(out, workspace) as folder:
        with appearing(folder) as hidden, open_moment(source) as moment:
            location = moment.location
            manifest = _write(moment, hidden)
            write_text(hidden / MANIFEST_NAME, manifest_text(manifest))
        if tables is not None:
            publish(manifest, folder, tables)
    return LedgerExported(
        source=location,
        folder=None if out is None else str(out),
        namespace=into,
        uuid=manifest.cut.ledger,
        transactions=manifest.cut.transactions,
        tables=tuple(
            LedgerTableExported(
                one.table, one.rows, len(one.files), sum(file.size_bytes for file in one.files)
            )
            for one in manifest.tables
        ),
    )


@contextmanager
def _place(out: Path | None, workspace: Path) -> Iterator[Path]:
    """Give the folder that was named, or one that is gone when the tables are made of it."""
    if out is not None:
        yield out
        return
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        passing = tempfile.TemporaryDirectory(prefix=".export-", dir=workspace)
    except OSError as error:
        raise CannotWriteError.because(workspace, error) from error
    with passing as folder:
        yield Path(folder) / "export"


def _write(moment: Moment, folder: Path) -> Manifest:
    tables = [*_reading_tables(ReadingRows(moment), moment, folder), *_kept(moment, folder)]
    ((uuid,),) = moment.rows("SELECT uuid FROM ledger")
    ((transactions, last),) = moment.rows("SELECT count(*), max(recorded_at) FROM tx")
    cut = Cut(
        layout_version=LAYOUT_VERSION,
        schema_version=moment.schema_version,
        ledger=str(uuid),
        transactions=transactions,
        recorded_at="" if last is None else str(Instant(last)),
        made_by=tool(),
    )
    return Manifest(cut, tuple(tables))


def _reading_tables(rows: ReadingRows, moment: Moment, folder: Path) -> Iterator[ManifestTable]:
    for table, of, told in (
        (EDGES, "edge", rows.edges),
        (ATTRIBUTES, "attribute", rows.attributes),
    ):
        found = kinds(moment, of)
        pieces = [(f"{quote(kind, safe='')}-", told(kind)) for kind in found]
        yield _table(folder, table, pieces or [("none-", ())])
    for table, all_rows in (
        (STATES, rows.states()),
        (CONTRIBUTIONS, rows.contributions()),
        (DATASETS, rows.datasets()),
        (TRANSACTIONS, rows.transactions()),
    ):
        yield _table(folder, table, [("", all_rows)])


def _kept(moment: Moment, folder: Path) -> Iterator[ManifestTable]:
    for table in EXPORT_TABLES:
        if table.name in KEPT:
            digesting = Digesting()
            rows = _digested(rows_of(moment, KEPT[table.name]), digesting)
            written = _table(folder, table, [("", rows)])
            yield replace(written, digest=digesting.digest.digest)


def _digested(batches: Iterable[list[Row]], digesting: Digesting) -> Iterator[Row]:
    for batch in batches:
        digesting.take(batch)
        yield from batch


def _table(
    folder: Path, table: ExportTable, pieces: Iterable[tuple[str, Iterable[Row]]]
) -> ManifestTable:
    files = tuple(
        file for stem, rows in pieces for file in write_files(folder, table, rows, stem=stem)
    )
    return ManifestTable(table.name, sum(one.rows for one in files), "", files)
