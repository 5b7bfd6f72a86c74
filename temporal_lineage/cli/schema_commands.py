"""`tl schema log` and `tl schema diff`: how a schema changed, by field id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.instant import BEGINNING
from temporal_lineage.cli.layout import table
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.questions.schemas.breaking import Breaking, breaking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.schemas.audit import SchemaAuditAnswer
    from temporal_lineage.questions.schemas.history import SchemaDiffAnswer, SchemaLogAnswer
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


@schema.command("audit", short_help="Every change in a period, and whom it reached.")
@click.argument(
    "target",
    metavar="[TABLE|NAMESPACE|CATALOG]",
    default="",
    help="A table, or what names of tables begin with; every table without it.",
)
@click.option(
    "--since", "--from", "since", metavar="TIME", help="Where the period begins. Default: at first."
)
@click.option(
    "--until", "--to", "--as-of", "until", metavar="TIME", help="Where it ends. Default: now."
)
@click.option("--as-known", metavar="TIME", help="Answer with what this ledger knew then.")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Breaking]),
    help="End with exit status 3 where the period has such a change; breaking is both of the first"
    " two.",
)
@output_option
@click.pass_obj
def schema_audit(
    session: Session,
    target: str,
    since: str | None,
    until: str | None,
    as_known: str | None,
    fail_on: str | None,
    output: str,
) -> int:
    """List every schema change in a period: when, graded how, by whom, and what it reached.

    Reached is what lay downstream when the change came: columns by field id, and datasets of
    which nobody told the columns. Beside each stands how its jobs fared since.

    \b
    tl schema audit lake.features --since 2026-10-01 --until 2026-11-01
    tl schema audit --since 2026-11-09 --fail-on breaking
    """
    answer = session.schema_audit(target, since=since, as_of=until, as_known=as_known)
    print_answer(answer, output, text=_audit)
    failing = fail_on is not None and any(breaking(answer, Breaking(fail_on)))
    return 3 if failing else 0


def _audit(answer: SchemaAuditAnswer) -> Iterator[str]:
    tables = f"{answer.tables} table{'' if answer.tables == 1 else 's'}"
    start = answer.period.start
    since = "" if start == BEGINNING else f" since {start}"
    changes = f"{len(answer.changes)} change{'' if len(answer.changes) == 1 else 's'}"
    yield f"{changes} of {tables}{since}"
    for one in answer.changes:
        yield f"{click.style(f'{one.at}  {one.dataset}', bold=True)}  schema {one.schema_id}"
        told = [text for text in (one.job, one.user) if text]
        by = f"  by {', '.join(told)}" if told else ""
        yield f"  {one.text}  [{one.grade}]{by}"
        for reached in one.reached:
            jobs = ", ".join(reached.jobs)
            yield f"    {reached.address}  {jobs}: {reached.followed}"


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
