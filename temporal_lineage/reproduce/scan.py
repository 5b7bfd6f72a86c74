"""Scans: the rows of one past state, streamed under the schema it was written with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.availability import Gone, LogTruncated
from snapshots.errors import BadTargetError, UnreadableError
from temporal_lineage.reproduce.inputs import InputState, find_inputs
from temporal_lineage.reproduce.loss import why_lost
from temporal_lineage.reproduce.reaching import OutOfReach
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from catalogs.table import TableState
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import Known
    from temporal_lineage.store.reader import Reader

_ADVICE = "`tl available` says which states can be read"


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """The rows of a state, to be read once.

    `known` says how it is known that this state was meant. pyarrow, polars, duckdb and whatever
    else reads Arrow streams take the answer itself; `batches` is the reader behind it.
    """

    ROWS: ClassVar[str | None] = None

    question: Question
    address: str
    schema_id: int
    known: Known
    batches: pa.RecordBatchReader
    doubts: tuple[str, ...]

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the rows on, as the Arrow PyCapsule interface wants it."""
        return self.batches.__arrow_c_stream__(requested_schema)


@dataclass(frozen=True, slots=True)
class Opened:
    """A state that was found; `known` says how it is known that this one was meant."""

    address: str
    known: Known
    state: TableState
    doubts: tuple[str, ...]


def scan(
    reader: Reader,
    address: DatasetAddress,
    question: Question,
    *,
    folder: Path,
    columns: Sequence[str] | None,
    where: str | None,
) -> ScanAnswer:
    """Open the rows of the state that an address means at the question's point in both times.

    The state is read from the table as it lies there now, with the help of what the ledger kept.
    Raises UnreadableError where it cannot be read any more; UnknownNameError, UsageError and
    UnsupportedError as `catalogs.portion.portion_rows` does, before the first row.
    """
    from catalogs.portion import Portion, portion_rows

    portion = Portion(None if columns is None else tuple(columns), where)
    opened = open_addressed(reader, address, question, folder=folder)
    return ScanAnswer(
        question=question,
        address=opened.address,
        schema_id=opened.state.schema.schema_id,
        known=opened.known,
        batches=portion_rows(opened.state, portion),
        doubts=opened.doubts,
    )


def open_addressed(
    reader: Reader, address: DatasetAddress, question: Question, *, folder: Path
) -> Opened:
    """Find the state that an address means. Raises what `scan` raises before it reads."""
    inputs = find_inputs(reader, address, question.as_of)
    one = inputs.inputs[0] if len(inputs.inputs) == 1 else None
    if not isinstance(one, InputState) or not one.version.isdecimal():
        raise BadTargetError(str(address), "the state of a harvested table is asked for")
    tables = Tables(reader, folder)
    reached = tables.reach(one.dataset_id)
    place = f"{one.dataset}@{one.version}"
    if isinstance(reached, OutOfReach):
        raise UnreadableError(place, reached.reason, _ADVICE)
    found = tables.state(reached, int(one.version))
    if isinstance(found, LogTruncated | Gone):
        raise UnreadableError(place, why_lost(found), _ADVICE)
    detour = tuple(f"{one.dataset}: {doubt}" for doubt in reached.doubts)
    return Opened(place, one.known, found.state, (*inputs.doubts, *detour))
