"""Sessions: the Python API; every question of the command line, with the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.session.aliases import Aliases
from temporal_lineage.session.bookkeeping import Bookkeeping
from temporal_lineage.session.changes import ChangeQuestions
from temporal_lineage.session.erasure import ErasureQuestions
from temporal_lineage.session.guard import Guarding
from temporal_lineage.session.intake import Intake
from temporal_lineage.session.knowledge import KnowledgeQuestions
from temporal_lineage.session.lineage import LineageQuestions
from temporal_lineage.session.locks import LockQuestions
from temporal_lineage.session.opening import opened
from temporal_lineage.session.portable import Portable
from temporal_lineage.session.promises import Promises
from temporal_lineage.session.quarantine import Quarantine
from temporal_lineage.session.reading import ReadingQuestions
from temporal_lineage.session.runs import RunQuestions
from temporal_lineage.session.sql import SqlQuestions
from temporal_lineage.session.tables import TableQuestions
from temporal_lineage.session.use import UseQuestions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from snapshots.instant import Instant


class Session(
    Intake,
    Quarantine,
    TableQuestions,
    LineageQuestions,
    ChangeQuestions,
    KnowledgeQuestions,
    ReadingQuestions,
    ErasureQuestions,
    LockQuestions,
    SqlQuestions,
    RunQuestions,
    UseQuestions,
    Aliases,
    Promises,
    Guarding,
    Bookkeeping,
    Portable,
):
    """A ledger and a catalog list, open for questions and for work.

    Every question takes `as_of` (valid time) and `as_known` (system time); None means now, and
    now is read once per question. Errors are subclasses of TemporalLineageError.
    """


def open_session(
    ledger: str | Path | None = None, *, clock: Callable[[], Instant] | None = None
) -> Session:
    """Open the workspace that the command line would use here, or the given ledger."""
    return opened(Session, None if ledger is None else str(ledger), clock=clock)
