"""Claims about a ref: which of the four states of the snapshot log it was in."""

from __future__ import annotations

from snapshots.records import dataclass
from snapshots.snapshot_log import Absent, Ambiguous, Current, LogEntry, Rule, State, Unknown


@dataclass(frozen=True, slots=True)
class StateClaim:
    """What was current on a ref; exactly one of the four states of the snapshot log."""

    state: str
    snapshot_ids: tuple[int, ...]
    reason: str | None
    schema_id: int | None
    rule: Rule
    witness: str


def state_claim(entry: LogEntry) -> StateClaim:
    """Turn an entry of a snapshot log into its claim; the period is the fact's."""
    ids: tuple[int, ...] = ()
    reason: str | None = None
    match entry.state:
        case Current(snapshot_id):
            ids = () if snapshot_id is None else (snapshot_id,)
        case Ambiguous(candidates):
            ids = candidates
        case Unknown(why):
            reason = why
        case Absent():
            pass
    kind = type(entry.state).__name__.lower()
    return StateClaim(kind, ids, reason, entry.schema_id, entry.rule, entry.witness)


def state_of(claim: StateClaim) -> State:
    """Turn a claim back into the state of a ref."""
    match claim.state:
        case "current":
            return Current(claim.snapshot_ids[0] if claim.snapshot_ids else None)
        case "ambiguous":
            return Ambiguous(claim.snapshot_ids)
        case "unknown":
            return Unknown(claim.reason or "nobody remembers")
        case _:
            return Absent()
