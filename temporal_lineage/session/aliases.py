"""Aliases in a session: people say which dataset a name means, and may take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BadAddressError
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.session.asking import Asking, When

if TYPE_CHECKING:
    from temporal_lineage.linking.settling import AliasReport
    from temporal_lineage.questions.aliases import AliasesAnswer


class Aliases(Asking):
    """The part of a session that settles names by hand."""

    def alias_add(
        self,
        name: str,
        target: str,
        *,
        who: str,
        why: str = "",
        since: str | Instant | None = None,
        until: str | Instant | None = None,
    ) -> AliasReport:
        """Let a name in events mean a dataset, and link the runs that used it anew."""
        from temporal_lineage.linking.settling import settle_alias
        from temporal_lineage.store.ledger import Ledger

        start = BEGINNING if since is None else _instant(since)
        end = FOREVER if until is None else _instant(until)
        if end <= start:
            what = f"{start.isoformat()} to {end.isoformat()}"
            raise BadAddressError(what, "a name's lifetime ends after it starts")
        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return settle_alias(ledger, name, target, lifetime=Period(start, end), who=who, why=why)

    def alias_remove(self, name: str, *, who: str, why: str = "") -> AliasReport:
        """Take an alias back; that it was said stays known."""
        from temporal_lineage.linking.settling import unsettle_alias
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return unsettle_alias(ledger, name, who=who, why=why)

    def aliases(self, *, as_of: When = None, as_known: When = None) -> AliasesAnswer:
        """List the aliases that were settled by hand."""
        from temporal_lineage.questions.aliases import aliases

        return self._ask("alias list", "", (as_of, as_known), aliases)


def _instant(when: str | Instant) -> Instant:
    return when if isinstance(when, Instant) else Instant.parse(when)
