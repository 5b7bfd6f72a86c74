"""Neo4j loads what `--output cypher` writes: the nodes and edges of the JSON answer, as often."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from awkward_lake import NAMES, awkward_lake
from interop.jars import lacking_neo4j
from interop.java import find_java
from interop.neo4j_database import Neo4j, neo4j
from temporal_lineage.cli.entry import run
from temporal_lineage.exports import export
from told_edges import hub
from told_tables import Shop

pytestmark = pytest.mark.interop

NODES = """
MATCH (n:Lineage) RETURN n.address, n.job, n.run, n.cut, n.state ORDER BY n.address
"""
EDGES = """
MATCH (s)-[e]->(t)
RETURN type(e), s.address, t.address, e.edge, e.grade, e.job, e.run, e.certainty
"""
WHOLE = 'lake.s."it\'s"'
JOB = 'job:n/gather say "so"'


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return awkward_lake(tmp_path_factory.mktemp("awkward"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4j]:
    pytest.importorskip("py4j", reason="py4j is not installed; make interop installs it")
    absent, java = lacking_neo4j(), find_java(oldest=17, newest=21)
    if absent or java is None:
        pytest.skip(absent or "Neo4j needs Java 17 or 21")
    with neo4j(tmp_path_factory.mktemp("neo4j"), java=java) as server:
        yield server


@pytest.fixture
def database(server: Neo4j) -> Neo4j:
    server.empty()
    return server


def asked(shop: Shop, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[Any, str]:
    """Ask by the command line, for JSON and for Cypher."""
    run([*words, "--output", "json"], session=shop.session)
    told = json.loads(capsys.readouterr().out)
    answer = told["answer"] | {one: told[one] for one in ("question", "doubts")}
    run([*words, "--output", "cypher"], session=shop.session)
    return answer, capsys.readouterr().out


def ordered(rows: Iterator[tuple[Any, ...]] | list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


@pytest.mark.parametrize(
    "words",
    [
        ("upstream", "lake.s.all"),
        ("upstream", "lake.s.all", "--flow"),
        ("upstream", "lake.s.all", "--depth", "1"),
        ("downstream", WHOLE),
        ("downstream", JOB),
    ],
)
def test_the_graph_of_lineage_is_that_of_the_answer(
    shop: Shop, database: Neo4j, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    answer, script = asked(shop, capsys, *words)

    database.load(script)
    database.load(script)

    cuts = {one["address"]: one["why"] for one in answer["cuts"]}
    assert database.rows(NODES) == sorted(
        (one["address"], one["job"], one["run"], cuts.get(one["address"]), None)
        for one in answer["nodes"]
    )
    derived = [
        (
            "FED",
            *(one[name] or None for name in ("source", "target", "edge", "grade", "job", "run")),
            None,
        )
        for one in answer["edges"]
    ]
    contained = [
        ("CONTAINED_IN", one["commit"], one["state"], None, None, None, None, one["certainty"])
        for one in answer["contributions"]
        if one["commit"] not in (None, one["state"])
    ]
    assert ordered(database.rows(EDGES)) == ordered([*derived, *contained])
    assert len(derived) > 0
    ((title, doubts),) = database.rows("MATCH (q:LineageQuestion) RETURN q.question, q.doubts")
    assert title == " ".join(words[:1]) + f" {answer['question']['target']}"
    assert list(doubts) == answer["doubts"]


def test_the_graph_of_contamination_says_what_has_become_of_each_table(
    shop: Shop, database: Neo4j, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, script = asked(shop, capsys, "contamination", f"{WHOLE}@1")

    database.load(script)

    found = {address: state for address, *_, state in database.rows(NODES)}
    assert found == {
        f"{WHOLE}@1": "holds some: main",
        "lake.s.all@0": "holds some: main",
        "model:m it's@v it's": "newest",
    }
    assert {one["address"] for one in answer["products"]} <= found.keys()


@pytest.mark.parametrize("change", [("delete", 'lake.s."say ""so"""'), ("stop-job", JOB)])
def test_the_graph_of_an_impact_says_what_becomes_of_each_thing_reached(
    shop: Shop, database: Neo4j, capsys: pytest.CaptureFixture[str], change: tuple[str, str]
) -> None:
    kind, target = change
    answer, script = asked(shop, capsys, "impact", target, "--change", kind)

    database.load(script)

    found = {address: state for address, *_, state in database.rows(NODES) if state}
    assert found == {one["address"]: f"{one['effect']}: {one['why']}" for one in answer["impacted"]}
    assert found


def test_every_awkward_name_comes_back_as_it_was(
    shop: Shop, database: Neo4j, capsys: pytest.CaptureFixture[str]
) -> None:
    _, script = asked(shop, capsys, "upstream", "lake.s.all", "--flow")

    database.load(script)

    jobs = {job for _, _, _, _, _, job, _, _ in database.rows(EDGES)}
    assert jobs == {f"n/gather {name}" for name in NAMES}


def test_a_hub_is_loaded_whole_in_few_statements(database: Neo4j, tmp_path: Path) -> None:
    script = export(hub(tmp_path, neighbours=1_200), "cypher")

    database.load(script)

    assert database.rows("MATCH (n:Lineage) RETURN count(n)") == [(1_201,)]
    assert database.rows("MATCH (:Lineage)-[e:FED]->(:Lineage) RETURN count(e)") == [(1_200,)]
    assert script.count(";\n") == 2 + 3 + 3
