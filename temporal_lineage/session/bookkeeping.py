"""What a session does for its ledger as a thing to look after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking

if TYPE_CHECKING:
    from temporal_lineage.bookkeeping.audit import LedgerAudit
    from temporal_lineage.bookkeeping.copying import LedgerCopied
    from temporal_lineage.bookkeeping.described import LedgerDescription
    from temporal_lineage.bookkeeping.upgrading import LedgerUpgrade


class Bookkeeping(Asking):
    """Describe, check, upgrade and copy the ledger."""

    def ledger_info(self) -> LedgerDescription:
        """Say where the ledger lies, what it holds, how much of it, and who may write."""
        from temporal_lineage.bookkeeping.described import describe

        return describe(self.workspace.ledger)

    def ledger_check(self, *, limit: int = 1000) -> LedgerAudit:
        """Compare the ledger with every rule that it keeps; each breach is named."""
        from temporal_lineage.bookkeeping.audit import audit

        return audit(self.workspace.ledger, limit=limit)

    def ledger_repair(self, *, limit: int = 1000) -> LedgerAudit:
        """Make the caches that are wrong anew from the log, and check again."""
        from temporal_lineage.bookkeeping.audit import audit
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            repaired = ledger.rebuild()
        return audit(self.workspace.ledger, limit=limit, repaired=repaired)

    def ledger_upgrade(self) -> LedgerUpgrade:
        """Bring the ledger to this program's schema version; made where there is none."""
        from temporal_lineage.bookkeeping.upgrading import upgrade_ledger

        return upgrade_ledger(self.workspace.ledger)

    def ledger_upgrade_plan(self) -> LedgerUpgrade:
        """Say what an upgrade would do, and write nothing."""
        from temporal_lineage.bookkeeping.upgrading import planned_upgrade

        return planned_upgrade(self.workspace.ledger)

    def ledger_backup(self, file: str) -> LedgerCopied:
        """Copy the ledger as it is now into a file that is not there."""
        from temporal_lineage.bookkeeping.copying import back_up

        return back_up(self.workspace.ledger, file)

    def ledger_restore(self, file: str) -> LedgerCopied:
        """Make this ledger, which is not there, of a backup."""
        from temporal_lineage.bookkeeping.copying import restore

        return restore(file, self.workspace.ledger)

    def ledger_copy(self, target: str) -> LedgerCopied:
        """Copy the ledger as it is now to a file or database that holds none."""
        from temporal_lineage.bookkeeping.copying import copy_ledger

        return copy_ledger(self.workspace.ledger, target)
