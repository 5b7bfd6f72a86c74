"""`tl reproduce`: rebuild what something was made from, or say exactly what is missing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snapshots.availability import AtRisk, Gone, Partial
from temporal_lineage.cli.layout import pairs
from temporal_lineage.cli.loss_text import loss_lines
from temporal_lineage.cli.options import engine_option, output_option, point_options, print_answer
from temporal_lineage.cli.recovery_text import plan_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catalogs.engines.engine import ReadBy
    from snapshots.availability import Availability
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.reproduce.answer import (
        RegisteredTable,
        Replay,
        ReproduceAnswer,
        ReproduceInput,
        Written,
    )
    from temporal_lineage.session import Session

ANSWERED_NO = 3
"""The exit status where the target cannot be rebuilt with the means that were allowed."""

_SHOWN_MAX = 5
"""How many missing files the text names; JSON names all."""

_LABELS = {
    "ref": "kept by",
    "until": "until",
    "policy": "policy",
    "since": "since",
    "how": "how",
    "first": "log starts",
    "case": "erased for",
    "reason": "because",
}
"""How the fields of a verdict are called."""

_COLOURS = {"live": "green", "protected": "green", "at-risk": "yellow", "recoverable": "yellow"}


@click.command(short_help="Rebuild what a model or table was made from, or say what is missing.")
@click.argument(
    "target",
    metavar="MODEL@VERSION|RUN|TABLE[@STATE]|LOCK",
    help="What was made: a version of a model, what a run made, or a state of a table; or the lock"
    " of one, which needs no ledger.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write the rows of every input here, with a lock that says what was read and a manifest of"
    " what was written; only where all of them can be read. The folder must be new or empty, and"
    " appears when all of it is there. What a killed process had finished is taken up again.",
)
@click.option(
    "--into",
    metavar="CATALOG.NAMESPACE|FOLDER",
    help="Make a table of every input here, named after its state: Iceberg tables in a catalog that"
    " pyiceberg commits to, Delta tables in a folder. Each appears whole, by one commit, with the"
    " field ids of its state, and is read back; none replaces a table that is there.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "arrow"]),
    default="parquet",
    show_default=True,
    help="Write rows as Parquet, or as Arrow IPC.",
)
@click.option(
    "--recover",
    is_flag=True,
    help="Also take what a table has forgotten, but whose files are still there.",
)
@click.option(
    "--replay",
    is_flag=True,
    help="Also run the SQL of the run again over the states that it read, in DuckDB, and compare"
    " the rows with those it wrote; the exit status is 3 where they differ or it cannot be done.",
)
@engine_option
@point_options
@output_option
@click.pass_obj
def reproduce(  # noqa: PLR0913, PLR0917 - an option each
    session: Session,
    target: str,
    out: Path | None,
    into: str | None,
    form: str,
    recover: bool,  # noqa: FBT001 - Click passes flags by name
    replay: bool,  # noqa: FBT001
    engine: str,
    as_of: str | None,
    as_known: str | None,
    output: str,
) -> int:
    """Tell whether every state that TARGET was made from can still be read, file by file.

    The inputs are those believed at --as-of and --as-known; the verdicts are about the tables as
    they are now. The exit status is 3 where the answer is no. No table that is there is changed.

    \b
    tl reproduce model:fraud@v3
    tl reproduce model:fraud@v3 --out fraud-v3
    tl reproduce model:fraud@v3 --into lake.reproduced
    tl reproduce fraud-v3.lock --out fraud-v3
    tl reproduce fraud-v3.lock --out fraud-v3 --engine auto=spark=sc://spark.example:15002
    tl reproduce run:3f5e83fa-3480-44ff-99c5-ff943904e5e8 --replay
    tl reproduce lake.raw.orders@2026-10-01 --out orders --recover
    """
    with _progress(out, into) as progress:
        answer = session.reproduce(
            target,
            out=out,
            into=into,
            form=form,
            recover=recover,
            replay=replay,
            engine=engine,
            as_of=as_of,
            as_known=as_known,
            progress=progress,
        )
    print_answer(answer, output, text=_reproduced)
    if answer.replay is not None and answer.replay.verdict != "same":
        return ANSWERED_NO
    return 0 if answer.verdict == "reproducible" else ANSWERED_NO


def _reproduced(answer: ReproduceAnswer) -> Iterator[str]:
    yield click.style(_headline(answer), bold=True)
    if answer.made_by is not None:
        yield from pairs([("run", answer.made_by.run or None), ("job", answer.made_by.job or None)])
    for one in answer.inputs:
        yield ""
        yield f"{one.address}  {coloured(one.verdict)}"
        yield from pairs(input_lines(one))
        for promised in answer.promises:
            if promised.address == one.address:
                told = f"until {promised.until} by {promised.promise}: {promised.reason}"
                yield from pairs([("promised", told)])
    yield ""
    yield from _written(answer)
    if answer.replay is not None:
        yield from _replayed(answer.replay)


def _headline(answer: ReproduceAnswer) -> str:
    from temporal_lineage.reproduce.answer import Irreproducible, RecoveryNeeded

    inputs = f"{len(answer.inputs)} input{'' if len(answer.inputs) == 1 else 's'}"
    match answer.outcome:
        case Irreproducible(lost, unverified):
            reasons = []
            if lost:
                reasons.append(f"{len(lost)} of {inputs} lost")
            if unverified:
                reasons.append(f"{len(unverified)} of {inputs} not to be verified")
            return (
                f"{answer.target} is not reproducible: {', '.join(reasons) or 'no input is known'}"
            )
        case RecoveryNeeded(recoverable):
            return (
                f"{answer.target} is reproducible only with --recover:"
                f" {len(recoverable)} of {inputs} must be recovered"
            )
        case _:
            return f"{answer.target} is reproducible from {inputs}"


def input_lines(one: ReproduceInput) -> list[tuple[str, object]]:
    """Give labels and values of all that is told of an input."""
    schema = f"{one.schema_id} ({', '.join(one.columns)})" if one.columns is not None else None
    files = f"{one.files:,}, {one.size_bytes:,} bytes" if one.files is not None else None
    return [
        *_reasons(one.availability),
        *(plan_lines(one.plan) if one.plan else ()),
        *(loss_lines(one.loss) if one.loss else ()),
        ("may be", ", ".join(f"@{version}" for version in one.candidates) or None),
        ("identity", one.identity),
        ("location", one.location),
        ("schema", schema),
        ("files", files),
        ("rows", f"{one.rows:,}" if one.rows is not None else None),
        *(("taken", _taken(portion)) for portion in one.portions),
        ("known", f"{one.known.grade}, {one.known.method}"),
        ("witness", one.known.witness or None),
    ]


def coloured(verdict: str) -> str:
    """Style the name of a verdict."""
    return click.style(verdict, fg=_COLOURS.get(verdict, "red"))


def _taken(one: TakenPortion) -> str:
    return f"{one.portion}" + (f": {one.rows:,} rows" if one.rows is not None else "")


def _reasons(availability: Availability) -> Iterator[tuple[str, object]]:
    """Spell a verdict out: what its fields are called for people."""
    for field in fields(availability):
        value = getattr(availability, field.name)
        match field.name:
            case "missing":
                yield from _missing(availability)
            case "act":
                yield "by", value or "nobody knows whose act"
            case "since" if isinstance(availability, AtRisk):
                yield "takes it", f"from {value} on"
            case name if name in _LABELS:
                yield _LABELS[name], value


def _missing(availability: Availability) -> Iterator[tuple[str, object]]:
    if not isinstance(availability, Gone | Partial) or not availability.missing:
        return
    lost, shown = availability.lost, availability.missing[:_SHOWN_MAX]
    of = availability.of if isinstance(availability, Partial) else lost
    whole = f" of {of:,}" if isinstance(availability, Partial) else ""
    yield "missing", f"{lost:,}{whole} file{'' if of == 1 else 's'}"
    yield from (("", path) for path in shown)
    if lost > len(shown):
        yield "", f"and {lost - len(shown):,} more; --output json names them"


def _replayed(replay: Replay) -> Iterator[str]:
    if replay.reason is not None:
        yield f"not replayed: {replay.reason}"
        return
    same = "gives the rows of" if replay.verdict == "same" else "gives other rows than"
    yield click.style(f"its SQL, run again, {same} {replay.written}", bold=True)
    yield from pairs([("written", replay.expected), ("replayed", replay.replayed)])


def _written(answer: ReproduceAnswer) -> Iterator[str]:
    from temporal_lineage.reproduce.answer import RecoveryNeeded, Reproducible

    match answer.outcome:
        case Reproducible(None, ()):
            yield "nothing was written; --out FOLDER writes the rows and a lock"
        case Reproducible(written, tables):
            yield from _files(written) if written is not None else ()
            yield from _tables(tables)
        case RecoveryNeeded():
            yield "nothing was written; --recover would read what the table has forgotten"
        case _:
            yield "nothing was written"


def _files(written: Written) -> Iterator[str]:
    rows = sum(file.rows or 0 for file in written.files)
    count = f"{len(written.files)} file{'' if len(written.files) == 1 else 's'}"
    yield f"written to {written.folder}: {count}, {rows:,} rows"
    for file in written.files:
        many = f"{file.rows:,} rows" if file.rows is not None else f"{file.size_bytes:,} bytes"
        yield f"  {file.name}  {many}"
    yield f"  {written.lock}"
    yield f"  {written.manifest}"
    for address, readers in written.read_by.items():
        yield from _read_by(address, readers)


def _tables(tables: Sequence[RegisteredTable]) -> Iterator[str]:
    for one in tables:
        how = "made" if one.made else "stood there"
        yield f"{how}: {one.format} table {one.table}, {one.rows:,} rows, read back the same"
        yield from _read_by(one.address, one.read_by)


def _read_by(address: str, readers: Sequence[ReadBy]) -> Iterator[str]:
    """Name what read a state, where it was not simply this process."""
    from catalogs.engines.in_process import READ_HERE

    for one in readers:
        if one != READ_HERE:
            yield f"read by {one}: {address}"


@contextmanager
def _progress(*written: object) -> Iterator[Callable[[str, int, int], None] | None]:
    """Show a bar for each state that is written, on a terminal; nothing in a pipe."""
    if not any(written) or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, file=sys.stderr, width=30, show_pos=True) as bar:

        def progress(address: str, rows: int, of: int) -> None:
            bar.label = address
            bar.length = max(of, rows, 1)
            bar.finished = False  # one state may be written, and the next one not
            bar.update(rows - bar.pos)

        yield progress
