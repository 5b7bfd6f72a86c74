"""`tl owners`: who answers for what, and for what nobody does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import (
    output_option,
    point_options,
    print_answer,
    scope_argument,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from temporal_lineage.capture.facets import Owner
    from temporal_lineage.questions.use.ownership import OwnersAnswer
    from temporal_lineage.session import Session


@click.command(short_help="Who answers for what, and for what nobody does.")
@scope_argument
@click.option("--owner", metavar="NAME", help="Only what this one answers for; * and ? are wild.")
@click.option("--unowned", is_flag=True, help="Only what has no owner.")
@point_options
@output_option
@click.pass_obj
def owners(
    session: Session,
    scope: str,
    owner: str | None,
    unowned: bool,  # noqa: FBT001 - Click passes flags by name
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """List the owners of datasets, and of the jobs that write them, as events and dbt told.

    \b
    tl owners lake.ml
    tl owners --owner 'team:*' --as-of 2026-11-01
    tl owners --unowned
    """
    answer = session.owners(
        scope, owner=owner, only_unowned=unowned, as_of=as_of, as_known=as_known
    )
    print_answer(answer, output, text=_owned)


def _owned(answer: OwnersAnswer) -> Iterator[str]:
    owned = answer.looked - answer.unowned
    yield f"{owned} of {answer.looked} have an owner"
    if answer.datasets:
        yield from table(
            ["dataset", "owner", "written by", "whose owner is"],
            [
                [
                    one.dataset,
                    _named(one.owners),
                    ", ".join(job.job for job in one.jobs) or None,
                    _named([owner for job in one.jobs for owner in job.owners]),
                ]
                for one in answer.datasets
            ],
        )


def _named(owners: Sequence[Owner]) -> str | None:
    from temporal_lineage.questions.use.owned import owner_texts

    return ", ".join(dict.fromkeys(owner_texts(owners))) or None
