"""`tl schema log` and `tl schema diff`: how a schema changed, by field id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, point_options, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.schemas import SchemaDiffAnswer, SchemaLogAnswer
    from temporal_lineage.session import Session


@click.group(short_help="How the schema of a table changed.")
def schema() -> None:
    """Follow columns by field id through renames, moves, promotions, drops and re-adds.

    \b
    tl schema log lake.features.order_features
    """


@schema.command("log", short_help="Every schema, and what changed.")
@click.argument("target", metavar="TABLE", help="A table, as catalog.namespace.table.")
@point_options
@output_option
@click.pass_obj
def schema_log(
    session: Session, target: str, as_of: str | None, as_known: str | None, output: str
) -> None:
    """List the schemas that readers of TABLE saw, with each change and its grade.

    \b
    tl schema log lake.features.order_features
    """
    answer = session.schema_log(target, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_log)


@schema.command("diff", short_help="What changed between two states.")
@click.argument("before", metavar="TABLE@STATE", help="The earlier state: @version, @ref or @time.")
@click.argument("after", metavar="TABLE[@STATE]", help="The later one; without @ the current.")
@point_options
@output_option
@click.pass_obj
def schema_diff(
    session: Session,
    before: str,
    after: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """Compare the schemas of two states of one table.

    \b
    tl schema diff lake.features.order_features@2026-09-15 lake.features.order_features
    """
    answer = session.schema_diff(before, after, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_diff)


def _log(answer: SchemaLogAnswer) -> Iterator[str]:
    for step in answer.steps:
        yield click.style(f"{step.since}  schema {step.schema_id}", bold=True)
        for change in step.changes:
            yield f"  {change.text}  [{change.grade}]"


def _diff(answer: SchemaDiffAnswer) -> Iterator[str]:
    yield f"{answer.dataset}: schema {answer.before_schema_id} to {answer.after_schema_id}"
    if not answer.changes:
        yield "  no difference"
        return
    yield from table(
        ["id", "change", "grade", "what"],
        [[line.field_id, line.kind, line.grade, line.text] for line in answer.changes],
        right=(0,),
    )
