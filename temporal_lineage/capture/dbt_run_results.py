"""dbt's run results, v1 to v6, and its source freshness, v1 to v3: what ran when, and how it ended.

Times are texts here, as dbt wrote them; `dbt_times` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from temporal_lineage.capture.dbt_artifacts import Metadata

EXECUTING = frozenset({"run", "build", "test", "seed", "snapshot", "retry", "clone"})
"""Commands that build or test; others write results of what was only compiled."""


class Timing(msgspec.Struct, frozen=True):
    """A phase of a node: `compile` or `execute`."""

    name: str
    started_at: str | None = None
    completed_at: str | None = None


class Result(msgspec.Struct, frozen=True):
    """How one node ended. `failures` counts the rows a test found."""

    unique_id: str
    status: str
    timing: tuple[Timing, ...] = ()
    execution_time: float | None = None
    adapter_response: Any = None
    message: Any = None
    failures: int | None = None
    compiled_code: str | None = None
    relation_name: str | None = None

    @property
    def response(self) -> Mapping[str, Any]:
        """Give what the adapter told of the statement; empty where it told nothing."""
        return self.adapter_response if isinstance(self.adapter_response, dict) else {}


class RunResults(msgspec.Struct, frozen=True):
    """The results of one invocation; `args` are its settings, `which` the command."""

    metadata: Metadata
    results: tuple[Result, ...]
    args: Mapping[str, Any] = {}

    @property
    def command(self) -> str | None:
        """Give the command, such as `build`; None where it is not told."""
        told = self.args.get("which", self.args.get("rpc_method"))
        return told if isinstance(told, str) else None

    @property
    def has_executed(self) -> bool:
        """Tell whether the command builds or tests. `dbt docs generate` and `compile` do not."""
        return self.command in EXECUTING


class Freshness(msgspec.Struct, frozen=True):
    """How fresh one source was found; `error` is told where it could not be asked."""

    unique_id: str
    status: str | None = None
    max_loaded_at: str | None = None
    snapshotted_at: str | None = None
    max_loaded_at_time_ago_in_s: float | None = None
    error: Any = None
    timing: tuple[Timing, ...] = ()


class SourceFreshness(msgspec.Struct, frozen=True):
    """The results of one `dbt source freshness`."""

    metadata: Metadata
    results: tuple[Freshness, ...]
