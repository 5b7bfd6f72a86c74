"""Where rows and columns go, slow and obvious: contamination, its way back, rollbacks, columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from model_answers import Column, Edge, End, Feed, Model, Node
from snapshots.instant import Instant

STRONGEST_FIRST = ("exact", "possible", "assumed")


@dataclass(frozen=True, slots=True)
class Product:
    """A version of a model, or of a table that no harvest saw."""

    version: Node
    made_at: Instant
    job: str
    run: str
    newest: bool


def products(model: Model, commits: Iterable[Node], valid: Instant) -> set[Product]:
    """Give what was made of bad states elsewhere than in tables, and whether it is the last."""
    made = [
        (one, written[0], written[2])
        for one in model.known.runs.values()
        if one.ended and (written := model.written(one)) and written[2] <= valid
    ]
    found = set()
    for run, version, since in made:
        if version not in commits or model.known.is_table(version[0]):
            continue
        later = [at for _, (dataset, _), at in made if dataset == version[0] and at > since]
        job = f"{model.name}/{run.run.job}"
        found.add(Product(version, since, job, run.run.run_id, newest=not later))
    return found


def certainty(model: Model, uuid: str, commits: Collection[Node], valid: Instant) -> str:
    """Give how surely all states that hold bad rows do so: the weakest of them counts."""
    snapshots = model.known.tables[uuid].snapshots
    weakest = "exact"
    for state in {state for one in commits for state in model.holding(one)}:
        snapshot = snapshots.get(int(str(state[1])))
        if snapshot is not None and snapshot.committed_at > valid:
            continue
        shares = model.shares(state)
        told = ["exact"] if state in commits else [shares[one] for one in commits if one in shares]
        strongest = min(told, key=STRONGEST_FIRST.index)
        weakest = max(weakest, strongest, key=STRONGEST_FIRST.index)
    return weakest


def way_back(bad: Collection[str], edges: Collection[Edge]) -> dict[str, tuple[int, bool]]:
    """Give the step in which each bad dataset is made anew, and whether it feeds itself by others.

    A dataset waits for all bad ones that it is made from, but for those that wait for it too.
    """
    fed = {
        one: {edge.source[0] for edge in edges if edge.target[0] == one and edge.source[0] in bad}
        for one in bad
    }
    before = {one: _reached(fed, one) for one in bad}
    circle = {one: {other for other in before[one] if one in before[other]} for one in bad}

    def step(one: str) -> int:
        others = before[one] - circle[one] - {one}
        return 1 + max((step(other) for other in others), default=0)

    return {one: (step(one), bool(circle[one] - {one})) for one in bad}


def _reached(fed: dict[str, set[str]], one: str) -> set[str]:
    found, waiting = set(fed[one]), list(fed[one])
    while waiting:
        more = fed[waiting.pop()] - found
        found |= more
        waiting += more
    return found


def below(model: Model, commits: Collection[Node], valid: Instant) -> dict[Node, int]:
    """Give what runs made of any of these commits, and by how many runs at least; one or more."""
    here = [one for one in model.edges() if one.since <= valid]
    near = dict.fromkeys(commits, 0)
    made: dict[Node, int] = {}
    for distance in range(1, len(here) + 2):
        last = [one for one, steps in near.items() if steps == distance - 1]
        holding = {state for one in last for state in model.holding(one)}
        for edge in here:
            if edge.source in holding:
                near.setdefault(edge.target, distance)
                made.setdefault(edge.target, near[edge.target] or 1)
    return made


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change of a column reaches: a column, or a dataset of which nobody told columns."""

    end: End
    distance: int
    is_told: bool
    jobs: frozenset[str]


def touched(model: Model, column: Column, valid: Instant) -> set[Touched]:
    """Give the columns made of a column, and the untold datasets made of its table."""
    flows = {
        columns: [one for one in model.feeds(columns=columns) if one.start <= valid < one.end]
        for columns in (True, False)
    }
    found = set(_nearest(column, flows[True], model.name, is_told=True))
    told = {one.target[0] for one in flows[True]}
    untold = _nearest(column[0], flows[False], model.name, is_told=False)
    return found | {one for one in untold if one.end not in told}


def _nearest(root: End, flows: list[Feed], name: str, *, is_told: bool) -> list[Touched]:
    near: dict[End, int] = {root: 0}
    for distance in range(1, len(flows) + 1):
        for one in flows:
            if near.get(one.source) == distance - 1:
                near.setdefault(one.target, distance)
    return [
        Touched(
            end,
            distance,
            is_told,
            frozenset(
                f"{name}/{one.job}"
                for one in flows
                if one.target == end and near.get(one.source, distance) < distance
            ),
        )
        for end, distance in near.items()
        if distance
    ]
