"""Jobs as text: how `tl show` tells what is known of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import pairs, table
from temporal_lineage.cli.runs_commands import code_text, tag_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.questions.runs.jobs import JobAnswer

_SQL_LINES_MAX = 20


def job(answer: JobAnswer) -> Iterator[str]:
    """Give the lines of a job."""
    facets = answer.facets
    yield click.style(f"job:{answer.job}", bold=True)
    kind = facets.kind
    named = [one for one in (kind.integration, kind.type, kind.processing) if one] if kind else []
    owners = [f"{one.name} ({one.type})" if one.type else one.name for one in facets.owners]
    yield from pairs(
        [
            ("type", ", ".join(named) or None),
            ("owners", ", ".join(owners) or None),
            ("about", facets.documentation),
            ("code", code_text(answer.code)),
            ("language", facets.language),
            ("runs", answer.run_count),
        ]
    )
    for tag in facets.tags:
        yield f"  tag {tag_text(tag)}"
    for dataset in answer.reads:
        yield f"  reads {dataset}"
    for dataset in answer.writes:
        yield f"  writes {dataset}"
    if answer.sql:
        lines = answer.sql.strip().splitlines()
        yield "  sql"
        yield from (f"      {line}" for line in lines[:_SQL_LINES_MAX])
        if len(lines) > _SQL_LINES_MAX:
            yield f"      ... {len(lines) - _SQL_LINES_MAX} more lines; --output json has them all"
    if facets.others:
        yield f"  kept and not read: {', '.join(facets.others)}"
    if answer.runs:
        yield from table(
            ["started", "ended", "state", "run"],
            [[one.started, one.ended, one.state.lower(), f"run:{one.run}"] for one in answer.runs],
        )
