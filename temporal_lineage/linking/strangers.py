"""Strangers in quarantine: events under a run's id that tell of another run wait there.

They are kept like other events; that they are nobody's is a fact on the run, by their marks, so
that those that turn out to be the run's own later are let out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_attributes, since
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent, RunEvent
from temporal_lineage.evidence.strangers import reason_of
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.intake.quarantine import LINE_UNKNOWN, let_in, mark_of, set_apart
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.store.transaction import Transaction


def keep_strangers(transaction: Transaction, records: Sequence[RunRecord]) -> tuple[str, ...]:
    """Let strangers among the events of these runs wait, and let those out that are none now.

    Returns the reason for each that did not wait before.
    """
    keys = [NodeKey(NodeKind.RUN, 0, record.run_id) for record in records]
    run_ids = dict(zip((one.run_id for one in records), transaction.nodes(keys), strict=True))
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    before: dict[int, set[str]] = {}
    for one in transaction.reader.attributes_of(
        node_ids=list(run_ids.values()), kind=AttributeKind.STRANGER, as_of=point
    ):
        before.setdefault(one.node_id, set()).add(one.name)
    reasons: list[str] = []
    for record in records:
        run_id = run_ids[record.run_id]
        if record.strangers or run_id in before:
            reasons += _settled(transaction, run_id, record, before.get(run_id, set()))
    return tuple(dict.fromkeys(reasons))


def _settled(
    transaction: Transaction, run_id: int, record: RunRecord, before: set[str]
) -> list[str]:
    found = _rejected(transaction, record)
    lines: dict[str, Line] = dict.fromkeys(before, ())
    lines |= {mark: since(Period.since(BEGINNING), "{}") for mark in found}
    settle_attributes(transaction, run_id, AttributeKind.STRANGER, lines)
    set_apart(transaction, list(found.values()))
    let_in(transaction, before - found.keys())
    return [one.reason for mark, one in found.items() if mark not in before]


def _rejected(transaction: Transaction, record: RunRecord) -> Mapping[str, RejectedEvent]:
    """Give the strangers as they came, by their marks in quarantine."""
    found = {}
    strangers = set(record.strangers)
    for kept in transaction.reader.events(run_id=record.run_id) if strangers else ():
        body = kept.body.encode()
        for one in read_events(body, source=kept.source):
            if (
                isinstance(one, CapturedEvent)
                and isinstance(one.event, RunEvent)
                and one.event in strangers
            ):
                reason = reason_of(record.events, one.event)
                rejected = RejectedEvent(kept.source, LINE_UNKNOWN, reason, body, len(body))
                found[mark_of(rejected)] = rejected
    return found
