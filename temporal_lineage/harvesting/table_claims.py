"""Table claims: what the ledger knows of tables as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.claims import TableClaim, decode
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Reader


def table_claim(reader: Reader, dataset_id: int, *, system: Instant) -> TableClaim | None:
    """Give what is known of a table as a whole; None where it was never harvested."""
    return table_claims(reader, [dataset_id], system=system).get(dataset_id)


def table_claims(
    reader: Reader, dataset_ids: Iterable[int], *, system: Instant
) -> dict[int, TableClaim]:
    """Give what is known of tables as a whole; those never harvested are left out."""
    found = reader.timelines_of(node_ids=dataset_ids, kind=AttributeKind.TABLE, system=system)
    return {
        dataset_id: decode(TableClaim, lines[""][-1].claim)
        for dataset_id, lines in found.items()
        if "" in lines
    }
