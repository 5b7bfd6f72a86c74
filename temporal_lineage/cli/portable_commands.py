"""`tl ledger export` and `tl ledger import`: a ledger as tables that other engines query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, print_report

if TYPE_CHECKING:
    from temporal_lineage.bookkeeping.copying import LedgerCopied
    from temporal_lineage.portable.exporting import LedgerExported
    from temporal_lineage.session import Session


@click.command("export", short_help="Write it as Parquet or Iceberg, for DuckDB, Polars or Spark.")
@click.argument(
    "folder",
    metavar="[FOLDER]",
    required=False,
    help="Where to write Parquet files; it must be new, or empty.",
)
@click.option(
    "--iceberg",
    "into",
    metavar="CATALOG.NAMESPACE",
    help="Write Iceberg tables in a catalog that pyiceberg commits to. Each export is one more"
    " snapshot of every table, and takes the place of the one before.",
)
@output_option
@click.pass_obj
def export_command(session: Session, folder: str | None, into: str | None, output: str) -> None:
    """Write the ledger as it is now as Parquet or Iceberg, while others go on writing it.

    Facts have their two periods as times in UTC, names beside the numbers, and words for what is
    one of several. With them are the ledger's own tables, of which `tl ledger import` makes an
    equal ledger. All is of one moment, and the folder appears when all of it is there.

    \b
    tl ledger export history
    tl ledger export --iceberg lake.lineage
    tl --ledger postgresql://lineage@db/lineage ledger export /lake/lineage --output json
    """
    print_report(session.ledger_export(folder, into=into), output, text=_exported, rows="tables")


@click.command("import", short_help="Make a ledger of an export, equal to the one it is of.")
@click.argument(
    "source",
    metavar="FOLDER|CATALOG.NAMESPACE",
    help="What `tl ledger export` wrote: files, or Iceberg tables.",
)
@output_option
@click.pass_obj
def import_command(session: Session, source: str, output: str) -> None:
    """Make the ledger, in a place that has none yet, of what an export holds.

    It is compared with what was exported row by row, and checked by every rule, before it has its
    name. An export that lacks a file, or in which anything was altered, is refused.

    \b
    tl ledger import history
    tl --ledger again.db ledger import lake.lineage
    tl --ledger postgresql://lineage@db/lineage ledger import history
    """
    print_report(session.ledger_import(source), output, text=_imported, rows=None)


def _exported(one: LedgerExported) -> Iterator[str]:
    yield from table(
        ["table", "rows", "files"],
        [[row.table, row.rows, row.files] for row in one.tables],
        right=(1, 2),
    )
    size = sum(row.size_bytes for row in one.tables)
    yield f"{one.source}: {one.transactions} transactions"
    for place in (one.folder, one.namespace):
        if place is not None:
            yield f"exported to {place}: {len(one.tables)} tables, {size:,} bytes"


def _imported(one: LedgerCopied) -> Iterator[str]:
    yield f"{one.source}: {one.rows} rows of {one.transactions} transactions"
    yield f"imported as {one.target}: compared row by row, and sound"
