"""Descriptions: what datasets are said to be outside any run, told by dataset events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_events import DatasetEvent
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.linking.event_keys import DESCRIPTION
from temporal_lineage.linking.words import Teller, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from temporal_lineage.linking.outside import Mentioned, OutsideEvents
    from temporal_lineage.linking.resolving import Resolved, Resolver
    from temporal_lineage.linking.words import Word

_KINDS = (EdgeKind.DESCRIBES,)


class Descriptions:
    """The dataset events of a ledger, and the datasets that they describe.

    `settled` are the names that were settled, `left` the datasets that one described before and
    whose events may mean another now.
    """

    def __init__(self, resolver: Resolver, outside: OutsideEvents) -> None:
        """Resolve names with this resolver, and read these events."""
        self._resolver = resolver
        self._outside = outside
        self.settled: tuple[str, ...] = ()
        self.left: set[int] = set()

    def settle(self, keys: Iterable[str], renamed: Sequence[int]) -> None:
        """Note what is described under the names of these keys, and those of these datasets."""
        names = {one.removeprefix(DESCRIPTION) for one in keys if one.startswith(DESCRIPTION)}
        self.settled = tuple(sorted(names | self._outside.naming(renamed, _KINDS)))
        self.left, _ = self._outside.settle(
            NodeKind.NAME, self.settled, self._mentioned, _KINDS, renamed=renamed
        )

    def naming(self, dataset_id: int) -> set[str]:
        """Give the names under which a dataset is described."""
        return self._outside.naming([dataset_id], _KINDS)

    def words(self, names: Iterable[str]) -> Iterator[tuple[int, Word]]:
        """Yield how the events of these names describe datasets."""
        for name in names:
            for event in self._events(name):
                teller = Teller(event.producer, "", "", event.at)
                yield from said(teller, [(event.dataset, self._meant(event))])

    def _mentioned(self, name: str) -> Iterator[Mentioned]:
        for event in self._events(name):
            yield EdgeKind.DESCRIBES, self._meant(event).dataset_id, event.at

    def _events(self, name: str) -> Iterator[DatasetEvent]:
        for one in self._outside.of(f"{DESCRIPTION}{name}"):
            if isinstance(one, DatasetEvent):
                yield one

    def _meant(self, event: DatasetEvent) -> Resolved:
        mention = event.dataset
        names = [canonical(mention.dataset), *map(canonical, mention.symlinks)]
        return self._resolver.names(tuple(dict.fromkeys(names)), at=event.at)
