"""`tl contamination`: where the rows of a bad commit went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.instant import FOREVER
from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import (
    LISTS,
    graph_output_option,
    point_options,
    print_answer,
    print_export,
)
from temporal_lineage.session.lineage import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.period import Period
    from temporal_lineage.questions.impact.contamination import ContaminationAnswer
    from temporal_lineage.session import Session


@click.command(short_help="What contains the rows of a bad commit, and what to do.")
@click.argument(
    "target",
    metavar="TABLE@STATE|MODEL@VERSION|RUN",
    help="The bad snapshot or version, or the run that wrote it.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=1, max=1000),
    default=DEPTH_MAX,
    show_default=True,
    help="How many edges to follow; what lies deeper is named as not followed.",
)
@point_options
@graph_output_option
@click.pass_obj
def contamination(
    session: Session,
    target: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
    depth: int,
) -> int:
    """Tell which tables, models and reports contain the rows that TARGET brought in.

    For each table: when its states on main held some, whether it is healed and since when. For
    models and files: what was made of them meanwhile. Last, what is still bad, in the order in
    which to make it anew. Exit status 3 where anything is still bad.

    \b
    tl contamination lake.raw.orders@8823423
    tl contamination lake.raw.orders@2026-10-21T05:00Z --as-of 2026-10-23
    tl contamination run:0190f0c4-8e5b-7c1a-9d52-1f3f5f0f7a11 --output dot
    """
    answer = session.contamination(target, as_of=as_of, as_known=as_known, depth_max=depth)
    if output in LISTS:
        print_answer(answer, output, text=_contamination)
    else:
        graph = session.contamination_graph(answer, depth_max=depth)
        print_export(graph.lineage, output, states=graph.states)
    return 3 if answer.rebuild else 0


def _contamination(answer: ContaminationAnswer) -> Iterator[str]:
    added = "" if answer.added_rows is None else f"  {answer.added_rows} rows added"
    yield f"{click.style(answer.commit, bold=True)}{added}"
    if answer.tables:
        yield from table(
            ["table", "states", "held on main", "now"],
            [[one.dataset, one.states, _held(one.held), one.now] for one in answer.tables],
            right=(1,),
        )
    if answer.products:
        yield from table(
            ["made of it", "made", "job", "now"],
            [
                [one.address, one.made_at, one.job, "newest" if one.newest else "superseded"]
                for one in answer.products
            ],
        )
    if not answer.rebuild:
        yield "nothing that is still read holds any of it"
        return
    yield from table(
        ["step", "make anew", "by"],
        [
            [one.step, f"{one.dataset}{' (in a circle)' if one.circle else ''}", _by(one.jobs)]
            for one in answer.rebuild
        ],
    )


def _held(periods: tuple[Period, ...]) -> str:
    if not periods:
        return "never"
    first, *rest = periods
    told = f"since {first.start}" if first.end == FOREVER else f"{first.start} to {first.end}"
    return f"{told} and {len(rest)} more" if rest else told


def _by(jobs: tuple[str, ...]) -> str:
    return ", ".join(jobs) or "repair by hand"
