"""Lineage graphs: what a trace found, and what it did not follow.

Steps are named tuples, as the rows of `temporal_lineage.store.records` are: a walk makes them by
the hundred thousand, and they are made three times as fast as dataclasses.
"""

from __future__ import annotations

from enum import StrEnum

from snapshots.records import NamedTuple, dataclass


class Direction(StrEnum):
    """Where a trace goes from its root."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Step(NamedTuple):
    """One edge of the ledger that a trace went along, data moving from source to target.

    All three are ledger ids; `claim` is the edge's claim as JSON text.
    """

    edge_id: int
    source_id: int
    target_id: int
    claim: str


class Contained(NamedTuple):
    """Rows of a commit are live in a state. DESIGN 4.3.

    `commit_id` is None for rows older than anything the history remembers. `certainty` is
    exact, possible (they may have been carried through a rewrite) or assumed (no file facts).
    """

    commit_id: int | None
    state_id: int
    certainty: str


class Cut(NamedTuple):
    """A place where a trace stopped though there may be more; `why` is for people."""

    node_id: int
    why: str


@dataclass(frozen=True, slots=True)
class LineageGraph:
    """What was reached from the root; `depths` counts steps along edges, the root being 0."""

    root_id: int
    direction: Direction
    depths: dict[int, int]
    steps: tuple[Step, ...]
    contained: tuple[Contained, ...]
    cuts: tuple[Cut, ...]
