"""Feeds: how far each followed file was read, remembered in the ledger with what was read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.beliefs import settle_attributes, since
from temporal_lineage.claims import decode, encode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

_HEAD_BYTES_MAX = 1024


@dataclass(frozen=True, slots=True)
class FeedClaim:
    """A file was taken in up to `offset`; `head` is the SHA-256 of its first `head_bytes`.

    A file whose head is another one is another file by the same name.
    """

    offset: int
    head: str
    head_bytes: int


def read_upto(opened: BinaryIO, offset: int) -> FeedClaim:
    """Say that an open file was taken in up to here."""
    head_bytes = min(offset, _HEAD_BYTES_MAX)
    return FeedClaim(offset, _head(opened, head_bytes), head_bytes)


def place_in(opened: BinaryIO, known: FeedClaim | None) -> int:
    """Give the byte to go on from: 0 for a file that was never read, was cut, or is another."""
    size = os.fstat(opened.fileno()).st_size
    if known is None or size < known.offset or _head(opened, known.head_bytes) != known.head:
        return 0
    return known.offset


def known_feed(reader: Reader, path: Path) -> FeedClaim | None:
    """Give how far a file was read, by its name; None where it never was."""
    node_id = reader.node(kind=NodeKind.FEED, parent_id=0, name=str(path))
    if node_id is None:
        return None
    found = reader.attribute(
        node_id=node_id, kind=AttributeKind.FEED, name="", as_of=AsOf(valid=LAST, system=LAST)
    )
    return None if found is None else decode(FeedClaim, found.claim)


def keep_feed(transaction: Transaction, path: Path, claim: FeedClaim) -> None:
    """Remember how far a file was read, in the transaction that keeps what was read."""
    (node_id,) = transaction.nodes([NodeKey(NodeKind.FEED, 0, str(path))])
    line = since(Period.since(BEGINNING), encode(claim))
    settle_attributes(transaction, node_id, AttributeKind.FEED, {"": line})


def _head(opened: BinaryIO, size: int) -> str:
    # The path may name another file by now; what is open stays what it is.
    return sha256(os.pread(opened.fileno(), size, 0)).hexdigest()
