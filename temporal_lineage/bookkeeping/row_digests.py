"""Row digests: the rows of a table in the order of its key, as one number to compare by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.bookkeeping.errors import CopyDiffersError
from temporal_lineage.bookkeeping.kept_tables import KEPT_TABLES, KeptTable, Kind
from temporal_lineage.store.moment import BODIES_MAX, STREAMED_ROWS

if TYPE_CHECKING:
    from temporal_lineage.store.moment import Moment
    from temporal_lineage.store.runner import Row


class RowDigest(NamedTuple):
    """How many rows a table has, and a digest of all of them in the order of the key."""

    rows: int
    digest: str


class Digesting:
    """Takes in the rows of one table, in the order of its key."""

    def __init__(self) -> None:
        """Begin before the first row."""
        self._hash = blake2b(digest_size=16)
        self._rows = 0

    def take(self, rows: Iterable[Row]) -> None:
        """Take in the next rows."""
        for row in rows:
            self._hash.update(repr(row).encode())
            self._rows += 1

    @property
    def digest(self) -> RowDigest:
        """Give the digest of what was taken in."""
        return RowDigest(self._rows, self._hash.hexdigest())


def rows_of(moment: Moment, table: KeptTable) -> Iterator[list[Row]]:
    """Yield the rows of a table in the order of its key, some at a time."""
    order = ", ".join(table.key)
    rows_max = BODIES_MAX if any(one.kind is Kind.BYTES for one in table.columns) else STREAMED_ROWS
    sql = f"SELECT {', '.join(table.names)} FROM {table.name} ORDER BY {order}"
    rows = iter(moment.streamed(sql, rows_max=rows_max))
    while batch := list(islice(rows, rows_max)):
        yield batch


def digests_of(moment: Moment) -> dict[str, RowDigest]:
    """Give the digest of every table."""
    found = {}
    for table in KEPT_TABLES:
        digesting = Digesting()
        for batch in rows_of(moment, table):
            digesting.take(batch)
        found[table.name] = digesting.digest
    return found


def compare(
    expected: Mapping[str, RowDigest], found: Mapping[str, RowDigest], location: str
) -> None:
    """Raise CopyDiffersError where a table of a copy is not that of its source."""
    for table, one in expected.items():
        if found[table] != one:
            raise CopyDiffersError(location, table, expected=one.rows, found=found[table].rows)
