"""Promises in a session: made, revoked, and listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from snapshots.instant import FOREVER
from temporal_lineage.session.asking import Asking, When, instant_of
from temporal_lineage.session.targets import as_table, is_lock, typed

if TYPE_CHECKING:
    from temporal_lineage.promises.pinning import PinReport, UnpinReport
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.states.promises import PinsAnswer
    from temporal_lineage.store.reader import Reader


class Promises(Asking):
    """The part of a session that promises to keep states."""

    def pin(
        self, target: str, *, until: When, reason: str, who: str, enforce: bool = False
    ) -> PinReport:
        """Promise that all states which a target was made from stay readable until then.

        With `enforce`, tags are made in Iceberg tables; without it no table is touched. `until`
        may be FOREVER; `target` may be the path of a lock.
        """
        from pathlib import Path

        from temporal_lineage.locks.text import read_lock
        from temporal_lineage.promises.pinning import pin
        from temporal_lineage.store.ledger import Ledger

        if not reason.strip():
            raise BadTargetError(target, "a promise needs a reason, for who finds it later")
        wanted = read_lock(Path(target)) if is_lock(target) else typed(target)
        end = FOREVER if until is None else instant_of(until) or self.clock()
        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return pin(
                ledger,
                wanted,
                folder=self.workspace.folder,
                until=end,
                reason=reason,
                who=who,
                enforce=enforce,
            )

    def unpin(
        self, promise: str, *, who: str, reason: str = "", drop_tags: bool = False
    ) -> UnpinReport:
        """Revoke a promise; that it was made stays known."""
        from temporal_lineage.promises.pinning import unpin
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return unpin(
                ledger,
                promise,
                folder=self.workspace.folder,
                reason=reason,
                who=who,
                drop_tags=drop_tags,
            )

    def pins(
        self, table: str | None = None, *, as_of: When = None, as_known: When = None
    ) -> PinsAnswer:
        """List the promises in force, of all tables or of one."""
        from temporal_lineage.questions.states.promises import pins

        when = (as_of, as_known)
        if table is None:

            def every(reader: Reader, question: Question) -> PinsAnswer:
                return pins(reader, None, question)

            return self._ask("pins", "", when, every)
        return self._ask("pins", table, when, pins, as_table(table))

    def keep_versions(self, table: str) -> list[int]:
        """Give the promised versions of a table: `vacuum(keep_versions=...)` of delta-rs."""
        versions = self.pins(table).keep_versions or ()
        return [int(one) for one in versions if one.isdecimal()]
