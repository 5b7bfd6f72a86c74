"""Event keys: under what each kept event is found again, together with those it is read with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_events import Event, JobEvent, RunEvent
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind, name_key
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporal_lineage.store.reader import Reader

DESIGN = "job:"
"""How the key of a job's own events begins; a run's events have its id for a key."""

DESCRIPTION = "dataset:"
"""How the key of the events begins that describe a dataset outside of any run."""

REPORT = "snapshot:"
"""How the key of Iceberg's metrics reports on a snapshot begins."""

_NODES = {DESIGN: NodeKind.JOB, DESCRIPTION: NodeKind.NAME}


def kept_under(event: Event) -> str:
    """Give the key of the events that are read together with this one."""
    match event:
        case RunEvent():
            return event.run_id
        case JobEvent():
            return f"{DESIGN}{event.job}"
        case _:
            return f"{DESCRIPTION}{name_key(event.dataset.dataset)}"


def is_of_a_run(key: str) -> bool:
    """Tell whether events are kept under a run's id."""
    return not key.startswith((DESIGN, DESCRIPTION, REPORT))


def node_key(key: str) -> NodeKey:
    """Give the node of what the events of a key are about: a run, a job, or a dataset's name."""
    for beginning, kind in _NODES.items():
        if key.startswith(beginning):
            return NodeKey(kind, 0, key.removeprefix(beginning))
    return NodeKey(NodeKind.RUN, 0, key)


def set_aside_among(reader: Reader, keys: Iterable[str]) -> set[str]:
    """Give the keys whose events are set aside, since linking them failed."""
    wanted = {node_key(one): one for one in keys}
    found: dict[int, str] = {}
    for kind in {one.kind for one in wanted}:
        names = [one.name for one in wanted if one.kind == kind]
        for node in reader.nodes_named(kind=kind, parent_id=0, names=names):
            found[node.node_id] = wanted[NodeKey(kind, 0, node.name)]
    point = AsOf(valid=LAST, system=LAST)
    aside = reader.attributes_of(node_ids=list(found), kind=AttributeKind.SET_ASIDE, as_of=point)
    return {found[one.node_id] for one in aside}
