"""`tl recover`: bring a past state back as a table of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import pairs
from temporal_lineage.cli.options import output_option, point_options, print_answer
from temporal_lineage.cli.reproduce_commands import ANSWERED_NO, coloured, input_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.reproduce.recover import RecoverAnswer
    from temporal_lineage.session import Session


@click.command(short_help="Bring a past state back as a table of its own.")
@click.argument(
    "target", metavar="TABLE[@STATE]|PATH[@VERSION]", help="A table, or one state of it."
)
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Make the table here. The folder must be new or empty.",
)
@click.option(
    "--copy-files",
    is_flag=True,
    help="Copy the state's files into it, so that nothing done to the old table can reach them.",
)
@point_options
@output_option
@click.pass_obj
def recover(
    session: Session,
    target: str,
    into: Path | None,
    copy_files: bool,  # noqa: FBT001 - Click passes flags by name
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> int:
    """Tell whether a state of TABLE can be brought back, and print the plan, piece by piece.

    With --into it is carried out: an Iceberg table of one snapshot, or a Delta table of one
    version, for any engine to open. PATH is the folder of a table that need not have been
    harvested, nor have any metadata file left. The old table is never changed.
    Exit status 3 where the state cannot be brought back.

    \b
    tl recover lake.ml.training_set@2026-10-20
    tl recover lake.ml.training_set@2026-10-20 --into training-set
    tl recover delta.features.customer_features@7 --into features --copy-files
    tl recover /lake/raw/orders@5718380510378632576 --into orders
    """
    if copy_files and into is None:
        raise click.UsageError("--copy-files copies into a folder: name it with --into")
    answer = session.recover(
        target, into=into, copy_files=copy_files, as_of=as_of, as_known=as_known
    )
    print_answer(answer, output, text=_recovered)
    return 0 if answer.is_readable else ANSWERED_NO


def _recovered(answer: RecoverAnswer) -> Iterator[str]:
    one = answer.state
    yield f"{click.style(one.address, bold=True)}  {coloured(one.verdict)}"
    yield from pairs(input_lines(one))
    if answer.made is None:
        more = "; --into FOLDER makes a table of it" if answer.is_readable else ""
        yield f"nothing was written{more}"
        return
    made = answer.made
    files = f"{made.copied:,} file{'' if made.copied == 1 else 's'}"
    copied = f", {files} of {made.size_bytes:,} bytes copied" if made.copied else ""
    yield f"a table was made in {made.folder}{copied}"
    yield f"  {made.entry}"
