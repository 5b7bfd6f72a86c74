"""`tl ledger copy`, `backup` and `restore`: another ledger that holds the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.options import output_option, print_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.bookkeeping.copying import LedgerCopied
    from temporal_lineage.session import Session


@click.command("copy", short_help="Copy it to another file or database.")
@click.argument(
    "target", metavar="FILE|URL", help="Where the copy is to lie; nothing may be there."
)
@output_option
@click.pass_obj
def copy_command(session: Session, target: str, output: str) -> None:
    """Copy the ledger as it is now, while others go on writing it.

    The copy is of one moment. It is compared with the ledger row by row and checked by every rule
    before it has its name; where it fails nothing is left. Nothing is ever overwritten. It goes
    between SQLite and PostgreSQL in both directions.

    \b
    tl ledger copy copy.db
    tl ledger copy postgresql://lineage@db/lineage
    """
    print_report(session.ledger_copy(target), output, text=_copied, rows=None)


@click.command("backup", short_help="Copy it into one file, to be brought back by restore.")
@click.argument("file", metavar="FILE", help="The file that is made; nothing may be there.")
@output_option
@click.pass_obj
def backup_command(session: Session, file: str, output: str) -> None:
    """Copy the ledger as it is now into one file, whatever database it lies in.

    Others go on writing meanwhile. The file is an SQLite ledger, of which every question can be
    asked: it is compared with this one row by row and checked by every rule before it has its name.

    \b
    tl ledger backup monday.db
    tl --ledger postgresql://lineage@db/lineage ledger backup monday.db
    tl --ledger monday.db ledger info
    """
    print_report(session.ledger_backup(file), output, text=_copied, rows=None)


@click.command("restore", short_help="Bring a backup back, where no ledger is.")
@click.argument("file", metavar="FILE", help="The backup; it stays as it is.")
@output_option
@click.pass_obj
def restore_command(session: Session, file: str, output: str) -> None:
    """Make this ledger of a backup, in a file or in PostgreSQL.

    Where a ledger is already it is refused: move that away first, or name another place with
    --ledger. What comes back is compared with the backup row by row and checked by every rule
    before it can be seen; where it fails nothing is left.

    \b
    tl ledger restore monday.db
    tl --ledger postgresql://lineage@db/lineage ledger restore monday.db
    """
    print_report(session.ledger_restore(file), output, text=_copied, rows=None)


def _copied(one: LedgerCopied) -> Iterator[str]:
    yield f"{one.source}: {one.rows} rows of {one.transactions} transactions"
    yield f"copied to {one.target}: compared row by row, and sound"
