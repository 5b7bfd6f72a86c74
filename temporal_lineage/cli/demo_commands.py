"""`tl demo`: a small lakehouse with two months of history, built here and asked in public."""

from __future__ import annotations

import shlex
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snapshots.errors import TemporalLineageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from temporal_lineage.demo.story import Chapter
    from temporal_lineage.session import Session

_EXTRA = {"openlineage", "time_machine"}


class MissingExtraError(TemporalLineageError):
    """A command needs packages that only an extra of the distribution brings."""

    def __init__(self, command: str, module: str, extra: str) -> None:
        """Keep what needs what, and the extra that has it."""
        self.command = command
        self.module = module
        self.extra = extra
        super().__init__(
            f"{command} needs {module}, which is not installed;"
            f" pip install 'temporal-lineage[{extra}]' brings it"
        )


@click.command(
    short_help="Build a small lakehouse with two months of history, and ask it questions."
)
@click.argument(
    "folder",
    metavar="[DIR]",
    type=click.Path(path_type=Path),
    default="demo-lake",
    help="A new or empty folder, or an earlier demo lake. Default: demo-lake.",
)
def demo(folder: Path) -> None:
    """Build a lake of Iceberg and Delta tables in DIR, and ask it questions.

    The tables are real, and so are the answers: `tl` is run as you would run it. An earlier demo
    lake in DIR is built anew; a folder with anything else in it is left alone.

    \b
    tl demo
    tl demo /tmp/demo-lake
    """
    story = _story()
    lake = story.play(folder, tell=lambda line: click.echo(click.style(line, dim=True)))
    session = story.noon_session(lake)
    with chdir(folder):
        for chapter in story.chapters(lake, session):
            for line in _heading(chapter):
                click.echo(line)
            for question in chapter.questions:
                _ask(question, session)
    click.echo()
    click.echo(f"The lake and its ledger stay in {folder}. Go on with:")
    for command in (f"cd {shlex.quote(str(folder))}", "tl show", "tl --help"):
        click.echo(f"  {command}")


def _story() -> ModuleType:
    """Import the story, or say which extra it needs."""
    try:
        from temporal_lineage.demo import story
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in _EXTRA:
            raise
        raise MissingExtraError("tl demo", module, "demo") from error
    return story


def _heading(chapter: Chapter) -> Iterator[str]:
    yield ""
    yield click.style(f"== {chapter.title} ==", bold=True)
    yield chapter.words


def _ask(question: tuple[str, ...], session: Session) -> None:
    from temporal_lineage.cli.entry import run

    click.echo()
    click.echo(click.style(f"$ tl {shlex.join(question)}", fg="cyan"))
    status = run(question, session=session)
    if status:
        click.echo(click.style(f"exit status {status}", dim=True))
