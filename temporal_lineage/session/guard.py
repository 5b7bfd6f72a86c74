"""Guarding in a session: what maintenance would break, and what drifts toward it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking, When, instant_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.maintenance import Act
    from temporal_lineage.guard.answer import GuardAnswer
    from temporal_lineage.guard.watch import WatchReport

WITHIN_DAYS = 7
"""How far ahead a watch looks unless told otherwise."""

_DAY_MICROS = 86_400_000_000


class Guarding(Asking):
    """The part of a session that simulates maintenance."""

    def guard(
        self, targets: Sequence[str] = (), *, act: Act | None = None, at: When = None
    ) -> GuardAnswer:
        """Tell what an act would break in tables, namespaces or catalogs; of all where none.

        `act` is one of `snapshots.maintenance`; None for what whoever keeps a table runs without
        options. `at` is when it would run. Nothing is committed or deleted.
        """
        from temporal_lineage.guard.guard import guard

        now = self.clock()
        return self._ask(
            "guard",
            " ".join(targets),
            (None, None),
            guard,
            targets=targets,
            act=act,
            at=instant_of(at) or now,
            now=now,
            folder=self.workspace.folder,
        )

    def guard_watch(
        self, targets: Sequence[str] = (), *, within_days: float = WITHIN_DAYS
    ) -> WatchReport:
        """Look at all states that promises and models need, and tell what drifts since last time.

        What was seen is kept in the ledger for the next pass.
        """
        from temporal_lineage.guard.watch import watch
        from temporal_lineage.store.ledger import Ledger

        within = round(within_days * _DAY_MICROS)
        with Ledger.open(self.workspace.ledger, clock=self.clock) as ledger:
            return watch(ledger, self.workspace.folder, targets, within_micros=within)
