"""`tl log`, `tl show`: what is known of a table, a job or the ledger, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from snapshots.instant import FOREVER
from temporal_lineage.cli.described import described
from temporal_lineage.cli.job_text import job
from temporal_lineage.cli.layout import pairs, table
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.session.knowledge import TRANSACTIONS_SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from temporal_lineage.questions.knowledge.transactions import LedgerLogAnswer
    from temporal_lineage.questions.states.rollbacks import RollbackLine
    from temporal_lineage.questions.tables.show import CatalogAnswer, TableAnswer
    from temporal_lineage.questions.tables.snapshots import LogAnswer, LogLine
    from temporal_lineage.session import Session


@click.command(short_help="Every snapshot of a table.")
@click.argument(
    "target", metavar="TABLE", required=False, help="A table, as catalog.namespace.table."
)
@click.option("--ledger", "of_ledger", is_flag=True, help="The ledger's own transactions instead.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"With --ledger: how many transactions, the newest. Default: {TRANSACTIONS_SHOWN}.",
)
@point_options
@output_option
@click.pass_obj
def log(
    session: Session,
    target: str | None,
    as_of: str | None,
    as_known: str | None,
    output: str,
    limit: int | None,
    of_ledger: bool,  # noqa: FBT001 - Click passes flags by name
) -> None:
    """List the snapshots of TABLE, oldest first, the expired ones included.

    \b
    tl log lake.raw.orders
    tl log lake.raw.orders --output ndjson
    tl log --ledger
    """
    if (target is None) != of_ledger:
        raise click.UsageError("name a table, or say --ledger: one of the two")
    if target is None:
        answered = session.ledger_log(as_known=as_known, limit=limit or TRANSACTIONS_SHOWN)
        print_answer(answered, output, text=_ledger_log)
        return
    if limit is not None:
        raise click.UsageError("--limit goes with --ledger; a table's snapshots are all listed")
    answer = session.log(target, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_log)


@click.command(short_help="What is known of a dataset or a job, or of all.")
@click.argument(
    "target",
    metavar="[DATASET|JOB]",
    required=False,
    help="A table, a model or any other dataset, or a job.",
)
@point_options
@output_option
@click.pass_obj
def show(
    session: Session, target: str | None, as_of: str | None, as_known: str | None, output: str
) -> None:
    """Describe DATASET: identity, place, refs, columns, and what events say of it.

    Of a JOB: type, owners, code, SQL, its last runs, what it reads and writes. Without either,
    list all datasets that are known.

    \b
    tl show
    tl show lake.raw.orders
    tl show model:fraud
    tl show job:shop/orders
    """
    if target is None:
        every = session.show_all(as_of=as_of, as_known=as_known)
        print_answer(every, output, text=_catalog)
    elif target.startswith("job:"):
        print_answer(session.show_job(target, as_of=as_of, as_known=as_known), output, text=job)
    else:
        answer = session.show(target, as_of=as_of, as_known=as_known)
        print_answer(answer, output, text=_table)


def _log(answer: LogAnswer) -> Iterator[str]:
    headers = ["snapshot", "committed", "operation", "schema", "added", "removed", "job", "by"]
    yield from table(
        [*headers, "remarks"],
        [
            [
                line.snapshot_id,
                line.committed_at,
                line.operation,
                line.schema_id,
                line.added_rows,
                line.removed_rows,
                line.job,
                by(line.engine, line.user),
                _remarks(line, answer.rollbacks),
            ]
            for line in answer.lines
        ],
        right=(0, 3, 4, 5),
    )


def _ledger_log(answer: LedgerLogAnswer) -> Iterator[str]:
    yield from table(
        ["tx", "learned", "from", "what"],
        [[one.tx, one.recorded_at, one.source, one.note or None] for one in answer.transactions],
        right=(0,),
    )


def by(engine: str | None, user: str | None) -> str | None:
    """Name who made a commit, as far as it says."""
    return ", ".join(one for one in (user, engine) if one) or None


def _named(values: Mapping[str, str]) -> str | None:
    return ", ".join(f"{name}={value}" for name, value in values.items()) or None


def _remarks(line: LogLine, rollbacks: Sequence[RollbackLine]) -> str:
    remarks = [] if line.on_main else ["never on main"]
    if line.on_main and not line.current:
        remarks.append("on main nobody knows when")
    remarks += [
        f"{one.ref} went back to {one.returned_id} {one.at}"
        for one in rollbacks
        if one.left_id == line.snapshot_id
    ]
    if line.expired_at is not None:
        remarks.append(f"expired {line.expired_at}")
    return ", ".join(remarks)


def _catalog(answer: CatalogAnswer) -> Iterator[str]:
    if not answer.datasets:
        yield "nothing is known yet; `tl catalog add` and `tl harvest` begin"
        return
    yield from table(
        ["format", "snapshots", "last commit", "dataset"],
        [
            [
                line.format,
                line.snapshots if line.format else None,
                line.last_commit,
                f"{line.dataset}  missing since {line.missing_since}"
                if line.missing_since
                else line.dataset,
            ]
            for line in answer.datasets
        ],
        right=(1,),
    )


def _table(answer: TableAnswer) -> Iterator[str]:
    yield click.style(answer.dataset, bold=True)
    counted = (
        f"{answer.snapshots}, {answer.expired} of them expired"
        if answer.expired
        else answer.snapshots
    )
    yield from pairs(
        [
            ("identity", answer.identity),
            ("format", answer.format),
            ("location", answer.location),
            ("harvested", answer.harvested_at),
            ("missing", f"since {answer.missing_since}" if answer.missing_since else None),
            ("features", ", ".join(answer.features) or None),
            ("partitions", ", ".join(answer.partitioning) or None),
            ("sorted", ", ".join(answer.sort_order) or None),
            ("clustered", ", ".join(answer.clustering) or None),
            ("row ids", f"below {answer.next_row_id}" if answer.next_row_id is not None else None),
            ("statistics", f"{answer.statistics} files" if answer.statistics else None),
            ("properties", _named(answer.properties)),
            ("domains", _named(answer.domains)),
            ("transactions", _named(answer.applications)),
            ("snapshots", counted if answer.format else None),
            ("first", answer.first_commit),
            ("last", answer.last_commit),
            ("versions", ", ".join(answer.versions) or None),
        ]
    )
    if len(answer.names) > 1 or answer.missing_since:
        for one in answer.names:
            until = f"until {one.held.end}" if one.held.end < FOREVER else "and still is"
            yield f"  name {one.name}: from {one.held.start} {until}"
    for ref in answer.refs:
        ids = ", ".join(f"@{one}" for one in ref.snapshot_ids) or "no snapshot"
        yield f"  ref {ref.name}: {ids} since {ref.since} ({ref.certainty})"
    if answer.columns:
        yield from table(
            ["id", "column", "type", "required"],
            [
                [one.field_id, one.name, one.type, "yes" if one.required else "no"]
                for one in answer.columns
            ],
            right=(0,),
        )
    yield from described(answer.described)
