"""Freshness: until when an answer about a table is good, and whether the table was still there."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from snapshots.records import dataclass
from temporal_lineage.addresses import AtInstant, AtVersion, DatasetAddress
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.looks import absence, last_look
from temporal_lineage.keys import AttributeKind
from temporal_lineage.naming import Naming, known_dataset, spoken
from temporal_lineage.questions.states.versions import version_since

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.instant import Instant
    from temporal_lineage.addresses import Address
    from temporal_lineage.store.reader import Reader

_TOLD_APART_MICROS = 1000
"""Table formats date their commits by the millisecond: no commit is known to lie in between."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the ledger has seen what an answer is about.

    `known_until` is the harvest that it rests on, the oldest of several tables; None where the time
    asked about is not later, or no table is asked about. `doubts` tell of what is worse than age.
    """

    known_until: Instant | None
    doubts: tuple[str, ...]


def freshness(
    reader: Reader, addresses: Iterable[Address], as_of: AsOf, *, now: Instant
) -> Freshness:
    """Say what an answer about these addresses cannot know, because nobody has looked since.

    A version never changes, so nothing is said of one but that another table has it too.
    """
    asked = as_of.valid
    looks: list[Instant] = []
    doubts: dict[str, None] = {}
    for address in addresses:
        if not isinstance(address, DatasetAddress):
            continue
        if isinstance(address.at, AtVersion):
            twice = _twice(reader, address.name, address.at.version, as_of)
            doubts |= {twice: None} if twice else {}
            continue
        valid = address.at.instant if isinstance(address.at, AtInstant) else as_of.valid
        asked = max(asked, valid)
        point = AsOf(valid=min(valid, now), system=as_of.system)
        dataset_id = known_dataset(reader, address.name, as_of=point)
        if dataset_id is not None:
            looked_at = last_look(reader, dataset_id, address=None, system=point.system)
            gone = _gone(reader, dataset_id, point, looked_at)
            if gone is not None:
                doubts[gone] = None
            elif _is_before(looked_at, point):
                looks.append(looked_at)
            elif early := before_history(reader, dataset_id, address.name, point):
                doubts[early] = None
    if asked > now:
        doubts[f"{asked} is yet to come: this is how things stand now"] = None
    return Freshness(known_until=min(looks, default=None), doubts=tuple(doubts))


def before_history(reader: Reader, dataset_id: int, name: str, as_of: AsOf) -> str | None:
    """Say that a table was not there yet, as far as is known; None where it was."""
    line = reader.timeline(
        node_id=dataset_id, kind=AttributeKind.TABLE, name="", system=as_of.system
    )
    if not line or as_of.valid >= line[0].valid.start:
        return None
    start = line[0].valid.start
    name = spoken(reader, dataset_id, name, system=as_of.system)
    other = meant_then(reader, dataset_id, name, as_of)
    if other is not None:
        return f"{name} was another table at {as_of.valid}, {other}; this one starts at {start}"
    return f"{name} had no known state at {as_of.valid}; its history starts at {start}"


def meant_then(reader: Reader, dataset_id: int, name: str, as_of: AsOf) -> str | None:
    """Give the table that a name meant then, as it is called now; None where it was this one."""
    found = known_dataset(reader, name, as_of=as_of)
    if found is None or found == dataset_id:
        return None
    return Naming(reader, as_of=AsOf(valid=LAST, system=as_of.system)).dataset(found)


def _twice(reader: Reader, name: str, version: str, as_of: AsOf) -> str | None:
    """Say that a table which the name meant before has such a version too; None for none."""
    dataset_id = known_dataset(reader, name, as_of=as_of)
    line = (
        reader.timeline(node_id=dataset_id, kind=AttributeKind.TABLE, name="", system=as_of.system)
        if dataset_id is not None
        else ()
    )
    if dataset_id is None or not line:
        return None
    start = line[0].valid.start
    before = AsOf(valid=start.plus(micros=-1), system=as_of.system)
    other = meant_then(reader, dataset_id, name, before)
    other_id = known_dataset(reader, other, as_of=before) if other is not None else None
    if other_id is None or version_since(reader, other_id, version, system=as_of.system) is None:
        return None
    return f"before {start} {name} was another table: its version {version} is {other}@{version}"


def _is_before(looked_at: Instant | None, as_of: AsOf) -> TypeGuard[Instant]:
    return looked_at is not None and looked_at.plus(micros=_TOLD_APART_MICROS) <= as_of.valid


def _gone(reader: Reader, dataset_id: int, as_of: AsOf, looked_at: Instant | None) -> str | None:
    """Say that the table was not there any more, or may not have been; None where it was."""
    gone = absence(reader, dataset_id, as_of)
    if gone is not None:
        seen = f"last seen in its catalog at {gone.last_seen}, and" if gone.last_seen else "it was"
        return f"{seen} not there any more at {gone.first_missed}"
    if not _is_before(looked_at, as_of):
        return None
    later = absence(reader, dataset_id, AsOf(valid=LAST, system=as_of.system))
    if later is None:
        return None
    return (
        f"last seen in its catalog at {looked_at}, and not there any more at"
        f" {later.first_missed}: whether it was there then is not known"
    )
