"""`tl coverage`: which commits are explained by runs, which are not, and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, point_options, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from temporal_lineage.questions.coverage.links import LinkGap
    from temporal_lineage.questions.coverage.summary import CoverageAnswer
    from temporal_lineage.session import Session


@click.command(short_help="What runs explain, what they do not, and what to change.")
@click.argument(
    "scope",
    metavar="[TABLE|NAMESPACE|CATALOG]",
    required=False,
    help="A table, a namespace or a catalog; all that is known where it is left out.",
)
@point_options
@output_option
@click.pass_obj
def coverage(
    session: Session, scope: str | None, as_of: str | None, as_known: str | None, output: str
) -> None:
    """Count the commits that a run explains, by table, grade and engine; list what is open.

    \b
    tl coverage
    tl coverage lake.raw --as-known 2026-11-01
    tl coverage lake.raw.orders --output json
    """
    answer = session.coverage(scope, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_coverage)


def _coverage(answer: CoverageAnswer) -> Iterator[str]:
    grades = ("exact", "high", "inferred", "candidates", "self_explained", "maintenance", "orphans")
    yield from table(
        ["commits", *(one.replace("_explained", "") for one in grades), "gaps", "table"],
        [
            [
                one.commits,
                *(getattr(one, grade) or None for grade in grades),
                len(one.gaps) or None,
                one.dataset,
            ]
            for one in answer.tables
        ],
        right=tuple(range(len(grades) + 2)),
    )
    if answer.engines:
        yield ""
        yield from table(
            ["commits", "explained", "orphans", "engine"],
            [[one.commits, one.explained, one.orphans, one.engine] for one in answer.engines],
            right=(0, 1, 2),
        )
    for orphan in answer.orphans:
        what = f"{orphan.operation} by {orphan.engine}"
        yield f"orphan {orphan.commit}  {orphan.committed_at}  {what}"
    yield from _gaps("phantom", answer.phantoms)
    yield from _gaps("no version", answer.unversioned)
    for name in answer.unresolved:
        yield f"unresolved {name.dataset}  named by {name.runs} run{'' if name.runs == 1 else 's'}"
    for one in answer.advice:
        yield click.style(f"{one.engine}: {one.gap}", bold=True)
        yield f"  {one.what}"
        yield from (f"      {line}" for line in one.settings)


def _gaps(what: str, gaps: Sequence[LinkGap]) -> Iterator[str]:
    for one in gaps:
        # A statement that made no snapshot says what it changed instead.
        changed = one.witness.partition("; ")[2]
        tail = f"; {changed}" if changed else ""
        yield f"{what} {one.dataset}  {one.side} by run:{one.run} of {one.job} ({one.engine}){tail}"
