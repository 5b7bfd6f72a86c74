"""Fingerprints of states: a number for their rows, whatever the files and the engine."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from temporal_lineage.reproduce.scan import open_addressed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalogs.engines.engine import ReadBy, Rows
    from catalogs.portion import Portion
    from catalogs.table import TableState
    from snapshots.fingerprint import Fingerprint
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import Known
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class FingerprintAnswer:
    """The fingerprint of the rows of a state, or of a portion of them.

    `known` says how it is known that this state was meant. `columns` are null for all of them,
    `where` is null for all rows. `read_by` is what read them.
    """

    ROWS: ClassVar[str | None] = None

    question: Question
    address: str
    schema_id: int
    known: Known
    columns: tuple[str, ...] | None
    where: str | None
    read_by: ReadBy
    rows: int
    fingerprint: str
    doubts: tuple[str, ...]


def fingerprint(
    reader: Reader,
    address: DatasetAddress,
    question: Question,
    *,
    folder: Path,
    columns: Sequence[str] | None,
    where: str | None,
    engine: str,
) -> FingerprintAnswer:
    """Answer `tl fingerprint`: read all rows of the state that an address means, and digest them.

    Raises what `scan` raises, also while the rows are read, and UnsupportedError for columns of a
    type that no fingerprint covers. An engine's own are those of `catalogs.engines.engine`.
    """
    from catalogs.engines.choosing import opened_engine
    from catalogs.portion import Portion

    opened = open_addressed(reader, address, question, folder=folder)
    portion = Portion(None if columns is None else tuple(columns), where)
    with opened_engine(engine) as reads:
        rows = reads.rows(opened.state)
        found = _fingerprint_of(opened.state, rows, portion)
    return FingerprintAnswer(
        question=question,
        address=opened.address,
        schema_id=opened.state.schema.schema_id,
        known=opened.known,
        columns=portion.columns,
        where=where,
        read_by=rows.read_by,
        rows=found.rows,
        fingerprint=str(found),
        doubts=opened.doubts,
    )


def state_fingerprint(state: TableState, portion: Portion) -> Fingerprint:
    """Read a portion of a state and give its fingerprint; raises as `fingerprint` does."""
    return _fingerprint_of(state, state, portion)


def _fingerprint_of(state: TableState, rows: Rows | TableState, portion: Portion) -> Fingerprint:
    from catalogs.fingerprint.identities import identities
    from catalogs.fingerprint.rows import fingerprint_of
    from catalogs.portion import portion_rows

    named = identities(state.schema, state.identity_of)
    with closing(portion_rows(rows, portion)) as batches:
        return fingerprint_of(batches, named)
