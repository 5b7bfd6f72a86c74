"""`tl unused`: tables and columns that nobody is known to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import (
    output_option,
    period_options,
    print_answer,
    scope_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.use.unused import UnusedAnswer
    from temporal_lineage.session import Session


@click.command(short_help="Tables and columns that nobody is known to read.")
@scope_argument
@period_options
@output_option
@click.pass_obj
def unused(
    session: Session,
    scope: str,
    since: str | None,
    until: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """List what no run read in a period but those that wrote it, the largest first.

    Of tables that are read, the columns that nothing is made of. Only runs that send events are
    known to read: what that leaves open is said below.

    \b
    tl unused --since 2026-09-01
    tl unused lake.staging --since 2026-10-01 --until 2026-11-01
    """
    answer = session.unused(scope, since=since, as_of=until, as_known=as_known)
    print_answer(answer, output, text=_unused)


def _unused(answer: UnusedAnswer) -> Iterator[str]:
    yield f"{len(answer.datasets)} of {answer.looked} are not read, as far as is known"
    if answer.datasets:
        yield from table(
            ["size", "dataset", "why", "last read", "by", "last written", "runs"],
            [
                [
                    None if one.size_bytes is None else f"{one.size_bytes:,} bytes",
                    one.dataset,
                    one.use,
                    one.read_at,
                    one.reader,
                    one.written_at,
                    one.writes,
                ]
                for one in answer.datasets
            ],
            right=(0, 6),
        )
    if answer.columns:
        yield from table(
            ["column that nothing is made of", "id", "type", "its table is read by"],
            [
                [one.column, one.field_id, one.type, ", ".join(one.readers)]
                for one in answer.columns
            ],
            right=(1,),
        )
