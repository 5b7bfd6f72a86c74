"""Questions about use and cost: how fresh, how much, who reads it, who answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from snapshots.instant import BEGINNING
from temporal_lineage.addresses import DatasetAddress, ModelAddress
from temporal_lineage.session.asking import Asking, When, instant_of
from temporal_lineage.session.lineage import DEPTH_MAX
from temporal_lineage.session.targets import as_table, refuse_column, refuse_state, typed

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.questions.use.critical_path import CriticalPathAnswer
    from temporal_lineage.questions.use.freshness import FreshnessAnswer
    from temporal_lineage.questions.use.ownership import OwnersAnswer
    from temporal_lineage.questions.use.redundant import RedundantAnswer
    from temporal_lineage.questions.use.unused import UnusedAnswer
    from temporal_lineage.questions.use.volume import VolumeAnswer


class UseQuestions(Asking):
    """Questions that facts held already answer: no table is looked at.

    A scope is a dataset, a namespace or a catalog; all that is known where it is empty.
    """

    def critical_path(
        self,
        target: str,
        *,
        since: When = None,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
        by_flow: bool = False,
    ) -> CriticalPathAnswer:
        """Tell which chain of runs took longest to make a state of a table or model.

        Inputs whose runs ended before `since` were ready, and are not followed. With `by_flow` it
        is the chain of jobs whose runs usually take longest, as those from `since` on show.
        """
        from temporal_lineage.questions.use.critical_flow import critical_flow
        from temporal_lineage.questions.use.critical_path import critical_path

        address = typed(target)
        if not isinstance(address, DatasetAddress | ModelAddress):
            raise BadTargetError(target, "a state of a table or model is asked for")
        refuse_column(address, target)
        if by_flow:
            refuse_state(address, target)
        return self._ask(
            "critical-path",
            target,
            (as_of, as_known),
            critical_flow if by_flow else critical_path,
            address,
            since=self._start(since),
            depth_max=depth_max,
        )

    def freshness(
        self, scope: str = "", *, as_of: When = None, as_known: When = None
    ) -> FreshnessAnswer:
        """Tell when datasets last changed, how often they do, and which are overdue."""
        from temporal_lineage.questions.use.freshness import fresh

        return self._ask("freshness", scope, (as_of, as_known), fresh, scope=scope)

    def owners(
        self,
        scope: str = "",
        *,
        owner: str | None = None,
        only_unowned: bool = False,
        as_of: When = None,
        as_known: When = None,
    ) -> OwnersAnswer:
        """Tell who answers for datasets and for the jobs that write them.

        `owner` shows those of one owner, with `*` and `?` as in file names.
        """
        from temporal_lineage.questions.use.ownership import ownership

        return self._ask(
            "owners",
            scope,
            (as_of, as_known),
            ownership,
            scope=scope,
            owner=owner,
            only_unowned=only_unowned,
        )

    def redundant(
        self,
        scope: str = "",
        *,
        since: When = None,
        as_of: When = None,
        as_known: When = None,
    ) -> RedundantAnswer:
        """Tell which flows into a scope may not be needed, and what they cost from `since` on."""
        from temporal_lineage.questions.use.redundant import redundant

        start = self._start(since)
        return self._ask("redundant", scope, (as_of, as_known), redundant, scope=scope, since=start)

    def unused(
        self,
        scope: str = "",
        *,
        since: When = None,
        as_of: When = None,
        as_known: When = None,
    ) -> UnusedAnswer:
        """Tell which tables no run read from `since` to `as_of`, and which columns nothing uses.

        No read known is not no read: the doubts say what is known of readers at all.
        """
        from temporal_lineage.questions.use.unused import unused

        start = self._start(since)
        return self._ask("unused", scope, (as_of, as_known), unused, scope=scope, since=start)

    def volume(
        self,
        target: str,
        *,
        since: When = None,
        as_of: When = None,
        as_known: When = None,
    ) -> VolumeAnswer:
        """Tell what each commit of a table moved, what its state holds, and what is odd in it."""
        from temporal_lineage.questions.use.volume import volume

        address = as_table(target)
        start = self._start(since)
        return self._ask("volume", target, (as_of, as_known), volume, address, since=start)

    def _start(self, since: When) -> Instant:
        return BEGINNING if since is None else instant_of(since) or self.clock()
