"""Remembering: the tables that a run touched are harvested when it is over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from temporal_lineage.sdk.targets import LedgerTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.harvesting.targets import Target as TableTarget
    from temporal_lineage.sdk.targets import Target

JOBS = 4
_log = logging.getLogger("temporal_lineage.sdk")


def remember_tables(targets: Sequence[Target], tables: Sequence[TableTarget]) -> None:
    """Harvest these tables into every ledger among the targets; what fails is said, not raised."""
    from temporal_lineage.harvesting.harvest import harvest_found
    from temporal_lineage.store.ledger import Ledger

    for one in targets:
        if not isinstance(one, LedgerTarget) or not tables:
            continue
        session = one.session
        try:
            with Ledger.open(session.workspace.ledger, clock=session.clock) as ledger:
                report = harvest_found(ledger, lambda: tables, jobs=JOBS, progress=None)
        except Exception as error:  # noqa: BLE001 - the user's job is done; this must not fail it
            _log.warning("the run's tables could not be harvested into %s: %s", one.name, error)
            continue
        for table in report.tables:
            if table.error is not None:
                _log.warning("%s could not be harvested: %s", table.address, table.error)
