"""Bearing: the runs whose links a change of a table's history may change; all others stay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING, FOREVER
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence.grades import Method
from temporal_lineage.evidence.reach import Asked, pin_sign, signs_of
from temporal_lineage.evidence.windows import SKEW_MS_MAX
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind
from temporal_lineage.link_claims import LinkClaim
from temporal_lineage.linking.reaches import WritersOf, unmarked
from temporal_lineage.linking.runs import runs_naming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from temporal_lineage.evidence.changed import Changed
    from temporal_lineage.store.transaction import Transaction

_NUMBERS = re.compile(r"[\d.e+-]+")


def runs_bearing(transaction: Transaction, changes: Mapping[int, Changed]) -> set[str]:
    """Give the runs that name one of these tables and may be linked otherwise since it changed.

    Those are at least all that went on since then or later, that name a new snapshot, or that asked
    for a state by a pin. Decision 0019 derives it.
    """
    found: set[str] = set()
    whole: list[int] = []
    for dataset_id, change in changes.items():
        is_new = bool(unmarked(transaction, [dataset_id]))
        if is_new or change.since == BEGINNING:
            whole.append(dataset_id)
            continue
        found |= _writers(transaction, dataset_id, change)
        found |= _readers(transaction, dataset_id, change)
    return found | runs_naming(transaction, whole)


def _writers(transaction: Transaction, dataset_id: int, change: Changed) -> set[str]:
    signs = frozenset(
        sign for one in change.snapshots for sign in (*signs_of(one), pin_sign(one.snapshot_id))
    )
    asked = Asked(((change.since, FOREVER),), (), signs)
    return {one.run_id for one in WritersOf(transaction, dataset_id).meeting(asked)}


def _readers(transaction: Transaction, dataset_id: int, change: Changed) -> set[str]:
    reader = transaction.reader
    now = AsOf(valid=LAST, system=transaction.recorded_at)
    rows = reader.edges_into(node_ids=[dataset_id], kinds=(EdgeKind.READS,), as_of=now)
    run_ids = [row.src_id for row in rows]
    since = change.since.plus(micros=-SKEW_MS_MAX * 1000)
    found = {
        one.node_id
        for one in reader.attributes_of(node_ids=run_ids, kind=AttributeKind.RUN, as_of=now)
        if (decode(RunClaim, one.claim).ended or FOREVER) >= since
    }
    identity = reader.named(node_ids=[dataset_id])[dataset_id].name
    names = {text for one in change.snapshots for text in _written(one.snapshot_id)}
    early = [one for one in run_ids if one not in found]
    for one in reader.attributes_of(node_ids=early, kind=AttributeKind.READS, as_of=now):
        claim = decode(LinkClaim, one.claim)
        if claim.identity == identity and (_is_pinned(claim) or _names(claim, names)):
            found.add(one.node_id)
    return {node.name for node in reader.named(node_ids=sorted(found)).values()}


def _written(snapshot_id: int) -> Sequence[str]:
    """Give how events write a snapshot's id: some integrations as a double."""
    return str(snapshot_id), repr(float(snapshot_id))


def _is_pinned(claim: LinkClaim) -> bool:
    # What a pin by time, branch or tag means depends on more than the run's own time.
    return claim.evidence.method is Method.INPUT_PIN or any(
        one.what.startswith("pin ") for one in claim.evidence.rejected
    )


def _names(claim: LinkClaim, names: set[str]) -> bool:
    """Tell whether anything that a run was heard to say is the id of a new snapshot."""
    told = [claim.evidence.witness, *(one.what for one in claim.evidence.rejected)]
    return any(number.strip(".") in names for text in told for number in _NUMBERS.findall(text))
