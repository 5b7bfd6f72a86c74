"""The table of rules in the documents: every function and every test that it names exists."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from temporal_lineage.evidence.inputs import link_input
from temporal_lineage.evidence.outputs import _RUNGS

ROOT = Path(__file__).resolve().parent.parent
_ROW = re.compile(r"\| `([\w.]+)` \| `(test_\w+\.py)::(test_\w+)` \|$")


def _rows() -> list[tuple[str, str, str]]:
    page = (ROOT / "docs" / "openlineage.md").read_text()
    _, _, section = page.partition("## Each rule, its function and its tests")
    section, _, _ = section.partition("\n## ")
    lines = [one for one in section.splitlines() if one.startswith("| ")][1:]
    found = [(line, _ROW.search(line)) for line in lines]
    assert [line for line, row in found if row is None] == []
    return [(row[1], row[2], row[3]) for _, row in found if row is not None]


@pytest.mark.parametrize(("function", "file", "test"), _rows())
def test_each_rule_has_its_function_and_its_test(function: str, file: str, test: str) -> None:
    module, _, name = function.rpartition(".")
    assert callable(getattr(import_module(f"temporal_lineage.{module}"), name))
    defined = ast.parse((ROOT / "tests" / file).read_text()).body
    assert test in {one.name for one in defined if isinstance(one, ast.FunctionDef)}


def test_no_rung_is_left_out() -> None:
    named = {function.rpartition(".")[2] for function, _, _ in _rows()}
    rungs = {rung.__name__ for rung, _ in _RUNGS}
    assert rungs - named == set()
    # The rungs of inputs are in one expression each; those that only delegate name whom they ask.
    source = (ROOT / "temporal_lineage" / "evidence" / "inputs.py").read_text()
    asked = set(re.findall(r"\b(_by_\w+|_recorded|_reported|_at_\w+|_head)\b", source))
    delegating = {"_by_metrics", "_by_own_commit", "_by_own_parent"}
    assert {one for one in asked if one in link_input.__globals__} - named == delegating
