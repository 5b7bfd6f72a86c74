"""Exporting: pick a format, and write an answer in it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from temporal_lineage.questions.lineage_answer import LineageAnswer

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


def export(answer: LineageAnswer, form: str) -> str:
    """Write a lineage answer in one of FORMATS, with its question and its doubts."""
    module = import_module(f"temporal_lineage.exports.{FORMATS[form]}")
    written: Callable[[LineageAnswer], str] = module.written
    return written(answer)
