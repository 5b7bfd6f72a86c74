"""What import-linter cannot say: the vocabulary may import nothing but the standard library."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_vocabulary_imports_the_standard_library_and_itself() -> None:
    allowed = {*sys.stdlib_module_names, "snapshots"}
    strangers = {
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path in (ROOT / "snapshots").rglob("*.py")
        for name in _imported(ast.parse(path.read_text()))
        if name.split(".")[0] not in allowed
    }
    assert strangers == set()


def _imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found
