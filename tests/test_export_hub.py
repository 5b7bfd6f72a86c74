"""A hub of thousands of neighbours, exported: every format holds all of it, in little memory."""

from __future__ import annotations

import json
import tracemalloc
from io import BytesIO

import networkx as nx
import pytest
from prov.model import ProvDerivation, ProvDocument

from temporal_lineage.exports import FORMATS, export
from temporal_lineage.questions.walks.answer import LineageAnswer
from told_edges import hub

NEIGHBOURS = 5_000
BYTES_EACH_MAX = 6_000
"""Of memory, for a neighbour; 2,500 were measured of PROV, which takes most."""


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> LineageAnswer:
    return hub(tmp_path_factory.mktemp("hub"), neighbours=NEIGHBOURS)


def test_graphml_and_prov_are_read_whole(answer: LineageAnswer) -> None:
    graph = nx.read_graphml(BytesIO(export(answer, "graphml").encode()), force_multigraph=True)
    assert graph.degree("dataset:s3://b/hub") == NEIGHBOURS
    assert graph.number_of_nodes() == NEIGHBOURS + 1
    document = ProvDocument.deserialize(content=export(answer, "prov"), format="json")
    assert len(list(document.get_records(ProvDerivation))) == NEIGHBOURS


@pytest.mark.parametrize(
    ("form", "edge"),
    [
        ("cypher", "  {source: "),
        ("csv", "edge,dataset:"),
        ("dot", '" -> "'),
        ("mermaid", " -->|"),
    ],
)
def test_each_line_is_there(answer: LineageAnswer, form: str, edge: str) -> None:
    lines = export(answer, form).splitlines()
    assert sum(edge in line for line in lines) == NEIGHBOURS


def test_openlineage_tells_of_one_job_with_all_its_inputs(answer: LineageAnswer) -> None:
    (event,) = map(json.loads, export(answer, "openlineage").splitlines())
    assert len({one["name"] for one in event["inputs"]}) == NEIGHBOURS


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_memory_stays_in_proportion(answer: LineageAnswer, form: str) -> None:
    tracemalloc.start()
    export(answer, form)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < BYTES_EACH_MAX * NEIGHBOURS
