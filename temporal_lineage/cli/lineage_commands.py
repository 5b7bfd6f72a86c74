"""`tl upstream`, `tl downstream`, `tl why`: what came from what, and how that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from temporal_lineage.cli.layout import pairs, table, tree
from temporal_lineage.cli.options import (
    LISTS,
    graph_output_option,
    output_option,
    point_options,
    print_answer,
    print_graph,
)
from temporal_lineage.session.lineage import DEPTH_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypedDict, Unpack

    from temporal_lineage.questions.knowledge.reasons import WhyAnswer
    from temporal_lineage.questions.walks.answer import LineageAnswer, LineageEdge
    from temporal_lineage.questions.walks.reached import ReachedAnswer
    from temporal_lineage.session.lineage import LineageQuestions

    class Asked(TypedDict):
        """What was typed after `tl upstream` or `tl downstream`."""

        target: str
        as_of: str | None
        as_known: str | None
        output: str
        depth: int
        view: str | None
        runs: bool


_GRADES = {"none": "version not told"}
"""What to call a grade where its own name says too little."""


def _trace_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--flow",
            "view",
            flag_value="flow",
            help="Datasets and jobs instead of exact states.",
        ),
        click.option(
            "--depth",
            type=click.IntRange(min=1, max=1000),
            default=DEPTH_MAX,
            show_default=True,
            help="How many edges to follow; what lies deeper is named as not followed.",
        ),
        click.option(
            "--names",
            "view",
            flag_value="names",
            help="Only the names of all datasets that flow leads over, however far.",
        ),
        graph_output_option,
        click.option(
            "--runs",
            is_flag=True,
            help="List the runs too: when, by whom, with which code and parameters.",
        ),
        point_options,
        click.argument(
            "target",
            metavar="TABLE[@STATE][#COLUMN]|MODEL|JOB",
            help="A table or a state or column of it, a version of a model, or a job.",
        ),
    ):
        command = option(command)
    return command


@click.command(short_help="What had gone into a state, a model or a column.")
@_trace_options
@click.pass_obj
def upstream(session: LineageQuestions, **asked: Unpack[Asked]) -> None:
    """Tell which exact states had gone into TARGET, through the commits live in each state.

    \b
    tl upstream lake.ml.training_set --as-of 2026-10-20
    tl upstream model:fraud@v3 --as-known 2026-11-05T09:00Z
    tl upstream lake.ml.training_set#amount
    tl upstream job:shop/ml.train_fraud
    tl upstream lake.ml.training_set --names
    tl upstream model:fraud@v3 --output dot
    """
    _answer(session.upstream, session.upstream_names, **asked)


@click.command(short_help="What was made of a state, a model or a column.")
@_trace_options
@click.pass_obj
def downstream(session: LineageQuestions, **asked: Unpack[Asked]) -> None:
    """Tell which states, models and columns were made of TARGET, or of states that contain it.

    \b
    tl downstream lake.raw.orders@2026-09-03
    tl downstream lake.raw.orders --flow
    tl downstream lake.raw.orders --names
    tl downstream lake.raw.orders --flow --output mermaid
    """
    _answer(session.downstream, session.downstream_names, **asked)


@click.command(short_help="How an edge, a version's writer or a run's links are known.")
@click.argument(
    "target",
    metavar="EDGE|TABLE@STATE|MODEL|RUN",
    help="An edge as answers print it, a version, or run:ID.",
)
@point_options
@output_option
@click.pass_obj
def why(
    session: LineageQuestions, target: str, as_of: str | None, as_known: str | None, output: str
) -> None:
    """Show the evidence: method, grade, raw witness, rejected alternatives, earlier beliefs.

    \b
    tl why edge:12
    tl why lake.ml.training_set@2026-10-20
    tl why run:0190f0c4-8e5b-7c1a-9d52-1f3f5f0f7a11
    """
    answer = session.why(target, as_of=as_of, as_known=as_known)
    print_answer(answer, output, text=_why)


def _answer(
    ask: Callable[..., LineageAnswer],
    ask_names: Callable[..., ReachedAnswer],
    **asked: Unpack[Asked],
) -> None:
    target, output, runs = asked["target"], asked["output"], asked["runs"]
    point = {"as_of": asked["as_of"], "as_known": asked["as_known"]}
    if asked["view"] == "names":
        _check_names(output, runs=runs)
        print_answer(ask_names(target, **point), output, text=_names)
        return
    by_flow = asked["view"] == "flow"
    answer = ask(target, **point, depth_max=asked["depth"], by_flow=by_flow, parameters=runs)
    print_graph(answer, output, text=_lineage_with_runs if runs else _lineage)


def _check_names(output: str, *, runs: bool) -> None:
    """Refuse what `--names` would leave out of account."""
    depth = click.get_current_context().get_parameter_source("depth")
    if runs:
        raise click.UsageError("--names names datasets alone: leave --runs out")
    if depth is ParameterSource.COMMANDLINE:
        raise click.UsageError("--names goes to the end: leave --depth out")
    if output not in LISTS:
        raise click.UsageError(f"--names is no graph: say --output {', '.join(LISTS)}")


def _names(answer: ReachedAnswer) -> Iterator[str]:
    for one in answer.datasets:
        yield one.dataset
    if not answer.datasets:
        where = "into" if answer.direction.value == "upstream" else "out of"
        yield f"no flow {where} it is known"


def _lineage(answer: LineageAnswer) -> Iterator[str]:
    yield click.style(answer.root, bold=True)
    upwards = answer.direction.value == "upstream"
    around: dict[str, list[LineageEdge]] = {}
    for edge in answer.edges:
        around.setdefault(edge.target if upwards else edge.source, []).append(edge)
    beside: dict[str, dict[str, None]] = {}
    for one in answer.contributions:
        if one.commit is not None:
            key, other = (one.state, one.commit) if upwards else (one.commit, one.state)
            beside.setdefault(key, {})[other] = None

    def children(key: str) -> Sequence[tuple[str, str | None]]:
        edges = [
            edge for near in {key: None, **beside.get(key, {})} for edge in around.get(near, ())
        ]
        grouped: dict[str, list[LineageEdge]] = {}
        for edge in edges:
            grouped.setdefault(edge.source if upwards else edge.target, []).append(edge)
        return [(_branch(name, group), name) for name, group in grouped.items()]

    if not answer.edges:
        where = "into" if upwards else "out of"
        yield f"  no edge {where} it is known"
    yield from tree(answer.root, children)


def _lineage_with_runs(answer: LineageAnswer) -> Iterator[str]:
    from temporal_lineage.cli.runs_commands import actor_text
    from temporal_lineage.questions.runs.settings import shown

    yield from _lineage(answer)
    yield from table(
        ["run", "job", "state", "started", "ended", "by", "code", "parameters"],
        [
            [
                f"run:{one.run}",
                one.job,
                one.state.lower(),
                one.started,
                one.ended,
                actor_text(one.actor, one.actor_told_by),
                one.code,
                ", ".join(f"{name}={shown(value)}" for name, value in told.items()) or None,
            ]
            for one in answer.runs
            for told in (one.parameters or {},)
        ],
    )


def _branch(name: str, edges: Sequence[LineageEdge]) -> str:
    grades = [_GRADES.get(edge.grade, edge.grade) for edge in edges if edge.grade]
    hows = [how for edge in edges for how in edge.how]
    jobs = [edge.job for edge in edges if edge.job]
    first = edges[0].edge if len(edges) == 1 else f"{edges[0].edge} and {len(edges) - 1} more"
    known = ", ".join(dict.fromkeys([*grades, *hows, *jobs]))
    return f"{name}  {click.style(known, dim=True)} [{first}]"


def _why(answer: WhyAnswer) -> Iterator[str]:
    run = f"run:{answer.run}" if answer.run else None
    yield click.style(answer.subject, bold=True)
    yield from pairs(
        [
            ("from", answer.source),
            ("to", answer.target if answer.source else None),
            ("job", answer.job or None),
            ("run", run if run != answer.subject else None),
        ]
    )
    for one in answer.reasons:
        yield f"  {click.style(one.grade, bold=True)}: {one.shows}"
        yield f"      by {one.method}: {one.witness}"
        for what, why_not in one.rejected:
            yield f"      not {what}: {why_not}"
    if len(answer.beliefs) > 1:
        yield "believed, in the order it was learned:"
        yield from table(
            ["learned", "holds from", "until", "belief"],
            [
                [
                    line.believed_from,
                    line.valid.start,
                    line.valid.end,
                    line.claim or "does not hold",
                ]
                for line in answer.beliefs
            ],
        )
