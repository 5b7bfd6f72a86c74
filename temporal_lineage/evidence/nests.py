"""Nests: runs that ran inside one another and tell of one and the same write.

Spark runs the query of CREATE TABLE AS SELECT as an execution of its own, and both name the
commit; a scheduler's task and the job it started may both name what the job wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from temporal_lineage.capture.openlineage_events import KeyKind
from temporal_lineage.evidence.grades import Grade, Method, weakest
from temporal_lineage.evidence.writers import Decision, Decisions, Docket, Writer, listed

_AS_SELECT = re.compile(r"table_as_select", re.IGNORECASE)
_ONE_DRIVER = KeyKind.SPARK_APPLICATION


def around(outer: Writer, inner: Writer) -> str | None:
    """Say how one run ran inside another; None where it did not, as far as is known.

    Of two runs side by side under one parent this is known only where the outer one is a CREATE
    or REPLACE TABLE AS SELECT of the same application: other runs may do the same side by side.
    """
    parent = inner.run.parent
    if outer is inner or parent is None:
        return None
    if parent.run_id == outer.run.run_id:
        # Of several runs under one id nobody knows which is the parent.
        return None if outer.run.strangers else f"run {outer.run.run_id} is its parent"
    if outer.run.parent is None or outer.run.parent.run_id != parent.run_id:
        return None
    if not _AS_SELECT.search(outer.run.job.name) or _AS_SELECT.search(inner.run.job.name):
        return None
    shared = {key for key in set(outer.run.keys) & set(inner.run.keys) if key.kind is _ONE_DRIVER}
    if not shared or not outer.window.encloses(inner.window):
        return None
    return (
        f"run {outer.run.run_id} ({outer.run.job.name}) ran around it in the same application, from"
        f" {outer.window.start} to {outer.window.end}"
    )


def is_around(job_name: str) -> bool:
    """Tell whether a job of this name runs around others of its application, side by side."""
    return _AS_SELECT.search(job_name) is not None


def innermost(cases: Sequence[Writer]) -> list[Writer]:
    """Leave out the runs that ran around another of these: what they tell, the inner one did.

    Where events make runs parents of each other, none of them is left out for the others' sake;
    that is a question about these runs alone, so that runs far away change nothing.
    """
    outer = {
        place: [one for one, case in enumerate(cases) if around(case, inner) is not None]
        for place, inner in enumerate(cases)
    }
    has_inner = {one for many in outer.values() for one in many}
    left_out: set[int] = set()
    fresh = [place for place in outer if place not in has_inner]
    while fresh:
        beyond = [one for place in fresh for one in outer[place] if one not in left_out]
        left_out.update(beyond)
        fresh = list(dict.fromkeys(beyond))
    return [case for place, case in enumerate(cases) if place not in left_out]


def by_nest(docket: Docket) -> Decisions:
    """Give runs that are still open the commit of the run they ran around, or inside of."""
    decided = [case for case in docket.cases if _claims(docket, case)]
    decisions: dict[str, Decision] = {}
    for case in docket.open:
        found = _by_inner(docket, case, decided) or _by_outer(docket, case, decided)
        if found is not None:
            decisions[case.run.run_id] = found
    return decisions


def _by_inner(docket: Docket, case: Writer, decided: Iterable[Writer]) -> Decision | None:
    inner = [other for other in decided if around(case, other) is not None]
    if not inner:
        return None
    ids = [one for other in inner for one in _decision(docket, other).ids]
    is_parent = any(
        other.run.parent and other.run.parent.run_id == case.run.run_id for other in inner
    )
    method = Method.OUTPUT_BY_CHILDREN if is_parent else Method.OUTPUT_SAME_WRITE
    return _same_write(docket, case, inner, method, docket.table.in_commit_order(ids))


def _by_outer(docket: Docket, case: Writer, decided: Iterable[Writer]) -> Decision | None:
    outer = [other for other in decided if around(other, case) is not None]
    if len(outer) != 1 or len(_decision(docket, outer[0]).ids) != 1:
        return None
    inside = [other for other in docket.cases if around(outer[0], other) is not None]
    ids = _decision(docket, outer[0]).ids
    snapshot = docket.table.by_id.get(ids[0])
    if len(inside) != 1 or snapshot is None:
        return None  # another run inside may have made it
    if not outer[0].window.contains(snapshot.committed_at):
        return None
    return _same_write(docket, case, outer, Method.OUTPUT_SAME_WRITE, ids)


def _same_write(
    docket: Docket, case: Writer, others: Sequence[Writer], method: Method, ids: tuple[int, ...]
) -> Decision:
    how = "; ".join(words for other in others if (words := _nested(case, other)))
    made = [_decision(docket, other) for other in others]
    for other in others:
        other.reject(f"run {case.run.run_id}", f"it tells of the same write: {how}")
    names = listed(
        f"{other.run.run_id} ({one.method})" for other, one in zip(others, made, strict=True)
    )
    witness = f"{listed(ids)}, the same write as that of run {names}: {how}"
    grade = weakest(Grade.HIGH, *(one.grade for one in made))
    return Decision(method, grade, ids, witness)


def _nested(case: Writer, other: Writer) -> str | None:
    return around(case, other) or around(other, case)


def _claims(docket: Docket, case: Writer) -> bool:
    found = docket.decided.get(case.run.run_id)
    return found is not None and found.grade.claims


def _decision(docket: Docket, case: Writer) -> Decision:
    return docket.decided[case.run.run_id]
