"""Exports as Iceberg tables: each export is one more snapshot of every table in a namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.portable.errors import AGAIN, NoExportError
from temporal_lineage.portable.importing import file_rows, load
from temporal_lineage.portable.layout import EXPORT_TABLES, KEPT, KEPT_PREFIX
from temporal_lineage.portable.manifest import Cut, Manifest, ManifestTable, refuse_other_layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalogs.iceberg.replacing import ReplacedTables, StandingTable
    from temporal_lineage.bookkeeping.copying import LedgerCopied
    from temporal_lineage.bookkeeping.kept_tables import KeptTable
    from temporal_lineage.store.runner import Row

CUT = "temporal-lineage.cut"
ROWS = "temporal-lineage.rows"
DIGEST = "temporal-lineage.digest"
"""What the summary of each snapshot says: which ledger was cut where, and what the table holds."""


def open_namespace(place: str, workspace: Path) -> ReplacedTables:
    """Open a namespace of a catalog. Raises BadPlaceError and UnknownNameError."""
    from catalogs.configuration import Configuration
    from catalogs.registering import replaced_tables

    return replaced_tables(place, Configuration(workspace))


def publish(manifest: Manifest, folder: Path, tables: ReplacedTables) -> None:
    """Make the files of an export all that the tables of a namespace hold.

    Every table is looked at before the first is written. Raises TableExistsError for a table that
    is no export of this ledger, UnsupportedError and UnreadableError.
    """
    from catalogs.iceberg.replacing import NewContent
    from catalogs.registering import RowFile

    cut = _text(manifest.cut)
    contents = {
        one.name: NewContent(
            files=[
                RowFile(folder / file.name, file.name.partition("/")[2], file.rows, file.size_bytes)
                for file in told.files
                if file.rows
            ],
            schema=one.schema(),
            by=one.by,
            order=one.order,
            owner=manifest.cut.ledger,
            told={CUT: cut, ROWS: str(told.rows), DIGEST: told.digest},
        )
        for one, told in zip(EXPORT_TABLES, manifest.tables, strict=True)
    }
    for name, content in contents.items():
        tables.refuse_others(name, content)
    for name, content in contents.items():
        tables.replace(name, content)


def import_tables(place: str, target: str, *, workspace: Path) -> LedgerCopied:
    """Make a ledger of the tables that an export left in a namespace, as they are now.

    Raises NoExportError where one is missing or of another export, UnsupportedError where rows
    were deleted, and what `importing.load` raises; nothing is left then.
    """
    tables = open_namespace(place, workspace)
    standing: dict[str, StandingTable] = {}
    for name in KEPT:
        found = tables.table(name)
        if found is None:
            advice = "name a namespace that tl ledger export --iceberg wrote"
            raise NoExportError(place, f"there is no table {tables.named(name)}", advice)
        standing[name] = found

    def rows(table: KeptTable) -> Iterator[list[Row]]:
        name = KEPT_PREFIX + table.name
        for path, file in standing[name].files():
            yield from file_rows(file, name, path)

    return load(place, target, _manifest(place, standing), rows)


def _manifest(place: str, standing: dict[str, StandingTable]) -> Manifest:
    """Put together what the snapshots of all tables say. Raises NoExportError."""
    import msgspec

    cuts, tables = [], []
    for name, one in standing.items():
        told = one.told()
        try:
            cuts.append(msgspec.json.decode(told[CUT], type=Cut))
            tables.append(ManifestTable(name, int(told[ROWS]), told[DIGEST], ()))
        except (KeyError, ValueError, msgspec.MsgspecError) as error:
            reason = f"the last snapshot of {one.name} is of no export"
            raise NoExportError(place, reason, AGAIN) from error
        refuse_other_layout(cuts[-1], place)
        if cuts[-1] != cuts[0]:
            reason = f"{one.name} is of another export than {next(iter(standing.values())).name}"
            raise NoExportError(place, reason, AGAIN)
    return Manifest(cuts[0], tuple(tables))


def _text(cut: Cut) -> str:
    import msgspec

    return msgspec.json.encode(cut).decode()
