"""Hostile bytes are read, or refused with a reason, within bounds of memory, and never hang."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from torture.hostile import CASES

TESTS = Path(__file__).resolve().parent
MIB_MAX = 512
"""Of the memory that one case takes; the largest takes a quarter of it."""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    """What became of every case, each decoded in a process of its own with little memory."""
    done = subprocess.run(
        [sys.executable, "-m", "torture.bounds"],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["case"]: one for one in found}


@pytest.mark.parametrize("case", CASES)
def test_what_was_made_to_take_all_is_read_or_refused(
    outcomes: dict[str, dict[str, Any]], case: str
) -> None:
    outcome = outcomes[case]
    assert outcome["fault"] == ""
    assert bool(outcome["refused"]) == CASES[case].refused, outcome
    assert outcome["mib"] < MIB_MAX
