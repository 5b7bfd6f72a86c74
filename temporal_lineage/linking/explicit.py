"""Explicit lineage: facets that name what feeds a target win over all a run read. DESIGN 4.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_events import DatasetSource
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.linking.meant import MeantByRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.linking.resolving import Resolver


def explicit_lineage(record: RunRecord, resolver: Resolver) -> Mapping[int, frozenset[int]]:
    """Give, for each target dataset that a `lineage` facet speaks of, the datasets feeding it.

    Sources that are jobs feed through their own runs and are left out.
    """
    entries = list(record.lineage)
    for observation in record.outputs:
        entries += [one.lineage for one in observation.mentions() if one.lineage is not None]
    meant = MeantByRun(record, resolver)
    feeding: dict[int, frozenset[int]] = {}
    for entry in entries:
        if not isinstance(entry.target, Dataset):
            continue
        sources = [*(entry.inputs or ()), *(one for field in entry.fields for one in field.inputs)]
        if entry.inputs is None and not entry.fields:
            continue
        target_id = meant.written(canonical(entry.target)).resolved.dataset_id
        named = {
            meant.read(canonical(one.dataset)).resolved.dataset_id
            for one in sources
            if isinstance(one, DatasetSource)
        }
        feeding[target_id] = feeding.get(target_id, frozenset()) | named
    return feeding
