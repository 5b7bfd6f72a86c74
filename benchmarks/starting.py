"""Whole commands, from the shell's call to their exit."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.lakes import harvested, write_lake
from benchmarks.measuring import take_turns, timed
from benchmarks.pipelines import Table
from benchmarks.rows import Row, faster, longer

if TYPE_CHECKING:
    from benchmarks.measuring import Contender
    from benchmarks.sizes import Size

NOTES = """\
Each command is a process of its own, as a shell starts it; its output is thrown away.
`python -c pass` is the least that any Python program takes.
`tl at` and `tl upstream` ask the ledger of a harvested and ingested pipeline, in text.
All modules are compiled before, as an installation leaves them."""

PASS = (sys.executable, "-c", "pass")
_HELP = 4.5
_QUESTION = 5.0


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare commands against an empty Python and against pyiceberg's help."""
    lake = write_lake(folder / "lake", size.lake)
    session = harvested(lake, folder / "ledger")
    session.ingest_openlineage([str(lake.events)])
    ledger = session.workspace.ledger
    target = str(Table(layer=1, place=0))
    reached = len(session.upstream(target).nodes)
    command = str(Path(sys.executable).with_name("tl"))
    asked = (*(command, "--ledger", ledger),)
    commands: dict[str, Sequence[str]] = {
        "`tl --help`": (command, "--help"),
        "`tl at TABLE`": (*asked, "at", target),
        f"`tl upstream TABLE`, {reached} states": (*asked, "upstream", target),
    }
    for what, arguments in commands.items():
        told = output(arguments)
        assert target in told or "--help" in what, told
    theirs = (str(Path(sys.executable).with_name("pyiceberg")), "--help")
    environment = compiling(folder / "bytecode")
    nothing, help_, *times = take_turns(
        *(starting(one, environment) for one in (PASS, theirs, *commands.values())),
        rounds=size.process_rounds,
    )
    for what, ours in zip(commands, times, strict=True):
        goal = _HELP if "--help" in what else _QUESTION
        yield longer(what, ours=ours, peer=nothing, peer_name="`python -c pass`", goal=goal)
    yield faster("`tl --help`", ours=times[0], peer=help_, peer_name="`pyiceberg --help`")


def compiling(folder: Path) -> Mapping[str, str]:
    """Keep bytecode, and apart: a checkout may have been told to keep none."""
    told = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return told | {"PYTHONPYCACHEPREFIX": str(folder)}


def starting(command: Sequence[str], environment: Mapping[str, str]) -> Contender:
    """Make a contender of a command, whose output is thrown away."""

    def start() -> None:
        subprocess.run(  # noqa: S603 - commands are ours
            command, check=True, stdout=subprocess.DEVNULL, env=environment
        )

    return timed(start)


def output(command: Sequence[str]) -> str:
    """Give what a command prints."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - commands are ours
    return done.stdout
