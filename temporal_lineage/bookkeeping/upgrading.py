"""Upgrades: what brings a ledger to this program's schema version, told beforehand or done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.store.engines import make_engine
from temporal_lineage.store.errors import LedgerMissingError
from temporal_lineage.store.light import WAIT_MS_MAX
from temporal_lineage.store.location import shown, sqlite_path
from temporal_lineage.store.migrate import MIGRATIONS, migrate_sqlite, upgrade_postgresql
from temporal_lineage.store.moment import open_moment_of_any_version
from temporal_lineage.store.schema_version import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.store.moment import Moment


class UpgradeStep(NamedTuple):
    """One statement of an upgrade, with the schema version that it belongs to and what that brings.

    `rows` are those that its table holds now; None where the upgrade makes the table.
    """

    schema_version: str
    what: str
    table: str
    rows: int | None
    statement: str


class LedgerUpgrade(NamedTuple):
    """How a ledger came, or would come, from one schema version to another.

    `before` is None where there was no ledger. `is_done` is false where it was only asked what
    would be done. Without steps there is nothing to do.
    """

    location: str
    before: str | None
    after: str
    is_done: bool
    steps: tuple[UpgradeStep, ...]


_TABLE = re.compile(
    r"(?:(?:CREATE|ALTER) (?:TABLE|VIEW|FUNCTION)|INSERT INTO"
    r"|CREATE (?:INDEX|TRIGGER) \w+(?: BEFORE \w+)?\s+ON) (\w+)"
)
"""What a statement makes or changes; of an index and a trigger it is their table."""


def planned_upgrade(url: str) -> LedgerUpgrade:
    """Say what an upgrade would do; nothing is written, and nobody waits.

    Raises LedgerTooNewError, LedgerDamagedError or LedgerUnreachableError.
    """
    on_sqlite = sqlite_path(url) is not None
    try:
        with open_moment_of_any_version(url) as moment:
            before = moment.schema_version
            steps = tuple(_counted(moment, _steps(before, on_sqlite=on_sqlite)))
    except LedgerMissingError:
        before, steps = None, tuple(_steps("", on_sqlite=on_sqlite))
    return LedgerUpgrade(shown(url), before, SCHEMA_VERSION, is_done=False, steps=steps)


def upgrade_ledger(url: str, *, wait_ms_max: int = WAIT_MS_MAX) -> LedgerUpgrade:
    """Bring a ledger to this program's schema version, as a whole or not at all.

    It is made where there is none. Others may read it meanwhile; who upgrades it too waits, and
    finds nothing to do. Raises LedgerTooNewError, LedgerForbiddenError, LedgerLockedError,
    LedgerDamagedError, LedgerUnwritableError or LedgerUnreachableError.
    """
    path = sqlite_path(url)
    engine = make_engine(url, wait_ms_max=wait_ms_max)
    try:
        if path is not None:
            before = migrate_sqlite(engine, path, wait_ms_max=wait_ms_max)
        else:
            before = upgrade_postgresql(
                engine, shown(url), wait_ms_max=wait_ms_max, altered=_altered
            )
    finally:
        engine.dispose()
    steps = tuple(_steps(before or "", on_sqlite=path is not None))
    return LedgerUpgrade(shown(url), before, SCHEMA_VERSION, is_done=True, steps=steps)


class _Statements(list[str]):
    """Where Alembic writes what it would run; each piece is one statement."""

    def write(self, text: str) -> None:
        self.append(text.strip().removesuffix(";"))

    def flush(self) -> None:
        pass


def _steps(after: str, *, on_sqlite: bool) -> Iterator[UpgradeStep]:
    """Yield every statement that comes after a schema version; after the empty one, all."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    url = "sqlite://" if on_sqlite else "postgresql+psycopg://"
    revisions = reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions()))
    for revision in revisions:
        if revision.revision <= after:
            continue
        told = _Statements()
        options = {"as_sql": True, "output_buffer": told}
        with Operations.context(MigrationContext.configure(url=url, opts=options)):
            revision.module.upgrade()
        for statement in told:
            found = _TABLE.match(statement)
            table = found[1] if found else ""
            yield UpgradeStep(revision.revision, revision.doc, table, None, statement)


def _counted(moment: Moment, steps: Iterator[UpgradeStep]) -> Iterator[UpgradeStep]:
    names = moment.table_names()
    for step in steps:
        if step.table in names:
            ((rows,),) = moment.rows(f"SELECT count(*) FROM {step.table}")
            yield step._replace(rows=rows)
        else:
            yield step


def _altered(before: str) -> list[str]:
    """Name the tables that nobody may read while they change."""
    steps = _steps(before, on_sqlite=False)
    return sorted({one.table for one in steps if one.statement.startswith("ALTER TABLE")})
