"""Tags: made and removed in a table through its catalog, the one thing that is written there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.pyiceberg_errors import reaching
from catalogs.table_name import TableName
from snapshots.errors import TemporalLineageError
from snapshots.retention import REF_AGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from pyiceberg.table import Table
    from pyiceberg.table.refs import SnapshotRef

    from catalogs.configuration import CatalogEntry

TRIES_MAX = 4
"""How often a tag is tried again where others commit to the table at the same time."""


class TagConflictError(TemporalLineageError):
    """A tag that cannot be made or removed, because of what stands in the table."""

    def __init__(self, table: str, tag: str, found: str, advice: str) -> None:
        """Keep the table, the tag, and what stands there."""
        self.table = table
        self.tag = tag
        self.found = found
        super().__init__(f"{table} has {found}; {advice}")


class TaglessError(TemporalLineageError):
    """A catalog that takes a commit of a tag, and has no tag afterwards."""

    def __init__(self, table: str, tag: str) -> None:
        """Keep the table and the tag."""
        self.table = table
        self.tag = tag
        super().__init__(
            f"the catalog took the commit and {table} has no tag {tag} afterwards: it keeps none,"
            " as Nessie does not; `tl reproduce --out` copies the state"
        )


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag that stands: in which metadata file it was seen, and what was written for it."""

    tag: str
    wrote: str
    metadata: str


class Tagging:
    """One table, opened for writing tags; nothing is connected before the first one."""

    def __init__(self, entry: CatalogEntry, parts: tuple[str, ...]) -> None:
        """Take the catalog's configuration and the table's name in it."""
        self._entry = entry
        self._parts = parts
        self._written = str(TableName((entry.name, *parts)))

    def make(self, tag: str, *, snapshot_id: int, ref_age_ms_max: int) -> Tagged:
        """Make a tag, and read back that it stands. Nothing is written where it stands already.

        It is one commit of the table's metadata: no snapshot, no file of rows. Raises
        TagConflictError where another snapshot has the name, or the tag there ends earlier;
        TaglessError where the catalog keeps no tags, UnreadableError where it refuses.
        """
        before = self._load()
        found = before.metadata.refs.get(tag)
        if found is not None:
            self._check_same(tag, found, snapshot_id, ref_age_ms_max, before)
            return Tagged(tag, "nothing: the tag stood there before", before.metadata_location)
        self._commit(
            lambda table: (
                table.manage_snapshots()
                .create_tag(snapshot_id, tag, max_ref_age_ms=ref_age_ms_max)
                .commit()
            ),
            tag,
            stands=True,
        )
        after = self._load()
        made = after.metadata.refs.get(tag)
        if made is None:
            raise TaglessError(self._written, tag)
        self._check_same(tag, made, snapshot_id, ref_age_ms_max, after)
        wrote = f"tag {tag} on snapshot {snapshot_id}, max-ref-age-ms={ref_age_ms_max}"
        return Tagged(tag, wrote, after.metadata_location)

    def remove(self, tag: str, *, snapshot_id: int) -> None:
        """Remove a tag that stands as it was made; one that is gone already is no trouble.

        Raises TagConflictError where it was moved, UnreadableError where the catalog refuses.
        """
        found = self._load().metadata.refs.get(tag)
        if found is None:
            return
        if found.snapshot_id != snapshot_id:
            words = f"tag {tag} on snapshot {found.snapshot_id}, not on {snapshot_id}"
            raise TagConflictError(self._written, tag, words, "it was moved, and is left alone")
        self._commit(
            lambda table: table.manage_snapshots().remove_tag(tag).commit(), tag, stands=False
        )

    def _commit(self, change: Callable[[Table], object], tag: str, *, stands: bool) -> None:
        """Commit a change, unless the tag is as wanted already; again where others were first."""
        from pyiceberg.exceptions import CommitFailedException

        for left in reversed(range(TRIES_MAX)):
            table = self._load()
            if (tag in table.metadata.refs) is stands:
                return
            with self._reaching():
                try:
                    change(table)
                except CommitFailedException:
                    if not left:
                        raise
                else:
                    return

    def _check_same(
        self, tag: str, found: SnapshotRef, snapshot_id: int, ref_age_ms_max: int, table: Table
    ) -> None:
        if found.snapshot_id != snapshot_id:
            words = f"tag {tag} on snapshot {found.snapshot_id}, not on {snapshot_id}"
            raise TagConflictError(self._written, tag, words, "remove that one, and pin again")
        age = found.max_ref_age_ms
        if age is None:
            age = int(table.properties.get(REF_AGE, ref_age_ms_max))
        if age < ref_age_ms_max:
            words = f"tag {tag} with max-ref-age-ms={age}, which ends earlier"
            raise TagConflictError(self._written, tag, words, "remove that one, and pin again")

    def _load(self) -> Table:
        from catalogs.pyiceberg_connection import native_catalog

        with self._reaching():
            catalog = native_catalog(self._entry.name, self._entry.properties)
            return catalog.load_table(self._parts)

    def _reaching(self) -> AbstractContextManager[None]:
        return reaching(self._written, self._entry.properties)
