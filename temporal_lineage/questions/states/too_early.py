"""Too early: what an empty answer about the past leaves unsaid, and from when on to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.addresses import DatasetAddress, JobAddress, ModelAddress, dataset_name
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.naming import known_dataset
from temporal_lineage.questions.states.versions import version_since

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.instant import Instant
    from temporal_lineage.addresses import Address
    from temporal_lineage.store.reader import Reader

_NAMED = (EdgeKind.READS, EdgeKind.WRITES)


def too_early(reader: Reader, addresses: Iterable[Address], as_of: AsOf) -> tuple[str, ...]:
    """Say what was not heard of yet then, of what was asked about: jobs, models, or the whole lake.

    A table that was harvested has a history of its own, which says so itself.
    """
    asked = list(addresses)
    if not asked:
        return _lake(reader, as_of)
    doubts: list[str] = []
    for address in asked:
        match address:
            case JobAddress():
                first, what = first_run(reader, address.name, as_of), "had not run yet"
            case DatasetAddress() | ModelAddress():
                name = dataset_name(address)
                first, what = _first_word(reader, name, as_of), "was not heard of yet"
            case _:
                continue
        if first is not None and as_of.valid < first:
            at = f"{what} at {as_of.valid}, as far as is known"
            shown = address if isinstance(address, JobAddress) else dataset_name(address)
            doubts.append(f"{shown} {at}; ask from {first} on")
    return tuple(doubts)


def first_run(reader: Reader, job: str, as_of: AsOf) -> Instant | None:
    """Give when the first run of a job began, as known then; None where none is known."""
    job_id = reader.node(kind=NodeKind.JOB, parent_id=0, name=job)
    ids = [] if job_id is None else [job_id]
    later = AsOf(valid=LAST, system=as_of.system)
    runs = reader.edges_into(node_ids=ids, kinds=(EdgeKind.RUN_OF,), as_of=later)
    return min((one.valid.start for one in runs), default=None)


def _lake(reader: Reader, as_of: AsOf) -> tuple[str, ...]:
    if reader.by_attribute(kind=AttributeKind.TABLE, name="", as_of=as_of):
        return ()
    first = _first_history(reader, as_of)
    if first is None or first <= as_of.valid:
        return ()
    return (f"no table had a known state at {as_of.valid}; the first history starts at {first}",)


def _first_history(reader: Reader, as_of: AsOf) -> Instant | None:
    """Give when the first table of the lake had a state, as known then; None without a table."""
    tables = [node.node_id for node in reader.nodes(kind=NodeKind.DATASET)]
    lines = reader.timelines_of(node_ids=tables, kind=AttributeKind.TABLE, system=as_of.system)
    return min(
        (line[0].valid.start for named in lines.values() for line in named.values() if line),
        default=None,
    )


def _first_word(reader: Reader, name: str, as_of: AsOf) -> Instant | None:
    """Give when a run first named what no harvest found, or made a version of it."""
    later = AsOf(valid=LAST, system=as_of.system)
    dataset_id = known_dataset(reader, name, as_of=later)
    if dataset_id is None or reader.timeline(
        node_id=dataset_id, kind=AttributeKind.TABLE, name="", system=as_of.system
    ):
        return None
    runs = reader.edges_into(node_ids=[dataset_id], kinds=_NAMED, as_of=later)
    versions = reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
    since = (version_since(reader, dataset_id, one.name, system=as_of.system) for one in versions)
    told = [*(one.valid.start for one in runs), *(one for one in since if one is not None)]
    return min(told, default=None)
