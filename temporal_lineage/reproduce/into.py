"""Tables made of what was reproduced: in a catalog through pyiceberg, in a folder by delta-rs.

Rows are written and proved here first; a table is made of them by one commit, and read back.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from catalogs.fingerprint.identities import identities
from catalogs.registering import ORIGIN, PLAN, NewRows, RowFile, TableExistsError, new_tables
from snapshots.dataset import TableFormat
from snapshots.errors import BadTargetError, UnreadableError
from temporal_lineage.reproduce.answer import RegisteredTable
from temporal_lineage.reproduce.kept_files import SeenFile
from temporal_lineage.reproduce.parts import PART_BYTES_MAX, pieces_of, plan_digest
from temporal_lineage.reproduce.proof import ContentError
from temporal_lineage.reproduce.rows import RowForm
from temporal_lineage.reproduce.unfinished import passing
from temporal_lineage.reproduce.writing import write_piece

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from catalogs.engines.engine import ReadBy
    from catalogs.registering import NewTables, Standing
    from snapshots.instant import Instant
    from temporal_lineage.reproduce.answer import WrittenFile
    from temporal_lineage.reproduce.look import Seen
    from temporal_lineage.reproduce.parts import Piece
    from temporal_lineage.reproduce.unfinished import Unfinished
    from temporal_lineage.reproduce.writing import Into, Job, Order

FINGERPRINT = "temporal-lineage.fingerprint"
"""The property of a new table with the fingerprint of its rows, under the state's own columns."""

_NAME_LENGTH_MAX = 120


def make_tables(job: Job, into: Into, order: Order, *, now: Instant) -> tuple[RegisteredTable, ...]:
    """Make a table of each portion of each input, one after the other, and prove each.

    None of them replaces a table: that is looked at before any row is read. One that the same
    order made before, and was killed after, is proved and not made again. Rows wait in the
    workspace until the table stands. Raises TableExistsError, BadTargetError for an input that is
    no table, and what writing and reading raise.
    """
    from catalogs.configuration import Configuration

    for one in job.seen:
        _seen(one)
    tables = new_tables(into.place, Configuration(into.workspace))
    pieces = pieces_of(
        job.seen, form=RowForm.PARQUET, bytes_max=PART_BYTES_MAX, engine=order.engine
    )
    named = list(_named(pieces))
    for name, piece in named:
        _standing(tables, name, piece)
    made = []
    for name, piece in named:
        with passing(into.workspace / "reproduced", _digest(piece)) as begun:
            made.append(_made(tables, name, piece, job, order, begun, now=now))
    return tuple(made)


def table_name(address: str, *, taken: Collection[str]) -> str:
    """Name the table of a state so that every catalog takes it, and none twice.

    >>> table_name("lake.raw.Orders@88", taken=())
    'lake_raw_orders_88'
    """
    plain = re.sub(r"[^a-z0-9]+", "_", address.lower()).strip("_")
    if len(plain) > _NAME_LENGTH_MAX:
        plain = f"{plain[:_NAME_LENGTH_MAX]}_{hashlib.sha256(address.encode()).hexdigest()[:16]}"
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain}_{number}"
    return name


def _named(pieces: Sequence[Piece]) -> Iterator[tuple[str, Piece]]:
    taken: list[str] = []
    for piece in pieces:
        taken.append(table_name(piece.seen.input.address, taken=taken))
        yield taken[-1], piece


def _digest(piece: Piece) -> str:
    return plan_digest([piece], form=RowForm.PARQUET)


def _standing(tables: NewTables, name: str, piece: Piece) -> Standing | None:
    """Give the table of that name where this very order made it; raise for another one."""
    found = tables.standing(name)
    if found is not None and found.properties.get(PLAN) != _digest(piece):
        raise TableExistsError(tables.named(name))
    return found


def _made(
    tables: NewTables,
    name: str,
    piece: Piece,
    job: Job,
    order: Order,
    begun: Unfinished,
    *,
    now: Instant,
) -> RegisteredTable:
    seen = _seen(piece.seen)
    found = _standing(tables, name, piece)
    is_new = found is None
    read_by: tuple[ReadBy, ...] = ()
    if found is None:
        written = write_piece(job, piece, seen, order, begun)
        read_by = written.read_by
        is_iceberg = seen.input.format == TableFormat.ICEBERG.value
        rows = NewRows(
            files=[_row_file(one, begun) for one in written.files],
            schema=seen.state.schema if is_iceberg else None,
            columns=_columns(piece, seen),
            properties={
                ORIGIN: seen.input.address,
                PLAN: _digest(piece),
                FINGERPRINT: str(written.fingerprint),
            },
            made_at=now,
        )
        tables.make(name, rows)
        found = _standing(tables, name, piece)
    shown = tables.named(name)
    if found is None:
        raise UnreadableError(shown, "it was made and is not there", "ask who removed it")
    told = found.properties.get(FINGERPRINT, "")
    rows_there = _proved(found, shown, seen, told)
    return RegisteredTable(
        address=seen.input.address,
        table=shown,
        format=tables.format,
        rows=rows_there,
        fingerprint=told,
        read_by=read_by,
        made=is_new,
    )


def _proved(found: Standing, shown: str, seen: Seen, fingerprint: str) -> int:
    """Read a table back with the readers of past states; raise where it has other rows."""
    from contextlib import closing

    from catalogs.catalog import open_path
    from catalogs.fingerprint.rows import fingerprint_of

    source = open_path(found.entry, found.options)
    tip = source.tip().snapshot_id
    state = None if tip is None else source.state(tip, kept=())
    if state is None or not hasattr(state, "batches"):
        raise UnreadableError(shown, "it has no state", "ask who emptied it")
    named = identities(seen.state.schema, seen.state.identity_of)
    with closing(state.batches(columns=None)) as rows:
        there = fingerprint_of(rows, named)
    if str(there) != fingerprint:
        raise ContentError(shown, found=str(there), locked=fingerprint)
    return there.rows


def _seen(one: Seen | SeenFile) -> Seen:
    if isinstance(one, SeenFile):
        raise BadTargetError(one.input.address, "no table can be made of it; --out copies it")
    return one


def _columns(piece: Piece, seen: Seen) -> tuple[str, ...]:
    columns = piece.taken.columns if piece.taken else None
    if columns is None:
        return tuple(field.name for field in seen.state.schema.columns())
    return tuple(dict.fromkeys(columns))


def _row_file(one: WrittenFile, begun: Unfinished) -> RowFile:
    # Several parts lie in a folder of their own.
    name = one.name.rpartition("/")[2]
    return RowFile(begun.path(one.name), _plain(name), one.rows or 0, one.size_bytes)


def _plain(name: str) -> str:
    """Give a file a name that no store and no log writes otherwise."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name)
