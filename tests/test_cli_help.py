"""Help: every command explains itself by example, is shown at work, and costs next to nothing."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from temporal_lineage.cli.root import tl
from transcripts import READERS_HOME, Told, at_home, blocks, commands_of, told_lake

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

HEAVY = {
    *("sqlalchemy", "alembic", "pyiceberg", "pyarrow", "polars", "deltalake", "sqlglot"),
    *("numpy", "asyncio", "rich"),
}
CLICKS = {"inspect", "gettext", "platform", "threading", "locale", "dataclasses"}
"""What Click and records would load, and no command needs for it."""

DEAR = {"msgspec", "typing_extensions", "decimal", "textwrap", "pathlib", "urllib", "zlib"}
"""What costs most among all that a small question could do without."""

HISTORIES = {
    *("snapshots.history", "snapshots.commit_point", "snapshots.definition"),
    *("temporal_lineage.harvesting.histories", "temporal_lineage.facts.revise"),
}
"""What whole histories of tables are read and written with."""

OTHERS = {
    "--help": {*CLICKS, "pathlib", "sqlite3", "msgspec", "temporal_lineage.session"},
    "at lake.staging.orders_clean --as-of 2026-10-21T06:00Z": {
        *(*CLICKS, *DEAR, *HISTORIES, "difflib", "temporal_lineage.session.session"),
        "temporal_lineage.evidence",
        *("temporal_lineage.cli.runs_commands", "temporal_lineage.session.lineage"),
    },
    "upstream lake.ml.training_set --names": {
        *(
            *(*CLICKS, *DEAR, *HISTORIES, "difflib"),
            "temporal_lineage.capture.openlineage",
            "temporal_lineage.questions.walks.provenance",
        ),
        *("snapshots.schema", "snapshots.snapshot", "temporal_lineage.evidence"),
    },
    "upstream lake.features.order_features": {
        *(*CLICKS, *DEAR, *HISTORIES, "difflib", "temporal_lineage.session.session"),
        *("snapshots.schema", "snapshots.snapshot", "temporal_lineage.questions.states.current"),
    },
    "upstream model:fraud@v3": {
        *(*CLICKS, *DEAR, *HISTORIES, "temporal_lineage.session.session"),
        "temporal_lineage.capture.openlineage_events",
        *("temporal_lineage.capture.openlineage", "temporal_lineage.questions.schemas.columns"),
        "difflib",
    },
}
"""What a question is quicker for not loading."""

LIGHT_QUESTIONS = (
    "ledger info",
    "ledger check",
    "--help",
    "at lake.staging.orders_clean --as-of 2026-10-21T06:00Z",
    "log lake.raw.orders",
    "log delta.features.customer_features --output ndjson",
    "show",
    "show lake.raw.orders --output json",
    "schema log lake.features.order_features",
    "schema diff lake.features.order_features@2026-10-01 lake.features.order_features",
    "upstream model:fraud@v3 --as-known 2026-11-06",
    "upstream lake.ml.training_set#amount_eur",
    "downstream lake.raw.orders",
    "downstream lake.raw.orders --flow --output json",
    "why lake.ml.training_set@2026-10-20",
    "runs --dataset lake.ml.training_set",
    "run show run:01a1a592-7000-7fce-9c7a-874d65c1be78",
    "coverage lake",
    "alias list",
    "pins",
)


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told_lake(tmp_path_factory.getbasetemp())


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command and group below a group, by the words that are typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


COMMANDS = [("", tl), *commands(tl)]
LEAVES = [name for name, command in COMMANDS if not isinstance(command, click.Group)]


def help_of(name: str, command: click.Command) -> str:
    return command.get_help(click.Context(command, info_name=f"tl {name}".strip()))


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=str)
def test_a_command_says_what_it_does_and_gives_an_example(
    name: str, command: click.Command
) -> None:
    assert command.help
    if name:
        assert command.short_help
    examples = [
        line for line in help_of(name, command).splitlines() if line.startswith(f"  tl {name}")
    ]
    assert examples, f"no line of the help starts with `tl {name}`"
    for example in examples:
        words = shlex.split(example.partition("&&")[0], comments=True)[1:]
        assert_parses(words)


def assert_parses(words: list[str]) -> None:
    """An example is at least well formed: its options exist, its arguments suffice."""
    command: click.Command = tl
    context = tl.make_context("tl", list(words), resilient_parsing=False)
    while isinstance(command, click.Group):
        name, inner, rest = command.resolve_command(context, words_after(context))
        assert inner is not None
        context = inner.make_context(name, rest, parent=context)
        command = inner


def words_after(context: click.Context) -> list[str]:
    return [*context._protected_args, *context.args]


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=str)
def test_every_option_and_argument_is_explained(name: str, command: click.Command) -> None:
    silent = [
        parameter.name
        for parameter in command.params
        if not (isinstance(parameter, click.Option | click.Argument) and parameter.help)
    ]
    assert silent == []


def test_the_list_of_commands_tells_what_the_commands_tell() -> None:
    listed = help_of("", tl)
    for name, command in COMMANDS:
        if name and " " not in name:
            assert f"{name} " in listed
            assert command.short_help
            assert command.short_help in " ".join(listed.split())


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_is_shown_at_work_in_the_documents(name: str) -> None:
    shown = [
        command
        for document in DOCUMENTS
        for block in blocks(document.read_text(encoding="utf-8"), "console")
        for command in commands_of(block)
    ]
    # `tl demo` takes a while and prints pages: the README shows it in a block that is not run.
    if name != "demo":
        assert [command for command in shown if f"tl {name}" in command]


@pytest.mark.parametrize("question", LIGHT_QUESTIONS)
def test_what_the_ledger_alone_answers_loads_nothing_heavy(question: str, told: Told) -> None:
    assert _loaded(question, told) & HEAVY == set()


@pytest.mark.parametrize(("question", "others"), OTHERS.items())
def test_a_question_loads_little_that_only_other_questions_need(
    question: str, others: set[str], told: Told
) -> None:
    assert _loaded(question, told) & others == set()


def _loaded(question: str, told: Told) -> set[str]:
    """Give the modules that are loaded when a question was answered."""
    code = (
        "import sys; from temporal_lineage.cli.entry import run;"
        " status = run(sys.argv[1:], session=None);"
        " print(*sys.modules, file=sys.stderr);"
        " sys.exit(status)"
    )
    with at_home(told.lake.root):
        done = subprocess.run(
            [sys.executable, "-c", code, *shlex.split(question)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return set(done.stderr.split())


def test_no_document_names_a_folder_of_the_machine_that_made_it() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8").replace(READERS_HOME, "")
        assert str(ROOT) not in text
        assert "/tmp/" not in text.replace("/tmp/demo-lake", "")  # noqa: S108
