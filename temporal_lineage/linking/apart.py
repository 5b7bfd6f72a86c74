"""Apart: where linking meets an error of its own, the events that bring it about are set aside.

Those of a run, of a job or about a dataset are kept and named in quarantine; all others are linked
as if those had not been heard of, until they are tried again.
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
from temporal_lineage.keys import AttributeKind, split_name_key
from temporal_lineage.linking.event_keys import DESCRIPTION, DESIGN, REPORT, node_key
from temporal_lineage.linking.link import link
from temporal_lineage.linking.report_records import runs_reported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.transaction import Transaction

log = logging.getLogger(__name__)


def link_apart(ledger: Ledger, keys: Sequence[str]) -> None:
    """Link what is kept under each key apart, and set aside what cannot be linked.

    A run fails too where one near it is the cause: so those that failed are tried once more when
    all of them are set aside. Of a report, it is the runs that it may speak of.
    """
    failed = {key: error for key in _spoken_of(ledger, keys) if (error := _failure(ledger, key))}
    for key, error in failed.items():
        with ledger.transaction(source="link", note=key) as transaction:
            _note(transaction, key, since(Period.since(BEGINNING), encode(_reason(key, error))))
    for key in failed:
        error = _failure(ledger, key, is_set_aside=True)
        if error is not None:
            log.error("%s", _reason(key, error), exc_info=error)
            with ledger.transaction(source="link", note=key) as transaction:
                _quarantine(transaction, key, _reason(key, error))


def release(transaction: Transaction, key: str) -> bool:
    """Let what was set aside under a key be linked again; tells whether it was."""
    return bool(_note(transaction, key, ()))


def _spoken_of(ledger: Ledger, keys: Sequence[str]) -> list[str]:
    reports = [one for one in keys if one.startswith(REPORT)]
    with ledger.transaction(source="link", note="") as transaction:
        runs = runs_reported(transaction, reports)
    return list(dict.fromkeys((*(one for one in keys if one not in reports), *sorted(runs))))


def _failure(ledger: Ledger, key: str, *, is_set_aside: bool = False) -> Exception | None:
    try:
        with ledger.transaction(source="link", note="") as transaction:
            if is_set_aside:
                release(transaction, key)
            link(transaction, run_ids=[key], changes={})
    except TemporalLineageError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug of ours must not keep other runs waiting
        return error
    return None


def _note(transaction: Transaction, key: str, line: Line) -> int:
    (node_id,) = transaction.nodes([node_key(key)])
    return settle_attributes(transaction, node_id, AttributeKind.SET_ASIDE, {"": line})


def _quarantine(transaction: Transaction, key: str, reason: str) -> None:
    events = [
        RejectedEvent(one.source, LINE_UNKNOWN, reason, one.body.encode(), len(one.body.encode()))
        for one in transaction.reader.events(run_id=key)
    ]
    hold(transaction, events)


def _reason(key: str, error: Exception) -> str:
    what = f"{type(error).__name__}: {error}"
    return f"{_named(key)} is kept but could not be linked, which is a bug here: {what}"


def _named(key: str) -> str:
    if key.startswith(DESIGN):
        return f"the design of job {key.removeprefix(DESIGN)}"
    if key.startswith(DESCRIPTION):
        return f"what describes {'/'.join(split_name_key(key.removeprefix(DESCRIPTION)))}"
    return f"run {key}"
