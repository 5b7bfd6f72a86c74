"""`tl erasure`: where rows of a condition still are."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.erasure_text import traced, verified
from temporal_lineage.cli.options import engine_option, output_option, point_options, print_answer
from temporal_lineage.session.erasure import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.erasure.searching import Progress
    from temporal_lineage.session import Session


STILL_THERE = 3
"""The exit status of a verification that could not say that the rows are gone."""


@click.group(short_help="Where rows of a condition still are, and proof that they went.")
def erasure() -> None:
    """Find every state and file that still holds the rows of a condition. No table is changed.

    \b
    tl erasure trace --where "customer_id = 42" --from lake.raw.customers --case request-17.json
    tl erasure verify request-17.json --where "customer_id = 42"
    """


_depth_option = click.option(
    "--depth",
    type=click.IntRange(min=0, max=1000),
    default=DEPTH_MAX,
    show_default=True,
    help="Through how many tables downstream columns are followed.",
)


@erasure.command(short_help="Every table, state and file that still holds the rows.")
@click.option(
    "--where",
    required=True,
    metavar="CONDITION",
    help="Which rows, as in: user_id = 42 and country in ('DE', 'FR').",
)
@click.option(
    "--from",
    "targets",
    required=True,
    multiple=True,
    metavar="TABLE",
    help="The table to begin with; several where several first got the rows.",
)
@_depth_option
@click.option(
    "--case",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep what was found in this new file, to be verified later; the values of the condition"
    " are not in it, only a salted digest of them.",
)
@click.option("--keep-value", is_flag=True, help="Keep the condition in the case as it was typed.")
@engine_option
@point_options
@output_option
@click.pass_obj
def trace(  # noqa: PLR0913, PLR0917 - one parameter an option
    session: Session,
    where: str,
    targets: tuple[str, ...],
    depth: int,
    case: Path | None,
    keep_value: bool,  # noqa: FBT001 - Click passes flags by name
    engine: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> None:
    """Tell which states and files of TABLE, and of all made from it, still hold the rows.

    Every state is looked at that any metadata still tells of: of branches and tags, expired ones,
    those of old metadata files; and files that no state has. Each file is read once, and only
    where neither its partition nor statistics nor Bloom filters rule it out. Columns are followed
    by their identity, whatever they are called by now. What deletes hide from a state is still in
    its files, and told. What could not be read is named: it may hold anything.

    Tables that carry the columns are searched, too. Tables, models and files that were made of the
    rows and do not carry the columns are named: what the rows contributed cannot be found by value.

    \b
    tl erasure trace --where "user_id = 42" --from lake.raw.events
    tl erasure trace --where "name = 'Ada' and born is null" --from lake.raw.people --output json
    tl erasure trace --where "user_id = 42" --from lake.raw.events --case request-17.json
    tl erasure trace --where "user_id = 42" --from lake.raw.events --engine auto=daft
    """
    if keep_value and case is None:
        raise click.UsageError("--keep-value goes with --case")
    with _progress() as progress:
        answer = session.erasure_trace(
            *targets,
            where=where,
            depth_max=depth,
            case=case,
            keep_value=keep_value,
            engine=engine,
            as_of=as_of,
            as_known=as_known,
            progress=progress,
        )
    print_answer(answer, output, text=traced)


@erasure.command(short_help="Whether the rows are gone; a signed certificate of it.")
@click.argument(
    "case",
    type=click.Path(path_type=Path),
    required=False,
    metavar="CASE",
    help="The file that `tl erasure trace --case` wrote.",
)
@click.option(
    "--where",
    metavar="CONDITION",
    help="The condition; that of the case, unless the case keeps it.",
)
@click.option(
    "--from",
    "targets",
    multiple=True,
    metavar="TABLE",
    help="The tables to begin with. Default: those of the case.",
)
@_depth_option
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="PEM",
    help="An Ed25519 private key, to sign the certificate with.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the certificate here, and its signature beside it, as FILE.sig.",
)
@engine_option
@point_options
@output_option
@click.pass_obj
def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    session: Session,
    case: Path | None,
    where: str | None,
    targets: tuple[str, ...],
    depth: int,
    key: Path | None,
    out: Path | None,
    engine: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> int:
    """Look at everything that CASE is about again, and say whether the rows are gone.

    `closed`: no row was found, and all was examined. `incomplete`: none was found, and not all
    could be examined; what could not is named. `open`: rows were found, and nothing is signed.
    The certificate says what was examined, file by file, and what was not. A closed case is noted
    in the ledger, and `tl available` tells it of the states that it took. Exit status 3 unless
    closed.

    \b
    openssl genpkey -algorithm ed25519 -out key.pem
    tl erasure verify request-17.json --where "user_id = 42" --key key.pem --out closed-17.json
    tl erasure verify --where "user_id = 42" --from lake.raw.events
    """
    with _progress() as progress:
        answer = session.erasure_verify(
            *targets,
            where=where,
            case=case,
            key=key,
            out=out,
            depth_max=depth,
            engine=engine,
            as_of=as_of,
            as_known=as_known,
            progress=progress,
        )
    print_answer(answer, output, text=verified)
    return 0 if answer.closure.value == "closed" else STILL_THERE


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show a bar for each table that is searched, on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, file=sys.stderr, width=30, show_pos=True) as bar:

        def progress(table: str, done: int, total: int) -> None:
            bar.label = table
            bar.length = max(total, 1)
            bar.finished = False  # one table may be done, and the next one not
            bar.update(done - bar.pos)

        yield progress
