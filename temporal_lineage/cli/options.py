"""Options that every question takes, and how its answer is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from temporal_lineage.cli.layout import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from temporal_lineage.questions.question import Answer, Json
    from temporal_lineage.questions.walks.answer import LineageAnswer

F = TypeVar("F", bound="Callable[..., Any]")

LISTS = ("text", "table", "json", "ndjson", "csv")
"""The formats of every answer."""

_ROWS = ("table", "csv")
"""Those that are written from the rows, whatever the answer."""


def point_options(command: F) -> F:
    """Add `--as-of` and `--as-known`."""
    command = click.option(
        "--as-known",
        metavar="TIME",
        help="Answer with what this ledger knew then. Default: now.",
    )(command)
    return click.option(
        "--as-of", metavar="TIME", help="Answer for the lakehouse as it was then. Default: now."
    )(command)


def period_options(command: F) -> F:
    """Add `--since`, `--until` and `--as-known`: an answer about a period is as of its end."""
    command = click.option(
        "--as-known", metavar="TIME", help="Answer with what this ledger knew then. Default: now."
    )(command)
    command = click.option(
        "--until", "--as-of", "until", metavar="TIME", help="Where the period ends. Default: now."
    )(command)
    return click.option(
        "--since", metavar="TIME", help="Where the period begins. Default: at first."
    )(command)


def scope_argument(command: F) -> F:
    """Add what a question is about, where that may be many tables or all."""
    return click.argument(
        "scope",
        metavar="[TABLE|NAMESPACE|CATALOG]",
        default="",
        help="A table, or what names of tables begin with; all that is known without it.",
    )(command)


def engine_option(command: F) -> F:
    """Add `--engine`."""
    return click.option(
        "--engine",
        metavar="ENGINE",
        default="in-process",
        show_default=True,
        help="What reads the rows: in-process, daft, sail, or spark=sc://HOST:PORT for a Spark"
        " Connect server. What it does not read right is refused; with auto= before its name that"
        " is read in this process, and the answer says so: docs/engines.md.",
    )(command)


def output_option(command: F) -> F:
    """Add `--output`."""
    return click.option(
        "--output",
        type=click.Choice(LISTS),
        default="text",
        show_default=True,
        help="Text for people; JSON in the shape of docs/json.md; its rows as a table, as NDJSON"
        " (a line a row), or as CSV with all that is not known.",
    )(command)


def graph_output_option(command: F) -> F:
    """Add `--output` with the formats of graphs."""
    return _graph_output(command, "openlineage, prov (W3C PROV-JSON)", without=())


def reach_output_option(command: F) -> F:
    """Add `--output` with the formats of graphs that are not about runs."""
    from temporal_lineage.exports import LINEAGE_ONLY

    return _graph_output(command, "mermaid", without=LINEAGE_ONLY)


def _graph_output(command: F, last: str, *, without: Sequence[str]) -> F:
    from temporal_lineage.exports import FORMATS

    graphs = sorted(set(FORMATS) - set(LISTS) - set(without))
    middle = "" if without else "mermaid, "
    return click.option(
        "--output",
        metavar="FORMAT",
        type=click.Choice([*LISTS, *graphs]),
        default="text",
        show_default=True,
        help="text, table, json, ndjson or csv as for other questions; or the graph as cypher"
        f" (Neo4j), dot (Graphviz), graphml, {middle}{last}.",
    )(command)


def print_graph(
    answer: LineageAnswer, output: str, *, text: Callable[[Any], Iterable[str]]
) -> None:
    """Print an answer that is a graph; all formats carry its question and doubts."""
    from temporal_lineage.exports import FORMATS

    if output in FORMATS:
        print_export(answer, output, states={})
    else:
        print_answer(answer, output, text=text)


def print_export(answer: LineageAnswer, output: str, *, states: Mapping[str, str]) -> None:
    """Print a graph in the format of another tool, with what was found of its nodes."""
    from temporal_lineage.exports import export

    text = export(answer, output, states=states)
    click.echo(text.encode("utf-8", "backslashreplace").decode(), nl=False)


def print_answer(answer: Answer, output: str, *, text: Callable[[Any], Iterable[str]]) -> None:
    """Print an answer; NDJSON gives its rows line by line."""
    if output == "text":
        _print_lines((*text(answer), *footer(answer)))
        return
    from temporal_lineage.questions.question import as_json

    whole = as_json(answer)
    if output == "json":
        _print_json(whole, indent=2)
        return
    if output in _ROWS:
        _print_rows(whole["answer"], answer.ROWS, output, asked=answer)
        return
    for row in _json_lines(whole, answer.ROWS):
        _print_json(row, indent=None)


def print_report(
    report: object, output: str, *, text: Callable[[Any], Iterable[str]], rows: str | None
) -> None:
    """Print what an act did: the same three shapes as an answer, without a question.

    `rows` is the field whose elements are NDJSON's lines; None where the report is one line.
    """
    if output == "text":
        _print_lines(text(report))
        return
    from temporal_lineage.questions.question import SHAPE_VERSION, value_as_json

    body = value_as_json(report)
    if output == "json":
        whole = {"version": SHAPE_VERSION, "report": body}
        _print_json(whole, indent=2)
        return
    if output in _ROWS:
        _print_rows(body, rows, output, asked=None)
        return
    if rows is None:
        _print_json(body, indent=None)
        return
    lines = body[rows] if isinstance(body, dict) else None
    for row in lines if isinstance(lines, list) else []:
        _print_json(row, indent=None)


def _print_rows(body: Json, rows: str | None, output: str, *, asked: Answer | None) -> None:
    """Print a table or CSV; `asked` is the answer that it is of, None for a report."""
    from temporal_lineage.cli.rows import body_csv, row_table, rows_of

    if output == "table":
        lines = row_table(rows_of(body, rows))
        _print_lines((*lines, *(footer(asked) if asked else ())))
        return
    question = asked.question if asked else None
    title = f"{question.verb} {question.target}, {question.point}" if question else ""
    text = body_csv(body, question=title, doubts=asked.doubts if asked else ())
    click.echo(text.encode("utf-8", "backslashreplace").decode(), nl=False)


def _print_lines(lines: Iterable[str]) -> None:
    """Print lines together: with each text Click looks what the output is, and empties it."""
    click.echo("".join(f"{printable(line)}\n" for line in lines), nl=False)


def _print_json(value: Json, *, indent: int | None) -> None:
    import json

    text = json.dumps(value, indent=indent, ensure_ascii=False)
    # Half a character, as in a file name that is no UTF-8, is an escape in JSON too.
    click.echo(text.encode("utf-8", "backslashreplace").decode())


def footer(answer: Answer) -> Iterable[str]:
    """Say what the answer does not know, and the point it was given for."""
    for doubt in answer.doubts:
        yield click.style(f"! {doubt}", fg="yellow")
    yield click.style(answer.question.point, dim=True)


def _json_lines(whole: dict[str, Json], rows: str | None) -> Iterable[Json]:
    body = whole["answer"]
    listed = body[rows] if rows is not None and isinstance(body, dict) else None
    if not isinstance(listed, list):
        yield whole
        return
    yield from listed
    yield {"question": whole["question"], "doubts": whole["doubts"]}
