"""Watching: which commits of a table carry the stamp of this run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from temporal_lineage.evidence.commit_signs import STAMP

if TYPE_CHECKING:
    from catalogs.delta.source import DeltaSource
    from temporal_lineage.sdk.records import Named


class IcebergWatch:
    """Looks at the snapshots that a pyiceberg Table lists: it is brought up to date by a commit."""

    def __init__(self, table: Any, named: Named, run_id: str) -> None:  # noqa: ANN401 - a pyiceberg Table
        """Watch this table for this run."""
        self.named = named
        self._table = table
        self._run_id = run_id

    def look(self) -> tuple[list[str], int | None]:
        """Give the stamped snapshots in commit order, and the rows they added."""
        found = []
        rows = 0
        for one in self._table.metadata.snapshots:
            told = {} if one.summary is None else one.summary.additional_properties
            if told.get(STAMP) == self._run_id:
                found.append((one.sequence_number or 0, str(one.snapshot_id)))
                rows += int(told.get("added-records", "0"))
        return [version for _, version in sorted(found)], rows if found else None


class DeltaWatch:
    """Looks at the commits that came after the one that was newest when the watch began."""

    def __init__(self, source: DeltaSource, named: Named, run_id: str) -> None:
        """Watch this table for this run; it need not be there yet."""
        self.named = named
        self._source = source
        self._run_id = run_id
        self._seen = max(source.versions(), default=-1)
        self._found: list[str] = []

    def look(self) -> tuple[list[str], None]:
        """Give the stamped versions; their commits are read once each."""
        for version, summary in self._source.summaries(after=self._seen):
            self._seen = version
            if summary.get(STAMP) == self._run_id:
                self._found.append(str(version))
        return list(self._found), None
