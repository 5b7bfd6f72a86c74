"""The grid of questions: which targets each takes and in which formats it answers; for cog."""

from __future__ import annotations

from collections.abc import Iterator

TARGETS = {
    "table": "lake.staging.orders_clean",
    "state": "lake.staging.orders_clean@8719064067012973118",
    "column": "lake.staging.orders_clean#amount_eur",
    "job": "job:shop/staging.orders_clean",
    "run": "run:01a190f9-0000-71ae-9384-34d4ff9ce853",
    "model": "model:fraud",
    "model version": "model:fraud@v3",
    "path": "./delta/raw/payments",
}
"""Kinds of targets, each with one of the demo."""

_TABLE = ("table", "path")
_STATES = (*_TABLE, "state")
_LINEAGE = (*_STATES, "column", "job", "run", "model version")

TAKES: dict[str, tuple[str, ...]] = {
    "at": _STATES,
    "log": _TABLE,
    "show": (*_TABLE, "job", "model"),
    "schema log": _TABLE,
    "schema audit": ("table",),
    "table log": _TABLE,
    "upstream": _LINEAGE,
    "upstream --flow": (*_TABLE, "job", "model"),
    "downstream": _LINEAGE,
    "downstream --flow": (*_TABLE, "job", "model"),
    "why": (*_STATES, "run", "model version"),
    "contamination": ("state", "run", "model version"),
    "changes --from 2026-10-18": (*_LINEAGE, "model"),
    "impact --change drop-column": ("column",),
    "impact --change stop-job": ("job",),
    "impact --change delete": (*_TABLE, "model"),
    "impact --change expire": ("state",),
    "available": _STATES,
    "reproduce": (*_STATES, "run", "model version"),
    "coverage": ("table", "model"),
    "diff --as-known 2026-11-06 now upstream": (*_STATES, "column", "job", "run", "model version"),
    "diff --as-known 2026-11-06 now log": _TABLE,
    "diff --as-known 2026-11-06 now contamination": ("state", "run", "model version"),
    "diff --as-known 2026-11-06 now changes --from 2026-10-18": (*_LINEAGE, "model"),
    "diff --as-known 2026-11-06 now impact --change stop-job": ("job",),
    "diff --as-known 2026-11-06 now coverage": ("table", "model"),
    "diff --as-known 2026-11-06 now why": (*_STATES, "run", "model version"),
    "diff --as-known 2026-11-06 now run show": ("run",),
}
"""Questions, as they are typed before a target, and the kinds of targets that they take."""

LISTS = ("text", "table", "json", "ndjson", "csv")
DRAWN = (*LISTS, "cypher", "dot", "graphml", "mermaid")
GRAPHS = (*DRAWN, "openlineage", "prov")

OUTPUTS: dict[str, tuple[str, ...]] = {
    "upstream": GRAPHS,
    "downstream": GRAPHS,
    "contamination": GRAPHS,
    "impact": DRAWN,
}
"""Questions that answer in more formats than LISTS."""


def outputs_of(question: str) -> tuple[str, ...]:
    """Give the formats of a question."""
    return OUTPUTS.get(question.split(maxsplit=1)[0], LISTS)


def targets_table() -> str:
    """Write which question takes what."""
    head = ["question", *TARGETS]
    return _markdown(
        head,
        (
            [f"`tl {question}`", *("yes" if kind in takes else "" for kind in TARGETS)]
            for question, takes in TAKES.items()
        ),
    )


def outputs_table() -> str:
    """Write which question answers how."""
    verbs = dict.fromkeys(question.split(" --")[0] for question in TAKES)
    return _markdown(
        ["question", *GRAPHS],
        (
            [f"`tl {verb}`", *("yes" if one in outputs_of(verb) else "" for one in GRAPHS)]
            for verb in verbs
        ),
    )


def _markdown(head: list[str], rows: Iterator[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
