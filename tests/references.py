"""References: the generated parts of docs/commands.md and docs/json.md, for cog."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import click

from catalogs.engines import engine
from catalogs.search import FileRole
from snapshots import availability, recovery
from snapshots.files import FileContent
from snapshots.recovery import Keeper, Piece
from snapshots.snapshot_log import Certainty, Rule
from temporal_lineage import questions
from temporal_lineage.adjacency import beside as adjacency
from temporal_lineage.bisection import answer as bisection
from temporal_lineage.bisection.answer import BisectOutcome, InputVerdict
from temporal_lineage.bookkeeping import audit, copying, described, upgrading
from temporal_lineage.bookkeeping.invariants import LedgerRule
from temporal_lineage.capture import facets, openlineage_events
from temporal_lineage.cli.root import tl
from temporal_lineage.erasure import answer as erasure
from temporal_lineage.erasure import case as erasure_case
from temporal_lineage.erasure import commands as erasure_commands
from temporal_lineage.erasure import plan as erasure_plan
from temporal_lineage.erasure import verify as erasure_verify
from temporal_lineage.erasure.answer import Relation
from temporal_lineage.erasure.plan import Act
from temporal_lineage.erasure.verify import Closure, Fate
from temporal_lineage.guard import answer as guarding
from temporal_lineage.guard import watch
from temporal_lineage.guard.drift import Drift
from temporal_lineage.harvesting import harvest
from temporal_lineage.intake import ingest, quarantine_retry
from temporal_lineage.lineage.first_bad import Verdict
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.linking import settling
from temporal_lineage.locks import comparing, locking
from temporal_lineage.portable import exporting
from temporal_lineage.promises import beside, keeping, pinning, promise
from temporal_lineage.questions.changes.findings import FindingKind
from temporal_lineage.questions.impact.impacted import Consequence
from temporal_lineage.questions.impact.simulated import Change
from temporal_lineage.questions.knowledge.learned import Learned
from temporal_lineage.questions.question import ID_FIELDS, field_names, is_record
from temporal_lineage.questions.schemas.change_reach import Followed
from temporal_lineage.questions.use.redundant import Redundancy
from temporal_lineage.questions.use.unused import Use
from temporal_lineage.reproduce import answer as reproduction
from temporal_lineage.reproduce import available, fingerprints, lost, recover
from temporal_lineage.reproduce.lost import CanRebuild
from temporal_lineage.sink import serving

_WORDS = {"int": "integer", "str": "string", "bool": "boolean", "float": "number", "None": "null"}
_SHAPED = {"Instant": "time", "Period": "period", "Path": "string"}
_ENUMS: dict[str, type[StrEnum]] = {
    one.__name__: one
    for one in (
        Certainty,
        Rule,
        Direction,
        FileContent,
        FileRole,
        Relation,
        Act,
        Closure,
        Fate,
        Followed,
        Learned,
        Change,
        Consequence,
        FindingKind,
        Drift,
        Keeper,
        CanRebuild,
        Piece,
        Redundancy,
        Use,
        BisectOutcome,
        InputVerdict,
        Verdict,
        LedgerRule,
    )
}
# A line each: everybody adds one. All questions are found by themselves.
_MODULES = (
    audit,
    availability,
    available,
    beside,
    bisection,
    erasure,
    erasure_commands,
    erasure_case,
    adjacency,
    erasure_plan,
    erasure_verify,
    harvest,
    ingest,
    openlineage_events,
    facets,
    guarding,
    keeping,
    pinning,
    promise,
    comparing,
    copying,
    exporting,
    described,
    engine,
    fingerprints,
    locking,
    quarantine_retry,
    lost,
    recover,
    recovery,
    reproduction,
    serving,
    settling,
    upgrading,
    watch,
    *(
        import_module(one.name)
        for one in walk_packages(questions.__path__, f"{questions.__name__}.")
    ),
)


def commands() -> str:
    """Give the help page of every command, as Markdown."""
    top = tl.make_context("tl", [], resilient_parsing=True, terminal_width=80)
    return "\n".join(_pages(tl, top))


class Shapes:
    """The shapes that one document shows, each record where it comes up first."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def of(self, name: str) -> str:
        """Give the fields of an answer, and of the records inside it, as Markdown."""
        return "\n".join(_shapes(name, seen=self._seen))


def _pages(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _pages(inner, click.Context(inner, context, name))


def _shapes(name: str, *, seen: set[str]) -> Iterator[str]:
    record = _record(name)
    seen.add(name)
    yield f"`{name}`: {_prose(record)}"
    yield ""
    shown = {name: one for name, one in _fields(record) if name not in {"question", "doubts"}}
    if shown:
        yield "| field | value |"
        yield "|---|---|"
        for field, annotation in shown.items():
            value = _json(annotation)
            if field in ID_FIELDS:
                value = value.replace("integer", "id").replace("string", "id")
            yield f"| `{field}` | {value} |"
        yield ""
    for annotation in shown.values():
        for inner in _names(annotation):
            if inner not in seen and _is_record(inner):
                yield from _shapes(inner, seen=seen)


def _fields(record: Any) -> Iterator[tuple[str, ast.expr]]:  # noqa: ANN401 - any record
    """Give the names and types of a dataclass's fields, or of a named tuple's."""
    for name in field_names(record):
        told = record.__annotations__[name]
        # What a named tuple was told as text, it keeps wrapped.
        text = getattr(told, "__forward_arg__", told)
        yield name, ast.parse(str(text), mode="eval").body


def _json(node: ast.expr) -> str:
    match node:
        case ast.BinOp(left=left, right=right):
            return f"{_json(left)} or {_json(right)}"
        case ast.Constant(value=None):
            return "null"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[one, ast.Constant()])):
            return f"array of {_json(one)}"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=parts)):
            return f"[{', '.join(_json(one) for one in parts)}]"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[_, one])):
            return f"object of {_json(one)} by name"
        case ast.Name(id=name):
            return _named(name)
        case _:
            raise TypeError(ast.unparse(node))


def _named(name: str) -> str:
    if name in _ENUMS:
        values = [str(one.value) for one in _ENUMS[name]]
        return " or ".join(f'`"{one}"`' for one in values)
    if _is_union(name):
        return " or ".join(f"`{one.__name__}`" for one in _found(name).__args__)
    return _WORDS.get(name) or _SHAPED.get(name) or f"`{name}`"


def _names(node: ast.expr) -> list[str]:
    """Give the names of records in an annotation, the members of a union one by one."""
    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
    members = [
        inner.__name__ for name in names if _is_union(name) for inner in _found(name).__args__
    ]
    return [*names, *members]


def _found(name: str) -> Any:  # noqa: ANN401 - a class, a union, or None
    return next((getattr(module, name) for module in _MODULES if hasattr(module, name)), None)


def _is_record(name: str) -> bool:
    return name not in _SHAPED and inspect.isclass(_found(name)) and is_record(_found(name))


def _is_union(name: str) -> bool:
    return name not in _SHAPED and hasattr(_found(name), "__args__")


def _record(name: str) -> Any:  # noqa: ANN401 - any dataclass
    return _found(name)


def _prose(record: Any) -> str:  # noqa: ANN401 - any dataclass
    """Give a docstring as one line, in JSON's words."""
    text = " ".join(inspect.cleandoc(record.__doc__ or "").split())
    text = re.sub(r"(?: of)? ?DESIGN [\d.]*\d(?:\.(?= |$))?", "", text).replace(
        "FOREVER", "`forever`"
    )
    return re.sub(r"\bNone\b", "null", text)
