"""Pinned reads: which snapshots a pin meant when the run started. DESIGN 4.4, inputs rung 3."""

from __future__ import annotations

from dataclasses import dataclass

from snapshots.instant import Instant
from snapshots.refs import MAIN
from temporal_lineage.evidence.grades import Grade
from temporal_lineage.evidence.pin_values import NumberPin, Pin, RefPin, TimePin
from temporal_lineage.evidence.timeline import Timeline, ids_of
from temporal_lineage.evidence.windows import Window

_HOUR_MICROS = 3_600_000_000
_EARLIEST_ZONE_MICROS = 14 * _HOUR_MICROS
_LATEST_ZONE_MICROS = 12 * _HOUR_MICROS


@dataclass(frozen=True, slots=True)
class Meant:
    """The snapshots a pin meant, how surely, and how that was found."""

    snapshot_ids: tuple[int, ...]
    grade: Grade
    witness: str


@dataclass(frozen=True, slots=True)
class Unmet:
    """A pin that fits nothing that is known of the table."""

    why: str


def meant_by(pin: Pin, *, table: Timeline, window: Window) -> Meant | Unmet:
    """Resolve a pin against log and refs as they were at START."""
    match pin:
        case NumberPin():
            if pin.number in table.by_id:
                return Meant((pin.number,), Grade.EXACT, pin.text)
            witness = f"{pin.text}, which the known history of the table does not hold"
            return Meant((pin.number,), Grade.HIGH, witness)
        case TimePin():
            return _at_time(pin, table, window)
        case RefPin():
            return _on_ref(pin, table, window)
        case _:
            return Unmet("only the engine could compute it")


def _at_time(pin: TimePin, table: Timeline, window: Window) -> Meant | Unmet:
    if pin.zoned:
        return _between(pin, pin.at, pin.at, table, window, "")
    # The session's time zone is not told: every zone there is may have been meant.
    start = pin.at.plus(micros=-_EARLIEST_ZONE_MICROS)
    end = pin.at.plus(micros=_LATEST_ZONE_MICROS)
    return _between(pin, start, end, table, window, " in any time zone")


def _between(
    pin: TimePin, start: Instant, end: Instant, table: Timeline, window: Window, zones: str
) -> Meant | Unmet:
    last = min(end, window.latest_start)
    entries = table.entries(MAIN, start=min(start, last), end=last)
    ids = tuple(dict.fromkeys(one for entry in entries for one in ids_of(entry)))
    if not ids:
        return Unmet(f"no snapshot is known to have been current at {pin.at}{zones}")
    first = table.starts(MAIN)
    whole = first is not None and first <= start and all(ids_of(entry) for entry in entries)
    grade = Grade.HIGH if len(ids) == 1 and whole else Grade.CANDIDATES
    return Meant(ids, grade, f"{pin.text}, by the table's log at {pin.at}{zones}")


def _on_ref(pin: RefPin, table: Timeline, window: Window) -> Meant | Unmet:
    if pin.name not in table.ref_names:
        return Unmet(f"the table is not known to have had a branch or tag {pin.name}")
    entries = table.entries(pin.name, start=window.earliest, end=window.latest_start)
    ids = tuple(dict.fromkeys(one for entry in entries for one in ids_of(entry)))
    if not ids:
        return Unmet(f"{pin.name} did not exist, or is not known, at {window.start}")
    grade = Grade.HIGH if len(ids) == 1 else Grade.CANDIDATES
    return Meant(ids, grade, f"{pin.text}, by ref {pin.name} at {window.start}")
