"""House rules that a machine can hold: one idea a file, short files, the field's own nouns."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("snapshots", "catalogs", "temporal_lineage")
CODE = sorted(
    path for folder in (*PACKAGES, "benchmarks", "tests") for path in (ROOT / folder).rglob("*.py")
)

MODULE_LINES_MAX = 350
FUNCTION_LINES_MAX = 50

# Words that say nothing about what is inside.
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "manager", "handler", "misc"}
EMPTY_STEMS = {*EMPTY_WORDS, "common", "data", "info"}
EMPTY_ENDINGS = ("Manager", "Handler", "Helper", "Helpers", "Util", "Utils", "Info")

# Past the border a time is an Instant and is named for what happened then. In `catalogs` and in
# capture these words are the formats' own, so only the vocabulary and the pure rules are looked at.
PURE = tuple(
    ROOT / folder
    for folder in (
        "snapshots",
        "temporal_lineage/facts",
        "temporal_lineage/evidence",
        "temporal_lineage/lineage",
    )
)
TIME_WORDS = {"timestamp", "timestamps", "ts"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def test_every_module_says_its_idea_in_its_first_line() -> None:
    silent = [_name(path) for path in CODE if not _outline(path)[0].strip()]
    assert silent == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {_name(path): len(path.read_text().splitlines()) for path in CODE}
    assert {name: n for name, n in lengths.items() if n > MODULE_LINES_MAX} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{_name(path)}:{node.lineno} {node.name}": length
        for path in CODE
        for node in _outline(path)[1]
        if not isinstance(node, ast.ClassDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = [
        _name(path)
        for path in CODE
        for part in path.relative_to(ROOT).with_suffix("").parts
        if part in EMPTY_STEMS or EMPTY_WORDS & set(part.split("_"))
    ]
    assert empty == []


def test_no_class_has_a_name_that_says_nothing() -> None:
    empty = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in CODE
        for node in _outline(path)[1]
        if isinstance(node, ast.ClassDef) and node.name.endswith(EMPTY_ENDINGS)
    ]
    assert empty == []


def test_no_time_in_the_pure_modules_is_called_a_timestamp() -> None:
    assert list(_found_in_pure_modules(_timestamps)) == []


def test_the_pure_modules_never_look_at_a_clock() -> None:
    assert list(_found_in_pure_modules(_clocks)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_of_tests_takes_the_name_of_a_package(package: str) -> None:
    assert not (ROOT / "tests" / package / "__init__.py").exists()


def _found_in_pure_modules(look: Callable[[ast.AST], Iterator[str]]) -> Iterator[str]:
    for path in CODE:
        if any(path.is_relative_to(folder) for folder in PURE):
            for node in ast.walk(_tree(path)):
                for word in look(node):
                    yield f"{_name(path)}:{getattr(node, 'lineno', 0)} {word}"


def _timestamps(node: ast.AST) -> Iterator[str]:
    """Variables, parameters and fields named for a format's word. Constants may quote it."""
    if isinstance(node, ast.arg):
        word = node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        word = node.id
    else:
        return
    if word.islower() and TIME_WORDS & set(word.split("_")):
        yield word


def _clocks(node: ast.AST) -> Iterator[str]:
    """Calls of `x.now()` and its like, and imports of the module `time`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in {"now", "utcnow", "today"}:
            yield ast.unparse(node)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name == "time")
    elif isinstance(node, ast.ImportFrom) and node.module == "time":
        yield "time"


@cache
def _outline(path: Path) -> tuple[str, list[Definition]]:
    """Give a module's docstring, and all that it defines without what is inside."""
    tree = _tree(path)
    told = ast.get_docstring(tree) or ""
    found = [node for node in ast.walk(tree) if isinstance(node, Definition)]
    for node in found:
        node.body.clear()
    return told, found


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_decision_has_a_number_of_its_own_and_says_it() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [path.name[:4] for path in records]
    assert numbers == [f"{one:04}" for one in range(1, len(records) + 1)]
    titles = [path.read_text().partition("\n")[0] for path in records]
    assert [title[:8] for title in titles] == [f"# {one}: " for one in numbers]
