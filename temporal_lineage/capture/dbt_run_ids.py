"""Ids of dbt's runs: one id for what one invocation did with one node, whoever tells of it.

dbt numbers invocations only. The openlineage-dbt wrapper draws a random id for each run, and tells
the invocation and the node in facets; we make the id of these two. So both tell of one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from temporal_lineage.capture.openlineage_events import ParentRun

NAMESPACE = UUID("6f0b4c1e-2f0d-5d0c-9d43-0f2c6c1e9b7a")
"""Of all ids made here."""

_NODES = ("model.", "seed.", "snapshot.", "test.", "source.", "unit_test.", "operation.")
_TESTS = ("test.", "unit_test.")


def invocation_run_id(invocation_id: str) -> str:
    """Give the run of a dbt command as a whole."""
    return str(uuid5(NAMESPACE, invocation_id))


def node_run_id(invocation_id: str, unique_id: str) -> str:
    """Give the run that built a node, or ran one test."""
    return str(uuid5(NAMESPACE, f"{invocation_id}/{unique_id}"))


def checks_run_id(invocation_id: str, unique_id: str) -> str:
    """Give the run that tested a node: all generic tests of it together, as the wrapper has it."""
    return str(uuid5(NAMESPACE, f"{invocation_id}/{unique_id}/tests"))


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """A run's id and its parent; the parent is None where the event has none.

    `invocation` is that of which the id was made; None where the producer's own id stands.
    """

    run_id: str
    invocation: str | None
    parent: ParentRun | None


def identified(
    told: RunIdentity, run_facets: Mapping[str, Any], job_facets: Mapping[str, Any]
) -> RunIdentity:
    """Give the run that an event of the wrapper is about; what others tell stays as it is.

    Only events that name their invocation (`dbt_run`) can be recognised. The wrapper's runs of
    single statements inside a node keep their own id, and hang below the node's run.
    """
    invocation_id = _text(run_facets, "dbt_run", "invocation_id")
    if invocation_id is None:
        return told
    kind = _text(job_facets, "jobType", "jobType")
    if kind == "JOB":
        # Its parent is whoever started dbt.
        return RunIdentity(invocation_run_id(invocation_id), invocation_id, told.parent)
    unique_id = _text(job_facets, "dbt_node", "unique_id")
    parent = _parent(told.parent, invocation_id)
    if kind == "SQL":
        return replace(told, parent=parent)
    if unique_id is None:
        return told
    if kind == "TEST" and not unique_id.startswith(_TESTS):
        run_id = checks_run_id(invocation_id, unique_id)
    else:
        run_id = node_run_id(invocation_id, unique_id)
    return RunIdentity(run_id, invocation_id, parent)


def _parent(parent: ParentRun | None, invocation_id: str) -> ParentRun | None:
    if parent is None:
        return None
    whole = invocation_run_id(invocation_id)
    of_node = parent.job.name.startswith(_NODES)
    root = whole if parent.root_run_id == parent.run_id and not of_node else parent.root_run_id
    run_id = node_run_id(invocation_id, parent.job.name) if of_node else whole
    return replace(parent, run_id=run_id, root_run_id=root)


def _text(facets: Mapping[str, Any], facet: str, key: str) -> str | None:
    body = facets.get(facet)
    found = body.get(key) if isinstance(body, dict) else None
    return found if isinstance(found, str) and found else None
