"""Making locks: from inputs that were looked at to what a lock says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.availability import Recoverable
from snapshots.row_counts import row_bounds
from temporal_lineage.content import files_in
from temporal_lineage.locks.lock import (
    Lock,
    LockedContent,
    LockedField,
    LockedFiles,
    LockedInput,
    LockedPortion,
    LockedSchema,
    LockedState,
    file_set_digest,
)
from temporal_lineage.locks.pieces import packed
from temporal_lineage.locks.told_run import told_run
from temporal_lineage.reproduce.look import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalogs.table import TableState
    from snapshots.fingerprint import Fingerprint
    from snapshots.schema import SchemaVersion
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.locks.lock import LockedRun
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import MadeBy
    from temporal_lineage.reproduce.kept_files import SeenFile
    from temporal_lineage.reproduce.tables import Tables
    from temporal_lineage.store.reader import Reader

Computed = "Callable[[Seen, TakenPortion | None], Fingerprint | None]"
"""Gives the fingerprint of what was taken of a state; None where it is not to be computed."""


def lock_of(
    target: str,
    question: Question,
    seen: Sequence[Seen | SeenFile],
    *,
    made_by: MadeBy | None,
    run: LockedRun | None,
    computed: Callable[[Seen, TakenPortion | None], Fingerprint | None],
) -> Lock:
    """Put a lock together; `computed` gives the fingerprint of what was taken, None for none."""
    return Lock(
        tool=tool(),
        target=target,
        as_of=question.as_of.valid.isoformat(),
        as_known=question.as_of.system.isoformat(),
        made_by=made_by,
        run=run,
        inputs=tuple(_locked(one, computed) for one in seen),
    )


def run_behind(
    reader: Reader, tables: Tables, made_by: MadeBy | None, question: Question
) -> LockedRun | None:
    """Tell of the run behind a target; None where nobody knows one."""
    if made_by is None or not made_by.run:
        return None
    return told_run(reader, tables, made_by.run, question)


def files_of(state: TableState) -> LockedFiles:
    """Count and digest the files of a state."""
    return LockedFiles(
        count=len(state.files),
        size_bytes=sum(file.size_bytes for file in state.files),
        sha256=file_set_digest(state.files),
    )


def tool() -> str:
    """Name this program and its version."""
    from importlib.metadata import version

    return f"temporal-lineage {version('temporal-lineage')}"


def _locked(
    one: Seen | SeenFile,
    computed: Callable[[Seen, TakenPortion | None], Fingerprint | None],
) -> LockedInput:
    told = one.input
    if not isinstance(one, Seen):
        files = files_in(one.place)
        return LockedContent(
            address=told.address,
            identity=told.identity,
            location=str(one.place),
            version=told.version or "",
            known=told.known,
            count=len(files),
            size_bytes=sum(file.stat().st_size for file in files),
        )
    return LockedState(
        address=told.address,
        identity=told.identity,
        format=told.format or "",
        location=told.location or "",
        version=told.version or "",
        metadata=one.metadata,
        known=told.known,
        schema=schema_of(one.state.schema),
        files=files_of(one.state),
        taken=tuple(
            _portion(one, taken, computed(one, taken)) for taken in told.portions or (None,)
        ),
        kept=packed(one.state.as_kept()) if isinstance(told.availability, Recoverable) else (),
    )


def _portion(
    one: Seen, taken: TakenPortion | None, fingerprint: Fingerprint | None
) -> LockedPortion:
    columns = None if taken is None else taken.columns
    ids = {field.name: field.field_id for field in one.state.schema.columns()}
    rows = _rows(one.state, taken) if fingerprint is None else fingerprint.rows
    return LockedPortion(
        columns=columns,
        fields=None if columns is None else tuple(ids[name] for name in columns if name in ids),
        where=None if taken is None else taken.where,
        rows=rows,
        fingerprint=None if fingerprint is None else str(fingerprint),
    )


def _rows(state: TableState, taken: TakenPortion | None) -> int | None:
    """Give how many rows were taken: as they were counted then, else as the files of all say."""
    if taken is not None and (taken.rows is not None or taken.where is not None):
        return taken.rows
    bounds = row_bounds(state.files)
    return bounds.most if bounds and bounds.least == bounds.most else None


def schema_of(schema: SchemaVersion) -> LockedSchema:
    return LockedSchema(
        schema.schema_id,
        tuple(LockedField(one.field_id, one.path, one.type, one.required) for one in schema.fields),
    )
