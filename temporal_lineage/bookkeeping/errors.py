"""Errors of bookkeeping: each names the ledger or the folder, and the next step."""

from __future__ import annotations

from temporal_lineage.store.errors import LedgerError


class LedgerThereError(LedgerError):
    """A place for a copy at which something is: nothing is ever overwritten."""

    def __init__(self, location: str) -> None:
        """Keep where it lies."""
        super().__init__(location, "is there already", "move it away, or name another place")


class NoBackupError(LedgerError):
    """A database where a backup was to be, which is a file, or nothing at all."""


class CopyDiffersError(LedgerError):
    """A copy that does not hold what its source holds; it was taken away again."""

    def __init__(self, location: str, table: str, *, expected: int, found: int) -> None:
        """Keep the table, and how many rows its source and the copy have."""
        self.table = table
        self.expected = expected
        self.found = found
        differ = f"{found} rows for {expected}" if found != expected else "other rows"
        super().__init__(
            location,
            f"would not be an equal copy: {table} has {differ}",
            "nothing was kept; run this again, or take another copy",
        )


class UnsoundCopyError(LedgerError):
    """A copy that breaks rules of every ledger, as its source does; it was taken away again."""

    def __init__(self, location: str, breach: str, *, count: int) -> None:
        """Keep the first breach in words, and how many there are."""
        self.breach = breach
        self.count = count
        super().__init__(
            location,
            f"would break {count} {'rule' if count == 1 else 'rules'}, as {breach}",
            "nothing was kept; `tl ledger check` names them where it comes from",
        )
