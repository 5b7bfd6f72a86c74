"""SQL reads: the tables that a query reads and the states it asks for, by its parse."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from temporal_lineage.evidence.pin_values import Pin

if TYPE_CHECKING:
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.sql.dialects import Dialect

QUERIES_KEPT_MAX = 512

SqlRead = tuple[str, Pin | None]
"""A table by the name the query gives it, and the pin; None where the newest state is meant."""


def spoken(run: RunRecord) -> tuple[Dialect, str | None]:
    """Say which dialect a run's SQL is in, and a doubt where nothing told."""
    from temporal_lineage.sql.dialects import dialect_of_run

    return dialect_of_run(
        told=run.sql_dialect,
        engine=run.engine.name if run.engine else None,
        producer=run.producer,
        namespaces=[one.dataset.namespace for one in (*run.inputs, *run.outputs)],
    )


@lru_cache(maxsize=QUERIES_KEPT_MAX)
def reads_of(query: str, dialect: str) -> tuple[SqlRead, ...] | None:
    """Give what a query reads; None where not all of it can be parsed.

    Common table expressions and temporary tables are no tables; what their queries read is.
    """
    from temporal_lineage.sql.dialects import dialect as found
    from temporal_lineage.sql.schemas import NoSchemas
    from temporal_lineage.sql.scripts import analyse

    script = analyse(query, found(dialect), NoSchemas())
    if script.refused:
        return None
    reads = [read for statement in script.read for read in statement.reads]
    return tuple(
        (str(read.place), None if read.pin is None else _shown(str(read.place), read.pin))
        for read in reads
        if read.place not in script.temporary
    )


def _shown(name: str, pin: Pin) -> Pin:
    """Say of which table the pin is."""
    return pin if name in pin.text else replace(pin, text=f"{name} {pin.text}")
