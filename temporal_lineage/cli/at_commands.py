"""`tl at`: which snapshot of a table was current."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.instant import FOREVER
from temporal_lineage.cli.layout import pairs
from temporal_lineage.cli.options import output_option, point_options, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.states.current import StateAnswer
    from temporal_lineage.session.tables import TableQuestions


@click.command(short_help="Which snapshot was current at a time.")
@click.argument(
    "target", metavar="TABLE[@REF][@TIME]", help="A table, and a branch, tag or time of it."
)
@point_options
@output_option
@click.pass_obj
def at(
    session: TableQuestions, target: str, as_of: str | None, as_known: str | None, output: str
) -> None:
    """Tell which snapshot of TABLE was current, since when, and how that is known.

    \b
    tl at lake.raw.orders --as-of 2026-10-01
    tl at lake.raw.orders@audit@2026-10-01T09:00Z --output json
    """
    answer = session.at(target, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_at)


def _at(answer: StateAnswer) -> Iterator[str]:
    versions = [f"{answer.dataset}@{one}" for one in answer.snapshot_ids]
    yield click.style(" or ".join(versions) or f"{answer.dataset}: no snapshot", bold=True)
    columns = ", ".join(answer.columns)
    written = f"{answer.committed_at} by {answer.operation}" if answer.operation else None
    # The folder is the table's own, or its log's; the whole path is in the JSON.
    witness = answer.witness.rpartition("/")[2]
    yield from pairs(
        [
            ("on", answer.ref),
            ("from", answer.held.start),
            ("until", answer.held.end if answer.held.end < FOREVER else "it is current"),
            ("written", written),
            ("schema", f"{answer.schema_id} ({columns})" if columns else answer.schema_id),
            ("known", f"{answer.certainty}, by {answer.rule}: {witness}"),
        ]
    )
