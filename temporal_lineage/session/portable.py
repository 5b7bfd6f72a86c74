"""What a session does to carry its ledger elsewhere: exports and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking

if TYPE_CHECKING:
    from pathlib import Path

    from temporal_lineage.bookkeeping.copying import LedgerCopied
    from temporal_lineage.portable.exporting import LedgerExported


class Portable(Asking):
    """Write the ledger for other engines, and bring one back."""

    def ledger_export(
        self, out: str | Path | None = None, *, into: str | None = None
    ) -> LedgerExported:
        """Write the ledger as it is now into a new folder of Parquet files, as Iceberg tables in a
        namespace of a catalog, or as both.
        """
        from pathlib import Path

        from snapshots.errors import UsageError
        from temporal_lineage.portable.exporting import export_ledger

        if out is None and into is None:
            raise UsageError("an export needs a folder, or --iceberg CATALOG.NAMESPACE, or both")
        return export_ledger(
            self.workspace.ledger,
            None if out is None else Path(out),
            into,
            workspace=self.workspace.folder,
        )

    def ledger_import(self, source: str | Path) -> LedgerCopied:
        """Make the ledger, which must not be there yet, of a folder or namespace of an export."""
        from pathlib import Path

        folder, target = Path(source), self.workspace.ledger
        if not folder.is_dir() and "." in str(source) and "/" not in str(source):
            from temporal_lineage.portable.publishing import import_tables

            return import_tables(str(source), target, workspace=self.workspace.folder)
        from temporal_lineage.portable.importing import import_folder

        return import_folder(folder, target)
