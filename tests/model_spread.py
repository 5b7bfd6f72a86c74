"""Where rows and columns go, slow and obvious: contamination, its way back, rollbacks, columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from model_answers import Column, Edge, End, Feed, Model, Node
from snapshots.instant import Instant

STRONGEST_FIRST = ("exact", "possible", "assumed")
CLAIMING = ("exact", "high", "inferred")


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


def surely(model: Model, root: Node, valid: Instant) -> set[Node]:
    """Give the commits made of a bad one by edges that claim, of states that surely hold it."""
    spread = model.spread(root, valid)
    edges = [one for one in model.edges() if one.since <= valid and one.grade in CLAIMING]
    sure = {root}
    for _ in edges:
        for edge in edges:
            shares = {edge.source: "exact"} | model.shares(edge.source)
            if edge.target in spread and any(shares.get(one) == "exact" for one in sure):
                sure.add(edge.target)
    return sure


def holding_surely(
    model: Model, commits: Collection[Node], sure: Collection[Node], valid: Instant
) -> dict[Node, str]:
    """Give the states of one table that hold rows of bad commits by then, and how surely."""
    found: dict[Node, str] = {}
    for state in {state for one in commits for state in model.holding(one)}:
        snapshot = model.known.tables[state[0]].snapshots.get(int(str(state[1])))
        if snapshot is not None and snapshot.committed_at > valid:
            continue
        shares = model.shares(state)
        told = [shares[one] if one in sure else "possible" for one in commits if one in shares]
        told += ["exact" if state in sure else "possible"] if state in commits else []
        found[state] = min(told, key=STRONGEST_FIRST.index)
    return found


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
    """What a change of a column reaches: a column, or a dataset that may use it unsaid.

    `at_once` tells whether it is made of the column, or from its table, without a step between.
    """

    end: End
    distance: int
    is_told: bool
    at_once: bool
    jobs: frozenset[str]


def touched(model: Model, column: Column, valid: Instant) -> set[Touched]:
    """Give the columns made of a column, and what may be made of it by jobs that told no columns.

    What is made of a dataset of the latter kind may be made of it too, whatever is told.
    """
    flows, moves = (
        [one for one in model.feeds(columns=columns) if one.start <= valid < one.end]
        for columns in (True, False)
    )
    columns = _nearest(column, flows)
    tables = _nearest(column[0], moves)
    # Where nothing flows between tables any more, a column has come as far as anything can.
    met = {one[0] for one in columns if one[0] in tables}
    telling = {(one.target[0], one.job) for one in flows}
    far: dict[End, int] = {}
    used: dict[End, set[Feed]] = {}
    for _ in moves:
        for one in moves:
            jobs = {other.job for other in moves if _ends(other) == _ends(one)}
            silent = one.source in met and any((one.target, job) not in telling for job in jobs)
            if one.target != column[0] and (silent or one.source in far):
                ways = [tables[one.source]] if silent else []
                before = min([*ways, *([far[one.source]] if one.source in far else [])])
                far[one.target] = min(before + 1, far.get(one.target, before + 1))
                used.setdefault(one.target, set()).add(one)
    found = {
        Touched(end, distance, True, distance == 1, _jobs(model, into))
        for end, distance in columns.items()
        if distance
        for into in [{one for one in flows if one.target == end and _is_nearer(columns, one)}]
    }
    return found | {
        Touched(
            end,
            distance,
            False,
            column[0] in {one.source for one in used[end]},
            _jobs(model, used[end]),
        )
        for end, distance in far.items()
    }


def _nearest(root: End, flows: Collection[Feed]) -> dict[End, int]:
    near: dict[End, int] = {root: 0}
    for distance in range(1, len(flows) + 1):
        for one in flows:
            if near.get(one.source) == distance - 1:
                near.setdefault(one.target, distance)
    return near


def _is_nearer(near: dict[End, int], flow: Feed) -> bool:
    return flow.source in near and near[flow.source] < near[flow.target]


def _ends(flow: Feed) -> tuple[End, End]:
    return flow.source, flow.target


def _jobs(model: Model, flows: Iterable[Feed]) -> frozenset[str]:
    return frozenset(f"{model.name}/{one.job}" for one in flows)
