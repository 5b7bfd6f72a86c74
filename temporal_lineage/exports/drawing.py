"""Drawings: what every graph format says of a lineage answer, before it is spelled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.questions.walks.answer import LineageAnswer, LineageRun

RUN_FACTS = (
    *("run_state", "started", "ended", "engine", "code"),
    *("actor", "actor_told_by", "parameters"),
)
"""What a line tells of its run."""

Facts = tuple[tuple[str, str], ...]
"""Names and values, in order; a value that nobody told is left out."""


class LineKind(StrEnum):
    """What a line of a drawing stands for."""

    DERIVED = "derived"
    """A run, or several jobs, moved data along it."""
    CONTAINED = "contained"
    """Rows of the commit are live in the state."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A node: its address is its name; `cut` says why nothing is drawn beyond it, None if all is.

    `job` and `run` made this version; None where nobody claims it. `state` is what the question
    was about, as `healed` or `breaks`; None where it was about the graph alone.
    """

    address: str
    depth: int
    job: str | None
    run: str | None
    cut: str | None
    state: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """Data goes from source to target; `facts` tell it from others, `run_facts` are of its run.

    `label` is for people, and short.
    """

    kind: LineKind
    source: str
    target: str
    label: str
    facts: Facts
    run_facts: Facts


@dataclass(frozen=True, slots=True)
class Drawing:
    """A graph with what was asked, for when, and all that it does not show."""

    title: str
    point: str
    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    doubts: tuple[str, ...]


def drawing(answer: LineageAnswer, states: Mapping[str, str]) -> Drawing:
    """Draw a lineage answer: states and datasets as dots, edges and contributions as lines.

    `states` gives, by address, what is to be said of a dot besides.
    """
    cuts = {one.address: one.why for one in answer.cuts}
    return Drawing(
        title=f"{answer.question.verb} {answer.question.target}",
        point=answer.question.point,
        dots=tuple(
            Dot(
                one.address,
                one.depth,
                one.job,
                one.run,
                cuts.get(one.address),
                states.get(one.address),
            )
            for one in answer.nodes
        ),
        lines=(*_derived(answer), *_contained(answer)),
        doubts=answer.doubts,
    )


def _derived(answer: LineageAnswer) -> list[Line]:
    runs = {one.run: _run_facts(one) for one in answer.runs}
    return [
        Line(
            LineKind.DERIVED,
            one.source,
            one.target,
            ", ".join(part for part in (one.grade, one.job) if part),
            _facts(
                edge=one.edge, grade=one.grade, job=one.job, run=one.run, how=", ".join(one.how)
            ),
            runs.get(one.run, ()),
        )
        for one in answer.edges
    ]


def _contained(answer: LineageAnswer) -> list[Line]:
    return [
        Line(
            LineKind.CONTAINED,
            one.commit,
            one.state,
            f"in it, {one.certainty}",
            _facts(certainty=one.certainty),
            (),
        )
        for one in answer.contributions
        # A state holds its own commit's rows, and that is no line.
        if one.commit is not None and one.commit != one.state
    ]


def _run_facts(run: LineageRun) -> Facts:
    return _facts(
        run_state=run.state,
        started=run.started.isoformat() if run.started else None,
        ended=run.ended.isoformat() if run.ended else None,
        engine=run.engine,
        code=run.code,
        actor=run.actor,
        actor_told_by=run.actor_told_by,
        parameters=json.dumps(run.parameters, sort_keys=True) if run.parameters else None,
    )


def _facts(**values: str | None) -> Facts:
    return tuple((name, value) for name, value in values.items() if value)
