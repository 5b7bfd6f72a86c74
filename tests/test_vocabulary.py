"""The vocabulary is kept: every word that stands for a class is one, and is documented once."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "vocabulary.md"
PACKAGES = ("snapshots", "catalogs", "temporal_lineage")


def test_every_word_of_the_vocabulary_that_stands_for_a_class_is_one() -> None:
    words = {word for cell in _words() for word in re.findall(r"`([A-Z]\w+)`", cell)}
    assert words
    assert words - _classes() == set()


def test_every_word_is_explained_once() -> None:
    assert [word for word, times in Counter(_words()).items() if times > 1] == []


def test_every_word_has_a_meaning() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert [row for row in rows if not row.split("|")[2].strip()] == []


def _words() -> list[str]:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [cell for row in rows if (cell := row.split("|")[1].strip()) != "word"]


def _classes() -> set[str]:
    """Public classes, and unions of classes that have a name. A demo has words of its own."""
    found: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "demo" not in path.relative_to(ROOT).parts:
                found |= _defined(ast.parse(path.read_text()))
    return {name for name in found if not name.startswith("_")}


def _defined(module: ast.Module) -> set[str]:
    found = set()
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found
