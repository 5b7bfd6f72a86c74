"""`tl erasure`: where rows of a condition still are."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.erasure_text import traced
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.session.erasure import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.erasure.searching import Progress
    from temporal_lineage.session import Session


@click.group(short_help="Where rows of a condition still are.")
def erasure() -> None:
    """Find every state and file that still holds the rows of a condition. Nothing is changed.

    \b
    tl erasure trace --where "customer_id = 42" --from lake.raw.customers
    """


@erasure.command(short_help="Every table, state and file that still holds the rows.")
@click.option(
    "--where",
    required=True,
    metavar="CONDITION",
    help="Which rows, as in: user_id = 42 and country in ('DE', 'FR').",
)
@click.option(
    "--from",
    "targets",
    required=True,
    multiple=True,
    metavar="TABLE",
    help="The table to begin with; several where several first got the rows.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0, max=1000),
    default=DEPTH_MAX,
    show_default=True,
    help="Through how many tables downstream columns are followed.",
)
@point_options
@output_option
@click.pass_obj
def trace(
    session: Session,
    where: str,
    targets: tuple[str, ...],
    depth: int,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """Tell which states and files of TABLE, and of all made from it, still hold the rows.

    Every state is looked at that any metadata still tells of: of branches and tags, expired ones,
    those of old metadata files; and files that no state has. Each file is read once, and only
    where neither its partition nor statistics nor Bloom filters rule it out. Columns are followed
    by their identity, whatever they are called by now. What deletes hide from a state is still in
    its files, and told. What could not be read is named: it may hold anything.

    Tables that carry the columns are searched, too. Tables, models and files that were made of the
    rows and do not carry the columns are named: what the rows contributed cannot be found by value.

    \b
    tl erasure trace --where "user_id = 42" --from lake.raw.events
    tl erasure trace --where "name = 'Ada' and born is null" --from lake.raw.people --output json
    """
    with _progress() as progress:
        answer = session.erasure_trace(
            *targets,
            where=where,
            depth_max=depth,
            as_of=as_of,
            as_known=as_known,
            progress=progress,
        )
    print_answer(answer, output, text=traced)


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show a bar for each table that is searched, on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, file=sys.stderr, width=30, show_pos=True) as bar:

        def progress(table: str, done: int, total: int) -> None:
            bar.label = table
            bar.length = max(total, 1)
            bar.finished = False  # one table may be done, and the next one not
            bar.update(done - bar.pos)

        yield progress
