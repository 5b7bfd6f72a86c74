"""Claims of outputs: stamps, commit reports and engine keys. DESIGN 4.4, outputs 1 to 3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from snapshots.snapshot import Snapshot
from temporal_lineage.capture.openlineage_events import KeyKind
from temporal_lineage.evidence.commit_signs import Agreement, Fit, counted, engine_keys, written
from temporal_lineage.evidence.grades import Grade, Method
from temporal_lineage.evidence.versions import number_of
from temporal_lineage.evidence.writers import Decision, Decisions, Docket, Writer, listed


def by_stamp(docket: Docket) -> Decisions:
    """Rung 1: the commit carries the run's id."""
    decisions = {}
    for case in docket.open:
        ids = docket.by_stamp.get(case.run.run_id.casefold(), ())
        if ids:
            witness = f"run id {case.run.run_id} in the commit {listed(ids)}"
            decisions[case.run.run_id] = Decision(
                Method.OUTPUT_STAMP, Grade.EXACT, tuple(ids), witness
            )
    return decisions


def by_commit_report(docket: Docket) -> Decisions:
    """Rung 2: `icebergCommitReport.snapshotId`. A stamp of another run in the commit beats it."""
    reports: dict[str, list[int]] = {}
    for case in docket.open:
        told = {one.commit_snapshot_id for one in case.seen.mentions()}
        ids = sorted(one for one in told if one is not None)
        kept = [one for one in ids if not _beaten(docket, case, one)]
        if kept:
            reports[case.run.run_id] = kept
    return {
        case.run.run_id: _reported(docket, case, reports)
        for case in docket.open
        if case.run.run_id in reports
    }


def _beaten(docket: Docket, case: Writer, snapshot_id: int) -> bool:
    owner = docket.owner(snapshot_id)
    snapshot = docket.table.by_id.get(snapshot_id)
    if owner is not None:
        case.reject(f"commit report {snapshot_id}", f"the commit belongs to {owner}")
    elif snapshot is not None and docket.stamped_for_another(case, snapshot):
        case.reject(f"commit report {snapshot_id}", "the commit carries the stamp of another run")
    else:
        return False
    return True


def _reported(docket: Docket, case: Writer, reports: Mapping[str, Sequence[int]]) -> Decision:
    run_id = case.run.run_id
    ids = tuple(reports[run_id])
    witness = f"icebergCommitReport.snapshotId {listed(ids)}"
    rivals = [other for other in reports if other != run_id and set(ids) & set(reports[other])]
    if rivals:
        case.reject(f"commit report {listed(ids)}", f"run {listed(rivals)} reports it too")
        return Decision(Method.OUTPUT_COMMIT_REPORT, Grade.CANDIDATES, ids, witness)
    unknown = [one for one in ids if one not in docket.table.by_id]
    if unknown:
        witness = f"{witness}; the known history of the table does not hold {listed(unknown)}"
        return Decision(Method.OUTPUT_COMMIT_REPORT, Grade.HIGH, ids, witness)
    return Decision(Method.OUTPUT_COMMIT_REPORT, Grade.EXACT, ids, witness)


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
        for snapshot_id in docket.by_key.get(key, ()):
            one = docket.table.by_id[snapshot_id]
            if docket.owner(snapshot_id) is not None or docket.stamped_for_another(case, one):
                continue
            if case.agreement(one) is not Agreement.AGREE:
                continue
            if key.kind.names_one_run or case.window.contains(one.committed_at):
                found[snapshot_id] = one
    return [docket.table.by_id[one] for one in docket.table.in_commit_order(found)]


def _is_own(case: Writer, one: Snapshot, rivals: Sequence[Writer]) -> bool:
    """Tell whether a commit whose keys fit several runs is this one's, by window and counts."""
    for sign in (_in_window, _named, _fits):
        if len(rivals) == 1:
            break
        better = [rival for rival in rivals if sign(rival, one)]
        rivals = better or rivals
    return len(rivals) == 1 and rivals[0] is case


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
