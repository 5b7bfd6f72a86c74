"""`tl table log`: how a table changed in all but its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table as laid_out
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.cli.states_commands import by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.tables.log import TableLogAnswer
    from temporal_lineage.session import Session

_PARTS = (
    *("schema", "partitioning", "sort-order", "clustering", "properties", "features"),
    *("domains", "statistics", "refs", "names"),
)


@click.group(short_help="How a table changed in all but its rows.")
def table() -> None:
    """Follow what a table is: columns, partitioning, sort order, properties, features, names.

    \b
    tl table log lake.features.order_features
    """


@table.command("log", short_help="Every change of what a table is.")
@click.argument("target", metavar="TABLE", help="A table, as catalog.namespace.table.")
@click.option(
    "--only",
    "parts",
    type=click.Choice(_PARTS),
    multiple=True,
    help="Only changes of this part; repeatable.",
)
@point_options
@output_option
@click.pass_obj
def table_log(
    session: Session,
    target: str,
    parts: tuple[str, ...],
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """List what changed of TABLE but for its rows, oldest first, and who changed it.

    \b
    tl table log lake.raw.orders
    tl table log lake.raw.orders --only properties --only partitioning
    """
    answer = session.table_log(target, parts=parts, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_log)


def _log(answer: TableLogAnswer) -> Iterator[str]:
    yield from laid_out(
        ["since", "part", "version", "job", "by", "what"],
        [
            [one.since, one.part, one.version, one.job, by(one.engine, one.user), one.what]
            for one in answer.changes
        ],
    )
