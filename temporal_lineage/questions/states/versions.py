"""Versions: which states of a dataset were known, and since when each of them was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BeforeHistoryError, UnknownNameError
from snapshots.instant import BEGINNING, FOREVER
from temporal_lineage.addresses import AtRef, AtVersion
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.naming import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.instant import Instant
    from temporal_lineage.addresses import At
    from temporal_lineage.store.reader import Reader


def told_versions(reader: Reader, dataset_id: int, as_of: AsOf) -> tuple[str, ...]:
    """Give the versions of a dataset that events and harvests had told of, as known then.

    In the order in which they were made, whatever was told first; those of which nobody knows
    when stand before the others.
    """
    nodes = reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
    known = _known(reader, [node.node_id for node in nodes], system=as_of.system)
    there = [node for node in nodes if known.get(node.node_id, FOREVER) <= as_of.valid]
    return tuple(node.name for node in sorted(there, key=lambda node: known[node.node_id]))


def version_or_ref(reader: Reader, dataset_id: int, at: At | None, *, system: Instant) -> At | None:
    """Tell versions from refs as known then: a tag may be called 20261001, a version v3."""
    match at:
        case AtRef(text):
            # Only what events alone know has versions by name; a table has refs.
            if _has_ref(reader, dataset_id, text, system) or _is_table(reader, dataset_id, system):
                return at
            return AtVersion(text)
        case AtVersion(text) if _has_ref(reader, dataset_id, text, system):
            known = version_since(reader, dataset_id, text, system=system) is not None
            return at if known else AtRef(text)
        case _:
            return at


def check_version(reader: Reader, dataset_id: int, name: str, version: str, as_of: AsOf) -> None:
    """Raise UnknownNameError for a version nobody knew, BeforeHistoryError for one not yet made."""
    since = version_since(reader, dataset_id, version, system=as_of.system)
    if since is not None and since <= as_of.valid:
        return
    name = spoken(reader, dataset_id, name, system=as_of.system)
    if since is not None:
        raise BeforeHistoryError(f"{name}@{version}", as_of.valid.isoformat(), since.isoformat())
    snapshots = reader.timelines(
        node_id=dataset_id, kind=AttributeKind.SNAPSHOT, system=as_of.system
    )
    known = list(snapshots) or told_versions(reader, dataset_id, as_of)
    newest = [f"{name}@{one}" for one in known[-3:]]
    verb = "log" if snapshots else "show"
    raise UnknownNameError(
        "version", f"{name}@{version}", newest, f"`tl {verb} {name}` lists them all"
    )


def version_since(
    reader: Reader, dataset_id: int, version: str, *, system: Instant
) -> Instant | None:
    """Give since when a version was there; None where it was not known then.

    The beginning of time stands for a version that runs read and nobody is known to have made.
    """
    line = reader.timeline(
        node_id=dataset_id, kind=AttributeKind.SNAPSHOT, name=version, system=system
    )
    if line:
        return line[-1].valid.start
    node_id = reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name=version)
    if node_id is None:
        return None
    line = reader.timeline(node_id=node_id, kind=AttributeKind.WRITER, name="", system=system)
    return line[0].valid.start if line else _known(reader, [node_id], system=system).get(node_id)


def _known(reader: Reader, node_ids: Iterable[int], *, system: Instant) -> dict[int, Instant]:
    """Give since when versions were there; those that nothing had told of are left out.

    A node alone is no knowledge: it may have been made for something that was learned later.
    """
    node_ids = list(node_ids)
    point = AsOf(valid=LAST, system=system)
    writers = reader.attributes_of(node_ids=node_ids, kind=AttributeKind.WRITER, as_of=point)
    known = {one.node_id: one.valid.start for one in writers}
    for row in reader.edges_into(node_ids=node_ids, kinds=[EdgeKind.EDGE], as_of=point):
        known.setdefault(row.dst_id, row.valid.start)
    for row in reader.edges_out_of(node_ids=node_ids, kinds=[EdgeKind.EDGE], as_of=point):
        known.setdefault(row.src_id, BEGINNING)
    # A commit may be older than all snapshots that are left, and have rows in them.
    rest = [node_id for node_id in node_ids if node_id not in known]
    for one in reader.all_states_containing(commit_ids=rest, system=system):
        known.setdefault(one.commit_id, BEGINNING)
    return known


def _has_ref(reader: Reader, dataset_id: int, ref: str, system: Instant) -> bool:
    return bool(
        reader.timeline(node_id=dataset_id, kind=AttributeKind.REF, name=ref, system=system)
    )


def _is_table(reader: Reader, dataset_id: int, system: Instant) -> bool:
    return bool(
        reader.timeline(node_id=dataset_id, kind=AttributeKind.TABLE, name="", system=system)
    )
