"""Beside a verdict: who promised that a state stays readable, until when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import Instant
from temporal_lineage.promises.promise import promises

if TYPE_CHECKING:
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class PromisedState:
    """A promise about one state. It is no protection: the verdict says what the table does."""

    address: str
    promise: str
    until: Instant
    reason: str


def promised_beside(
    reader: Reader, dataset_id: int, name: str, *, as_of: AsOf
) -> dict[str, tuple[PromisedState, ...]]:
    """Map the versions of a dataset, which people call by that name, to the promises about them."""
    found: dict[str, tuple[PromisedState, ...]] = {}
    for promise in promises(reader, as_of=as_of):
        for state in promise.states:
            if state.dataset_id == dataset_id:
                claim = promise.claim
                address = f"{name}@{state.version}"
                told = PromisedState(address, promise.name, claim.until, claim.reason)
                found[state.version] = (*found.get(state.version, ()), told)
    return found
