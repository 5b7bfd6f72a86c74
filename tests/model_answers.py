"""What a ledger should answer: the questions of lineage over what was told, slow and obvious."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from model_events import EXTERNAL, MODEL, Read
from model_knowledge import Knowledge, KnownRun, KnownTable, Stretch
from model_world import World
from snapshots.instant import FOREVER, Instant
from snapshots.refs import MAIN

GRADES = ("exact", "high", "inferred", "candidates", "none")

Node = tuple[str, str | None]
"""A dataset and its version; None for the dataset itself."""

Column = tuple[str, str]
"""A dataset and a field id, or a name where no schema is known."""

End = str | Column
"""What data flows into or out of: a dataset, or a column."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One run read the source and wrote the target."""

    source: Node
    target: Node
    grade: str
    job: str
    run: str
    since: Instant


@dataclass(frozen=True, slots=True)
class Feed:
    """A job moved data from a source to a target in a period; datasets, or columns."""

    source: End
    target: End
    job: str
    start: Instant
    end: Instant


class Model:
    """The answers at one system time."""

    def __init__(self, world: World, known: Knowledge) -> None:
        """Answer from what was known."""
        self.name = world.name
        self.known = known
        self._locations = {uuid: table.location for uuid, table in world.tables.items()}

    # Links of runs. DESIGN 4.4.

    def edges(self) -> list[Edge]:
        """Give all edges that are believed, whenever they hold."""
        found: list[Edge] = []
        for run in self.known.runs.values():
            if not run.ended:
                continue
            made = self.written(run)
            if made is None:
                continue
            target, written, since = made
            for read in self.reads(run):
                dataset, versions, grade = self.read(run, read)
                weaker = max(grade, written, key=GRADES.index)
                found += [
                    Edge((dataset, one), target, weaker, self._job(run), run.run.run_id, since)
                    for one in versions or (None,)
                ]
        return found

    def reads(self, run: KnownRun) -> list[Read]:
        """Give what a run read: a table under two names is one, and what tells more counts."""
        own = {one.dataset for one in run.run.reads if one.dataset != EXTERNAL}
        return [
            one
            for one in run.run.reads
            if one.dataset != EXTERNAL or self.known.resolved(EXTERNAL, run.begun) not in own
        ]

    def read(self, run: KnownRun, read: Read) -> tuple[str, tuple[str, ...], str]:
        """Give the dataset that a run read, its versions, and how surely."""
        dataset = self.known.resolved(read.dataset, run.begun)
        told = read.version if run.started else None
        if not self.known.is_table(dataset):
            if told is None:
                return dataset, (), "none"
            return dataset, (str(told),), "inferred"
        table = self.known.tables[dataset]
        if read.report is not None:
            known = read.report in table.snapshots
            return dataset, (str(read.report),), "exact" if known else "high"
        if told is not None:
            refs = [table.at(ref, run.begun) for ref in table.refs()]
            heads = [one.snapshot_id for one in refs if one is not None]
            if told in table.snapshots and told in heads:
                return dataset, (str(told),), "high"
            if not table.denies(told, run.begun):
                return dataset, (str(told),), "inferred"
        return dataset, *self._heads(table, run)

    def _heads(self, table: KnownTable, run: KnownRun) -> tuple[tuple[str, ...], str]:
        """Give what main was at while a run went on: the last resort. DESIGN 4.4, input 6.

        Of a table that it writes, a run read what its own commit was made on top of.
        """
        there = [one for one in table.log(MAIN) if one.start <= run.over and run.begun < one.end]
        ids = list(dict.fromkeys(one.snapshot_id for one in there if one.snapshot_id is not None))
        if run.ended and run.run.writes == table.uuid:
            own = table.snapshots.get(int(run.run.version))
            here = table.at(MAIN, run.begun)
            parent = own.parent_id if own is not None else None
            if run.started and parent is not None and here and here.snapshot_id == parent:
                return (str(parent),), "inferred"
            ids = [one for one in ids if str(one) != run.run.version]
        if not ids:
            return (), "none"
        sure = len(ids) == 1 and all(one.known for one in there)
        covered = table.log(MAIN)[0].start <= run.begun
        return tuple(map(str, ids)), "inferred" if sure and covered else "candidates"

    def written(self, run: KnownRun) -> tuple[Node, str, Instant] | None:
        """Give the version that a run made, how surely, and since when it is there; or nothing."""
        target: Node = (run.run.writes, run.run.version)
        table = self.known.tables.get(run.run.writes)
        if table is None:
            return target, "high", run.over
        snapshot = table.snapshots.get(int(run.run.version))
        if snapshot is None:
            if run.run.reported:
                return target, "high", run.over
            # A version that nobody knows is told of a commit to come, or is a phantom.
            return (
                None if table.is_seen(run.over, after=run.begun) else (target, "inferred", run.over)
            )
        if snapshot.summary:  # stamped
            return target, "exact", snapshot.committed_at
        grades = ("exact", "high") if run.run.reported else ("high", "candidates")
        return target, grades[0 if run.started else 1], snapshot.committed_at

    def writer(self, node: Node) -> KnownRun | None:
        """Give the run that made a version."""
        made = (one for one in self.known.runs.values() if one.ended)
        return next((one for one in made if (self.written(one) or (None,))[0] == node), None)

    def _job(self, run: KnownRun) -> str:
        return f"{self.name}/{run.run.job}"

    # Flows.

    def feeds(self, *, columns: bool) -> list[Feed]:
        """Give the periods in which jobs moved data between datasets, or columns.

        What a run shows holds until the next whole run of the job that does not show it.
        """
        scopes: dict[tuple[str, str], list[tuple[Instant, bool, set[tuple[End, End]]]]]
        scopes = defaultdict(list)
        for run in self.known.runs.values():
            shown = self._columns_shown(run) if columns else self._datasets_shown(run)
            if run.ended and shown:
                scopes[run.run.job, run.run.writes].append((run.over, run.started, shown))
        found: list[Feed] = []
        for (job, _), told in scopes.items():
            told.sort(key=lambda one: one[0])
            for number, (at, _, shown) in enumerate(told):
                for pair in shown:
                    ends = (
                        later
                        for later, whole, others in told[number + 1 :]
                        if whole and pair not in others
                    )
                    found.append(Feed(*pair, job, at, next(ends, FOREVER)))
        return found

    def _datasets_shown(self, run: KnownRun) -> set[tuple[End, End]]:
        sources = {self.known.resolved(one.dataset, run.begun) for one in run.run.reads}
        return {(source, run.run.writes) for source in sources}

    def _columns_shown(self, run: KnownRun) -> set[tuple[End, End]]:
        return {
            (
                self._column(source, name, run.begun),
                self._column(run.run.writes, target, run.over),
            )
            for source, name, target in run.run.columns
        }

    def _column(self, dataset: str, name: str, at: Instant) -> Column:
        table = self.known.tables.get(dataset)
        here = table.at(MAIN, at) if table is not None else None
        schema = table.schema(here.schema_id) if table is not None and here is not None else None
        field = schema.at_path(name) if schema is not None else None
        return dataset, str(field.field_id) if field is not None else name

    def pairs(self, root: str, valid: Instant) -> dict[tuple[str, str], set[str]]:
        """Give which datasets fed which upstream of one, then, and by which jobs."""
        found = self.followed(root, valid, up=True, columns=False)
        return {(str(source), str(target)): jobs for (source, target), jobs in found.items()}

    def followed(
        self, root: End, valid: Instant, *, up: bool, columns: bool
    ) -> dict[tuple[End, End], set[str]]:
        """Give the feeds that lead to a dataset or column, or away from it, with their jobs."""
        here = [one for one in self.feeds(columns=columns) if one.start <= valid < one.end]
        found: dict[tuple[End, End], set[str]] = defaultdict(set)
        reached, waiting = {root}, [root]
        while waiting:
            node = waiting.pop()
            for one in here:
                if (one.target if up else one.source) == node:
                    found[one.source, one.target].add(f"{self.name}/{one.job}")
                    other = one.source if up else one.target
                    if other not in reached:
                        reached.add(other)
                        waiting.append(other)
        return found

    # Provenance of states. DESIGN 4.3.

    def shares(self, node: Node) -> dict[Node | None, str]:
        """Give the commits whose rows live in a state."""
        dataset, version = node
        table = self.known.tables.get(dataset)
        if table is None or version is None:
            return {}
        return {
            None if origin is None else (dataset, str(origin)): certainty
            for origin, certainty in table.shares(int(version)).items()
        }

    def upstream(
        self, root: Node, valid: Instant
    ) -> tuple[set[Edge], set[tuple[Node | None, Node, str]]]:
        """Give the edges into a state, through the commits live in it, and these commits."""
        here = [one for one in self.edges() if one.since <= valid]
        edges: set[Edge] = set()
        contained: set[tuple[Node | None, Node, str]] = set()
        reached, waiting = {root}, [root]
        while waiting:
            node = waiting.pop()
            shares = self.shares(node)
            contained |= {(commit, node, certainty) for commit, certainty in shares.items()}
            commits = set(shares) if shares else {node}
            for one in here:
                if one.target in commits:
                    edges.add(one)
                    if one.source not in reached:
                        reached.add(one.source)
                        waiting.append(one.source)
        return edges, contained

    def downstream(self, root: Node, valid: Instant) -> set[Edge]:
        """Give the edges out of all states that hold rows of a commit, and so on."""
        here = [one for one in self.edges() if one.since <= valid]
        edges: set[Edge] = set()
        reached, waiting = {root}, [root]
        while waiting:
            holding = self.holding(waiting.pop())
            for one in here:
                if one.source in holding:
                    edges.add(one)
                    if one.target not in reached:
                        reached.add(one.target)
                        waiting.append(one.target)
        return edges

    def spread(self, root: Node, valid: Instant) -> set[Node]:
        """Give the commits that brought rows of a bad one somewhere: all made of it but deletions.

        A deletion holds no row of its own, where its files are known.
        """
        made = {one.target for one in self.downstream(root, valid)}
        return {root} | {one for one in made if not self._has_files(one) or one in self.shares(one)}

    def _has_files(self, node: Node) -> bool:
        table = self.known.tables.get(node[0])
        return table is not None and int(str(node[1])) in table.files

    def holding(self, commit: Node) -> set[Node]:
        """Give the states that hold rows of a commit, itself among them."""
        dataset, _ = commit
        table = self.known.tables.get(dataset)
        states = table.files if table is not None else {}
        found: set[Node] = {(dataset, str(one)) for one in states}
        return {commit} | {one for one in found if commit in self.shares(one)}

    # Words.

    def address(self, dataset: str, valid: Instant) -> str:
        """Give what people call a dataset then."""
        if dataset == MODEL:
            return f"model:{self.name}"
        if dataset == EXTERNAL:
            return f"dataset:s3://ext/{self.name}"
        name = self.known.called(dataset, valid) if self.known.is_table(dataset) else None
        return name or f"dataset:file/{self._locations[dataset]}"

    def state(self, node: Node, valid: Instant) -> str:
        """Give the address of a state."""
        dataset, version = node
        name = self.address(dataset, valid)
        return name if version is None else f"{name}@{version}"

    def column(self, column: Column, valid: Instant) -> str:
        """Give the address of a column: its name then, or its last name and when it had it."""
        dataset, key = column
        name = self.address(dataset, valid)
        table = self.known.tables.get(dataset)
        if table is None or not key.isdecimal():
            return f"{name}#{key}"
        here = table.at(MAIN, valid)
        schema = table.schema(here.schema_id) if here is not None else None
        field = schema.field(field_id=int(key)) if schema is not None else None
        if field is not None:
            return f"{name}#{field.path}"
        return next(_former(table, name, int(key)), f"{name}#{key}")


def _former(table: KnownTable, name: str, field_id: int) -> Iterator[str]:
    """Give the last name of a column that is gone, with the start of the state that had it."""
    log = merged(table.log(MAIN))
    for one in reversed(log):
        schema = table.schema(one.schema_id)
        field = schema.field(field_id=field_id) if schema is not None else None
        if field is not None:
            yield f"{name}@{one.start}#{field.path}"


def merged(log: list[Stretch]) -> list[Stretch]:
    """Join stretches that look the same to a reader."""
    found: list[Stretch] = []
    for one in log:
        last = found[-1] if found else None
        if last and replace(last, start=one.start, end=one.end) == one and one.known:
            found[-1] = replace(last, end=one.end)
        else:
            found.append(one)
    return found
