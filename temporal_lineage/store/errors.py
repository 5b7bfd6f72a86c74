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
            "install a newer one: pip install --upgrade temporal-lineage",
        )


class LedgerOutdatedError(LedgerError):
    """The ledger was written by an older version than this one."""

    def __init__(self, location: str, *, found: str, known: str) -> None:
        """Keep the version found and the one needed here."""
        self.found = found
        self.known = known
        super().__init__(
            location,
            f"has schema version {found}, and this program reads {known}",
            "`tl ledger upgrade` brings it up to date",
        )


class LedgerUnwritableError(LedgerError):
    """The ledger cannot be written: read-only, disk full, or locked by another for too long."""


class LedgerLockedError(LedgerUnwritableError):
    """Another process writes the ledger, or reads what must not be read meanwhile."""

    def __init__(self, location: str) -> None:
        """Keep where it lies."""
        advice = "wait until it is done, and run this again"
        super().__init__(location, "is locked by another process", advice)


class LedgerTimeLimitError(LedgerError):
    """A statement that the database stopped, as one that takes longer than it may."""

    def __init__(self, location: str, told: str) -> None:
        """Keep what the database said."""
        advice = "ask for less at once, or raise statement_timeout in the URL or for the role"
        super().__init__(location, f"stopped a statement: {told}", advice)


class LedgerForbiddenError(LedgerError):
    """A role of the database that may not do what was asked of it."""

    def __init__(self, location: str, *, role: str, act: str, reason: str) -> None:
        """Keep the role, what it wanted to do, and what the database says."""
        self.role = role
        self.act = act
        advice = "its owner may, or can grant it: docs/postgresql.md"
        super().__init__(location, f"refuses {act} by role {role}: {reason}", advice)


class LedgerDamagedError(LedgerError):
    """What lies there is not a ledger, or no longer a whole one."""


class LedgerUnreachableError(LedgerError):
    """The ledger's database does not let us in, or does not answer."""
