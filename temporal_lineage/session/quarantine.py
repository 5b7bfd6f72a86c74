"""What a session knows of the quarantine: what waits there, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking, When

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.intake.quarantine_retry import QuarantineReport
    from temporal_lineage.questions.coverage.quarantined import QuarantineAnswer, QuarantinedAnswer


class Quarantine(Asking):
    """Questions about what was refused, and decisions on it."""

    def quarantine(
        self, *, all_fates: bool = False, as_of: When = None, as_known: When = None
    ) -> QuarantineAnswer:
        """List what waits in quarantine, or all that ever was there."""
        from temporal_lineage.questions.coverage.quarantined import quarantined

        return self._ask("quarantine list", "", (as_of, as_known), quarantined, all_fates=all_fates)

    def quarantined(
        self, name: str, *, as_of: When = None, as_known: When = None
    ) -> QuarantinedAnswer:
        """Show one entry and what came, by its id or the beginning of it."""
        from temporal_lineage.questions.coverage.quarantined import quarantined_one

        when = (as_of, as_known)
        return self._ask("quarantine show", name, when, quarantined_one, name=name)

    def quarantined_raw(self, name: str) -> bytes:
        """Give the bytes kept of an entry as they came."""
        from temporal_lineage.facts import LAST, AsOf
        from temporal_lineage.intake.quarantine import find_entry, raw_of
        from temporal_lineage.store.reader import open_reader

        with open_reader(self.workspace.ledger) as reader:
            return raw_of(reader, find_entry(reader, name, as_of=AsOf(valid=LAST, system=LAST)))

    def quarantine_retry(self, names: Sequence[str] = ()) -> QuarantineReport:
        """Read the named entries again, or all that wait; take in what is an event now."""
        from temporal_lineage.intake.quarantine_retry import retry
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return retry(ledger, names)

    def quarantine_drop(self, names: Sequence[str], *, remark: str = "") -> QuarantineReport:
        """Say that these entries are not wanted any more; they can be looked at all the same."""
        from temporal_lineage.intake.quarantine_retry import drop
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return drop(ledger, names, remark=remark)
