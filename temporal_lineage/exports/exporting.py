"""Exporting: pick a format, and write an answer in it."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from temporal_lineage.questions.walks.answer import LineageAnswer

FORMATS = {
    "csv": "csv_table",
    "cypher": "cypher",
    "dot": "dot",
    "graphml": "graphml",
    "mermaid": "mermaid",
    "openlineage": "openlineage",
    "prov": "prov",
}
"""Format, and the module here whose `written` writes it; imported when it is asked for."""


LINEAGE_ONLY = ("openlineage", "prov")
"""Formats of runs and of what came from what; a graph of something else has none."""


def export(
    answer: LineageAnswer, form: str, *, states: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Write a lineage answer in one of FORMATS, with its question and its doubts.

    `states` gives, by address, what is to be said of a node besides.
    """
    module = import_module(f"temporal_lineage.exports.{FORMATS[form]}")
    written: Callable[[LineageAnswer, Mapping[str, str]], str] = module.written
    return written(answer, states)
