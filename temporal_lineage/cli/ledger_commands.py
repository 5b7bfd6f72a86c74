"""`tl ledger`: the ledger as a thing to look after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.adjacency_commands import adjacency_command
from temporal_lineage.cli.copies_commands import backup_command, copy_command, restore_command
from temporal_lineage.cli.layout import pairs, table
from temporal_lineage.cli.options import output_option, print_report
from temporal_lineage.cli.portable_commands import export_command, import_command
from temporal_lineage.cli.upgrade_commands import upgrade_command

if TYPE_CHECKING:
    from temporal_lineage.bookkeeping.audit import LedgerAudit
    from temporal_lineage.bookkeeping.described import LedgerDescription
    from temporal_lineage.session import Session


@click.group(short_help="What the ledger holds, whether it is sound, and copies of it.")
def ledger() -> None:
    """Describe the ledger, check it and copy it.

    \b
    tl ledger info
    """


@ledger.command("info", short_help="Where it lies, what it holds, and who may write.")
@output_option
@click.pass_obj
def info_command(session: Session, output: str) -> None:
    """Say where the ledger lies, what it holds, how much of it, and who may write.

    Bytes are those of a table with its indexes.

    \b
    tl ledger info
    tl --ledger postgresql://lineage@db/lineage ledger info --output json
    """
    print_report(session.ledger_info(), output, text=_described, rows="tables")


@ledger.command("check", short_help="Compare the ledger with every rule that it keeps.")
@click.option("--repair", is_flag=True, help="Make caches that are wrong anew from the log.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="How many breaches are named; all are counted.",
)
@output_option
@click.pass_obj
def check_command(session: Session, *, repair: bool, limit: int, output: str) -> int:
    """Compare the ledger with every rule that it keeps, and name each breach.

    The caches are what the log leads to, transactions rise, no period is empty, every number that
    is referred to is there and none is left out, what is kept word by word is what was kept, and
    the database finds its own pages and indexes whole. Nothing is written, but for what --repair
    makes anew: caches alone, never what was recorded. Exits with 3 where something is broken.

    \b
    tl ledger check
    tl ledger check --repair
    """
    act = session.ledger_repair if repair else session.ledger_check
    found = act(limit=limit)
    print_report(found, output, text=_audited, rows="breaches")
    return 3 if found.breaches else 0


ledger.add_command(adjacency_command)
ledger.add_command(copy_command)
ledger.add_command(backup_command)
ledger.add_command(restore_command)
ledger.add_command(upgrade_command)
ledger.add_command(export_command)
ledger.add_command(import_command)


def _described(one: LedgerDescription) -> Iterator[str]:
    yield f"{one.location}: {one.database}, schema version {one.schema_version}"
    if not one.is_current:
        yield "! of an earlier version: tl ledger upgrade brings it up to date"
    yield from pairs(
        [
            ("identity", one.uuid),
            ("transactions", one.transactions),
            ("first", one.first),
            ("last", one.last),
            ("size", f"{one.size_bytes:,} bytes"),
            ("may write", ", ".join(one.writers) or "superusers only"),
            ("you", "may write" if one.may_write else "may read only"),
        ]
    )
    yield from table(
        ["table", "rows", "bytes", "what"],
        [[row.table, row.rows, row.size_bytes, row.holds] for row in one.tables],
        right=(1, 2),
    )
    if one.kinds:
        yield from table(
            ["facts", "kind", "keys", "assertions"],
            [[row.of, row.kind, row.keys, row.assertions] for row in one.kinds],
            right=(2, 3),
        )


def _audited(one: LedgerAudit) -> Iterator[str]:
    if one.repaired:
        rows = "row" if one.repaired == 1 else "rows"
        yield f"{one.repaired} cached {rows} made anew from the log"
    for breach in one.breaches:
        key = f" {breach.key}" if breach.key else ""
        wrote = f", transaction {breach.tx}" if breach.tx else ""
        mark = click.style("!", fg="red")
        yield f"{mark} {breach.rule}: {breach.table or 'database'}{key}{wrote}: {breach.detail}"
    if one.left_out:
        yield f"! {one.left_out} more are left out: --limit shows more"
    count = len(one.breaches) + one.left_out
    found = "sound" if not count else f"{count} {'breach' if count == 1 else 'breaches'}"
    yield f"{one.location}: {found}; {one.transactions} transactions, {one.rules} rules"
