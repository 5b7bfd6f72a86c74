"""Inputs: which snapshots of a table a run read. DESIGN 4.4, inputs 1 to 6.

Before them stands what a program recorded that pinned its reads through this library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from snapshots.dataset import Dataset
from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot
from temporal_lineage.capture.openlineage_events import DatasetMention
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.capture.openlineage_numbers import SnapshotNumber
from temporal_lineage.evidence.grades import (
    Evidence,
    Grade,
    Method,
    RejectedAlternative,
    weakest,
)
from temporal_lineage.evidence.input_pins import Meant, meant_by
from temporal_lineage.evidence.metrics_reports import ScanReport, scanned
from temporal_lineage.evidence.own_commits import Own, own_parent, read_version
from temporal_lineage.evidence.pins import Asked, asked_of
from temporal_lineage.evidence.producers import resolves_inputs_after_the_job
from temporal_lineage.evidence.reported import reported
from temporal_lineage.evidence.runs import Observation, RunRecord
from temporal_lineage.evidence.timeline import Timeline, ids_of
from temporal_lineage.evidence.versions import committed, number_of, version_texts
from temporal_lineage.evidence.windows import Window, window_of

CANDIDATES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class InputLink:
    """The snapshots a run read of a table, in commit order; none where that is unknown."""

    snapshot_ids: tuple[int, ...]
    evidence: Evidence


def link_input(
    observation: Observation,
    *,
    table: Timeline,
    run: RunRecord,
    skew_ms_max: int,
    own: Own,
    reports: Sequence[ScanReport],
) -> InputLink:
    """Say which snapshots the run read, by the first rung that applies. DESIGN 4.4.

    `own` are the snapshots that the run itself committed to this table, known from its output
    links: they are no candidates for what it found when it started, and may tell what it read.
    `reports` are scan reports that the table's catalog was sent. Total: whatever was observed,
    there is a link, with a truthful grade.
    """
    window = window_of(run, skew_ms_max=skew_ms_max)
    reading = _Reading(observation, table, run, window, own, reports)
    for rung in (_recorded, _reported, _by_metrics, _by_connector, _by_pin, _by_own_commit):
        link = rung(reading)
        if link is not None:
            _reject_other_pins(reading, link)
            _reject_other_versions(reading, link)
            return _closed(reading, link)
    return _closed(reading, _newest_state(reading))


@dataclass(frozen=True, slots=True)
class _Reading:
    seen: Observation
    table: Timeline
    run: RunRecord
    window: Window
    own: Own
    reports: Sequence[ScanReport]
    rejected: list[RejectedAlternative] = field(default_factory=list)

    def reject(self, what: str, why: str) -> None:
        self.rejected.append(RejectedAlternative(what, why))

    def names(self) -> tuple[Dataset, ...]:
        return tuple(
            sorted({name for one in self.seen.mentions() for name in (one.dataset, *one.symlinks)})
        )

    def asked(self) -> Asked:
        alone = len(self.run.inputs) == 1
        options = [one for one in self.run.options if alone or one.table is not None]
        return asked_of(self.names(), run=self.run, options=options)


@dataclass(frozen=True, slots=True)
class _Decision:
    method: Method
    grade: Grade
    ids: tuple[int, ...]
    witness: str


def _closed(reading: _Reading, decision: _Decision) -> InputLink:
    ids = reading.table.in_commit_order(decision.ids)
    rejected = tuple(dict.fromkeys(reading.rejected))
    return InputLink(ids, Evidence(decision.method, decision.grade, decision.witness, rejected))


def _recorded(reading: _Reading) -> _Decision | None:
    """Take what was pinned before the first row was read: surer than any report of it."""
    told = [one.read.version for one in reading.seen.mentions() if one.read is not None]
    ids = [number_of(one) for one in told]
    return _told(reading, Method.INPUT_RECORDED, "pinned and recorded by the reader:", ids)


def _reported(reading: _Reading) -> _Decision | None:
    ids = [one.scan_snapshot_id for one in reading.seen.mentions()]
    return _told(reading, Method.INPUT_SCAN_REPORT, "icebergScanReport.snapshotId", ids)


def _by_metrics(reading: _Reading) -> _Decision | None:
    found = scanned(reading.reports, run=reading.run, table=reading.table, window=reading.window)
    if found is None:
        return None
    return _Decision(Method.INPUT_METRICS_REPORT, found.grade, found.snapshot_ids, found.witness)


def _by_connector(reading: _Reading) -> _Decision | None:
    ids = [one.connector_snapshot_id for one in reading.seen.mentions()]
    return _told(reading, Method.INPUT_CONNECTOR, "connectorInfo", ids)


def _told(
    reading: _Reading, method: Method, source: str, told: Iterable[SnapshotNumber | None]
) -> _Decision | None:
    found = reported(source, told, table=reading.table)
    for one in found.unmet:
        reading.reject(f"{source} {one}", "no known snapshot of the table is written so")
    if not found.ids:
        return None
    return _Decision(method, found.grade, found.ids, found.witness)


def _by_pin(reading: _Reading) -> _Decision | None:
    asked = reading.asked()
    if not asked.pins:
        return None
    met: list[Meant] = []
    for pin in asked.pins:
        found = meant_by(pin, table=reading.table, window=reading.window)
        if isinstance(found, Meant):
            met.append(found)
        else:
            reading.reject(f"pin {pin.text}", found.why)
    ids = tuple(one for found in met for one in found.snapshot_ids)
    words = "; ".join(found.witness for found in met) or "a pin that cannot be resolved"
    grade = weakest(*(found.grade for found in met)) if met else Grade.NONE
    if asked.newest:
        newest = _newest_state(reading)
        ids += newest.ids
        grade = weakest(grade, newest.grade)
        if ids and not grade.claims:
            # One of the reads is known and the other is not: what is known is not all.
            grade = Grade.CANDIDATES
        words = f"{words}; read without a pin too: {newest.witness}"
    return _Decision(Method.INPUT_PIN, grade, ids, words)


def _by_own_commit(reading: _Reading) -> _Decision | None:
    found = read_version(reading.own, table=reading.table)
    if found is None:
        return None
    return _Decision(Method.INPUT_OWN_COMMIT, found.grade, found.snapshot_ids, found.witness)


def _newest_state(reading: _Reading) -> _Decision:
    """Say what a read without a pin found: rungs 4 to 6."""
    return _at_start(reading) or _at_complete(reading) or _by_own_parent(reading) or _head(reading)


def _by_own_parent(reading: _Reading) -> _Decision | None:
    found = own_parent(reading.own, table=reading.table, window=reading.window)
    if found is None:
        return None
    return _Decision(Method.INPUT_OWN_PARENT, found.grade, found.snapshot_ids, found.witness)


def _at_start(reading: _Reading) -> _Decision | None:
    mention = reading.seen.start
    if mention is None or mention.version is None:
        return None
    return _held_at_start(
        reading, mention.version, "START version", Method.INPUT_START_VERSION, Grade.HIGH
    )


def _at_complete(reading: _Reading) -> _Decision | None:
    if reading.seen.start is not None and reading.seen.start.version is not None:
        return None
    mention = _last_with_version(reading.seen)
    if mention is None or mention.version is None:
        return None
    what = f"COMPLETE version {mention.version}"
    if _is_written_too(reading):
        reading.reject(what, "the run writes this table too, so its head has moved")
        return None
    snapshot = reading.table.by_id.get(number_of(mention.version) or -1)
    if snapshot is not None and snapshot.committed_at > reading.window.start:
        late = resolves_inputs_after_the_job(reading.run.producer)
        who = "; this Spark integration looks versions up after the job" if late else ""
        reading.reject(what, f"{committed(snapshot)}, after {reading.window.start}{who}")
        return None
    grade = Grade.HIGH if reading.window.started else Grade.INFERRED
    return _held_at_start(
        reading, mention.version, "COMPLETE version", Method.INPUT_COMPLETE_VERSION, grade
    )


def _held_at_start(
    reading: _Reading, version: str, source: str, method: Method, grade: Grade
) -> _Decision | None:
    """Take a version that was current when the run started; say why not otherwise."""
    what, table, window = f"{source} {version}", reading.table, reading.window
    number = number_of(version)
    snapshot = None if number is None else table.by_id.get(number)
    if number is not None and snapshot is not None:
        ref = table.held(number, start=window.earliest, end=window.latest_start)
        if ref is not None:
            where = "" if ref == MAIN else f" on {ref}"
            witness = f"{what}, {committed(snapshot)}, current{where} at {window}"
            return _Decision(method, grade, (number,), witness)
    why = _why_not_held(reading, number, snapshot)
    if number is None or why is not None:
        reading.reject(what, why or "")
        return None
    witness = f"{what}; what was current at {window.start} is not known"
    return _Decision(method, Grade.INFERRED, (number,), witness)


def _why_not_held(reading: _Reading, number: int | None, snapshot: Snapshot | None) -> str | None:
    """Say why a version cannot have been current at START; None where nothing speaks against it."""
    table, window = reading.table, reading.window
    if number is None:
        return "it is no snapshot id and no Delta version"
    around = table.entries(MAIN, start=window.earliest, end=window.latest_start)
    known = any(ids_of(one) for one in around)
    if snapshot is None:
        # A version that came after all commits that were harvested is none that never was.
        seen = known and table.reaches(window.latest_start)
        return "no snapshot of the table is known by that id" if seen else None
    if snapshot.committed_at > window.latest_start:
        return f"{committed(snapshot)}, after {window.start}"
    ended = table.superseded(number, ref=MAIN, before=window.latest_start)
    if ended is not None:
        return f"superseded at {ended}, before {window.start}"
    return f"it was not current on any ref at {window.start}" if known else None


def _head(reading: _Reading) -> _Decision:
    table, window = reading.table, reading.window
    entries = table.entries(MAIN, start=window.earliest, end=window.end)
    own = set(reading.own.ids)
    found = tuple(dict.fromkeys(one for entry in entries for one in ids_of(entry)))
    ids = tuple(one for one in found if one not in own)
    for one in found:
        if one in own:
            reading.reject(f"snapshot {one}", "this run committed it itself")
    if not ids:
        return _Decision(Method.INPUT_HEAD, Grade.NONE, (), _why_no_head(reading, bool(entries)))
    shown = ids[:CANDIDATES_MAX]
    sure = len(ids) == 1 and all(ids_of(entry) for entry in entries)
    covered = table.starts(MAIN)
    if sure and covered is not None and covered <= window.start:
        witness = f"head of the log at {window}: {ids[0]}"
        return _Decision(Method.INPUT_HEAD, Grade.INFERRED, shown, witness)
    cut = f", of which {CANDIDATES_MAX} are given" if len(shown) < len(ids) else ""
    witness = f"{len(ids)} states were or may have been current in {window}{cut}"
    return _Decision(Method.INPUT_HEAD, Grade.CANDIDATES, shown, witness)


def _why_no_head(reading: _Reading, known: bool) -> str:  # noqa: FBT001 - private
    window, first = reading.window, reading.table.starts(MAIN)
    if first is None:
        return "nothing is known of the table's history"
    if first > window.end:
        return f"the table's known history starts at {first}, after {window}"
    if known:
        return f"the table had no snapshot, or none that is known, in {window}"
    return f"the table's log says nothing of {window}"


def _last_with_version(seen: Observation) -> DatasetMention | None:
    told = [one for one in (*seen.during, seen.terminal) if one is not None]
    return next((one for one in reversed(told) if one.version is not None), None)


def _is_written_too(reading: _Reading) -> bool:
    names = {canonical(name) for name in reading.names()}
    return bool(reading.own.ids) or any(
        canonical(name) in names
        for output in reading.run.outputs
        for one in output.mentions()
        for name in (one.dataset, *one.symlinks)
    )


def _reject_other_pins(reading: _Reading, decision: _Decision) -> None:
    """Say which pins ask for another state than an engine was heard to read."""
    if decision.method in (Method.INPUT_PIN, Method.INPUT_OWN_COMMIT):
        return  # the pins' own rung, and the one below it, where there are none
    for pin in reading.asked().pins:
        found = meant_by(pin, table=reading.table, window=reading.window)
        # What cannot be resolved may have meant the state that was read.
        if isinstance(found, Meant) and not set(found.snapshot_ids) & set(decision.ids):
            reading.reject(f"pin {pin.text}", f"overridden by {decision.method}")


def _reject_other_versions(reading: _Reading, decision: _Decision) -> None:
    """Say that the weaker word of a version facet was heard and not taken."""
    for text in version_texts(reading.seen.mentions()):
        if number_of(text) not in decision.ids:
            reading.reject(f"version facet {text}", f"overridden by {decision.method}")
