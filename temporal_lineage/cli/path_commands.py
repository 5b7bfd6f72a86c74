"""`tl critical-path`: which chain of runs took longest to make a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import span, table
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.session.lineage import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.use.critical_path import CriticalPathAnswer
    from temporal_lineage.session import Session

_SPANS = {"took", "waited", "slack"}


@click.command("critical-path", short_help="Which chain of runs took longest to make a state.")
@click.argument(
    "target", metavar="TABLE[@STATE]|MODEL@VERSION", help="The state that came late, or cost much."
)
@click.option("--since", metavar="TIME", help="What ended before was ready, and is not followed.")
@click.option(
    "--flow",
    "by_flow",
    is_flag=True,
    help="The jobs whose runs usually take longest, by the flows that hold; TARGET has no state.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=1, max=1000),
    default=DEPTH_MAX,
    show_default=True,
    help="How many steps upstream to look.",
)
@point_options
@output_option
@click.pass_obj
def critical_path(
    session: Session,
    target: str,
    since: str | None,
    by_flow: bool,  # noqa: FBT001 - Click passes flags by name
    depth: int,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """Find the longest chain of runs that led to TARGET, by how long each of them took.

    Each state is followed to the run that made it, and from there to the states which that run
    had read. Slack is by how much the chain through the next best input is shorter.

    \b
    tl critical-path lake.ml.training_set
    tl critical-path lake.ml.training_set@2026-10-30 --since 2026-10-28
    tl critical-path lake.ml.training_set --flow --since 2026-10-01
    """
    answer = session.critical_path(
        target,
        since=since,
        as_of=as_of,
        as_known=as_known,
        depth_max=depth,
        by_flow=by_flow,
    )
    print_answer(answer, output, text=_path)


def _path(answer: CriticalPathAnswer) -> Iterator[str]:
    elapsed = "" if answer.elapsed is None else f", {span(answer.elapsed)} from start to end"
    yield f"{click.style(answer.target, bold=True)}: {span(answer.seconds)} in runs{elapsed}"
    columns: list[tuple[str, list[object]]] = [
        ("took", [_told(one.seconds) for one in answer.steps]),
        ("waited", [_told(one.waited) for one in answer.steps]),
        ("slack", [_told(one.slack) for one in answer.steps]),
        ("state", [one.state for one in answer.steps]),
        ("job", [one.job for one in answer.steps]),
        ("started", [one.started for one in answer.steps]),
    ]
    # By flow there are no single runs, and nothing that began or waited.
    shown = [(name, cells) for name, cells in columns if name == "job" or any(cells)]
    yield from table(
        [name for name, _ in shown],
        list(zip(*(cells for _, cells in shown), strict=True)),
        right=[place for place, (name, _) in enumerate(shown) if name in _SPANS],
    )


def _told(seconds: float | None) -> str | None:
    return None if seconds is None else span(seconds)
