"""What a job reports about what it wrote."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """Rows, bytes and files that one commit added; bytes and files are None where unreported.

    `version` is the Iceberg snapshot id or the Delta version that the commit made, as text.
    """

    version: str
    rows: int
    size: int | None
    files: int | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """Rows, bytes and files that a job says it wrote, naming no commit."""

    rows: int
    size: int
    files: int


Report = Written | Claimed
