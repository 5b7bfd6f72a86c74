"""Rebuilding: whether the runs that wrote what is lost could be run again on what they read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from catalogs.credentials import without_user_info
from snapshots.availability import Gone, LogTruncated, Partial, Unverified
from snapshots.files import FileContent
from snapshots.snapshot import Effect
from temporal_lineage.addresses import RunAddress
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST
from temporal_lineage.harvesting.history_parts import remembered_snapshot
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import WriterClaim
from temporal_lineage.naming import Naming
from temporal_lineage.reproduce.answer import READABLE
from temporal_lineage.reproduce.inputs import InputState, find_inputs
from temporal_lineage.reproduce.look import Seen, Unseen, look
from temporal_lineage.reproduce.lost import CanRebuild, Loss, Rebuild, RebuildInput, all_of
from temporal_lineage.store.commits import BEFORE_HISTORY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from snapshots.act import Act
    from snapshots.instant import Instant
    from temporal_lineage.facts import AsOf
    from temporal_lineage.reproduce.inputs import Input
    from temporal_lineage.reproduce.look import Looked
    from temporal_lineage.reproduce.tables import Tables
    from temporal_lineage.store.reader import Reader

DEPTH_MAX = 3
"""So many runs, one behind the other, are looked at: what the lost inputs of a run were made of."""
_NOBODY = "nobody remembers which commits wrote it"
COMMITS_MAX = 20
"""Of so many commits to one lost state the runs are looked at."""


class Rebuilding:
    """Follows lost states back to the runs that wrote them; each state is looked at once."""

    def __init__(self, reader: Reader, tables: Tables, as_of: AsOf, *, now: Instant) -> None:
        """Take the evidence as it is believed then, and the tables as they lie there `now`."""
        self._reader = reader
        self._tables = tables
        self._as_of = as_of
        self._now = now
        self._inputs: dict[tuple[int, str, int], RebuildInput] = {}

    def told(self, one: Input, looked: Looked) -> Looked:
        """Add to what was seen of a partial or gone state what is lost of it; all else stays."""
        lost = isinstance(looked.input.availability, Partial | Gone | LogTruncated)
        if not lost or not isinstance(one, InputState) or not isinstance(looked, Seen | Unseen):
            return looked
        return replace(looked, input=replace(looked.input, loss=self._loss(one, looked)))

    def _loss(self, one: InputState, looked: Seen | Unseen) -> Loss:
        verdict, lost = looked.input.availability, looked.input.lost
        act = looked.act if isinstance(looked, Seen) else None
        rows = [file.rows for file in lost if file.content is FileContent.DATA]
        rebuilds = self.of(one.dataset_id, one.version, _keys(looked))
        return Loss(
            files=len(lost),
            of=looked.input.files or 0,
            size_bytes=sum(file.size_bytes for file in lost),
            rows=None if None in rows or not lost else sum(count or 0 for count in rows),
            since=verdict.since if isinstance(verdict, Partial | Gone) else None,
            act=verdict.act if isinstance(verdict, Partial | Gone) else None,
            user=act.user if act else None,
            run=self._run_of(one.dataset_id, act),
            can=all_of([rebuild.can for rebuild in rebuilds]),
            rebuilds=rebuilds,
        )

    def _run_of(self, dataset_id: int, act: Act | None) -> str | None:
        if act is None or act.snapshot_id is None:
            return None
        name = str(act.snapshot_id)
        node_id = self._reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name=name)
        writer = self._writer(node_id) if node_id is not None else None
        return writer.run if writer else None

    def of(
        self, dataset_id: int, version: str, lost: Collection[str], *, depth: int = DEPTH_MAX
    ) -> tuple[Rebuild, ...]:
        """Tell how the lost files of a state could be made again; all of it where none is named.

        `lost` are keys of files.
        """
        commits, lacking = self._commits(dataset_id, version, lost)
        by_run: dict[WriterClaim | None, list[int]] = defaultdict(list)
        for node_id in commits[:COMMITS_MAX]:
            by_run[self._writer(node_id)].append(node_id)
        found = [self._rebuild(writer, nodes, depth) for writer, nodes in by_run.items()]
        if len(commits) > COMMITS_MAX:
            lacking = f"{len(commits) - COMMITS_MAX} more commits were not looked at"
        if lacking is not None:
            found.append(Rebuild((), None, None, None, CanRebuild.UNKNOWN, lacking, ()))
        return tuple(found)

    def _commits(
        self, dataset_id: int, version: str, lost: Collection[str]
    ) -> tuple[list[int], str | None]:
        """Give the commits whose rows are lost, the oldest first; and why they may not be all.

        A compaction wrote files, but none of their rows: then it is the commits of the state.
        """
        lives = list(self._reader.file_lives_of(dataset_id=dataset_id, keys=lost)) if lost else []
        origins = {life.origin_id for life, _ in lives}
        found = {life.file.key for life, _ in lives}
        lacking = None
        if BEFORE_HISTORY in origins or found != set(lost):
            lacking = _NOBODY
        names = self._reader.named(node_ids=sorted(origins - {BEFORE_HISTORY}))
        if not lost or any(self._only_carried(dataset_id, one.name) for one in names.values()):
            state = self._reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name=version)
            nodes = [] if state is None else [state]
            rows = self._reader.contributions_to(node_ids=nodes, system=self._as_of.system)
            origins = {one.commit_id for one in rows}
            lacking = None if rows and BEFORE_HISTORY not in origins else lacking or _NOBODY
        return sorted(origins - {BEFORE_HISTORY}), lacking

    def _only_carried(self, dataset_id: int, version: str) -> bool:
        system = self._as_of.system
        found = remembered_snapshot(self._reader, dataset_id, int(version), system=system)
        return found is not None and found.effect is Effect.REPLACE

    def _writer(self, node_id: int) -> WriterClaim | None:
        believed = self._reader.attribute(
            node_id=node_id, kind=AttributeKind.WRITER, name="", as_of=self._latest()
        )
        claim = decode(WriterClaim, believed.claim) if believed else None
        return claim if claim and claim.run and claim.evidence.grade.claims else None

    def _latest(self) -> AsOf:
        """Who wrote what was committed long ago holds from then on, whenever the question is."""
        from temporal_lineage.facts import AsOf

        return AsOf(valid=LAST, system=self._as_of.system)

    def _rebuild(self, writer: WriterClaim | None, nodes: Iterable[int], depth: int) -> Rebuild:
        addresses = Naming(self._reader, as_of=self._as_of).addresses(list(nodes))
        commits = tuple(addresses[one] for one in nodes)
        if writer is None:
            why = "no run claims it" if len(commits) == 1 else "no run claims them"
            return Rebuild(commits, None, None, None, CanRebuild.UNKNOWN, why, ())
        told = find_inputs(self._reader, RunAddress(writer.run), self._latest())
        inputs = tuple(self._input(one, depth) for one in told.inputs)
        can = all_of([one.can for one in inputs])
        return Rebuild(
            commits=commits,
            run=writer.run,
            job=writer.job or None,
            code=self._code(writer.run),
            can=can,
            why=_why(can, inputs),
            inputs=inputs,
        )

    def _code(self, run: str) -> str | None:
        run_id = self._reader.node(kind=NodeKind.RUN, parent_id=0, name=run)
        if run_id is None:
            return None
        claims = self._reader.attributes(
            node_id=run_id, kind=AttributeKind.RUN, as_of=self._latest()
        )
        code = decode(RunClaim, claims[0].claim).code if claims else None
        return None if code is None else without_user_info(code)

    def _input(self, one: Input, depth: int) -> RebuildInput:
        if not isinstance(one, InputState):
            return RebuildInput(one.dataset, "unverified", CanRebuild.UNKNOWN, ())
        key = (one.dataset_id, one.version, depth)
        if key not in self._inputs:
            self._inputs[key] = self._looked_at(one, depth)
        return self._inputs[key]

    def _looked_at(self, one: InputState, depth: int) -> RebuildInput:
        looked = look(self._tables, one, now=self._now)
        told, rebuilds = looked.input, tuple[Rebuild, ...]()
        if isinstance(told.availability, READABLE):
            can = CanRebuild.YES
        elif not isinstance(looked, Seen | Unseen):
            can = CanRebuild.NO  # a file that is gone or another one: nothing tells who made it
        elif isinstance(told.availability, Unverified) or depth <= 1:
            can = CanRebuild.UNKNOWN
        else:
            rebuilds = self.of(one.dataset_id, one.version, _keys(looked), depth=depth - 1)
            can = all_of([rebuild.can for rebuild in rebuilds])
        return RebuildInput(told.address, told.verdict, can, rebuilds)


def _keys(looked: Seen | Unseen) -> list[str]:
    """Give the keys of the files that are lost of a state; none where its files are not known."""
    if isinstance(looked, Unseen):
        return []
    lost = {file.path for file in looked.input.lost}
    return [one.key for one in looked.state.files if one.path in lost]


def _why(can: CanRebuild, inputs: Collection[RebuildInput]) -> str | None:
    if can is CanRebuild.YES:
        return None
    if not inputs:
        return "no event says what the run read"
    bad = [one for one in inputs if one.can is can]
    return ", ".join(f"{one.address} is {one.verdict}" for one in bad)
