"""Reported ids: which snapshots of a table an engine's report means, rounded as it may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from temporal_lineage.capture.openlineage_numbers import Rounded, SnapshotNumber
from temporal_lineage.evidence.grades import Grade
from temporal_lineage.evidence.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Reported:
    """The snapshots that reports mean, how surely, and what was reported, for people.

    Of an id that lost its last digits, every snapshot that would be written so may be meant;
    `unmet` are those that fit no known snapshot, so that nobody can say which id was reported.
    """

    ids: tuple[int, ...]
    grade: Grade
    witness: str
    unmet: tuple[Rounded, ...]


def reported(source: str, told: Iterable[SnapshotNumber | None], *, table: Timeline) -> Reported:
    """Say what ids mean that `source` reported; no id and grade NONE where they mean nothing."""
    numbers = sorted({one for one in told if one is not None}, key=_order)
    ids: dict[int, None] = {}
    words: list[str] = []
    unknown: list[int] = []
    unmet: list[Rounded] = []
    several = False
    for one in numbers:
        if not isinstance(one, Rounded):
            ids[one] = None
            words.append(str(one))
            if one not in table.by_id:
                unknown.append(one)
            continue
        fitting = table.rounded.get(one.value, ())
        if not fitting:
            unmet.append(one)
            continue
        ids |= dict.fromkeys(fitting)
        several |= len(fitting) > 1
        shown = " or ".join(map(str, fitting))
        whose = "the only snapshot that is" if len(fitting) == 1 else "each"
        words.append(f"{one} (a double that lost digits: {shown}, {whose} written so)")
    if not ids:
        return Reported((), Grade.NONE, "", tuple(unmet))
    witness = f"{source} {', '.join(words)}"
    grade = Grade.CANDIDATES if several else Grade.EXACT
    if unknown:
        missing = ", ".join(map(str, unknown))
        witness = f"{witness}; the known history of the table does not hold {missing}"
        grade = grade if several else Grade.HIGH
    return Reported(tuple(ids), grade, witness, tuple(unmet))


def _order(number: SnapshotNumber) -> tuple[float, int]:
    return (number.value, 0) if isinstance(number, Rounded) else (float(number), number)
