"""`tl changes`: what is otherwise upstream since things were good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, print_answer
from temporal_lineage.session.lineage import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.changes.upstream import ChangesAnswer
    from temporal_lineage.session import Session


@click.command(short_help="What is otherwise upstream since things were good.")
@click.argument(
    "target",
    metavar="TARGET",
    help="What came out wrong: a table, a state or column of it, a job, a run or a model.",
)
@click.option(
    "--from", "good", metavar="TIME", required=True, help="A time when things were still good."
)
@click.option(
    "--to",
    "--as-of",
    "bad",
    metavar="TIME",
    help="A time when they were bad. Default: when the state or run was made, else now.",
)
@click.option("--as-known", metavar="TIME", help="Answer with what this ledger knew then.")
@click.option(
    "--depth",
    type=click.IntRange(min=1, max=1000),
    default=DEPTH_MAX,
    show_default=True,
    help="How many steps upstream to look.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=25,
    show_default=True,
    help="How many findings to show as text; JSON has all.",
)
@output_option
@click.pass_obj
def changes(
    session: Session,
    target: str,
    good: str,
    bad: str | None,
    as_known: str | None,
    depth: int,
    limit: int,
    output: str,
) -> None:
    """Tell what is otherwise upstream of TARGET between a good and a bad time.

    New and lost sources, schema changes, volumes and pauses out of line with the table's own
    history, rollbacks, other code or writers, failed runs: the nearest and weightiest first.

    \b
    tl changes model:fraud --from 2026-10-20 --to 2026-11-01
    tl changes model:fraud@v3 --from 2026-10-29T00:00Z
    tl changes 'lake.ml.training_set#amount_eur' --from 2026-10-29T00:00Z
    """
    answer = session.changes(target, good=good, as_of=bad, as_known=as_known, depth_max=depth)

    def text(answer: ChangesAnswer) -> Iterator[str]:
        return _changes(answer, limit=limit)

    print_answer(answer, output, text=text)


def _changes(answer: ChangesAnswer, *, limit: int) -> Iterator[str]:
    datasets = f"{answer.datasets} dataset{'' if answer.datasets == 1 else 's'}"
    looked = f"{datasets} and {answer.jobs} job{'' if answer.jobs == 1 else 's'} upstream"
    yield f"{click.style(answer.root, bold=True)}: {looked}, from {answer.period.start}"
    if not answer.findings:
        yield "  nothing is otherwise, as far as is known"
        return
    yield from table(
        ["score", "steps", "when", "about", "kind", "what"],
        [
            [f"{one.score:.2f}", one.distance, one.at, one.about, one.kind, one.what]
            for one in answer.findings[:limit]
        ],
        right=(0, 1),
    )
    if len(answer.findings) > limit:
        yield f"and {len(answer.findings) - limit} more; --limit shows them"
