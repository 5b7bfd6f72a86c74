"""Transcripts: a document's console and python blocks, run where a reader would run them.

In a ```console block a line that starts with `$ ` is a command, and what follows it is what was
printed, errors included; where a command did not end with 0, `exit status N` is the last line.
`tl` runs in this process, anything else, and whatever stands behind a `|`, in a shell. A ```python
block is run as it stands, names live on until the end of the document, and a ```text block right
below it holds what it printed. All other blocks are left alone, ```sh among them.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
import time_machine

from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.demo.clock import moment
from temporal_lineage.demo.lake import DemoLake, open_lake
from temporal_lineage.demo.story import NOON, REBUILT
from temporal_lineage.workspace import FOLDER

READERS_HOME = "/home/ada"
"""What stands in documents for the folder that the lake lies in."""

# What differs from build to build, or with the version of a library that writes files: shown as
# it was when the document was written, and not compared.
_VARYING = re.compile(
    r"(?<=delta:)[0-9a-f-]{36}"
    r"|(?<=part-)\d{5}-[0-9a-f-]{36}"
    r"|(?<=delta-rs:)\S+"
    r"|(?<= bytes, )[0-9a-f]{16}"
    r"|[\d,]+(?=( -[\d,]+)? bytes)"
    r"|(?<=bytes: )\d+"
    r"|(?<=\"sha256\": \")[0-9a-f]+"
    r"|(?<=_bytes\": )\d+"
)

_FENCE = re.compile(r"```(\w*)")


@dataclass(frozen=True, slots=True)
class Told:
    """The lake and ledger that `tl demo` made, and all that it printed."""

    home: Path
    lake: DemoLake
    printed: str
    status: int


@cache
def told_lake(folder: Path) -> Told:
    """Run `tl demo` below the session's folder, once for all test files."""
    home = folder / "home"
    if home.exists():
        pytest.fail("`tl demo` failed in an earlier test, whose error says why")
    home.mkdir()
    with at_home(home):
        printed, status = said("tl demo")
    return Told(home, open_lake(home / "demo-lake"), printed, status)


def project(told: Told, folder: Path) -> Path:
    """Make a project of one's own with a copy of the ledger that the demo made; the lake stays."""
    shutil.copytree(told.lake.root / FOLDER, folder / FOLDER)
    return folder


@contextmanager
def at_home(home: Path, *, now: Instant | None = NOON) -> Iterator[None]:
    """Be a reader: in this folder, and without the catalogs of whoever runs the tests.

    `now` stands still; None leaves the clock alone.
    """
    clock = nullcontext() if now is None else time_machine.travel(moment(now), tick=False)
    own = {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYICEBERG", "TEMPORAL_LINEAGE", "XDG_DATA"))
    }
    with (
        mock.patch.dict(os.environ, {**kept, **own}, clear=True),
        clock,
        chdir(home),
    ):
        yield


def said(command: str) -> tuple[str, int]:
    """Run one command line here; gives all that it printed, in its order, and the exit status."""
    words, *rest = _pipeline(command)
    if words[0] != "tl":
        # Up to the last `tl`, if there is one, a shell prepares its standard input.
        if rest and rest[-1][0] == "tl":
            before, _, _ = command.rpartition("|")
            prepared, _ = _shell(before, "")
            return _together(rest[-1][1:], prepared)
        return _shell(command, "")
    if not rest:
        return _together(words[1:], "")
    done = asked(*words[1:])
    piped, status = _shell(" | ".join(map(shlex.join, rest)), done.out)
    return done.err + piped, status


@dataclass(frozen=True, slots=True)
class Said:
    """What one command printed, and how it ended."""

    out: str
    err: str
    status: int


def asked(*words: str) -> Said:
    """Run `tl` with these arguments here."""
    printed, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(errors):
        status = run(words, session=None)
    return Said(printed.getvalue(), errors.getvalue(), status)


def _together(words: Sequence[str], prepared: str) -> tuple[str, int]:
    printed = io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(prepared.encode()))
    with (
        redirect_stdout(printed),
        redirect_stderr(printed),
        mock.patch.object(sys, "stdin", given),
    ):
        status = run(words, session=None)
    return printed.getvalue(), status


class Follower:
    """Somebody who follows a document line by line, in a fresh copy of the demo's project."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._cwd = told.home
        self._names: dict[str, object] = {"__name__": "document"}
        self._printed: list[str] = []

    def follow(self, text: str) -> str:
        """Give the document as it should be: with what its blocks print today."""
        with _put_back(self._told.lake.root / FOLDER), at_home(self._told.home):
            self._tidy()
            followed = "".join(f"{line}\n" for line in self._lines(text.splitlines()))
            self._tidy()
            return followed

    def _tidy(self) -> None:
        """Take away what an earlier document, or the demo itself, made beside the lake."""
        shutil.rmtree(self._told.lake.root / REBUILT, ignore_errors=True)
        for path in self._told.home.iterdir():
            if path != self._told.lake.root:
                shutil.rmtree(path)

    def _lines(self, lines: Sequence[str]) -> Iterator[str]:
        kind: str | None = None
        block: list[str] = []
        for line in lines:
            fence = _FENCE.fullmatch(line)
            if kind is None:
                yield line
                kind, block = (fence[1], []) if fence else (None, [])
                if line.strip() and not fence:
                    self._printed = []
            elif line == "```":
                yield from self._block(kind, block)
                yield line
                kind = None
            else:
                block.append(line)

    def _block(self, kind: str, lines: Sequence[str]) -> Sequence[str]:
        with chdir(self._cwd):
            match kind:
                case "console":
                    return list(self._console(lines))
                case "python":
                    self._printed = self._python(lines)
                case "text" if self._printed:
                    return self._printed
                case _:
                    pass
        return lines

    def _console(self, lines: Sequence[str]) -> Iterator[str]:
        for command in commands_of(lines):
            yield from f"$ {command}".splitlines()
            if command.startswith("cd "):
                os.chdir(command.removeprefix("cd "))
                self._cwd = Path.cwd()
                continue
            printed, status = said(command.replace("\\\n", " "))
            yield from self._shown(printed)
            if status:
                yield f"exit status {status}"

    def _python(self, lines: Sequence[str]) -> list[str]:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile("\n".join(lines), "document", "exec"), self._names)  # noqa: S102
        return self._shown(printed.getvalue())

    def _shown(self, printed: str) -> list[str]:
        shown = printed.replace(str(self._told.home), READERS_HOME)
        return [line.rstrip() for line in shown.splitlines()]


def compared(text: str) -> list[str]:
    """Give the lines of a document without what may differ from day to day."""
    return _VARYING.sub("...", text).splitlines(keepends=True)


def rewritten(text: str, today: str) -> str:
    """Give the document as it is today, but keep each line that only differs as it may."""
    old, new = text.splitlines(keepends=True), today.splitlines(keepends=True)
    matcher = SequenceMatcher(None, compared(text), compared(today), autojunk=False)
    lines: list[str] = []
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        lines += old[start:end] if what == "equal" else new[new_start:new_end]
    return "".join(lines)


def commands_of(lines: Sequence[str]) -> list[str]:
    """Give the commands of a console block; one that ends with a backslash goes on below."""
    commands: list[str] = []
    for line in lines:
        if line.startswith("$ "):
            commands.append(line.removeprefix("$ "))
        elif commands and commands[-1].endswith("\\"):
            commands[-1] += f"\n{line}"
    return commands


def blocks(text: str, kind: str) -> list[list[str]]:
    """Give the lines of every block of one kind."""
    found = re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block.splitlines() for block in found]


def _pipeline(command: str) -> list[list[str]]:
    """Cut a command line at its pipes."""
    pieces: list[list[str]] = [[]]
    for word in shlex.split(command):
        if word == "|":
            pieces.append([])
        else:
            pieces[-1].append(word)
    return pieces


def _shell(command: str, piped: str) -> tuple[str, int]:
    done = subprocess.run(  # noqa: S602 - the documents are ours
        command,
        shell=True,
        input=piped,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode


@contextmanager
def _put_back(folder: Path) -> Iterator[None]:
    """Whatever the block does to the folder, it is as before afterwards."""
    kept = folder.with_name(f"{folder.name}-kept")
    shutil.copytree(folder, kept)
    try:
        yield
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
