"""Aliases in a session: people say which dataset a name means, and may take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking, When

if TYPE_CHECKING:
    from temporal_lineage.linking.settling import AliasReport
    from temporal_lineage.questions.knowledge.aliases import AliasesAnswer


class Aliases(Asking):
    """The part of a session that settles names by hand."""

    def alias_add(
        self,
        name: str,
        target: str,
        *,
        who: str,
        why: str = "",
        since: When = None,
        until: When = None,
    ) -> AliasReport:
        """Let a name in events mean a dataset, and link the runs that used it anew."""
        from temporal_lineage.linking.settling import settle_alias
        from temporal_lineage.store.ledger import Ledger

        lifetime = self._period(since, until)
        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return settle_alias(ledger, name, target, lifetime=lifetime, who=who, why=why)

    def alias_remove(self, name: str, *, who: str, why: str = "") -> AliasReport:
        """Take an alias back; that it was said stays known."""
        from temporal_lineage.linking.settling import unsettle_alias
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return unsettle_alias(ledger, name, who=who, why=why)

    def aliases(self, *, as_of: When = None, as_known: When = None) -> AliasesAnswer:
        """List the aliases that were settled by hand."""
        from temporal_lineage.questions.knowledge.aliases import aliases

        return self._ask("alias list", "", (as_of, as_known), aliases)
