"""The files that put the tool to work: systemd takes the units, the container file finds all."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from temporal_lineage.cli.entry import run

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service")) + sorted(DEPLOY.glob("*.timer"))
RUNS = re.compile(r"/opt/temporal-lineage/bin/tl ([^>\n]*)")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_unit_but_that_it_is_not_installed(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert [line for line in told if unit.name in line or "Unknown" in line] == []


@pytest.mark.parametrize("file", [*UNITS, DEPLOY / "crontab"], ids=lambda file: file.name)
def test_every_command_that_a_unit_runs_is_one_that_we_understand(file: Path) -> None:
    for words in RUNS.findall(file.read_text()):
        assert run([*shlex.split(words), "--help"], session=None) == 0


def test_all_that_the_container_file_copies_from_here_is_here() -> None:
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--" not in line]
    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []
    assert copied
