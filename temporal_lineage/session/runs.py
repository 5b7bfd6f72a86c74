"""Questions about runs: which there were, and all that is known of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BadAddressError, BadTargetError
from temporal_lineage.addresses import JobAddress, RunAddress
from temporal_lineage.session.asking import Asking, When
from temporal_lineage.session.targets import typed

if TYPE_CHECKING:
    from temporal_lineage.questions.coverage.summary import CoverageAnswer
    from temporal_lineage.questions.runs.listed import RunsAnswer
    from temporal_lineage.questions.runs.show import RunAnswer

RUNS_MAX = 50
"""How many runs are listed unless told otherwise."""


class RunQuestions(Asking):
    """Questions about runs, as their events tell and as they were linked."""

    def runs(
        self,
        *,
        job: str | None = None,
        dataset: str | None = None,
        state: str | None = None,
        since: When = None,
        until: When = None,
        limit: int = RUNS_MAX,
        as_of: When = None,
        as_known: When = None,
    ) -> RunsAnswer:
        """List runs, the newest first; those that went on at some time from `since` to `until`."""
        from temporal_lineage.questions.runs.listed import RunFilter, run_list

        period = self._period(since, until)
        if job is not None and job.startswith("job:"):
            address = typed(job)
            job = address.name if isinstance(address, JobAddress) else job
        wanted = RunFilter(job, dataset, state.casefold() if state else None, period)
        return self._ask("runs", "", (as_of, as_known), run_list, wanted=wanted, limit=limit)

    def run_show(self, target: str, *, as_of: When = None, as_known: When = None) -> RunAnswer:
        """Tell all that is known of one run."""
        from temporal_lineage.questions.runs.show import run_show

        address = typed(target if ":" in target else f"run:{target}")
        if not isinstance(address, RunAddress):
            raise BadTargetError(target, "a run is asked for, as run:ID; `tl runs` lists them")
        return self._ask("run show", str(address), (as_of, as_known), run_show, address)

    def coverage(
        self, scope: str | None = None, *, as_of: When = None, as_known: When = None
    ) -> CoverageAnswer:
        """Tell which commits a run explains and which not, of all, a catalog or a table."""
        from temporal_lineage.questions.coverage.summary import coverage

        if scope is not None and not scope.strip():
            raise BadAddressError(scope, "it is empty")

        return self._ask("coverage", scope or "", (as_of, as_known), coverage, scope=scope)
