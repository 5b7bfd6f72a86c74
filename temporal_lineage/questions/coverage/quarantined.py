"""What lies in quarantine: `tl quarantine list` and `tl quarantine show`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from temporal_lineage.intake.quarantine import Entry, Fate, entries, find_entry, raw_of
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class QuarantineLine:
    """One entry: where it came from, when, and why it was refused.

    `fate` is waits, taken-in or dropped, and `remark` what was said when it was decided. `size`
    counts the bytes that came, `kept` those that are there to look at. `line` is 0 for what was
    kept as an event and refused only when it was linked.
    """

    id: str
    fate: str
    arrived_at: Instant
    source: str
    line: int
    reason: str
    size: int
    kept: int
    remark: str


@dataclass(frozen=True, slots=True)
class QuarantineAnswer:
    """The entries there were at the instant asked for, in the order they came."""

    ROWS: ClassVar[str | None] = "lines"
    question: Question
    lines: tuple[QuarantineLine, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuarantinedAnswer:
    """One entry and what came, as text; bytes that are no UTF-8 stand as escapes."""

    ROWS: ClassVar[str | None] = None
    question: Question
    entry: QuarantineLine
    text: str
    doubts: tuple[str, ...]


def quarantined(reader: Reader, question: Question, *, all_fates: bool) -> QuarantineAnswer:
    """List what waits, or all there ever was."""
    found = entries(reader, as_of=question.as_of)
    lines = tuple(_line(reader, one) for one in found if all_fates or one.claim.fate is Fate.WAITS)
    return QuarantineAnswer(question, lines, ())


def quarantined_one(reader: Reader, question: Question, *, name: str) -> QuarantinedAnswer:
    """Show one entry with its bytes; raises UnknownNameError."""
    entry = find_entry(reader, name, as_of=question.as_of)
    raw = raw_of(reader, entry)
    doubts: tuple[str, ...] = ()
    if not entry.is_whole:
        doubts = (f"only the first {entry.claim.kept} of {entry.claim.size} bytes were kept",)
    text = raw.decode("utf-8", "backslashreplace")
    return QuarantinedAnswer(question, _line(reader, entry), text, doubts)


def _line(reader: Reader, entry: Entry) -> QuarantineLine:
    first, *_ = reader.attribute_history(
        node_id=entry.node_id, kind=AttributeKind.QUARANTINED, name=""
    )
    claim = entry.claim
    return QuarantineLine(
        id=entry.id,
        fate=claim.fate.value,
        arrived_at=first.recorded_at,
        source=claim.source,
        line=claim.line,
        reason=claim.reason,
        size=claim.size,
        kept=claim.kept,
        remark=claim.remark,
    )
