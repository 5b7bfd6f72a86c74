"""Vacuuming: which files of a Delta table a VACUUM deletes, by the rules of who runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import Instant
from snapshots.maintenance import Extent, Vacuumer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots.maintenance import Vacuum


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A file that the log says was removed; paths are relative to the table, as they lie there.

    `vector` is the file of its deletion vector, None where it has none in the table's folder.
    `deleted_at` is the epoch where the log does not say.
    """

    path: str
    vector: str | None
    deleted_at: Instant


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """A Delta table as a VACUUM sees it; paths are relative to the table.

    `live` are its data files, `vectors` their deletion vectors' files. `tombstones` are those of
    its newest state: from the last checkpoint and the commits after it. `removed` are all that the
    commits say which delta-rs, or a LITE one of Spark, reads: a file can be there several times.
    `kept` are the data files of versions to be kept. `modified` tells of every file below the
    table, but for its log, when it was written.
    """

    live: frozenset[str]
    vectors: frozenset[str]
    tombstones: tuple[Tombstone, ...]
    removed: tuple[Tombstone, ...]
    kept: frozenset[str]
    modified: Mapping[str, Instant]
    partition_columns: tuple[str, ...]
    retention_micros: int


def vacuumed(act: Vacuum, table: Vacuumed, *, at: Instant) -> frozenset[str]:
    """Give the files that a VACUUM at that instant deletes."""
    retention = table.retention_micros if act.retention_micros is None else act.retention_micros
    cutoff = at.plus(micros=-retention)
    if act.by is Vacuumer.DELTA_RS:
        return frozenset(_by_delta_rs(act.extent, table, cutoff))
    # A tombstone leaves the state once it is as old as the table's own retention, whatever is
    # asked for: Spark then holds its file for one that nobody knows.
    forgotten = at.plus(micros=-table.retention_micros)
    return frozenset(_by_spark(act.extent, table, cutoff, forgotten))


def _by_delta_rs(extent: Extent, table: Vacuumed, cutoff: Instant) -> Iterator[str]:
    """Go by data files alone: deletion vectors in use are none, so FULL takes them. delta-rs 1.6.

    Tombstones are judged by when the log removed the file, all others by when it was written. A
    file that was removed, came back and was removed again is judged by the first time.
    """
    safe = table.live | table.kept
    young = {one.path for one in table.removed if one.deleted_at >= cutoff}
    old = {one.path for one in table.removed if one.deleted_at < cutoff}
    columns = table.partition_columns
    for path, modified in table.modified.items():
        unknown = extent is Extent.FULL and path not in young and not _hides(path, columns)
        if path not in safe and (path in old or (unknown and modified < cutoff)):
            yield path


def _by_spark(
    extent: Extent, table: Vacuumed, cutoff: Instant, forgotten: Instant
) -> Iterator[str]:
    safe = table.live | table.vectors | table.kept
    for one in table.tombstones:
        if one.deleted_at >= cutoff and one.deleted_at > forgotten:
            safe |= {one.path} | ({one.vector} if one.vector else set())
    if extent is Extent.LITE:
        found = (path for path, at in _newest(table.removed).items() if at < cutoff)
        yield from (path for path in found if path in table.modified and path not in safe)
        return
    columns = tuple(f"{one}=" for one in table.partition_columns)
    for path, modified in table.modified.items():
        hidden = any(_hides(part, columns) for part in path.split("/"))
        if path not in safe and modified < cutoff and not hidden:
            yield path


def _newest(tombstones: tuple[Tombstone, ...]) -> dict[str, Instant]:
    """Map each file to when it was last removed, deletion vectors' files included."""
    newest: dict[str, Instant] = {}
    for one in tombstones:
        for path in (one.path, one.vector):
            if path is not None:
                newest[path] = max(one.deleted_at, newest.get(path, one.deleted_at))
    return newest


def _hides(name: str, columns: tuple[str, ...]) -> bool:
    """Tell whether a name is left alone, as the log is and what other programs put beside it.

    Names that begin with a partition column are folders of rows.
    """
    if not name.startswith(("_", ".")):
        return False
    if name.startswith(("_delta_index", "_change_data")):
        return False
    return not any(name.startswith(column) for column in columns)
