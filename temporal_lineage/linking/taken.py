"""Taken portions: which columns and rows a run took of the states it read, as it recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.portion import Portion
from temporal_lineage.beliefs import settle_attributes, since
from temporal_lineage.claims import decode, encode
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.period import Period
    from temporal_lineage.beliefs import Line
    from temporal_lineage.evidence.runs import Observation
    from temporal_lineage.facts import AsOf
    from temporal_lineage.linking.links import Link
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

_SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class TakenPortion:
    """What a run took of a state.

    `columns` are null for all of them, `where` is null for all rows; `rows` is how many there
    were, null where not all of them were counted.
    """

    columns: tuple[str, ...] | None
    where: str | None
    rows: int | None

    @property
    def portion(self) -> Portion:
        """What to take again."""
        return Portion(self.columns, self.where)


@dataclass(frozen=True, slots=True)
class TakenClaim:
    """All that a run took of one version of one dataset; `identity` is the dataset node's name."""

    identity: str
    version: str
    portions: tuple[TakenPortion, ...]


def taken_of(observation: Observation) -> Mapping[str, tuple[TakenPortion, ...]]:
    """Give, by version, what the last event that speaks of it says was taken."""
    return {
        one.read.version: tuple(
            TakenPortion(each.portion.columns, each.portion.where, each.rows)
            for each in one.read.portions
        )
        for one in observation.mentions()
        if one.read is not None
    }


def keep_taken(transaction: Transaction, run_id: int, reads: Sequence[Link], begun: Period) -> None:
    """Keep what a run took of each state it read; what was believed before is superseded."""
    if not any(link.taken for link in reads):
        return  # events are never taken back: who records nothing never did
    before = transaction.reader.timelines(
        node_id=run_id, kind=AttributeKind.TAKEN, system=transaction.recorded_at
    )
    lines: dict[str, Line] = dict.fromkeys(before, ())
    for link in reads:
        for version, portions in link.taken.items():
            claim = TakenClaim(link.claim.identity, version, portions)
            lines[_name(claim.identity, version)] = since(begun, encode(claim))
    settle_attributes(transaction, run_id, AttributeKind.TAKEN, lines)


def portions_taken(
    reader: Reader, run_id: int, identity: str, version: str, as_of: AsOf
) -> tuple[TakenPortion, ...]:
    """Give what a run took of a state; empty where it did not say, so that all of it counts."""
    believed = reader.attribute(
        node_id=run_id, kind=AttributeKind.TAKEN, name=_name(identity, version), as_of=as_of
    )
    return () if believed is None else decode(TakenClaim, believed.claim).portions


def _name(identity: str, version: str) -> str:
    return f"{identity}{_SEPARATOR}{version}"
