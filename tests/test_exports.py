"""Exports: tools that are not ours read each format back, with all that the answer says."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from io import BytesIO, StringIO

import networkx as nx
import pydot
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prov.model import ProvAgent, ProvDerivation, ProvDocument, ProvEntity

from openlineage_spec import Specification
from snapshots.instant import Instant
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, JobEvent, RunEvent
from temporal_lineage.exports import FORMATS, export
from temporal_lineage.facts import AsOf
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.questions.question import Question
from temporal_lineage.questions.walks.answer import (
    LineageAnswer,
    LineageContribution,
    LineageCut,
    LineageDataset,
    LineageEdge,
    LineageNode,
    LineageRun,
)

NOW = Instant.parse("2026-11-20")
RUN = "0190f0c4-8e5b-7c1a-9d52-1f3f5f0f7a11"
TOLD_OF_RUN = {"code": "git@1a2b", "actor": "ada", "parameters": '{"depth": "6"}'}
"""What exports say of the run, beside its times."""


def node(
    dataset: str, version: str | None, *, depth: int, column: str | None = None
) -> LineageNode:
    at = f"@{version}" if version else ""
    address = f"{dataset}{at}" + (f"#{column}" if column else "")
    return LineageNode(address, dataset, version, column, depth, None, None)


def answer(
    nodes: Iterable[LineageNode], edges: Iterable[LineageEdge], *, doubts: Iterable[str] = ()
) -> LineageAnswer:
    nodes = tuple(nodes)
    datasets = {
        one.dataset: LineageDataset(one.dataset, "u", "s3://b", one.dataset) for one in nodes
    }
    return LineageAnswer(
        question=Question(
            "upstream", nodes[0].address, AsOf(valid=NOW, system=NOW), known_until=None
        ),
        direction=Direction.UPSTREAM,
        root=nodes[0].address,
        edges=tuple(edges),
        nodes=nodes,
        contributions=(
            LineageContribution(nodes[1].address, nodes[0].address, "possible"),
            LineageContribution(nodes[0].address, nodes[0].address, "exact"),
            LineageContribution(None, nodes[0].address, "assumed"),
        ),
        runs=(
            LineageRun(
                RUN,
                "shop/train",
                "COMPLETE",
                NOW,
                NOW,
                "spark 3.5",
                "git@1a2b",
                None,
                {"depth": "6"},
                "ada",
                "trino_query_context",
            ),
        ),
        datasets=tuple(datasets.values()),
        cuts=(LineageCut(nodes[-1].address, "deeper than 2"),),
        doubts=tuple(doubts),
    )


def told(*, doubts: Iterable[str] = ("one edge inferred",)) -> LineageAnswer:
    """A table made by a run from two states, one of them by a commit that explains itself."""
    out = node("lake.out", "9", depth=0)
    commit = node("lake.out", "8", depth=0)
    orders, payments = node("lake.orders", "1", depth=1), node("lake.payments", "4", depth=1)
    edges = (
        LineageEdge("edge:1", orders.address, out.address, "exact", "shop/train", RUN, ()),
        LineageEdge("edge:2", payments.address, out.address, "high", "shop/train", RUN, ()),
        LineageEdge("edge:3", commit.address, out.address, "exact", "", "", ()),
    )
    return answer([out, commit, orders, payments], edges, doubts=doubts)


TEXTS = st.text(min_size=1, max_size=12)


@st.composite
def odd_answers(draw: st.DrawFn) -> LineageAnswer:
    """Answers with names that no format expects."""
    names = draw(st.lists(TEXTS, min_size=3, max_size=3, unique=True))
    nodes = [node(name, "1", depth=place) for place, name in enumerate(names)]
    edge = LineageEdge(
        "edge:1", nodes[1].address, nodes[0].address, "high", draw(TEXTS), RUN, (draw(TEXTS),)
    )
    return answer(nodes, [edge], doubts=draw(st.lists(TEXTS, max_size=2)))


def test_graphml_is_read_by_networkx_with_all_edges_contributions_and_doubts() -> None:
    shown = told()
    graph = nx.read_graphml(BytesIO(export(shown, "graphml").encode()), force_multigraph=True)
    assert set(graph.nodes) == {one.address for one in shown.nodes}
    edges = {(source, target, data.get("edge")) for source, target, data in graph.edges(data=True)}
    assert edges == {(one.source, one.target, one.edge) for one in shown.edges} | {
        ("lake.out@8", "lake.out@9", None)
    }
    assert graph.graph["doubts"] == "one edge inferred"
    made = [told for _, _, told in graph.edges(data=True) if told.get("run") == RUN]
    assert [TOLD_OF_RUN.items() <= one.items() for one in made] == [True, True]
    assert graph.nodes["lake.payments@4"]["cut"] == "deeper than 2"


@given(odd_answers())
def test_graphml_holds_any_name(shown: LineageAnswer) -> None:
    graph = nx.read_graphml(BytesIO(export(shown, "graphml").encode()), force_multigraph=True)
    assert graph.number_of_nodes() == len(shown.nodes)
    assert graph.number_of_edges() == 2


@pytest.mark.filterwarnings("ignore::pyparsing.warnings.PyparsingDeprecationWarning")
def test_dot_is_read_by_pydot_with_all_edges_and_doubts() -> None:
    shown = told(doubts=['a "quoted" doubt'])
    graphs = pydot.graph_from_dot_data(export(shown, "dot"))
    assert graphs is not None
    (graph,) = graphs
    ends = [(one.get_source(), one.get_destination()) for one in graph.get_edges()]
    assert [(f'"{one.source}"', f'"{one.target}"') for one in shown.edges] == ends[:3]
    assert ends[3] == ('"lake.out@8"', '"lake.out@9"')
    assert '! a \\"quoted\\" doubt' in export(shown, "dot")


def test_prov_is_read_by_the_prov_library_and_names_runs_code_actors_and_grades() -> None:
    document = ProvDocument.deserialize(content=export(told(), "prov"), format="json")
    entities = [str(one.label) for one in document.get_records(ProvEntity)]
    assert {"lake.out@9", "lake.orders@1", "git@1a2b", "upstream lake.out@9"} <= set(entities)
    derived = list(document.get_records(ProvDerivation))
    grades = [value for one in derived for name, value in one.attributes if "grade" in str(name)]
    assert sorted(grades) == ["exact", "exact", "high"]
    assert len(derived) == 4
    (run,) = json.loads(export(told(), "prov"))["activity"].values()
    assert run["prov:startTime"] == "2026-11-20T00:00:00Z"
    agents = {str(one.label) for one in document.get_records(ProvAgent)}
    assert agents == {"spark 3.5", "ada"}


@given(odd_answers())
def test_prov_holds_any_name(shown: LineageAnswer) -> None:
    document = ProvDocument.deserialize(content=export(shown, "prov"), format="json")
    assert len(list(document.get_records(ProvDerivation))) == 2


def test_openlineage_events_are_read_back_as_the_same_runs_and_versions() -> None:
    found = list(read_events(export(told(), "openlineage").encode(), source="export"))
    events = [one.event for one in found if isinstance(one, CapturedEvent) and not one.doubts]
    assert len(events) == len(found) == 2
    run, commit = events
    assert isinstance(run, RunEvent)
    assert (run.run_id, str(run.job), run.kind.value) == (RUN, "shop/train", "COMPLETE")
    assert [one.dataset.name for one in run.inputs] == ["lake.orders", "lake.payments"]
    assert [one.version for one in run.inputs] == ["1", "4"]
    assert [one.version for one in run.outputs] == ["9"]
    assert isinstance(commit, JobEvent)
    assert [one.version for one in commit.inputs] == ["8"]


def test_exported_events_are_valid_and_tell_who_ran_what_with_which_parameters() -> None:
    events = [json.loads(line) for line in export(told(), "openlineage").splitlines()]
    assert set().union(*map(Specification().check, events)) == {
        *("temporalLineage_answer", "temporalLineage_run", "executionParameters", "version")
    }
    facets = events[0]["run"]["facets"]
    assert facets["executionParameters"]["parameters"] == [{"key": "depth", "value": "6"}]
    run = facets["temporalLineage_run"]
    assert (run["actor"], run["actorToldBy"], run["code"]) == (
        "ada",
        "trino_query_context",
        "git@1a2b",
    )


def test_cypher_and_csv_tell_who_ran_what_with_which_parameters() -> None:
    cypher, rows = export(told(), "cypher"), csv.DictReader(StringIO(export(told(), "csv")))
    for name, value in TOLD_OF_RUN.items():
        assert cypher.count(f"{name}: '{value}'") == 2
    edges = [row for row in rows if row["kind"] == "edge"]
    assert [TOLD_OF_RUN.items() <= row.items() for row in edges] == [True, True, False]


def test_column_flows_become_column_lineage_of_openlineage() -> None:
    amount = node("lake.out", None, depth=0, column="amount")
    sources = [node("lake.orders", None, depth=1, column=name) for name in ("price", "rate")]
    edges = [
        LineageEdge(
            "edge:1", one.address, amount.address, None, "shop/etl", "", ("DIRECT/AGGREGATION",)
        )
        for one in sources
    ]
    event = json.loads(export(answer([amount, *sources], edges), "openlineage"))
    assert len(event["inputs"]) == 1
    (output,) = event["outputs"]
    fields = output["facets"]["columnLineage"]["fields"]
    assert [one["field"] for one in fields["amount"]["inputFields"]] == ["price", "rate"]
    assert fields["amount"]["inputFields"][0]["transformations"] == [
        {"type": "DIRECT", "subtype": "AGGREGATION"}
    ]


@given(odd_answers())
def test_csv_gives_every_edge_cut_and_doubt_a_row(shown: LineageAnswer) -> None:
    rows = list(csv.DictReader(StringIO(export(shown, "csv"), newline="")))
    kinds = [row["kind"] for row in rows]
    assert kinds == ["question", "edge", "contribution", "cut", *("doubt" for _ in shown.doubts)]
    (edge,) = [row for row in rows if row["kind"] == "edge"]
    told = [shown.edges[0].source, shown.edges[0].target, *shown.doubts]
    doubts = [row["note"] for row in rows if row["kind"] == "doubt"]
    assert [edge["source"], edge["target"], *doubts] == [one.replace("\r", "\\r") for one in told]


@given(odd_answers())
def test_cypher_strings_end_where_they_should(shown: LineageAnswer) -> None:
    statements = export(shown, "cypher")
    outside, inside, letters = [], False, iter(statements)
    for letter in letters:
        if inside and letter == "\\":
            next(letters)
        elif letter == "'":
            inside = not inside
        elif not inside:
            outside.append(letter)
    assert not inside
    lines = "".join(outside).rstrip("\n").split("\n")
    assert sum(line.startswith("  {address: ,") for line in lines) == len(shown.nodes)
    assert sum(line.startswith("  {source: ,") for line in lines) == len(shown.edges) + 1
    ends = [line for line in lines if line.endswith(";")]
    # The constraint, the question, the nodes, the edges, the contributions.
    assert len(ends) == 5


def test_cypher_writes_what_is_not_shown_as_java_does() -> None:
    # Neo4j takes \\U and eight digits for ten letters.
    shown = answer([node("a\U000e0001", "1", depth=0), node("b\u2028", "1", depth=1)], [])
    body = export(shown, "cypher")
    assert r"address: 'a\udb40\udc01@1'" in body
    assert r"address: 'b\u2028@1'" in body


def test_dot_shows_entities_of_html_as_they_are_written() -> None:
    shown = answer([node("a&lt;b", "1", depth=0), node("b", "1", depth=1)], [])
    assert '"a&lt;b@1" [label="a&amp;lt;b@1", penwidth=2];' in export(shown, "dot")


def test_mermaid_takes_no_name_for_a_directive() -> None:
    shown = answer([node("%%{init: {}}%%", "1", depth=0), node("b", "1", depth=1)], [])
    assert "%%" not in export(shown, "mermaid")


@given(odd_answers())
def test_mermaid_boxes_hold_one_line_each(shown: LineageAnswer) -> None:
    lines = export(shown, "mermaid").split("\n")
    boxes = [line for line in lines if re.match(r"  (n|note)\d+\[", line)]
    assert len(boxes) == len(shown.nodes) + 2 + len(shown.doubts)
    assert all(line.count('"') == 2 for line in boxes)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_format_says_what_was_asked_and_what_is_doubtful(form: str) -> None:
    body = export(told(), form)
    assert "2026-11-20T00:00:00Z" in body
    assert "one edge inferred" in body
    assert "deeper than 2" in body or form == "openlineage"
