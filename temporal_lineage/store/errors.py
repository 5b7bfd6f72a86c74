"""Errors of the ledger's storage: each names the ledger and the next step."""

from __future__ import annotations

from snapshots.errors import TemporalLineageError


class LedgerError(TemporalLineageError):
    """Something is wrong with the ledger's file or database, not with what it says."""

    def __init__(self, location: str, reason: str, advice: str) -> None:
        """Keep where the ledger lies, what is wrong, and the next step."""
        self.location = location
        self.reason = reason
        self.advice = advice
        super().__init__(f"ledger {location} {reason}; {advice}")


class LedgerMissingError(LedgerError):
    """There is no ledger where one was asked for."""

    def __init__(self, location: str) -> None:
        """Keep where it was looked for."""
        super().__init__(
            location,
            "does not exist yet",
            "`tl catalog add` and `tl harvest` make it; a project's is found in its folder",
        )


class LedgerUrlError(LedgerError):
    """A text that names no database in which a ledger can lie, or one that nothing here drives."""


class LedgerTooNewError(LedgerError):
    """The ledger was written by a newer version than this one."""

    def __init__(self, location: str, *, found: str, known: str) -> None:
        """Keep the version found and the newest one known here."""
        self.found = found
        self.known = known
        super().__init__(
            location,
            f"has schema version {found}, and this program knows up to {known}",
            "install a newer temporal-lineage",
        )


class LedgerOutdatedError(LedgerError):
    """The ledger was written by an older version; opening it for writing brings it up to date."""

    def __init__(self, location: str, *, found: str, known: str) -> None:
        """Keep the version found and the one needed here."""
        self.found = found
        self.known = known
        super().__init__(
            location,
            f"has schema version {found}, and this program reads {known}",
            "`tl harvest` brings it up to date",
        )


class LedgerUnwritableError(LedgerError):
    """The ledger cannot be written: read-only, disk full, or locked by another for too long."""


class LedgerDamagedError(LedgerError):
    """What lies there is not a ledger, or no longer a whole one."""


class LedgerUnreachableError(LedgerError):
    """The ledger's database does not let us in, or does not answer."""
