"""`tl sql`: what a SQL text reads and writes, column by column, as of a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.errors import UnreadableError
from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, point_options, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.schemas.sql import SqlAnswer, SqlFlow, SqlStatement, SqlTable
    from temporal_lineage.session import Session


@click.command(short_help="What a SQL text reads and writes.")
@click.argument(
    "file",
    metavar="FILE|-",
    type=click.Path(allow_dash=True),
    help="The text, - for standard input.",
)
@click.option(
    "--dialect",
    metavar="NAME",
    default="",
    help="spark, trino, snowflake, bigquery, ... Default: generic SQL.",
)
@click.option(
    "--in",
    "inside",
    metavar="CATALOG[.NAMESPACE]",
    default="",
    help="What names with fewer parts stand in.",
)
@point_options
@output_option
@click.pass_obj
def sql(
    session: Session,
    file: str,
    dialect: str,
    inside: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """Say which tables and columns each statement of FILE reads and writes, and how.

    `SELECT *` and renamed columns are those of the time asked for, a pinned read's those of its
    state. What the text does not tell is said to be unknown. Exit status 1 where a statement
    cannot be read.

    \b
    tl sql models/daily.sql --dialect spark --in lake.sales --as-of 2026-09-15
    echo 'SELECT * FROM lake.raw.orders' | tl sql -
    """
    answer = session.sql_lineage(
        _read(file),
        dialect=dialect,
        inside=inside,
        name="standard input" if file == "-" else file,
        as_of=as_of,
        as_known=as_known,
    )
    print_answer(answer, output, text=_text)
    if answer.refused:
        from temporal_lineage.sql.errors import UnreadableSqlError

        reasons = [
            f"line {one.line}, column {one.column}, near {one.near!r}: {one.reason}"
            for one in answer.refused
        ]
        raise UnreadableSqlError(answer.question.target, answer.dialect, reasons)


def _read(file: str) -> str:
    try:
        with click.open_file(file, encoding="utf-8", errors="replace") as opened:
            text: str = opened.read()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnreadableError(file, reason.lower(), _advice(file)) from error
    return text


def _advice(file: str) -> str:
    # A statement in place of a file is the likeliest mistake.
    if len(file.split()) > 1:
        return "give SQL as a file, or with - on standard input: echo 'SELECT ...' | tl sql -"
    return "give a file of SQL, or -"


def _text(answer: SqlAnswer) -> Iterator[str]:
    if not answer.statements and not answer.refused:
        yield "no statement in it"
    for one in answer.statements:
        into = "".join(f"  {_named(place)}" for place in one.writes)
        yield click.style(f"line {one.line}  {one.kind}{into}", bold=True)
        for read in one.reads:
            yield f"  reads {_named(read)}"
        if one.flows or one.columns:
            yield from _flows(one)
        for doubt in one.doubts:
            yield click.style(f"  ! {doubt}", fg="yellow")


def _flows(one: SqlStatement) -> Iterator[str]:
    several = len({flow.target for flow in one.flows}) > 1
    rows = [[_column(flow, several=several), _source(flow), _how(flow)] for flow in one.flows]
    fed = {flow.target_column for flow in one.flows}
    rows += [[name, "no column", ""] for name in one.columns if name not in fed]
    for line in table(["column", "from", "how"], rows):
        yield f"  {line}"


def _named(place: SqlTable) -> str:
    return " ".join((place.dataset or place.name, *([f"[{place.pin}]"] if place.pin else [])))


def _column(flow: SqlFlow, *, several: bool) -> str:
    name = "(its rows)" if flow.target_column is None else flow.target_column
    return f"{flow.target} {name}" if several else name


def _source(flow: SqlFlow) -> str:
    if flow.source is not None:
        return f"{flow.source}#{flow.source_column}"
    places = " or ".join(flow.candidates) or "no table of the query"
    return f"{flow.source_column}, of {places}"


def _how(flow: SqlFlow) -> str:
    words = flow.subtype.lower().replace("_", " ")
    return f"{words}, masked" if flow.masking else words
