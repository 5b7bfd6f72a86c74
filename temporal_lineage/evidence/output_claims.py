"""Claims of outputs: stamps, commit reports and engine keys. DESIGN 4.4, outputs 1 to 3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from snapshots.snapshot import Snapshot
from temporal_lineage.capture.openlineage_events import KeyKind
from temporal_lineage.evidence.commit_signs import Agreement, Fit, counted, engine_keys, written
from temporal_lineage.evidence.grades import Grade, Method, weakest
from temporal_lineage.evidence.metrics_reports import applications
from temporal_lineage.evidence.nests import innermost
from temporal_lineage.evidence.reported import Reported, reported
from temporal_lineage.evidence.versions import committed, number_of
from temporal_lineage.evidence.writers import Decision, Decisions, Docket, Writer, listed


def by_stamp(docket: Docket) -> Decisions:
    """Rung 1: the commit carries the run's id.

    An id under which others told of another run proves less: that run may have made the commit.
    """
    decisions = {}
    for case in docket.open:
        ids = docket.table.by_stamp.get(case.run.run_id.casefold(), ())
        grade, words = Grade.EXACT, ""
        if case.run.strangers:
            ids, grade = _made_then(docket, case, ids), Grade.HIGH
            words = f", in {case.window}; another run was told of under this id"
        if ids:
            witness = f"run id {case.run.run_id} in the commit {listed(ids)}{words}"
            decisions[case.run.run_id] = Decision(Method.OUTPUT_STAMP, grade, tuple(ids), witness)
    return decisions


def _made_then(docket: Docket, case: Writer, ids: Sequence[int]) -> list[int]:
    found = []
    for one in ids:
        snapshot = docket.table.by_id[one]
        if case.window.contains(snapshot.committed_at):
            found.append(one)
        else:
            why = f"{committed(snapshot)}, not in {case.window}; another run was told of under it"
            case.reject(f"run id {case.run.run_id} in the commit {one}", why)
    return found


def by_commit_report(docket: Docket) -> Decisions:
    """Rung 2: `icebergCommitReport.snapshotId`, of a commit that was made during the run.

    Where no event tells it, what the run's application told its REST catalog.

    Statements that make no snapshot (tags, branches, schema changes) repeat the report before
    them. A stamp of another run in the commit beats a report.
    """
    reports = {
        case.run.run_id: found for case in docket.open if (found := _commit_report(docket, case))
    }
    rivals: dict[int, list[Writer]] = defaultdict(list)
    for case in docket.open:
        for one in reports.get(case.run.run_id, _NOTHING).ids:
            rivals[one].append(case)
    return {
        case.run.run_id: decision
        for case in docket.open
        if case.run.run_id in reports
        and (decision := _reported(docket, case, reports[case.run.run_id], rivals))
    }


_NOTHING = Reported((), Grade.NONE, "", ())


def _commit_report(docket: Docket, case: Writer) -> Reported | None:
    """Give what the run reports, less what cannot be its own; None where nothing is left."""
    told = (one.commit_snapshot_id for one in case.seen.mentions())
    found = reported("icebergCommitReport.snapshotId", told, table=docket.table)
    if not found.ids and case.reported:
        source = f"Iceberg commit report of application {listed(applications(case.run))}: snapshot"
        found = reported(source, case.reported, table=docket.table)
    for number in found.unmet:
        case.reject(f"commit report {number}", "no known snapshot of the table is written so")
    ids = tuple(one for one in found.ids if not _beaten(docket, case, one))
    if not ids:
        return None
    near = [one for one in ids if one in docket.table.by_id]
    sure = all(case.holds(docket.table.by_id[one]) for one in near) and case.window.started
    # Several snapshots may be written alike; that the others were not made then decides less.
    narrowed = found.grade is Grade.CANDIDATES and len(ids) == 1
    grade = found.grade if sure and not narrowed else weakest(found.grade, Grade.HIGH)
    return replace(found, ids=ids, grade=Grade.HIGH if narrowed else grade)


def _beaten(docket: Docket, case: Writer, snapshot_id: int) -> bool:
    owner = docket.owner(snapshot_id)
    snapshot = docket.table.by_id.get(snapshot_id)
    why = None
    if owner is not None:
        why = f"the commit belongs to {owner}"
    elif snapshot is not None and docket.stamped_for_another(case, snapshot):
        why = "the commit carries the stamp of another run"
    elif snapshot is not None:
        why = case.outside(snapshot) or _not_then(case, snapshot)
    if why is not None:
        case.reject(f"commit report {snapshot_id}", why)
    return why is not None


def _not_then(case: Writer, snapshot: Snapshot) -> str | None:
    if not case.window.started or case.window.contains(snapshot.committed_at):
        return None
    return f"{committed(snapshot)}, not in {case.window}; the report is of an earlier statement"


def _reported(
    docket: Docket, case: Writer, found: Reported, rivals: Mapping[int, Sequence[Writer]]
) -> Decision | None:
    """Decide for one run; None where other runs that report the same commits made all of them."""
    own: list[int] = []
    shared: dict[str, None] = {}
    for one in found.ids:
        best = _best_placed(docket.table.by_id.get(one), rivals[one])
        if case not in best:
            who = listed(other.run.run_id for other in best)
            case.reject(f"commit report {one}", f"run {who} reports it too, and was the one to run")
            continue
        own.append(one)
        shared |= dict.fromkeys(other.run.run_id for other in best if other is not case)
    if not own:
        return None
    ids = tuple(own)
    if shared:
        what = f"commit report {listed(ids)}"
        case.reject(what, f"run {listed(sorted(shared))} reports it too")
        return Decision(Method.OUTPUT_COMMIT_REPORT, Grade.CANDIDATES, ids, found.witness)
    return Decision(Method.OUTPUT_COMMIT_REPORT, found.grade, ids, found.witness)


def _best_placed(snapshot: Snapshot | None, cases: Sequence[Writer]) -> Sequence[Writer]:
    """Of runs that report one commit, keep those that ran when it was made, the innermost."""
    inside = cases if snapshot is None else [one for one in cases if one.holds(snapshot)]
    return innermost(inside or cases)


def by_engine_keys(docket: Docket) -> Decisions:
    """Rung 3: equal engine keys. An application may own several runs: then the window counts,
    and where windows overlap, the version told and the statistics.
    """
    fitting = {case.run.run_id: _with_equal_keys(docket, case) for case in docket.open}
    rivals: dict[int, list[Writer]] = defaultdict(list)
    for case in docket.open:
        for one in fitting[case.run.run_id]:
            rivals[one.snapshot_id].append(case)
    decisions = {}
    for case in docket.open:
        own = []
        for one in fitting[case.run.run_id]:
            if _is_own(case, one, rivals[one.snapshot_id]):
                own.append(one)
            else:
                others = [w.run.run_id for w in rivals[one.snapshot_id] if w is not case]
                words = f"its keys fit run {listed(others)} too"
                case.contest(one.snapshot_id, Method.OUTPUT_ENGINE_KEYS, words)
        own = _counted_out(case, own)
        if own:
            decisions[case.run.run_id] = _keyed(case, own)
    return decisions


def _with_equal_keys(docket: Docket, case: Writer) -> list[Snapshot]:
    found: dict[int, Snapshot] = {}
    for key in case.run.keys:
        for snapshot_id in docket.table.by_key.get(key, ()):
            one = docket.table.by_id[snapshot_id]
            if docket.owner(snapshot_id) is not None or docket.stamped_for_another(case, one):
                continue
            if case.agreement(one) is not Agreement.AGREE or case.outside(one) is not None:
                continue
            if key.kind.names_one_run or case.window.contains(one.committed_at):
                found[snapshot_id] = one
    return [docket.table.by_id[one] for one in docket.table.in_commit_order(found)]


def _is_own(case: Writer, one: Snapshot, rivals: Sequence[Writer]) -> bool:
    """Tell whether a commit whose keys fit several runs is this one's, by window and counts."""
    for sign in (_inside, _in_window, _named, _fits):
        if len(rivals) == 1:
            break
        better = [rival for rival in rivals if sign(rival, one)]
        rivals = better or rivals
    rivals = innermost(rivals)
    return len(rivals) == 1 and rivals[0] is case


def _inside(case: Writer, one: Snapshot) -> bool:
    return case.holds(one)


def _in_window(case: Writer, one: Snapshot) -> bool:
    return case.window.contains(one.committed_at)


def _named(case: Writer, one: Snapshot) -> bool:
    return case.version is not None and number_of(case.version) == one.snapshot_id


def _fits(case: Writer, one: Snapshot) -> bool:
    return case.fit(one) is Fit.EQUAL


def _counted_out(case: Writer, own: list[Snapshot]) -> list[Snapshot]:
    """Of several commits by one application keep the one that the statistics single out.

    Where they add up to what the run says it wrote, all are its own.
    """
    statistics = case.statistics
    if len(own) < 2 or statistics is None:  # noqa: PLR2004 - several
        return own
    added = [one.counts.added_rows for one in own]
    if None not in added and sum(one or 0 for one in added) == statistics.rows:
        return own
    equal = [one for one in own if _fits(case, one)]
    if len(equal) != 1:
        return own
    for one in own:
        if one is not equal[0]:
            why = f"it added {counted(one)}; the run says {written(statistics)}"
            case.reject(f"snapshot {one.snapshot_id}", why)
    return equal


def _keyed(case: Writer, own: Sequence[Snapshot]) -> Decision:
    agreed = sorted({key for one in own for key in set(case.run.keys) & engine_keys(one)})
    exact = any(key.kind is KeyKind.TRINO_QUERY for key in agreed)
    ids = tuple(one.snapshot_id for one in own)
    return Decision(
        Method.OUTPUT_ENGINE_KEYS,
        Grade.EXACT if exact else Grade.HIGH,
        ids,
        f"{listed(agreed)} in the run and in the commit {listed(ids)}",
    )
