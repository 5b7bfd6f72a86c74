"""Questions about change: what changed in a period, and what a change reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from snapshots.instant import BEGINNING, Instant
from snapshots.refs import MAIN
from temporal_lineage.addresses import (
    AtInstant,
    AtRef,
    DatasetAddress,
    EdgeAddress,
    ModelAddress,
)
from temporal_lineage.session.asking import Asking, When, instant_of
from temporal_lineage.session.lineage import DEPTH_MAX
from temporal_lineage.session.targets import misfit, refuse_column, refuse_state, typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.addresses import At
    from temporal_lineage.bisection.answer import BisectAnswer
    from temporal_lineage.bisection.searching import Searching
    from temporal_lineage.questions.changes.upstream import ChangesAnswer
    from temporal_lineage.questions.impact.simulated import Change, ImpactAnswer
    from temporal_lineage.questions.schemas.audit import SchemaAuditAnswer


class ChangeQuestions(Asking):
    """Questions about two times, or about a time and what followed."""

    def schema_audit(
        self,
        target: str = "",
        *,
        since: When = None,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
    ) -> SchemaAuditAnswer:
        """List every schema change from `since` to `as_of`, with what it reached.

        `target` is a table, a namespace or a catalog; every table where it is empty. `since` is
        the beginning where it is None.
        """
        from temporal_lineage.questions.schemas.audit import schema_audit

        return self._ask(
            "schema audit",
            target,
            (as_of, as_known),
            schema_audit,
            since=BEGINNING if since is None else instant_of(since) or self.clock(),
            depth_max=depth_max,
        )

    def impact(
        self,
        target: str,
        *,
        change: Change | str,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
    ) -> ImpactAnswer:
        """Tell what a change would break, make stale or change; nothing is changed.

        Raises BadTargetError where the target does not fit the change.
        """
        from temporal_lineage.questions.impact.simulated import Change, impact

        try:
            chosen = Change(change)
        except ValueError:
            raise BadTargetError(change, f"a change is one of {', '.join(Change)}") from None
        address = typed(target)
        return self._ask(
            "impact",
            target,
            (as_of, as_known),
            impact,
            address,
            change=chosen,
            depth_max=depth_max,
        )

    def changes(
        self,
        target: str,
        *,
        good: When,
        as_of: When = None,
        as_known: When = None,
        depth_max: int = DEPTH_MAX,
    ) -> ChangesAnswer:
        """Tell what is otherwise upstream at `as_of`, the bad time, than at `good`.

        A state, a version of a model and a run tell the bad time themselves: when they were made,
        or `as_of` where that is before. The likeliest cause comes first. Raises EmptyPeriodError
        where `good` is not before.
        """
        from temporal_lineage.questions.changes.upstream import changes

        address = typed(target)
        if isinstance(address, EdgeAddress):
            wanted = "a table, state, column, model, job or run is asked for"
            raise misfit(address, target, wanted)
        return self._ask(
            "changes",
            target,
            (as_of, as_known),
            changes,
            address,
            good=instant_of(good) or self.clock(),
            depth_max=depth_max,
        )

    def bisect(
        self,
        target: str,
        *,
        good: When,
        check: str,
        bad: When = None,
        upstream_checks: Mapping[str, str] | None = None,
        as_of: When = None,
        as_known: When = None,
        searching: Searching | None = None,
    ) -> BisectAnswer:
        """Find the first bad state from a good one to a bad one, then what upstream made it bad.

        `good` and `bad` are times, snapshot ids, Delta versions, tags or versions of a model;
        `bad` is the newest state where it is None. `check` is SQL over the table `state`, or
        `command:PROGRAM`; `upstream_checks` are those of tables upstream, by name. It goes as usual
        where `searching` is None. Raises BadCheckError, CheckFailedError, EmptyPeriodError,
        UnknownNameError, BeforeHistoryError.
        """
        from temporal_lineage.bisection.bisect import Bisected, bisect
        from temporal_lineage.bisection.searching import USUAL

        address = typed(target)
        if isinstance(address, ModelAddress):
            refuse_state(address, target)
            address = DatasetAddress(f"model:{address.name}", None, None)
        if not isinstance(address, DatasetAddress):
            raise misfit(address, target, "a table or model is asked for")
        refuse_column(address, target)
        if address.at is not None and not isinstance(address.at, AtRef):
            raise BadTargetError(target, f"leave {address.at} out; --good and --bad name states")
        asked = Bisected(
            good=self._end(address.name, good),
            bad=None if bad is None else self._end(address.name, bad),
            check=check,
            upstream=upstream_checks or {},
        )
        return self._ask(
            "bisect",
            target,
            (as_of, as_known),
            bisect,
            address,
            asked=asked,
            folder=self.workspace.folder,
            searching=searching or USUAL,
        )

    def _end(self, name: str, when: When) -> At:
        """Read one end of a search: a time, or whatever may follow the @ of an address."""
        if when is None or when == "now" or isinstance(when, Instant):
            return AtInstant(MAIN, instant_of(when) or self.clock())
        # What may follow the @ of a model is less: the times of its versions are no part of it.
        place = f"dataset:{name.removeprefix('model:')}" if name.startswith("model:") else name
        address = typed(f"{place}@{when}")
        if not isinstance(address, DatasetAddress) or address.at is None or address.column:
            raise BadTargetError(when, "a time, a version or a tag is asked for")
        return address.at
