"""What a run asked and what it wrote, as the ledger tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.claims import decode
from temporal_lineage.evidence.runs import gather
from temporal_lineage.evidence.sql_reads import spoken
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import LinkClaim
from temporal_lineage.linking.run_records import run_events
from temporal_lineage.naming import Naming
from temporal_lineage.replay.errors import NotReplayableError
from temporal_lineage.reproduce.reaching import OutOfReach

if TYPE_CHECKING:
    from temporal_lineage.facts import AsOf
    from temporal_lineage.reproduce.tables import Tables
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Asked:
    """The SQL of a run, and its dialect; no queries where no event tells any."""

    queries: tuple[str, ...]
    dialect: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """The state that a run wrote, and the one before its first commit; None where none is known."""

    dataset_id: int
    dataset: str
    version: int
    before: int | None

    @property
    def address(self) -> str:
        """The state, as people name it."""
        return f"{self.dataset}@{self.version}"


def asked_by(reader: Reader, run: str, as_of: AsOf) -> Asked:
    """Give the SQL of a run."""
    kept = [
        one
        for one in reader.events(run_id=run)
        if one.recorded_at <= as_of.system and one.run_id == run
    ]
    record = gather(run_events(kept)).get(run)
    if record is None:
        return Asked((), "")
    dialect, _ = spoken(record)
    return Asked(tuple(record.queries), dialect.name)


def written_by(reader: Reader, tables: Tables, run: str, as_of: AsOf) -> Wrote:
    """Give the one state that a run wrote. Raises NotReplayableError where it is not known."""
    run_id = reader.node(kind=NodeKind.RUN, parent_id=0, name=run) or 0
    links = [
        decode(LinkClaim, one.claim)
        for one in reader.attributes(node_id=run_id, kind=AttributeKind.WRITES, as_of=as_of)
    ]
    links = [one for one in links if one.versions]
    if len(links) != 1:
        told = f"it is known to have written to {len(links)} tables, one is compared"
        raise NotReplayableError(told)
    (link,) = links
    dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=link.identity) or 0
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    reached = tables.reach(dataset_id)
    if isinstance(reached, OutOfReach):
        raise NotReplayableError(f"what it wrote, {name}, is out of reach: {reached.reason}")
    # Some writers take several commits for one statement: deletes first, then appends.
    commits = [one for one in reached.history.snapshots if str(one.snapshot_id) in link.versions]
    if not commits:
        told = f"what it wrote, {name}@{link.versions[-1]}, is not known here"
        raise NotReplayableError(told)
    return Wrote(dataset_id, name, commits[-1].snapshot_id, commits[0].parent_id)
