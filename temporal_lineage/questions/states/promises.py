"""What was promised to stay readable: `tl pins`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.instant import Instant
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.promises.promise import LeftOut, promises

if TYPE_CHECKING:
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class PinnedState:
    """A state that a promise covers; `tag` is the tag made for it, None where none was."""

    address: str
    tag: str | None


@dataclass(frozen=True, slots=True)
class PinLine:
    """A promise in force: what it covers, and the inputs of its target that nothing can keep."""

    promise: str
    target: str
    since: Instant
    until: Instant
    reason: str
    who: str
    states: tuple[PinnedState, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class PinsAnswer:
    """The promises in force at the point asked for, oldest first.

    `keep_versions` are the promised versions of the one table asked for, in order; None where the
    question was about all. It is what `vacuum(keep_versions=...)` of delta-rs takes.
    """

    ROWS: ClassVar[str | None] = "promises"

    question: Question
    promises: tuple[PinLine, ...]
    keep_versions: tuple[str, ...] | None
    doubts: tuple[str, ...]


def pins(reader: Reader, address: DatasetAddress | None, question: Question) -> PinsAnswer:
    """Answer `tl pins`; of one table where an address is given. Raises UnknownNameError."""
    as_of = question.as_of
    naming = Naming(reader, as_of=as_of)
    only = None if address is None else find_addressed(reader, address, as_of=as_of)
    lines, versions = [], set()
    for one in promises(reader, as_of=as_of):
        own = [state for state in one.states if only in (None, state.dataset_id)]
        if only is not None and not own:
            continue
        versions |= {state.version for state in own}
        states = [
            PinnedState(f"{naming.dataset(state.dataset_id)}@{state.version}", state.tag)
            for state in own
        ]
        claim = one.claim
        lines.append(
            PinLine(
                promise=one.name,
                target=claim.target,
                since=one.since,
                until=claim.until,
                reason=claim.reason,
                who=claim.who,
                states=tuple(sorted(states, key=lambda state: state.address)),
                left_out=claim.left_out,
            )
        )
    ordered = tuple(sorted(versions, key=lambda version: (len(version), version)))
    return PinsAnswer(question, tuple(lines), None if only is None else ordered, ())
