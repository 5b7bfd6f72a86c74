"""Every question on every kind of target, in every format: answered, or refused with what does."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from question_grid import TAKES, TARGETS, outputs_of
from transcripts import Told, asked, at_home, told_lake

_CELLS = [(question, kind) for question in TAKES for kind in TARGETS]
_ADVICE = ("`tl ", "leave ", "name ", "as in ", "a run is asked for")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        yield told


@pytest.mark.parametrize(("question", "kind"), _CELLS)
def test_a_question_answers_or_says_in_one_line_what_would_work(
    question: str, kind: str, told: Told
) -> None:
    done = asked(*question.split(), TARGETS[kind])

    if kind in TAKES[question]:
        assert done.status in (0, 3), done.err
        assert done.err == ""
        return
    assert done.status in (1, 2), done.out
    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert any(word in done.err for word in _ADVICE), done.err


@pytest.mark.parametrize(
    ("question", "kind", "output"),
    [
        (question, takes[0], output)
        for question, takes in TAKES.items()
        for output in outputs_of(question)
    ],
)
def test_a_question_answers_in_every_format_that_is_promised(
    question: str, kind: str, output: str, told: Told
) -> None:
    done = asked(*question.split(), TARGETS[kind], "--output", output)

    assert done.status in (0, 3), done.err
    match output:
        case "json" | "prov":
            assert isinstance(json.loads(done.out), dict)
        case "ndjson" | "openlineage":
            assert all(isinstance(json.loads(line), dict) for line in done.out.splitlines())
        case "csv":
            head, *rows = csv.reader(io.StringIO(done.out))
            assert {len(row) for row in rows} == {len(head)}
            assert (head[0], head[-1]) in {("line", "note"), ("kind", "note")}
            assert rows[0][0] == "question"
        case "graphml":
            assert ET.fromstring(done.out).tag.endswith("graphml")  # noqa: S314 - our own
        case "dot":
            assert done.out.startswith("digraph lineage {")
            assert done.out.endswith("}\n")
        case "mermaid":
            assert done.out.startswith("flowchart LR\n")
        case "cypher":
            assert "MERGE (n:Lineage " in done.out
        case _:
            assert done.out.splitlines()[-1].startswith("as of ")


@pytest.mark.parametrize(("question", "takes"), TAKES.items())
def test_csv_and_tables_say_what_is_not_known(
    question: str, takes: tuple[str, ...], told: Told
) -> None:
    words = (*question.split(), TARGETS[takes[0]])
    doubts = json.loads(asked(*words, "--output", "json").out)["doubts"]
    table = asked(*words, "--output", "table").out
    rows = list(csv.reader(io.StringIO(asked(*words, "--output", "csv").out)))

    assert [row[-1] for row in rows if row[0] == "doubt"] == doubts
    assert all(f"! {doubt}\n" in table for doubt in doubts)


@pytest.mark.parametrize("words", ["contamination lake.staging.orders_clean@8719064067012973118"])
def test_a_graph_of_contamination_says_what_has_become_of_each_state(
    words: str, told: Told
) -> None:
    drawn = asked(*words.split(), "--output", "dot").out
    assert "healed 2026-10-21T09:30:00Z" in drawn
    assert "holds some: main" in drawn
    assert asked(*words.split(), "--output", "dot").status == 3


def test_a_graph_of_impact_leads_from_what_is_changed_to_all_that_it_reaches(told: Told) -> None:
    words = ("impact", "lake.raw.orders#amount", "--change", "drop-column")
    reached = json.loads(asked(*words, "--output", "json").out)["answer"]["impacted"]
    root = ET.fromstring(asked(*words, "--output", "graphml").out)  # noqa: S314 - our own
    space = "{http://graphml.graphdrawing.org/xmlns}"

    edges = [(one.attrib["source"], one.attrib["target"]) for one in root.iter(f"{space}edge")]

    assert {one["address"] for one in reached} <= {target for _, target in edges}
    found = {"lake.raw.orders#amount"}
    for _ in edges:
        found |= {target for source, target in edges if source in found}
    assert {one["address"] for one in reached} <= found
