"""What all kinds of writing share: a session, the transaction's number, new numbers for rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from temporal_lineage.store.assertions import NodeKey
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.runner import Parameters
    from temporal_lineage.store.session import Session
    from temporal_lineage.store.write_assertions import KnownKey

T = TypeVar("T")

BATCH = 5_000
"""How many keys are looked up at once: a list is one JSON text."""


class Writes:
    """Writing inside one transaction of the ledger."""

    _session: Session
    _numbers: dict[str, int]
    _known: dict[str, dict[Any, KnownKey]]
    _named: dict[NodeKey, int]
    reader: Reader

    def _stamped(self) -> int:
        """Give the transaction's number, and see that its row is written."""
        raise NotImplementedError

    def _next(self, table: str) -> int:
        """Give a number that no row of the table has; we are the only writer."""
        if table not in self._numbers:
            ((last,),) = self._session.runner.rows(f"{table}_max", {})
            self._numbers[table] = last or 0
        self._numbers[table] += 1
        return self._numbers[table]

    def _found(
        self, statement: str, parameter: str, keys: Iterable[object], **others: int | str
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows that a statement finds for a list of keys."""
        for batch in batches(list(keys)):
            parameters: Parameters = {parameter: json.dumps(batch), **others}
            yield from self._session.runner.rows(statement, parameters)


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield a sequence in pieces of BATCH."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
