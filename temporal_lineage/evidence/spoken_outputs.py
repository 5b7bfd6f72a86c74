"""Spoken outputs: the Delta table that a run's SQL changes, where its events name none.

OpenLineage's listener names no dataset for DELETE of Delta, and tells the statement all the same.
A table that is written as its path is known by that; what any other name means, only Spark knows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from temporal_lineage.capture.facets import NOTHING_TOLD
from temporal_lineage.capture.openlineage_events import DatasetMention
from temporal_lineage.capture.openlineage_names import located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.capture.openlineage_events import RunEvent

_CHANGE = re.compile(
    r"\s*(?P<verb>DELETE\s+FROM|UPDATE|MERGE\s+INTO)\s+delta\s*\.\s*`(?P<path>(?:[^`]|``)+)`",
    re.IGNORECASE,
)


def spoken_change(events: Sequence[RunEvent]) -> tuple[str, DatasetMention] | None:
    """Give what a run's one statement does, as Delta's commits call it, and to which table.

    None where events name an output, tell of no statement or of several, or name no path.
    """
    queries = {event.sql for event in events if event.sql}
    if len(queries) != 1 or any(event.outputs for event in events):
        return None
    found = _CHANGE.match(queries.pop())
    if found is None:
        return None
    verb = found["verb"].split()[0].upper()
    return verb, _mention(found["path"].replace("``", "`"))


def _mention(path: str) -> DatasetMention:
    return DatasetMention(
        dataset=located(path),
        version=None,
        symlinks=(),
        catalog=None,
        dataset_type=None,
        storage=None,
        fields=None,
        columns=None,
        lineage=None,
        statistics=None,
        scan_snapshot_id=None,
        connector_snapshot_id=None,
        commit_snapshot_id=None,
        lifecycle=None,
        subset=None,
        read=None,
        written=None,
        facets=NOTHING_TOLD,
    )
