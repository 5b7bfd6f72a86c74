"""Freshness: until when an answer about a table is good, and whether the table was still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.addresses import AtInstant, AtVersion, DatasetAddress
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.looks import absence, last_look
from temporal_lineage.naming import known_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from snapshots.instant import Instant
    from temporal_lineage.addresses import Address
    from temporal_lineage.store.reader import Reader

_TOLD_APART_MICROS = 1000
"""Table formats date their commits by the millisecond: no commit is known to lie in between."""


def freshness(
    reader: Reader, addresses: Iterable[Address], as_of: AsOf, *, now: Instant
) -> Iterator[str]:
    """Say what an answer about these addresses cannot know, because nobody has looked since.

    A version never changes, so nothing is said of one.
    """
    asked = as_of.valid
    unseen: dict[str, None] = {}
    for address in addresses:
        if not isinstance(address, DatasetAddress) or isinstance(address.at, AtVersion):
            continue
        valid = address.at.instant if isinstance(address.at, AtInstant) else as_of.valid
        asked = max(asked, valid)
        point = AsOf(valid=min(valid, now), system=as_of.system)
        dataset_id = known_dataset(reader, address.name, as_of=point)
        if dataset_id is not None:
            unseen.update(dict.fromkeys(_unseen(reader, dataset_id, point)))
    yield from unseen
    if asked > now:
        yield f"{asked} is yet to come: this is how things stand now"


def _unseen(reader: Reader, dataset_id: int, as_of: AsOf) -> Iterator[str]:
    gone = absence(reader, dataset_id, as_of)
    if gone is not None:
        seen = f"last seen in its catalog at {gone.last_seen}, and" if gone.last_seen else "it was"
        yield f"{seen} not there any more at {gone.first_missed}"
        return
    looked_at = last_look(reader, dataset_id, address=None, system=as_of.system)
    if looked_at is None or looked_at.plus(micros=_TOLD_APART_MICROS) > as_of.valid:
        return
    later = absence(reader, dataset_id, AsOf(valid=LAST, system=as_of.system))
    if later is None:
        yield f"last harvested at {looked_at}; what was committed since is not known"
    else:
        yield (
            f"last seen in its catalog at {looked_at}, and not there any more at"
            f" {later.first_missed}: whether it was there then is not known"
        )
