"""A promise in the ledger: what is to stay readable until when, who said so, and why."""

from __future__ import annotations

import difflib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError, UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.claims import decode
from temporal_lineage.keys import AttributeKind, NodeKind

if TYPE_CHECKING:
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

PREFIX = "pin:"
"""How the address of a promise begins; its number follows."""

STATES_MAX = 1_000_000
"""How many promised states are read at once."""

# No name of a promise comes after this one: the sign that follows the colon.
_PAST = PREFIX[:-1] + chr(ord(":") + 1)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An input that nothing can keep, and why."""

    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class PromiseClaim:
    """What was promised. It holds from the promise on, until its end or until it is revoked.

    `until` is the end that was promised. `left_out` are the inputs of the target that it does not
    cover.
    """

    target: str
    until: Instant
    reason: str
    who: str
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class PromisedClaim:
    """A state is to stay readable. `tag` is the tag that was made for it, None where none was."""

    tag: str | None


@dataclass(frozen=True, slots=True)
class PromisedVersion:
    """A promised state: its node, the dataset's, its version as text, and the tag made for it."""

    node_id: int
    dataset_id: int
    version: str
    tag: str | None


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise that is in force; `node_id` is its node, `since` when it began."""

    node_id: int
    name: str
    claim: PromiseClaim
    since: Instant
    states: tuple[PromisedVersion, ...]


def promises(reader: Reader, *, as_of: AsOf) -> list[Promise]:
    """Give all promises in force at a point in both times, oldest first."""
    nodes = {one.node_id: one.name for one in reader.nodes(kind=NodeKind.PROMISE)}
    if not nodes:
        return []
    rows = reader.attributes_of(node_ids=list(nodes), kind=AttributeKind.PROMISE, as_of=as_of)
    states = _states(reader, as_of)
    return [
        Promise(
            one.node_id,
            nodes[one.node_id],
            decode(PromiseClaim, one.claim),
            one.valid.start,
            tuple(states.get(nodes[one.node_id], ())),
        )
        for one in sorted(rows, key=lambda row: row.node_id)
    ]


def find_promise(reader: Reader, name: str, *, as_of: AsOf) -> Promise:
    """Find a promise in force by its address. Raises UnknownNameError, and BadTargetError."""
    if not name.startswith(PREFIX):
        raise BadTargetError(name, "a promise is asked for, as in pin:1; `tl pins` lists them")
    known = {one.name: one for one in promises(reader, as_of=as_of)}
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        raise UnknownNameError("promise in force", name, nearest, "`tl pins` lists them")
    return known[name]


def next_name(reader: Reader) -> str:
    """Give the address of the next promise: a number is never used again."""
    return f"{PREFIX}{len(reader.nodes(kind=NodeKind.PROMISE)) + 1}"


def _states(reader: Reader, as_of: AsOf) -> dict[str, list[PromisedVersion]]:
    rows = reader.attributes_between(
        kind=AttributeKind.PROMISED, low=PREFIX, high=_PAST, limit=STATES_MAX, as_of=as_of
    )
    versions = reader.named(node_ids=[one.node_id for one in rows])
    found: dict[str, list[PromisedVersion]] = defaultdict(list)
    for one in rows:
        node = versions[one.node_id]
        tag = decode(PromisedClaim, one.claim).tag
        found[one.name].append(PromisedVersion(node.node_id, node.parent_id, node.name, tag))
    return found
