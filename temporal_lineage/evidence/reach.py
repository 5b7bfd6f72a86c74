"""Reach: which commits and other runs the links of a run to one table may depend on.

Two runs that wrote a table are one step apart where both can come to one commit: by window, by
what was current at the end of a run without a START, by stamp, report, told version or key.
Runs inside one another are no step apart. DESIGN 4.4, outputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from snapshots.instant import Instant
from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot
from temporal_lineage.capture.openlineage_events import EngineKey, KeyKind
from temporal_lineage.capture.openlineage_numbers import Rounded
from temporal_lineage.evidence.commit_signs import derived_run_ids, engine_keys, stamps
from temporal_lineage.evidence.nests import is_around
from temporal_lineage.evidence.pins import numbers_asked_of
from temporal_lineage.evidence.runs import Observation, RunRecord
from temporal_lineage.evidence.timeline import Timeline, ids_of
from temporal_lineage.evidence.versions import number_of
from temporal_lineage.evidence.windows import window_of

Span = tuple[Instant, Instant]
"""From one instant to another, both included."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a table a run can come to, whatever the table's history turns out to be.

    `earliest` and `latest` bound its window, clock skew added. `parent` is empty where none is
    known. `signs` are ids, versions and keys by which it names commits, its own id, and the states
    that its queries ask for by number, which its links do not depend on but its columns do.
    """

    run_id: str
    earliest: Instant
    latest: Instant
    started: bool
    around: bool
    parent: str
    signs: frozenset[str]

    def overlaps(self, span: Span) -> bool:
        """Tell whether the run may have gone on within this span."""
        return self.earliest <= span[1] and span[0] <= self.latest


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs can come to the same commits: any that went on in one of `spans`, that ended
    without a START in one of `ends`, or that has one of `signs`.
    """

    spans: tuple[Span, ...]
    ends: tuple[Span, ...]
    signs: frozenset[str]

    def meets(self, other: Reach) -> bool:
        """Tell whether a run is one of them."""
        return (
            bool(self.signs & other.signs)
            or any(other.overlaps(span) for span in self.spans)
            or (not other.started and any(a <= other.latest <= b for a, b in self.ends))
        )


class Others(Protocol):
    """All runs that wrote a table, found by what they reach."""

    def meeting(self, asked: Asked) -> Sequence[Reach]:
        """Give at least the runs that the question meets."""
        ...

    def kin(self, runs: Sequence[Reach]) -> Sequence[Reach]:
        """Give at least the runs that are kin to one of these."""
        ...


def reach_of(run: RunRecord, seen: Observation, *, skew_ms_max: int) -> Reach:
    """Say what a run can come to of a table that it wrote."""
    window = window_of(run, skew_ms_max=skew_ms_max)
    told = {f"run:{run.run_id}"}
    signs = {_run(run.run_id)}
    for one in seen.mentions():
        told.update(one.written or ())
        told.update(() if one.version is None else (one.version,))
        if isinstance(one.commit_snapshot_id, Rounded):
            signs.add(_rounded(one.commit_snapshot_id.value))
        elif one.commit_snapshot_id is not None:
            told.add(str(one.commit_snapshot_id))
    for text in told:
        number = number_of(text)
        signs.add(_version(text if number is None else str(number)))
    signs |= {_key(str(key.kind), key.value) for key in run.keys if key.kind.names_one_run}
    names = {name for one in seen.mentions() for name in (one.dataset, *one.symlinks)}
    signs |= {pin_sign(number) for number in numbers_asked_of(names, run=run)}
    parent = run.parent.run_id if run.parent else ""
    if parent:
        signs.add(_child_of(parent))
    return Reach(
        run_id=run.run_id,
        earliest=window.earliest,
        latest=window.latest,
        started=window.started,
        around=is_around(run.job.name),
        parent=parent,
        signs=frozenset(signs),
    )


def asked_of(reach: Reach, table: Timeline | None, together: Mapping[int, frozenset[int]]) -> Asked:
    """Ask who can come to the commits that a run can come to.

    `together` are the snapshots that came with others. Without a history runs meet by what they
    tell alone.
    """
    signs = {one for one in reach.signs if not one.startswith((_CHILD, _PIN))}
    if table is None:
        return Asked((), (), frozenset(signs))
    inside = table.commits(start=reach.earliest, end=reach.latest)
    spans: list[Span] = []
    if inside:
        times = [one.committed_at for one in inside]
        spans.append((min(times), max(times)))
    reached = {one.snapshot_id for one in inside}
    outside = _named(reach, table) - reached
    for one in list(reached | outside):
        outside |= together.get(one, frozenset())
    outside = {one for one in outside if one in table.by_id} - reached
    spans += [(table.by_id[one].committed_at,) * 2 for one in sorted(outside)]
    ends: list[Span] = []
    for one in sorted(reached | outside):
        signs |= signs_of(table.by_id[one])
        ends += [(period.start, period.end) for period in table.heads.get(one, ())]
    return Asked(tuple(spans), tuple(ends), frozenset(signs))


def signs_of(snapshot: Snapshot) -> set[str]:
    """Give the signs by which runs name a commit that they can come to at any time."""
    return {
        _version(str(snapshot.snapshot_id)),
        _rounded(float(snapshot.snapshot_id)),
        *map(_run, stamps(snapshot) | derived_run_ids(snapshot)),
        *(
            _key(str(key.kind), key.value)
            for key in engine_keys(snapshot)
            if key.kind.names_one_run
        ),
    }


def pin_sign(number: int) -> str:
    """Give the sign by which queries ask for a state, which says nothing of who made it."""
    return f"{_PIN}{number}"


def kin_signs(runs: Iterable[Reach]) -> frozenset[str]:
    """Give the signs of the runs inside these, and of those that are said to be around them."""
    return frozenset(
        sign
        for one in runs
        for sign in (_child_of(one.run_id), *((_run(one.parent),) if one.parent else ()))
    )


def is_sibling(one: Reach, other: Reach) -> bool:
    """Tell whether one of two runs side by side may have run around the other."""
    return (
        bool(one.parent)
        and one.parent == other.parent
        and one.around is not other.around
        and one.overlaps((other.earliest, other.latest))
    )


def within(
    seeds: Sequence[Reach],
    *,
    others: Others,
    table: Timeline | None,
    together: Mapping[int, frozenset[int]],
    steps_max: int,
) -> dict[str, int]:
    """Give the runs within so many steps of these, by run id, and how many steps it is."""
    found: dict[str, int] = {}
    fresh = list(seeds)
    for step in range(steps_max + 1):
        fresh = _with_kin(fresh, others, found)
        found |= {one.run_id: step for one in fresh if one.run_id not in found}
        if step == steps_max:
            break
        questions = [asked_of(one, table, together) for one in fresh]
        asked = Asked(
            tuple(span for one in questions for span in one.spans),
            tuple(span for one in questions for span in one.ends),
            frozenset(sign for one in questions for sign in one.signs),
        )
        fresh = [one for one in others.meeting(asked) if one.run_id not in found]
        if not fresh:
            break
    return found


def _with_kin(runs: list[Reach], others: Others, known: Mapping[str, int]) -> list[Reach]:
    found, fresh = list(runs), runs
    seen = {*known, *(one.run_id for one in runs)}
    while fresh:
        fresh = [one for one in others.kin(fresh) if one.run_id not in seen]
        seen.update(one.run_id for one in fresh)
        found += fresh
    return found


def _named(reach: Reach, table: Timeline) -> set[int]:
    """Give the commits that a run can come to outside of its window."""
    found: set[int] = set(table.by_stamp.get(reach.run_id.casefold(), ()))
    if not reach.started:
        entry = table.at(MAIN, reach.latest)
        found.update(() if entry is None else ids_of(entry))
    for sign in reach.signs:
        kind, _, value = sign.partition(":")
        if kind == "v" and value.lstrip("-").isdecimal():
            found.add(int(value))
        elif kind == "f":
            found.update(table.rounded.get(float(value), ()))
        elif kind == "k":
            engine, _, key = value.partition(":")
            found.update(table.by_key.get(EngineKey(KeyKind(engine), key), ()))
    return found


_CHILD = "p:"
_PIN = "q:"


def _child_of(parent: str) -> str:
    return f"{_CHILD}{parent.casefold()}"


def _run(run_id: str) -> str:
    return f"r:{run_id.casefold()}"


def _version(text: str) -> str:
    return f"v:{text}"


def _rounded(value: float) -> str:
    return f"f:{value!r}"


def _key(kind: str, value: str) -> str:
    return f"k:{kind}:{value}"
