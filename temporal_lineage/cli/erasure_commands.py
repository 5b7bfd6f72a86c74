"""`tl erasure`: where rows of a condition still are."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.erasure_text import traced
from temporal_lineage.cli.options import output_option, point_options, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.erasure.trace import Progress
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
@click.option("--from", "target", required=True, metavar="TABLE", help="The table to begin with.")
@point_options
@output_option
@click.pass_obj
def trace(
    session: Session,
    where: str,
    target: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """Tell which states and files of TABLE still hold rows that meet CONDITION.

    Every state is looked at that any metadata still tells of: of branches and tags, expired ones,
    those of old metadata files; and files that no state has. Each file is read once, and only
    where neither its partition nor statistics nor Bloom filters rule it out. Columns are followed
    by their identity, whatever they are called by now. What deletes hide from a state is still in
    its files, and told. What could not be read is named: it may hold anything.

    \b
    tl erasure trace --where "user_id = 42" --from lake.raw.events
    tl erasure trace --where "name = 'Ada' and born is null" --from lake.raw.people --output json
    """
    with _progress() as progress:
        answer = session.erasure_trace(
            target, where=where, as_of=as_of, as_known=as_known, progress=progress
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
