"""Commits of many tables, read together: their snapshots, their chains, and the logs of main."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.records import NamedTuple
from snapshots.snapshot import Snapshot
from temporal_lineage.claims import decode
from temporal_lineage.harvesting.histories import commit_order
from temporal_lineage.harvesting.point_claims import PointClaim, chain_point
from temporal_lineage.harvesting.ref_logs import logs_of_main
from temporal_lineage.harvesting.table_claims import table_claims
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.commit_point import ChainPoint
    from snapshots.instant import Instant
    from snapshots.snapshot_log import SnapshotLog
    from temporal_lineage.store.reader import Reader


class Commits(NamedTuple):
    """What a table's history says of its commits, and nothing of what the table was at each.

    `main` is None where no such ref was known.
    """

    chain: tuple[ChainPoint, ...]
    snapshots: tuple[Snapshot, ...]
    main: SnapshotLog | None


def commits_of(
    reader: Reader, dataset_ids: Iterable[int], *, system: Instant
) -> dict[int, Commits]:
    """Give the commits of tables as the ledger knew them then; those never harvested are left out.

    A statement for each kind of what is read, however many tables are asked for.
    """
    tables = sorted(table_claims(reader, dataset_ids, system=system))
    snapshots, points = (
        reader.timelines_of(node_ids=tables, kind=kind, system=system)
        for kind in (AttributeKind.SNAPSHOT, AttributeKind.POINT)
    )
    mains = logs_of_main(reader, tables, system=system)
    found = {}
    for one in tables:
        decoded = (decode(Snapshot, line[-1].claim) for line in snapshots.get(one, {}).values())
        claims = {
            int(name): decode(PointClaim, line[-1].claim)
            for name, line in points.get(one, {}).items()
        }
        found[one] = Commits(
            chain=tuple(chain_point(at, claim, {}, None) for at, claim in sorted(claims.items())),
            snapshots=tuple(sorted(decoded, key=commit_order)),
            main=mains.get(one),
        )
    return found
