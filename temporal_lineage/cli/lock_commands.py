"""`tl lock`: write down exactly what something was made from, and compare two such files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import NOTHING, table
from temporal_lineage.cli.options import output_option, point_options, print_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.locks.comparing import LockDiffAnswer
    from temporal_lineage.locks.locking import LockAnswer
    from temporal_lineage.session import Session

ANSWERED_NO = 3


class _OrMake(click.Group):
    """A group whose first word may be left out: `tl lock TARGET` is `tl lock make TARGET`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["make", *args]
        return super().resolve_command(ctx, args)


@click.group(
    cls=_OrMake,
    short_help="Write down exactly what something was made from.",
    context_settings={"ignore_unknown_options": True},
)
def lock() -> None:
    """Write locks, and compare them. `tl lock TARGET -o FILE` is short for `tl lock make`.

    \b
    tl lock model:fraud@v3 -o fraud-v3.lock
    tl lock diff fraud-v2.lock fraud-v3.lock
    tl reproduce fraud-v3.lock --out fraud-v3
    """


@lock.command("make", short_help="Write what a target was made from.")
@click.argument(
    "target",
    metavar="MODEL@VERSION|RUN|TABLE[@STATE]",
    help="What was made: a version of a model, what a run made, or a state of a table.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    required=True,
    help="The lock; one of that name is replaced.",
)
@click.option(
    "--fingerprint",
    is_flag=True,
    help="Read all rows, and keep their fingerprints: what is rebuilt is then proven by content.",
)
@point_options
@output_option
@click.pass_obj
def make(
    session: Session,
    target: str,
    out: Path,
    fingerprint: bool,  # noqa: FBT001 - Click passes flags by name
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> int:
    """Write a lock: every state that TARGET was made from, and the run behind it.

    It names tables, snapshots, metadata files, schemas, what was taken of each, and digests of the
    files, so `tl reproduce` needs no ledger to bring them back. Nothing is written, and the exit
    status is 3, where an input is unknown or cannot be read any more.

    \b
    tl lock model:fraud@v3 -o fraud-v3.lock
    tl lock make run:3f5e83fa-3480-44ff-99c5-ff943904e5e8 -o training.lock --fingerprint
    """
    answer = session.lock(target, out=out, fingerprint=fingerprint, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_locked)
    return ANSWERED_NO if answer.lock is None else 0


@lock.command("diff", short_help="How two locks differ.")
@click.argument("first", metavar="FILE", help="A lock.")
@click.argument("second", metavar="FILE", help="Another lock.")
@output_option
@click.pass_obj
def diff(session: Session, first: str, second: str, output: str) -> int:
    """Compare two locks: states, schemas, rows, code, parameters and packages.

    Inputs are paired by what a table is for ever, wherever it lies by now. The exit status is 3
    where other rows are read; what else differs is told and counts for nothing.

    \b
    tl lock diff fraud-v2.lock fraud-v3.lock
    """
    answer = session.lock_diff(first, second)
    print_answer(answer, output, text=_diff)
    return 0 if answer.same_inputs else ANSWERED_NO


def _locked(answer: LockAnswer) -> Iterator[str]:
    count = f"{len(answer.inputs)} input{'' if len(answer.inputs) == 1 else 's'}"
    if answer.lock is None:
        headline = f"{answer.target} is not locked: not all of {count} can be read"
        if not answer.inputs:
            headline = f"{answer.target} is not locked: no input is known"
        yield click.style(headline, bold=True)
    else:
        yield click.style(f"{answer.target} is locked in {answer.lock}: {count}", bold=True)
    for one in answer.inputs:
        rows = f", {one.rows:,} rows" if one.rows is not None else ""
        yield f"  {one.address}  {one.verdict}{rows}"
        yield from (f"    {found}" for found in answer.fingerprints.get(one.address, ()))
    if answer.lock is None:
        yield f"nothing was written; `tl reproduce {answer.target}` says why"


def _diff(answer: LockDiffAnswer) -> Iterator[str]:
    same = "the same rows are read" if answer.same_inputs else "other rows are read"
    yield click.style(f"{answer.first} and {answer.second}: {same}", bold=True)
    if answer.changes:
        yield from table(
            ["part", "what", "before -> after"],
            [
                # Paths are long, and as columns of their own would spread all other values.
                [one.part, one.what, f"{_or_nothing(one.before)} -> {_or_nothing(one.after)}"]
                for one in answer.changes
            ],
        )


def _or_nothing(value: str | None) -> str:
    return NOTHING if value is None else value
