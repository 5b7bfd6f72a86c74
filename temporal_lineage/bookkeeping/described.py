"""Descriptions of a ledger: where it lies, what it holds, how much of it, and who may write."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from snapshots.instant import Instant
from temporal_lineage.bookkeeping.kept_tables import KEPT_TABLES
from temporal_lineage.store.location import sqlite_path
from temporal_lineage.store.moment import SqliteMoment, open_moment_of_any_version
from temporal_lineage.store.schema_version import SCHEMA_VERSION

if TYPE_CHECKING:
    from temporal_lineage.store.moment import Moment


class LedgerTable(NamedTuple):
    """One table of the ledger.

    `size_bytes` is with its indexes, None where the database does not tell.
    """

    table: str
    holds: str
    rows: int
    size_bytes: int | None


class LedgerKind(NamedTuple):
    """Facts of one kind: their keys, and how often something was said of them."""

    of: str
    kind: str
    keys: int
    assertions: int


class LedgerDescription(NamedTuple):
    """What a ledger is; `first` and `last` are the instants of its transactions, None before any.

    `writers` are those who may write; of PostgreSQL the roles, superusers apart.
    """

    location: str
    database: str
    uuid: str
    schema_version: str
    is_current: bool
    transactions: int
    first: Instant | None
    last: Instant | None
    size_bytes: int
    may_write: bool
    writers: tuple[str, ...]
    tables: tuple[LedgerTable, ...]
    kinds: tuple[LedgerKind, ...]


def describe(url: str) -> LedgerDescription:
    """Describe a ledger of this schema version or an older one, at one moment.

    Raises LedgerMissingError, LedgerTooNewError, LedgerDamagedError or LedgerUnreachableError.
    """
    with open_moment_of_any_version(url) as moment:
        uuids = moment.rows("SELECT uuid FROM ledger")
        ((count, first, last),) = moment.rows(
            "SELECT count(*), min(recorded_at), max(recorded_at) FROM tx"
        )
        path = sqlite_path(url)
        may_write, writers = _file_writers(path) if path is not None else _roles(moment)
        return LedgerDescription(
            location=moment.location,
            database=_database(moment),
            uuid=uuids[0][0] if uuids else "",
            schema_version=moment.schema_version,
            is_current=moment.schema_version == SCHEMA_VERSION,
            transactions=count,
            first=None if first is None else Instant(first),
            last=None if last is None else Instant(last),
            size_bytes=_whole_size(moment, path),
            may_write=may_write,
            writers=writers,
            tables=_tables(moment),
            kinds=tuple(_kinds(moment, "edge")) + tuple(_kinds(moment, "attribute")),
        )


def _tables(moment: Moment) -> tuple[LedgerTable, ...]:
    sizes = _sizes(moment)
    there = moment.table_names()
    return tuple(
        LedgerTable(
            table.name,
            table.meaning,
            moment.rows(f"SELECT count(*) FROM {table.name}")[0][0],
            sizes.get(table.name),
        )
        for table in KEPT_TABLES
        if table.name in there
    )


def _kinds(moment: Moment, of: str) -> list[LedgerKind]:
    rows = moment.rows(
        f"SELECT kind, count(*), sum(said) FROM (SELECT {of}.kind AS kind,"
        f" (SELECT count(*) FROM {of}_assertion AS log WHERE log.{of}_id = {of}.{of}_id) AS said"
        f" FROM {of}) AS keys GROUP BY kind ORDER BY kind"
    )
    return [LedgerKind(of, kind, keys, int(said)) for kind, keys, said in rows]


def _database(moment: Moment) -> str:
    if moment.on_sqlite:
        return f"SQLite {sqlite3.sqlite_version}"
    ((version,),) = moment.rows("SHOW server_version")
    return f"PostgreSQL {str(version).split()[0]}"


def _sizes(moment: Moment) -> dict[str, int]:
    """Give the bytes of each table with its indexes; nothing where SQLite cannot count pages."""
    if not moment.on_sqlite:
        return dict(
            moment.rows(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = current_schema()::regnamespace"
            )
        )
    assert isinstance(moment, SqliteMoment)  # noqa: S101 - tells the type checker
    try:
        # Asked past the moment's errors: a build without this virtual table is not damaged.
        rows = moment.connection.execute(
            "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat('main', 1) AS s"
            " JOIN sqlite_master AS m ON m.name = s.name GROUP BY m.tbl_name"
        )
        return dict(rows.fetchall())
    except sqlite3.OperationalError:
        return {}


def _whole_size(moment: Moment, path: Path | None) -> int:
    if path is None:
        ((size,),) = moment.rows(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
        return int(size)
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _file_writers(path: Path) -> tuple[bool, tuple[str, ...]]:
    """Tell whether we may write a file and its folder, and who its owner and modes let write."""
    import grp
    import pwd

    # SQLite makes its log beside the file.
    may = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    held = path.stat()
    named: list[str] = []
    if held.st_mode & 0o200:
        named.append(_name_of(pwd.getpwuid, held.st_uid, "pw_name", "user"))
    if held.st_mode & 0o020:
        named.append(_name_of(grp.getgrgid, held.st_gid, "gr_name", "group"))
    if held.st_mode & 0o002:
        named.append("everybody")
    return may, tuple(named)


def _name_of(look_up: object, number: int, field: str, word: str) -> str:
    try:
        return f"{word} {getattr(look_up(number), field)}"  # type: ignore[operator]
    except KeyError:
        return f"{word} {number}"


def _roles(moment: Moment) -> tuple[bool, tuple[str, ...]]:
    ((may,),) = moment.rows(
        "SELECT has_table_privilege('tx', 'INSERT')"
        " AND NOT (current_setting('in_hot_standby', true) IS NOT DISTINCT FROM 'on')"
    )
    roles = moment.rows(
        "SELECT rolname FROM pg_roles WHERE has_table_privilege(rolname, 'tx', 'INSERT')"
        " AND NOT rolsuper AND left(rolname, 3) <> 'pg_' ORDER BY rolname"
    )
    return bool(may), tuple(f"role {name}" for (name,) in roles)
