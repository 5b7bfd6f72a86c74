"""Named datasets of runs: what the events of a run say of each dataset, under all its names."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from temporal_lineage.evidence.runs import together
from temporal_lineage.linking.meant import MeantByRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from temporal_lineage.evidence.runs import Observation, RunRecord
    from temporal_lineage.linking.resolving import Resolved, Resolver

Named = tuple["Observation", "Resolved"]


class NamedDatasets:
    """The datasets that runs name, each looked up once."""

    def __init__(self, resolver: Resolver) -> None:
        """Look names up here."""
        self._resolver = resolver
        self._outputs: dict[str, Mapping[int, Named]] = {}

    def outputs(self, record: RunRecord) -> Mapping[int, Named]:
        """Give what a run says of each dataset that it wrote, by dataset."""
        if record.run_id not in self._outputs:
            meant = MeantByRun(record, self._resolver)
            self._outputs[record.run_id] = _named(
                (one, meant.written(one.dataset).resolved) for one in record.outputs
            )
        return self._outputs[record.run_id]

    def inputs(self, record: RunRecord) -> Mapping[int, Named]:
        """Give what a run says of each dataset that it read, by dataset."""
        meant = MeantByRun(record, self._resolver)
        return _named((one, meant.read(one.dataset).resolved) for one in record.inputs)


def _named(side: Iterable[Named]) -> dict[int, Named]:
    by_dataset: dict[int, list[Observation]] = defaultdict(list)
    resolved: dict[int, Resolved] = {}
    for one, meant in side:
        by_dataset[meant.dataset_id].append(one)
        resolved[meant.dataset_id] = meant
    return {key: (together(names), resolved[key]) for key, names in by_dataset.items()}
