"""`tl fingerprint`: a number for the rows of a state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import pairs
from temporal_lineage.cli.options import engine_option, output_option, point_options, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.reproduce.fingerprints import FingerprintAnswer
    from temporal_lineage.session import Session


@click.command(short_help="A number for the rows of a state, whatever reads them.")
@click.argument(
    "target",
    metavar="TABLE[@STATE]",
    help="A table or a state of it, as catalog.namespace.table@snapshot.",
)
@click.option("--columns", metavar="NAMES", help="Only these columns, separated by commas.")
@click.option("--where", metavar="CONDITION", help="Only rows for which this holds.")
@engine_option
@point_options
@output_option
@click.pass_obj
def fingerprint(
    session: Session,
    target: str,
    columns: str | None,
    where: str | None,
    engine: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """Read every row of TARGET and tell the fingerprint of all of them.

    It is the same for the same rows, in whatever order and files they lie and whatever engine
    reads them: docs/fingerprint.md specifies it. Names and types of columns are no part of it.

    \b
    tl fingerprint lake.raw.orders
    tl fingerprint lake.raw.orders@2026-10-01 --columns order_id,amount
    tl fingerprint lake.raw.orders --where "country = 'DE'" --output json
    tl fingerprint lake.raw.orders --engine spark=sc://spark.example:15002
    """
    names = None if columns is None else [one.strip() for one in columns.split(",")]
    answer = session.fingerprint(
        target, columns=names, where=where, engine=engine, as_of=as_of, as_known=as_known
    )
    print_answer(answer, output, text=_fingerprint)


def _fingerprint(answer: FingerprintAnswer) -> Iterator[str]:
    from catalogs.portion import Portion

    portion = Portion(answer.columns, answer.where)
    yield click.style(answer.fingerprint, bold=True)
    yield from pairs(
        [
            ("state", answer.address),
            ("rows", f"{answer.rows:,}"),
            ("taken", None if portion.whole else str(portion)),
            ("schema", str(answer.schema_id)),
            ("read by", str(answer.read_by)),
            ("known", f"{answer.known.grade}, {answer.known.method}"),
        ]
    )
