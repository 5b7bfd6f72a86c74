"""Parents: the run inside which another one runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "OPENLINEAGE_PARENT_ID"
"""How schedulers tell the run that starts a program: `namespace/job/run id`."""

_TOLD = re.compile(r"(?P<namespace>.+)/(?P<job>[^/]+)/(?P<run>[0-9a-fA-F-]{36})")


@dataclass(frozen=True, slots=True)
class Parent:
    """A run that spawned another; `root` is the first of them all, None where it is this one."""

    namespace: str
    job: str
    run_id: str
    root: Parent | None


def parent_in(environ: Mapping[str, str]) -> Parent | None:
    """Read the parent that a scheduler told; None where none did, or not as one is written.

    >>> parent_in({VARIABLE: "airflow/dag.task/01a18b65-b160-7950-98de-46e7f60dc350"}).job
    'dag.task'
    """
    told = _TOLD.fullmatch(environ.get(VARIABLE, "").strip())
    if told is None:
        return None
    return Parent(told["namespace"], told["job"], told["run"].lower(), None)
