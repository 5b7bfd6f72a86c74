"""The chronicle: version after version, what the table was and who made it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from catalogs.delta import instants
from catalogs.delta.actions import Commit, Metadata, Protocol
from catalogs.delta.commits import NOT_TOLD, counted, restored_version, snapshot_of
from catalogs.delta.definition import (
    NOTHING_YET,
    ROW_TRACKING,
    with_domains,
    with_metadata,
    with_protocol,
)
from catalogs.delta.effect import effect_of
from catalogs.delta.log import DeltaLog
from catalogs.delta.protocol import check, features
from catalogs.delta.replay import LiveFiles, LogicalFile, Step, Table, declared, tried
from catalogs.delta.schema import Schemas
from snapshots.commit_point import CommitPoint
from snapshots.definition import TableDefinition
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.refs import MAIN, Branch
from snapshots.schema import SchemaVersion
from snapshots.snapshot import CommitCounts, Effect, InstantSource, Snapshot


class Chronicle:
    """What is known of a table so far; each step of a replay makes it one version longer.

    `identity`, `metadata` and `protocol` are None as long as no action has named them. `unknown`
    holds the versions whose state cannot be rebuilt, `from_checkpoint` those without a commit,
    `doubts` what was not understood, in words.
    """

    def __init__(self, log: DeltaLog, known: TableHistory | None, *, after: int | None) -> None:
        """Go on from what is known up to version `after`; both None for a table never seen."""
        self._log = log
        self._after = after
        self.identity = known.identity.uuid if known else None
        self.features = known.features if known else ()
        self.metadata: Metadata | None = None
        self.protocol: Protocol | None = None
        self.schemas = Schemas(known.schemas if known else (), location=log.root)
        self.snapshots = {one.snapshot_id: one for one in known.snapshots} if known else {}
        self.points: dict[int, CommitPoint] = (
            {one.position: one for one in known.chain if isinstance(one, CommitPoint)}
            if known
            else {}
        )
        self.unknown: list[int] = []
        self.from_checkpoint: list[int] = []
        self.doubts: list[str] = []
        head = known.head() if known else None
        self._properties: Mapping[str, str] | None = head.properties if head else None
        self._schema = self.schemas.named(head.schema_id) if head else None
        self._earlier: Table | None = None
        self._live = LiveFiles(self._earlier_files)
        self._definition = head.definition if head else NOTHING_YET
        self._domains = self._domains_of(self._definition)

    def take(self, step: Step) -> None:
        """Add one version. Raises UnsupportedError where it asks for what no reader here has."""
        if not step.joined:
            self._start_over(step)
        if step.protocol is not None:
            check(step.protocol, location=self._log.root)
            self.protocol, self.features = step.protocol, features(step.protocol)
        if step.metadata is not None:
            self._change(step.metadata, step)
        self._define(step)
        at, source, witness = self._witnessed(step)
        counts, effect = self._judged(step.commit)
        schema_id = self._schema.schema_id if self._schema else None
        version = step.version
        self.points[version] = CommitPoint(
            position=version,
            at=at,
            source=source,
            witness=witness,
            snapshot_id=version,
            schema_id=schema_id,
            refs=(Branch(MAIN, version, None, None, None),),
            properties=self._properties or {},
            definition=self._definition,
        )
        self.snapshots[version] = snapshot_of(
            step.commit,
            version=version,
            parent_id=version - 1 if version - 1 in self.snapshots else None,
            committed_at=at,
            effect=effect,
            schema_id=schema_id,
            counts=counts,
        )

    def _start_over(self, step: Step) -> None:
        """Forget the state so far: it is not the one that this version follows."""
        live = step.base.live if step.base else {}
        self._live = LiveFiles(lambda: live)
        self._properties, self._schema, self.metadata = None, None, None
        self._after, self._earlier = None, None
        self._definition = NOTHING_YET if step.base else None
        self._domains = dict(step.base.domains) if step.base else {}
        if step.base is None:
            self.unknown.append(step.version)

    def _define(self, step: Step) -> None:
        """Bring the definition up to this version; it stays unknown where its start is."""
        if self._definition is None:
            return
        if step.protocol is not None:
            self._definition = with_protocol(self._definition, step.protocol)
        if step.metadata is not None and self._schema is not None:
            self._definition = with_metadata(self._definition, step.metadata, self._schema)
        if step.base is None and step.commit is not None and step.commit.domains:
            declared(self._domains, step.commit)
            self._definition = with_domains(self._definition, self._domains)
        elif step.base is not None and self._domains:
            self._definition = with_domains(self._definition, self._domains)

    @staticmethod
    def _domains_of(definition: TableDefinition | None) -> dict[str, str]:
        """Give the domains a chronicle goes on from, row tracking's own among them."""
        if definition is None:
            return {}
        domains = dict(definition.domains)
        if definition.next_row_id is not None:
            domains[ROW_TRACKING] = f'{{"rowIdHighWaterMark":{definition.next_row_id - 1}}}'
        return domains

    def _change(self, metadata: Metadata, step: Step) -> None:
        self.metadata, self.identity = metadata, metadata.id
        self._properties = metadata.properties
        restored = self._restored(step.commit)
        self._schema = self.schemas.take(metadata, version=step.version, restored=restored)

    def _restored(self, commit: Commit | None) -> SchemaVersion | None:
        """Find the schema that a RESTORE goes back to; None where it does not name a version."""
        goes_back_to = restored_version(commit)
        found = None if goes_back_to is None else self.snapshots.get(goes_back_to)
        return self.schemas.named(found.schema_id) if found else None

    def _witnessed(self, step: Step) -> tuple[Instant, InstantSource, str]:
        segment, commit = self._log.segment, step.commit
        if commit is None:
            self.from_checkpoint.append(step.version)
            witness = segment.checkpoints[step.version][0][0]
            modified = instants.in_millis(segment.modified[witness])
            return modified, InstantSource.FILE_MODIFICATION, witness
        self.doubts += commit.doubts
        at, source = instants.instant_of(
            commit,
            version=step.version,
            modified=segment.modified[commit.witness],
            # Empty ones that no metaData of this pass has set may be none at all.
            properties=self._properties if self.metadata else self._properties or None,
        )
        if source is not InstantSource.IN_COMMIT and instants.promises_in_commit(
            self._properties or {}, version=step.version
        ):
            told = "has no inCommitTimestamp, though the table promises one; its file time is used"
            self.doubts.append(f"{commit.witness}: it {told}")
        return at, source, commit.witness

    def _judged(self, commit: Commit | None) -> tuple[CommitCounts, Effect]:
        if commit is None:
            return NOT_TOLD, Effect.UNKNOWN
        # Only a predicate makes the effect depend on which columns there are; few commits have one.
        selective = "predicate" in commit.parameters
        partitions = self._partition_columns() if selective else ()
        columns = self._column_names() if selective else None
        effect = effect_of(commit, columns=columns, partition_columns=partitions)
        return counted(commit, self._live), effect

    def _column_names(self) -> set[str] | None:
        """Give the names of the top-level columns; None where the schema is not known."""
        return {column.name for column in self._schema.columns()} if self._schema else None

    def _partition_columns(self) -> list[str]:
        if self.metadata is not None:
            return self.metadata.partition_columns
        table = self._table()
        return table.metadata.partition_columns if table else []

    def _earlier_files(self) -> dict[str, LogicalFile]:
        table = self._table()
        return table.live if table else {}

    def _table(self) -> Table | None:
        """Rebuild the state this chronicle went on from; None where the log no longer can."""
        if self._earlier is None and self._after is not None:
            self._earlier, _ = tried(self._log, self._after)
        return self._earlier


def settled(chronicle: Chronicle) -> dict[int, CommitPoint]:
    """Give the points with instants that run forward.

    A version known from its checkpoint alone was current before the next one, whatever the time
    of the checkpoint's file: checkpoints are written late.
    """
    points = dict(sorted(chronicle.points.items()))
    for version in reversed(chronicle.from_checkpoint):
        following = points.get(min((one for one in points if one > version), default=version))
        if following is not None and following.position > version:
            latest = instants.before(following.at)
            points[version] = replace(points[version], at=min(points[version].at, latest))
    return {point.position: point for point in instants.in_order(tuple(points.values()))}


def dated(snapshot: Snapshot, points: Mapping[int, CommitPoint]) -> Snapshot:
    """Give a snapshot the instant of its commit point."""
    point = points.get(snapshot.snapshot_id)
    if point is None or point.at == snapshot.committed_at:
        return snapshot
    return replace(snapshot, committed_at=point.at)
