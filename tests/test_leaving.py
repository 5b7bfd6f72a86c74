"""How the program ends: at once, where nobody would notice, and as Python does everywhere else."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from transcripts import at_home, told_lake

STARTING = "from temporal_lineage.cli.entry import main;"
LAST_WORDS = (
    "import os, sys; sys.addaudithook(lambda event, _, write=os.write:"
    " 'InterpreterState_Clear' in event and write(1, b'apart'));"
)
"""Written where Python takes apart what is alive."""
WAITING = "lambda: (t.main_thread().join(), print('done'))"


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The folder of a project whose ledger can be asked."""
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        yield


def ended(code: str, *arguments: str, python: tuple[str, ...] = ()) -> tuple[str, str, int]:
    """Run code that calls `main`; gives both outputs and the exit status."""
    done = subprocess.run(
        [sys.executable, *python, "-c", code, *arguments],
        capture_output=True,
        text=True,
        input="print('still here')\n",
        check=False,
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 0), (["pins"], 0), (["at", "lake.no.table"], 1), (["at"], 2)],
    ids=str,
)
def test_a_command_ends_at_once_with_its_status(
    arguments: list[str], status: int, shop: None
) -> None:
    told, errors, found = ended(f"{STARTING} main()", *arguments)
    assert found == status
    assert told if status == 0 else errors
    told, errors, found = ended(f"{LAST_WORDS}{STARTING} main()", *arguments)
    assert found == status
    assert "apart" not in told


@pytest.mark.parametrize(
    ("before", "heard"),
    [
        ("import atexit; atexit.register(print, 'goodbye');", "goodbye\n"),
        (f"import threading as t; t.Thread(target={WAITING}).start();", "done\n"),
        ("import sys; sys.settrace(lambda *_: None);", ""),
        ("import sys; sys.setprofile(lambda *_: None);", ""),
    ],
)
@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["at"], 2)], ids=str)
def test_what_waits_for_the_end_sees_it(
    before: str, heard: str, arguments: list[str], status: int, shop: None
) -> None:
    plain = ended(f"{STARTING} main()", *arguments)
    told, errors, found = ended(f"{LAST_WORDS}{before} {STARTING} main()", *arguments)
    assert (told, errors) == (f"{plain[0]}{heard}apart", plain[1])
    assert found == plain[2] == status


def test_whoever_looks_around_afterwards_can(shop: None) -> None:
    assert "still here" in ended(f"{STARTING} main()", "pins", python=("-i",))[0]


def test_a_profiler_tells_what_it_saw(shop: None) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cProfile", "-m", "temporal_lineage", "pins"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "function calls" in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(("command", "status"), [("tl pins", 0), ("tl at", 2)])
def test_a_closed_output_changes_no_status(
    closed: str, command: str, status: int, shop: None
) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{command} {closed}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert "Traceback" not in done.stderr
