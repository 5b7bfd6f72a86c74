"""What a reader of any table format offers; a third format is one more of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    import pyarrow as pa

    from snapshots.availability import Gone, LogTruncated
    from snapshots.files import CommitFiles, DataFile
    from snapshots.history import TableHistory
    from snapshots.schema import SchemaVersion


@dataclass(frozen=True, slots=True)
class RawCommit:
    """The bytes of a metadata file or log entry, kept because a state can be rebuilt from them."""

    witness: str
    body: bytes


class TableState(Protocol):
    """One state of one table, found and ready to be read."""

    @property
    def snapshot_id(self) -> int:
        """The Iceberg snapshot id, or the Delta version."""

    @property
    def schema(self) -> SchemaVersion:
        """The schema the state was written under. DESIGN 4.2."""

    @property
    def files(self) -> tuple[DataFile, ...]:
        """Every file the state is made of, delete files included."""

    @property
    def found_in(self) -> str | None:
        """Where the state was found; None where the table itself still lists it."""

    def missing(self) -> tuple[DataFile, ...]:
        """Give the files that are not there, or not there with their recorded size."""

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows with the state's own schema; all columns where `columns` is None.

        Raises UnreadableError when a file cannot be read, and UnsupportedError when the state
        needs a feature no exact reader here has.
        """


class TableSource(Protocol):
    """One table, where it lies."""

    @property
    def location(self) -> str:
        """The table's root: a path or URL without a trailing slash."""

    def head(self) -> str:
        """Give a token that changes with every commit, cheaply: one listing or catalog call."""

    def history(self, *, known: TableHistory | None) -> TableHistory:
        """Give all the table remembers, joined with what was known of it before.

        Metadata that `known` covers is not read again. Nothing known is lost: what the table has
        forgotten stays in the result, and a snapshot that vanished gets an Expiry.
        """

    def commit_files(
        self, history: TableHistory, *, skip: Collection[int]
    ) -> Iterator[CommitFiles]:
        """Yield what each snapshot added and removed, parents first, `skip` left out.

        A snapshot whose file lists cannot be read is left out; the caller sees which.
        """

    def raw_commits(self, history: TableHistory, *, skip: Collection[str]) -> Iterator[RawCommit]:
        """Yield the bytes from which states could be rebuilt once the table forgets them.

        `skip` holds witnesses already kept.
        """

    def missing(self, files: Iterable[DataFile]) -> tuple[DataFile, ...]:
        """Give the files, of any of the table's states, that are not there as recorded.

        Each path is looked for once, by listing where that is cheaper.
        """

    def state(
        self, snapshot_id: int, *, kept: Sequence[RawCommit]
    ) -> TableState | LogTruncated | Gone:
        """Find a past state: in the table, in older metadata still lying about, or in `kept`."""
