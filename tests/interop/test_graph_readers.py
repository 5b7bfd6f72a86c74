"""Graphviz and Mermaid themselves read what is exported for them: names as they are, and hubs."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from prov.model import ProvDerivation, ProvDocument

from awkward_lake import NAMES, awkward_lake
from temporal_lineage.exports import export
from temporal_lineage.questions.walks.answer import LineageAnswer
from told_edges import hub

pytestmark = pytest.mark.interop

NODE = Path(sys.prefix) / "node"
READER = Path(__file__).with_name("mermaid.mjs")
NEIGHBOURS = 99_999
"""Of the hub; with it they are as many nodes as a walk may meet."""


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> LineageAnswer:
    return awkward_lake(tmp_path_factory.mktemp("awkward")).session.upstream("lake.s.all")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> LineageAnswer:
    return hub(tmp_path_factory.mktemp("hub"), neighbours=NEIGHBOURS)


def labels(answer: LineageAnswer) -> set[str]:
    """Give what stands at the arrows."""
    return {f"{one.grade}, {one.job}".strip() for one in answer.edges}


def graphviz(program: str, text: str, *words: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here; Graphviz brings it")
    done = subprocess.run([program, *words], input=text, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


def test_graphviz_draws_every_name_as_it_is(answer: LineageAnswer) -> None:
    picture = graphviz("dot", export(answer, "dot"), "-Tsvg")

    found = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    texts = {html.unescape(one).strip() for one in found}
    assert {one.address for one in answer.nodes} <= texts
    assert labels(answer) <= texts
    assert {f"! {one}" for one in answer.doubts} <= texts


def test_graphviz_finds_the_nodes_and_edges_of_the_answer(answer: LineageAnswer) -> None:
    read = json.loads(graphviz("dot", export(answer, "dot"), "-Tjson0"))

    # A backslash stays two in a name, and is one where it is drawn.
    names = {one["_gvid"]: one["name"].replace("\\\\", "\\") for one in read["objects"]}
    assert sorted(names.values()) == sorted(one.address for one in answer.nodes)
    found = {(names[one["tail"]], names[one["head"]]) for one in read["edges"]}
    contained = {(one.commit, one.state) for one in answer.contributions}
    derived = {(one.source, one.target) for one in answer.edges}
    assert found == derived | {(commit, state) for commit, state in contained if commit != state}


def test_mermaid_reads_every_name_as_it_is(answer: LineageAnswer) -> None:
    if shutil.which("node") is None or not (NODE / "node_modules" / "mermaid").is_dir():
        pytest.skip(f"no Mermaid in {NODE}; `make interop` gets it where there is npm")

    done = subprocess.run(
        ["node", "--input-type=module", "-e", READER.read_text()],
        input=export(answer, "mermaid"),
        cwd=NODE,
        capture_output=True,
        text=True,
        check=True,
    )

    read: dict[str, Any] = json.loads(done.stdout)
    boxes = {name: text for name, text in read["boxes"].items() if not name.startswith("note")}
    assert sorted(boxes.values()) == sorted(one.address for one in answer.nodes)
    notes = {text for name, text in read["boxes"].items() if name not in boxes}
    assert {f"! {one}" for one in answer.doubts} <= notes
    solid = [one for one in read["arrows"] if one[3] == "normal"]
    assert {(boxes[start], boxes[end]) for start, end, *_ in solid} == {
        (one.source, one.target) for one in answer.edges
    }
    assert {text.strip() for _, _, text, _ in solid} == labels(answer)
    assert len(solid) == len(NAMES)


def test_a_hub_of_a_hundred_thousand_is_read_whole(wide: LineageAnswer) -> None:
    graph = nx.read_graphml(BytesIO(export(wide, "graphml").encode()), force_multigraph=True)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (NEIGHBOURS + 1, NEIGHBOURS)
    document = ProvDocument.deserialize(content=export(wide, "prov"), format="json")
    assert len(list(document.get_records(ProvDerivation))) == NEIGHBOURS
    assert graphviz("gc", export(wide, "dot"), "-n", "-e").split()[:2] == [
        str(NEIGHBOURS + 1),
        str(NEIGHBOURS),
    ]
