"""What the ledger answers: small values, their times as Instants and Periods.

Named tuples, not dataclasses: those take ten times as long to define, which a program that starts
for one question would pay, and three times as long to make, which an answer of many rows would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.records import NamedTuple

if TYPE_CHECKING:
    from snapshots.files import DataFile


class Node(NamedTuple):
    """A thing that facts are about; `parent_id` is 0 where it stands alone."""

    node_id: int
    kind: str
    parent_id: int
    name: str


class Believed(NamedTuple):
    """A claim about a node, as JSON text, and the valid period over which it is believed.

    `recorded_at` and `tx_id` are those of the newest assertion that the belief rests on.
    """

    node_id: int
    name: str
    valid: Period
    claim: str
    recorded_at: Instant
    tx_id: int


class Asserted(NamedTuple):
    """One entry of a key's history; `claim` is None where it was taken back."""

    name: str
    valid: Period
    claim: str | None
    recorded_at: Instant
    tx_id: int


class EdgeRow(NamedTuple):
    """An edge that holds at the point asked for, and the claim that says why.

    `valid` is the stretch around that point over which the newest assertion decides.
    """

    edge_id: int
    kind: str
    src_id: int
    dst_id: int
    valid: Period
    claim: str
    recorded_at: Instant


class Placed(NamedTuple):
    """Where a state stands in its table's lines; see `temporal_lineage.store.commits`."""

    node_id: int
    dataset_id: int
    line: int
    position: int
    files_known: bool


class Contributor(NamedTuple):
    """Rows of the commit are live in the state; `commit_id` 0 is before the history."""

    state_id: int
    commit_id: int
    certainty: str


class Containing(NamedTuple):
    """The commit's rows are live in the state."""

    commit_id: int
    state_id: int
    certainty: str


class LiveFile(NamedTuple):
    """A file of a state, and the version node that first wrote it; 0 where nobody remembers."""

    file: DataFile
    origin_id: int


class TransactionRow(NamedTuple):
    """One transaction: when the ledger learned something, from where, and why."""

    tx_id: int
    recorded_at: Instant
    source: str
    note: str


class Harvest(NamedTuple):
    """One look at a table: the head it had, and how it went.

    `dataset_id` is 0 where the table could not be identified.
    """

    harvest_id: int
    name: str
    dataset_id: int
    head: str
    outcome: str
    detail: str
    recorded_at: Instant
    tx_id: int


class ArrivedEvent(NamedTuple):
    """An event as it arrived, in the order of arrival."""

    event_id: int
    run_id: str
    source: str
    body: str
    recorded_at: Instant
    tx_id: int


class Blob(NamedTuple):
    """The bytes of a metadata file or log entry, and where they were found."""

    witness: str
    body: bytes


class KeptEvent(NamedTuple):
    """An event to be kept: the run it is about, who handed it over, its JSON in UTF-8.

    Events with equal digests are one event.
    """

    digest: str
    run_id: str
    source: str
    body: bytes
