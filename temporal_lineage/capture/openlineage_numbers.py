"""Snapshot ids as producers write them: whole, or as doubles that have lost their last digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_json import FLOAT_EXACT_MAX, SNAPSHOT_ID_MAX, whole

if TYPE_CHECKING:
    from temporal_lineage.capture.openlineage_json import Doubts


@dataclass(frozen=True, slots=True)
class Rounded:
    """An id that was written as a double beyond 2**53: several ids are written so.

    OpenLineage's schema has `number` for the ids in Iceberg's reports, and the Spark integration
    fills in a double.
    """

    value: float

    def __str__(self) -> str:
        """Write it as producers do."""
        return repr(self.value)


SnapshotNumber = int | Rounded


def snapshot_number(value: object, place: str, doubts: Doubts) -> SnapshotNumber | None:
    """Read a snapshot id; None where there is none, and for -1, which stands for an empty table."""
    if isinstance(value, float) and FLOAT_EXACT_MAX <= value <= SNAPSHOT_ID_MAX:
        return Rounded(value)
    found = whole(value, place, doubts)
    return None if found is None or found < 0 else found
