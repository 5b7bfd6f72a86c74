"""What a transaction is told: things by name, and what holds of them over valid time."""

from __future__ import annotations

from snapshots.period import Period
from snapshots.records import NamedTuple


class NodeKey(NamedTuple):
    """What names a thing for ever; `parent_id` is 0 where it stands alone."""

    kind: str
    parent_id: int
    name: str


class AttributeAssertion(NamedTuple):
    """Over the valid period, this claim holds of a node.

    `claim` is JSON text; None where nothing holds any longer.
    """

    node_id: int
    kind: str
    name: str
    valid: Period
    claim: str | None


class EdgeAssertion(NamedTuple):
    """Over the valid period, data flowed from source to destination.

    `claim` is JSON text; None where nothing holds any longer.
    """

    kind: str
    src_id: int
    dst_id: int
    valid: Period
    claim: str | None
