"""Golden rows: what a fixture's makers say a table holds, compared cell by cell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.corpus_marks import Fixture
from catalogs.table import TableState

CELLS_SHOWN_MAX = 1

# Its partition values are instants without a zone, and its expected rows those of a reader in
# California; Delta leaves the zone to the reader, and ours is UTC.
IN_ANOTHER_ZONE = frozenset({"delta.dkr-golden-data-reader-partition-values"})


def golden_folders(fixture: Fixture) -> Iterator[tuple[Path, int | None]]:
    """Yield folders of expected rows with their version, None where they are the newest."""
    bundle = fixture.bundle
    if bundle is None or fixture.name in IN_ANOTHER_ZONE:
        return
    for name in fixture.facts.get("expected_rows_in_golden_folder", {}):
        folder = bundle / name
        version = re.search(r"/v(\d+)/", name)
        if folder.is_dir() and any(folder.rglob("*.parquet")):
            yield folder, int(version[1]) if version else None


def rows_of(state: TableState) -> list[dict[str, Any]]:
    """Read all rows of a state."""
    return [row for batch in state.batches(columns=None) for row in batch.to_pylist()]


def same_rows(found: list[dict[str, Any]], folder: Path) -> str:
    """Say how the rows differ from those in the folder's Parquet files; empty where they do not."""
    import pyarrow.parquet as pq

    told = [
        row for file in sorted(folder.rglob("*.parquet")) for row in pq.read_table(file).to_pylist()
    ]
    ours, theirs = (Counter(_plain(row) for row in rows) for rows in (found, told))
    if ours == theirs:
        return ""
    extra, lacking = list((ours - theirs).elements()), list((theirs - ours).elements())
    shown = f"{extra[:CELLS_SHOWN_MAX]} where {lacking[:CELLS_SHOWN_MAX]}"
    return f"{len(extra)} rows too many, {len(lacking)} too few: {shown}"


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever a cell may hold
    """Write a value so that equal ones are equal whatever library read them."""
    match value:
        case dict():
            parts = sorted((str(key), _plain(one)) for key, one in value.items())
            return repr(parts)
        case list() | tuple():
            return repr([_plain(one) for one in value])
        case Decimal():
            return format(value.normalize(), "f")
        case _ if hasattr(value, "isoformat") and hasattr(value, "tzinfo"):
            return str(value.replace(tzinfo=None))
        case _:
            return repr(value)
