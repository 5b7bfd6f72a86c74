"""`tl impact`: what a change would reach, before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import (
    LISTS,
    point_options,
    print_answer,
    print_export,
    reach_output_option,
)
from temporal_lineage.session.lineage import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.impact.simulated import ImpactAnswer
    from temporal_lineage.session import Session

CHANGES = ("drop-column", "rename", "retype", "stop-job", "rollback", "delete", "expire")
"""The changes there are, as `questions.impact.Change` has them; its import is not for --help."""


@click.command(short_help="What a change would break, before it is made.")
@click.argument(
    "target",
    metavar="TABLE[@STATE][#COLUMN]|JOB",
    help="What would be changed: a column, a table, a state of it, or a job.",
)
@click.option(
    "--change",
    type=click.Choice(CHANGES),
    required=True,
    help="drop-column, rename and retype ask for a column, stop-job for a job, delete for a table,"
    " rollback for the state to go back to, expire for the state that would go.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=1, max=1000),
    default=DEPTH_MAX,
    show_default=True,
    help="How many steps to follow; what lies deeper is named as not followed.",
)
@click.option("--paths", is_flag=True, help="Show one shortest way to each.")
@point_options
@reach_output_option
@click.pass_obj
def impact(
    session: Session,
    target: str,
    change: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
    depth: int,
    paths: bool,  # noqa: FBT001 - Click passes flags by name
) -> int:
    """Tell what would break, go stale or change if TARGET were changed. Nothing is changed.

    Columns are followed by field id, jobs and tables by the flows that hold at --as-of, states by
    the rows that live in them. Exit status 3 where anything would break.

    \b
    tl impact 'lake.raw.orders#amount' --change drop-column
    tl impact job:shop/staging.orders_clean --change stop-job
    tl impact lake.raw.orders@2026-10-01 --change rollback
    """
    answer = session.impact(target, change=change, as_of=as_of, as_known=as_known, depth_max=depth)
    if output in LISTS:
        print_answer(answer, output, text=_with_paths if paths else _impact)
    else:
        from temporal_lineage.questions.impact.graphs import impact_graph

        graph = impact_graph(answer)
        print_export(graph.lineage, output, states=graph.states)
    return 3 if any(one.effect == "breaks" for one in answer.impacted) else 0


def _impact(answer: ImpactAnswer) -> Iterator[str]:
    yield f"{click.style(answer.target, bold=True)}, {answer.change}"
    if not answer.impacted:
        yield "  nothing that is known would be reached"
        return
    headers = ["steps", "what", "effect", "why", "job"]
    rows = [
        [one.distance, one.address, one.effect, one.why, ", ".join(one.jobs) or None]
        for one in answer.impacted
    ]
    if any(one.owners or one.job_owners for one in answer.impacted):
        headers.append("owner")
        for row, one in zip(rows, answer.impacted, strict=True):
            row.append(", ".join(dict.fromkeys((*one.owners, *one.job_owners))) or None)
    yield from table(headers, rows, right=(0,))


def _with_paths(answer: ImpactAnswer) -> Iterator[str]:
    yield from _impact(answer)
    for one in answer.impacted:
        yield f"  {' > '.join(one.path)}"
