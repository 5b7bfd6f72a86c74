"""What a reader of any table format offers; a third format is one more of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from catalogs.presence import Presence
    from catalogs.search import Searched, Sieve, Watch
    from catalogs.traits import Traits
    from catalogs.upkeep import Upkeep
    from snapshots.availability import Gone, LogTruncated
    from snapshots.files import CommitFiles, DataFile
    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.recovery import RecoveryPlan
    from snapshots.schema import Field, SchemaVersion
    from snapshots.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class RawCommit:
    """The bytes of a metadata file or log entry, kept because a state can be rebuilt from them."""

    witness: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Tip:
    """What is current by one look at a table.

    `snapshot_id` is None while the table has no snapshot. `refs` are Iceberg's branches and tags,
    by name; a Delta table has none. `witness` is the metadata file or the commit that says so.
    """

    snapshot_id: int | None
    refs: Mapping[str, int]
    witness: str


@dataclass(frozen=True, slots=True)
class NewTable:
    """A table that a past state is to become, in a new folder of its own.

    `places` gives each of the state's files, by where it is found, its name below that folder;
    None where the files stay where they are. `origin` is the address of the state.
    """

    location: str
    places: Mapping[str, str] | None
    origin: str
    made_at: Instant


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
    def plan(self) -> RecoveryPlan | None:
        """How the state was put together; None where the table itself still lists it."""

    def traits(self) -> Traits:
        """Tell what another engine must know before it may read the state."""

    def identity_of(self, field: Field) -> int | str:
        """Tell what a column or field is for ever: its id in the format, or its name in files.

        docs/fingerprint.md, "Keys".
        """

    def only(self, keys: Collection[str]) -> TableState:
        """Give a part of the state: the rows in the data files of these keys, less those deleted.

        The parts for keys that together are all, each once, have together the rows of the state.
        """

    def missing(self) -> tuple[DataFile, ...]:
        """Give the files that are not there, or not there with their recorded size."""

    def open_file(self, path: str) -> BinaryIO:
        """Open one of its files, by the path it is found at; the caller closes it."""

    def as_table(self, new: NewTable) -> Iterator[tuple[str, bytes]]:
        """Yield the metadata of a new table that is this state: names below its folder, and bytes.

        Raises UnsupportedError where no table can be made of it that way.
        """

    def as_kept(self) -> tuple[RawCommit, ...]:
        """Give what is to be kept to find the state by that alone, while its files are there."""

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows with the state's own schema; all columns where `columns` is None.

        Raises UnreadableError when a file cannot be read, and UnsupportedError when the state
        needs a feature no exact reader here has.
        """


class States(Protocol):
    """The past states of one table, found in what lies there and in what was kept of it."""

    @property
    def location(self) -> str:
        """The table's root: a path or URL without a trailing slash."""

    def presence(self) -> Presence:
        """Give what tells which files of the table's states are there, now."""

    def rebuildable(self, kept: Sequence[RawCommit]) -> frozenset[int]:
        """Give the states that `state` finds with what is kept, whatever the table forgets."""

    def broken(
        self, snapshot_ids: Collection[int], *, kept: Sequence[RawCommit], presence: Presence
    ) -> Mapping[int, tuple[str, ...]]:
        """Give the states that the table lists but no longer has the metadata of.

        For each the paths of the files that are not there. `kept` spares reading them all: what it
        does not tell is read.
        """

    def state(
        self, snapshot_id: int, *, kept: Sequence[RawCommit]
    ) -> TableState | LogTruncated | Gone:
        """Find a past state: in the table, in `kept`, in older metadata still lying about."""


@runtime_checkable
class FromPieces(Protocol):
    """A table whose states can be put together from files of metadata that nothing names."""

    def never_seen(self, known: TableHistory) -> tuple[Snapshot, ...]:
        """Give the states that only such files tell of, and that surely are of this table.

        Their instants are those at which the files were written.
        """

    def from_pieces(self, snapshot_id: int, *, known: TableHistory) -> TableState | None:
        """Put a state together from what lies in the table's folders, whoever names it.

        `known` is all that is known of the table. None where what is left does not prove what the
        state was made of. Raises UnreadableError where nobody could look.
        """


@runtime_checkable
class Searchable(Protocol):
    """A table whose files can be searched for rows."""

    def search(
        self,
        where: str,
        *,
        history: TableHistory,
        kept: Sequence[RawCommit],
        sieve: Sieve,
        watch: Watch,
    ) -> Searched:
        """Find the rows of a condition in every file of every state, and in files of none.

        `sieve` may count the rows of data files first: what it finds nothing in is not read here.

        The condition's names are those of the current schema, or of the newest that has them all;
        from there on columns are followed by their identity. What cannot be read is among
        `unexamined`, never left out. `watch` is told how far the search is.

        Raises BadFilterError for a condition that cannot be read or fits no schema.
        """


class TableSource(States, Searchable, Protocol):
    """One table, where it lies."""

    def head(self) -> str:
        """Give a token that changes with every commit, cheaply: one listing or catalog call."""

    def tip(self) -> Tip:
        """Tell what is current now, by one look: a listing, and an Iceberg metadata file."""

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

    def upkeep(self, history: TableHistory) -> Upkeep:
        """Give what tells what maintenance would take of the table, whose history was just read."""
