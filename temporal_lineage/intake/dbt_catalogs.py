"""Catalogs that dbt's databases are said to be: only what is known here can be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import UnknownNameError
from temporal_lineage.keys import NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from temporal_lineage.store.ledger import Ledger


def check_catalogs(
    ledger: Ledger, catalogs: Mapping[str, str], *, configured: Iterable[str]
) -> None:
    """Raise UnknownNameError for a catalog that is not configured and was never harvested.

    Tables named after it would be joined to no harvested table, and nobody would be told.
    """
    with ledger.reading() as reader:
        harvested = {one.name for one in reader.nodes(kind=NodeKind.CATALOG)}
    known = sorted(harvested | set(configured))
    for one in catalogs.values():
        if one not in known:
            advice = "`tl catalog list` shows them" if known else "`tl catalog add` adds one"
            raise UnknownNameError(
                "catalog", one, known, f"those are all, {advice}" if known else advice
            )
