"""Apart: where linking meets an error of its own, the runs that bring it about are set aside.

Their events are kept and named in quarantine; all other runs are linked as if those had not been
heard of, until they are tried again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_attributes, since
from temporal_lineage.capture.openlineage_events import RejectedEvent
from temporal_lineage.claims import encode
from temporal_lineage.intake.quarantine import LINE_UNKNOWN, hold
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.linking.event_keys import is_of_a_run
from temporal_lineage.linking.link import link
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.transaction import Transaction

log = logging.getLogger(__name__)


def link_apart(ledger: Ledger, keys: Iterable[str]) -> None:
    """Link runs one by one, and set those aside that cannot be.

    A run fails too where one near it is the cause: so those that failed are tried once more when
    all of them are set aside. Raises what linking raised where a key is not a run's.
    """
    failed = {key: error for key in keys if (error := _failure(ledger, key)) is not None}
    for key, error in failed.items():
        if not is_of_a_run(key):
            raise error
        with ledger.transaction(source="link", note=key) as transaction:
            _note(transaction, key, since(Period.since(BEGINNING), encode(_reason(key, error))))
    for key in failed:
        error = _failure(ledger, key, is_set_aside=True)
        if error is not None:
            log.error("%s", _reason(key, error), exc_info=error)
            with ledger.transaction(source="link", note=key) as transaction:
                _quarantine(transaction, key, _reason(key, error))


def release(transaction: Transaction, run: str) -> bool:
    """Let a run that was set aside be linked again; tells whether it was."""
    return bool(_note(transaction, run, ()))


def _failure(ledger: Ledger, key: str, *, is_set_aside: bool = False) -> Exception | None:
    try:
        with ledger.transaction(source="link", note="") as transaction:
            if is_set_aside:
                release(transaction, key)
            link(transaction, run_ids=[key], dataset_ids=())
    except TemporalLineageError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug of ours must not keep other runs waiting
        return error
    return None


def _note(transaction: Transaction, run: str, line: Line) -> int:
    (run_id,) = transaction.nodes([NodeKey(NodeKind.RUN, 0, run)])
    return settle_attributes(transaction, run_id, AttributeKind.SET_ASIDE, {"": line})


def _quarantine(transaction: Transaction, run: str, reason: str) -> None:
    events = [
        RejectedEvent(one.source, LINE_UNKNOWN, reason, one.body.encode(), len(one.body.encode()))
        for one in transaction.reader.events(run_id=run)
    ]
    hold(transaction, events)


def _reason(run: str, error: Exception) -> str:
    what = f"{type(error).__name__}: {error}"
    return f"run {run} is kept but could not be linked, which is a bug here: {what}"
