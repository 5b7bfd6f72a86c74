"""Ancestry: the parent chain of a snapshot, and where the rows of a table start afresh."""

from collections.abc import Iterator, Mapping

from snapshots.snapshot import Snapshot


def ancestry(snapshot_id: int, snapshots: Mapping[int, Snapshot]) -> Iterator[int]:
    """Yield the snapshot and its parents, newest first, as far as they are known.

    A parent that is named but not known is not yielded. A cycle, which only hostile metadata
    can hold, ends the walk.
    """
    seen: set[int] = set()
    walking: int | None = snapshot_id
    while walking is not None and walking in snapshots and walking not in seen:
        seen.add(walking)
        yield walking
        walking = snapshots[walking].parent_id


def starts_afresh(snapshot: Snapshot) -> bool:
    """Tell whether the commit says that every file the table holds after it is its own.

    So it is with a full overwrite, a replaced table and an emptied one. False where the summary
    does not say: Iceberg writes `total-data-files`, as an optional field of the spec.
    """
    total = snapshot.summary.get("total-data-files", "")
    return total.isdecimal() and int(total) == snapshot.counts.added_files
