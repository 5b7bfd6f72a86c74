"""Watching: which commits of a table carry the stamp of this run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from snapshots.errors import TemporalLineageError
from temporal_lineage.evidence.commit_signs import STAMP

if TYPE_CHECKING:
    from catalogs.delta.source import DeltaSource
    from temporal_lineage.sdk.records import Named

_log = logging.getLogger("temporal_lineage.sdk")


class IcebergWatch:
    """Looks at the snapshots that a pyiceberg Table lists: it is brought up to date by a commit."""

    def __init__(self, table: Any, named: Named, run_id: str) -> None:  # noqa: ANN401 - a pyiceberg Table
        """Watch this table for this run; what it lists now was there before."""
        self.named = named
        self._table = table
        self._run_id = run_id
        self._seen = {one.snapshot_id for one in table.metadata.snapshots}

    def look(self) -> tuple[list[str], int | None]:
        """Give the stamped snapshots that are new, in commit order, and the rows they added."""
        found = []
        rows = 0
        for one in reversed(self._table.metadata.snapshots):
            if one.snapshot_id in self._seen:
                break  # a commit adds to the end of the list
            self._seen.add(one.snapshot_id)
            told = {} if one.summary is None else one.summary.additional_properties
            if told.get(STAMP) == self._run_id:
                found.append(str(one.snapshot_id))
                rows += int(told.get("added-records", "0"))
        return found[::-1], rows if found else None


class DeltaWatch:
    """Looks at the commits that came after the one that was newest when the watch began."""

    def __init__(self, source: DeltaSource, named: Named, run_id: str) -> None:
        """Watch this table for this run; it need not be there yet.

        Where its log cannot be listed from here, nothing is found later: the stamp itself is in
        the commit, for a harvest to find that can.
        """
        self.named = named
        self._source = source
        self._run_id = run_id
        self._seen: int | None = None
        try:
            self._seen = max(source.versions(), default=-1)
        except TemporalLineageError as error:
            _log.warning("the log of %s cannot be listed: %s", named.dataset, error)

    def look(self) -> tuple[list[str], None]:
        """Give the stamped versions that are new; their commits are read once each."""
        found: list[str] = []
        if self._seen is None:
            return found, None
        for version, summary in self._source.summaries(after=self._seen):
            self._seen = version
            if summary.get(STAMP) == self._run_id:
                found.append(str(version))
        return found, None
