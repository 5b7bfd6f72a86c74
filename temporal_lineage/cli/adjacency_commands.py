"""`tl ledger adjacency`: flows as arrays beside the ledger, for walks through most of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import pairs
from temporal_lineage.cli.options import output_option, print_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.adjacency.beside import AdjacencyReport
    from temporal_lineage.session import Session


@click.command("adjacency", short_help="Keep flows as arrays beside it, for long walks.")
@click.option("--check", "act", flag_value="check", help="Say how it stands, and make nothing.")
@click.option("--remove", "act", flag_value="remove", help="Remove it.")
@output_option
@click.pass_obj
def adjacency_command(session: Session, act: str | None, output: str) -> None:
    """Make the adjacency anew: all flows as arrays, in a file beside an SQLite ledger.

    `tl upstream --names` and `tl downstream --names` take it where they find more than ten
    thousand tables, and programs that keep a session open take it at once. It is a cache: what was
    told since it was made is laid over it, and without it the ledger answers the same by itself.

    \b
    tl ledger adjacency
    tl ledger adjacency --check
    tl ledger adjacency --remove
    """
    match act:
        case "check":
            report = session.adjacency()
        case "remove":
            report = session.adjacency_remove()
        case _:
            report = session.adjacency_make()
    print_report(report, output, text=_adjacency, rows=None)


def _adjacency(report: AdjacencyReport) -> Iterator[str]:
    yield from pairs(
        [
            ("file", report.file),
            ("state", report.state),
            ("up to", report.upto),
            ("behind", None if report.behind is None else f"{report.behind} transactions"),
            ("size", None if report.size_bytes is None else f"{report.size_bytes:,} bytes"),
        ]
    )
