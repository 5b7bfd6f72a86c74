"""`tl ledger upgrade`: from an earlier schema version to this program's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, print_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.bookkeeping.upgrading import LedgerUpgrade
    from temporal_lineage.session import Session


@click.command("upgrade", short_help="Bring it to this program's schema version.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@output_option
@click.pass_obj
def upgrade_command(session: Session, *, dry_run: bool, output: str) -> None:
    """Bring the ledger to the schema version that this program reads and writes.

    All of it in one transaction, while others read on; of two who upgrade at once, one waits and
    finds nothing to do. An SQLite ledger is also brought up to date by whatever writes it. One in
    PostgreSQL only by this, and by its owner: programs of an earlier version can use it no more.
    Where there is none it is made.

    \b
    tl ledger upgrade --dry-run
    tl --ledger postgresql://owner@db/lineage ledger upgrade
    """
    act = session.ledger_upgrade_plan if dry_run else session.ledger_upgrade
    print_report(act(), output, text=_upgraded, rows="steps")


def _upgraded(one: LedgerUpgrade) -> Iterator[str]:
    if not one.steps:
        yield f"{one.location}: schema version {one.after}, nothing to do"
        return
    if one.before is None:
        verb = "made with" if one.is_done else "nothing is there; it would be made with"
        yield f"{one.location}: {verb} schema version {one.after}"
        return
    verb = "brought" if one.is_done else "would be brought"
    yield f"{one.location}: {verb} from schema version {one.before} to {one.after}"
    for version, what in dict.fromkeys((step.schema_version, step.what) for step in one.steps):
        yield f"{version}  {what}"
    if one.is_done:
        return
    yield from table(
        ["version", "table", "rows", "statement"],
        [
            [step.schema_version, step.table, step.rows, " ".join(step.statement.split())]
            for step in one.steps
        ],
        right=(2,),
    )
