"""Hints of outputs: versions told, fingerprints, windows, nothing. DESIGN 4.4, outputs 4 to 7."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot
from temporal_lineage.evidence.commit_signs import Fit, counted, written
from temporal_lineage.evidence.grades import Grade, Method, weakest
from temporal_lineage.evidence.nests import innermost
from temporal_lineage.evidence.timeline import ids_of
from temporal_lineage.evidence.versions import committed, number_of
from temporal_lineage.evidence.writers import Decision, Decisions, Docket, Writer, listed

CANDIDATES_MAX = 1_000


def by_complete_version(docket: Docket) -> Decisions:
    """Rung 4: the version told at the end, if the commit is the run's own by all other signs."""
    told: dict[int, list[Writer]] = defaultdict(list)
    for case in docket.open:
        number = _told(docket, case)
        if number is not None:
            told[number].append(case)
    decisions = {}
    for number, cases in told.items():
        for case in cases:
            what = f"COMPLETE version {number}"
            rivals = _better_placed(docket, number, case, cases)
            if rivals:
                names = listed(rival.run.run_id for rival in rivals)
                case.reject(what, f"run {names} claims it too")
                case.contest(number, Method.OUTPUT_COMPLETE_VERSION, f"run {names} names it too")
                continue
            decisions[case.run.run_id] = _told_decision(docket, case, number)
    return decisions


def _told_decision(docket: Docket, case: Writer, number: int) -> Decision:
    snapshot = docket.table.by_id.get(number)
    if snapshot is None:
        grade, words = Grade.INFERRED, "not in the known history of the table"
    elif case.window.started and case.holds(snapshot):
        grade, words = Grade.HIGH, f"{committed(snapshot)}, in {case.window}"
    elif case.window.started:
        grade = Grade.HIGH if case.fit(snapshot) is Fit.EQUAL else Grade.INFERRED
        words = f"{committed(snapshot)}, as near to {case.window} as clocks may differ"
    else:
        # Without a START the table may just not have moved during the run.
        grade = Grade.INFERRED if case.fit(snapshot) is Fit.EQUAL else Grade.CANDIDATES
        words = f"{committed(snapshot)}, before {case.window}"
    witness = f"COMPLETE version {number}, {words}"
    return Decision(Method.OUTPUT_COMPLETE_VERSION, grade, (number,), witness)


def _told(docket: Docket, case: Writer) -> int | None:
    """Give the version told if it can be this run's commit; reject it with the reason if not."""
    if case.version is None:
        return None
    what = f"COMPLETE version {case.version}"
    number = number_of(case.version)
    if number is None:
        case.reject(what, "it is no snapshot id and no Delta version")
        return None
    snapshot = docket.table.by_id.get(number)
    if snapshot is None:
        owner = docket.owner(number)
        if owner is None and not _is_known(docket, case):
            return number
        unknown = "no snapshot of the table is known by that id"
        case.reject(what, unknown if owner is None else f"the commit belongs to {owner}")
        return None
    wrong = _speaks_against(docket, case, snapshot)
    if wrong is not None:
        case.reject(what, wrong)
        return None
    return number


def _speaks_against(docket: Docket, case: Writer, snapshot: Snapshot) -> str | None:
    """Say why a version told is not this run's commit; None where nothing speaks against it."""
    outside = case.outside(snapshot)
    if outside is not None:
        return outside
    reason = docket.why_not(case, snapshot)
    if reason is None and case.fit(snapshot) is Fit.DIFFERENT and case.statistics is not None:
        better = [one for one in docket.peek(case) if case.fit(one) is Fit.EQUAL]
        if len(better) == 1:
            reason = (
                f"it added {counted(snapshot)}; the run says {written(case.statistics)}, as"
                f" snapshot {better[0].snapshot_id} has"
            )
    if reason is not None:
        case.stale.append(str(snapshot.snapshot_id))
        return reason
    if case.window.started and snapshot.committed_at < case.window.earliest:
        return f"{committed(snapshot)}, before {case.window}"
    if snapshot.committed_at > case.window.latest:
        return f"{committed(snapshot)}, after {case.window}"
    return None


def _better_placed(
    docket: Docket, number: int, case: Writer, cases: Sequence[Writer]
) -> list[Writer]:
    """Give the other runs that name the same version, unless counts tell that it is this one's."""
    snapshot = docket.table.by_id.get(number)
    best: Sequence[Writer] = cases
    if snapshot is not None:
        for better in (
            [one for one in cases if one.fit(snapshot) is Fit.EQUAL],
            [one for one in best if one.holds(snapshot)],
        ):
            best = [one for one in best if one in better] or best
    best = innermost(best)
    return [] if best == [case] else [other for other in best if other is not case]


def _is_known(docket: Docket, case: Writer) -> bool:
    """Tell whether the table's history is known for when the run ended.

    Of a run after all commits that are known, its own may not have been harvested yet.
    """
    entry = docket.table.at(MAIN, case.window.latest)
    known = entry is not None and bool(ids_of(entry))
    return known and docket.table.reaches(case.window.earliest)


def by_fingerprint(docket: Docket) -> Decisions:
    """Rung 5: rows, bytes and files equal those of one commit, and of one run, only."""
    fitting: dict[str, list[Snapshot]] = {}
    claimants: dict[int, list[Writer]] = defaultdict(list)
    for case in docket.open:
        found = [one for one in docket.free(case) if case.fit(one) is Fit.EQUAL]
        fitting[case.run.run_id] = found
        for one in found:
            claimants[one.snapshot_id].append(case)
    decisions = {}
    for case in docket.open:
        found = fitting[case.run.run_id]
        others: list[str] = []
        for one in found:
            best = innermost(claimants[one.snapshot_id])
            others += [other.run.run_id for other in best if other is not case]
            if len(found) > 1 or best != [case]:
                with_whom = f"run {listed(others)} too" if others else "not this commit alone"
                words = f"the counts fit {with_whom}"
                case.contest(one.snapshot_id, Method.OUTPUT_FINGERPRINT, words)
        if len(found) != 1 or others:
            continue
        witness = f"{counted(found[0])} in the run and in the commit {found[0].snapshot_id}"
        grade = Grade.HIGH if case.window.started else Grade.INFERRED
        ids = (found[0].snapshot_id,)
        decisions[case.run.run_id] = Decision(Method.OUTPUT_FINGERPRINT, grade, ids, witness)
    return decisions


def by_window(docket: Docket) -> Decisions:
    """Rung 6: the only commit in the window is inferred, several are candidates.

    Runs inside others come first: what an outer one tells, its inner one may have done.
    """
    return _in_windows(docket, innermost([case for case in docket.open if not case.failed]))


def by_window_of_failed(docket: Docket) -> Decisions:
    """Rung 6 for runs that failed: they may have committed, but seldom have, so they come last."""
    return _in_windows(docket, docket.open)


def _in_windows(docket: Docket, cases: Sequence[Writer]) -> Decisions:
    fitting = {case.run.run_id: _within(docket, case) for case in cases}
    claimants: dict[int, list[str]] = defaultdict(list)
    for run_id, found in fitting.items():
        for one in found:
            claimants[one.snapshot_id].append(run_id)
    decisions = {}
    for case in cases:
        found = fitting[case.run.run_id]
        if not found:
            continue
        others = sorted(
            {run for one in found for run in claimants[one.snapshot_id]} - {case.run.run_id}
        )
        why = _why_unsure(case, found, others)
        ids = tuple(one.snapshot_id for one in found[:CANDIDATES_MAX])
        grade = Grade.INFERRED if why is None else Grade.CANDIDATES
        spoken = "" if case.spoken is None else f"{case.spoken}, as its SQL says, "
        words = f"; {why}" if why else ""
        witness = f"{listed(ids)} {spoken}committed in {case.window}{words}"
        if len(found) == 1 and case.fit(found[0]) is Fit.DIFFERENT and case.statistics is not None:
            told = written(case.statistics)
            witness = f"{witness}; it added {counted(found[0])}, and the run says {told}"
        decisions[case.run.run_id] = Decision(Method.OUTPUT_WINDOW, grade, ids, witness)
    return decisions


def _within(docket: Docket, case: Writer) -> Sequence[Snapshot]:
    if case.window.started:
        free = docket.free(case)
        return [one for one in free if one.snapshot_id in case.contested] or free
    # Without a START there is no window; only what was current at the end comes into question.
    entry = docket.table.at(MAIN, case.window.latest)
    current = () if entry is None else ids_of(entry)
    known = [docket.table.by_id[one] for one in current if one in docket.table.by_id]
    return [one for one in known if docket.why_not(case, one) is None]


def _why_unsure(case: Writer, found: Sequence[Snapshot], others: Sequence[str]) -> str | None:
    if not case.window.started:
        return "without a START the run has no window; this was current when it ended"
    if len(found) > 1:
        return f"{len(found)} commits fit"
    if others:
        return f"run {listed(others)} ran then too"
    return f"the run ended with {case.run.state}" if case.failed else None


def told_again(docket: Docket) -> Decisions:
    """Give runs that show the result of a statement what the statement made."""
    decisions = {}
    for case in docket.cases:
        told = docket.echoes.get(case.run.run_id)
        if told is None:
            continue
        made = docket.decided.get(told.run.run_id)
        words = f"the same SQL as run {told.run.run_id} ({told.run.job.name}), which ended before"
        ids = () if made is None else made.ids
        grade = Grade.NONE if made is None else weakest(Grade.HIGH, made.grade)
        witness = f"{listed(ids) if ids else 'no commit'}, {words}: its result was shown"
        decisions[case.run.run_id] = Decision(Method.OUTPUT_TOLD_AGAIN, grade, ids, witness)
    return decisions


def nothing_found(docket: Docket) -> Decisions:
    """Rung 7: a phantom output; or what was told is known to be wrong, and nothing else fits."""
    decisions = {}
    for case in docket.open:
        possible = {one: why for one, why in case.contested.items() if docket.owner(one) is None}
        if possible:
            witness = "; ".join(f"snapshot {one}: {why.words}" for one, why in possible.items())
            method = next(iter(possible.values())).method
            decision = Decision(method, Grade.CANDIDATES, tuple(possible), witness)
        else:
            grade = Grade.STALE if case.stale else Grade.NONE
            witness = f"no commit of the table fits {case.window}{_without_snapshot(docket, case)}"
            if case.stale:
                witness = f"{witness}; version {listed(case.stale)} is another run's"
            decision = Decision(Method.OUTPUT_PHANTOM, grade, (), witness)
        decisions[case.run.run_id] = decision
    return decisions


def _without_snapshot(docket: Docket, case: Writer) -> str:
    """Say what changed meanwhile without a snapshot: a run may have done only that."""
    near = [one for one in docket.table.quiet_changes if case.window.contains(one.at)]
    inside = [one for one in near if case.window.holds(one.at)]
    found = listed(f"{one.what} at {one.at}" for one in inside or near)
    return f"; without a snapshot the table got {found}" if found else ""
