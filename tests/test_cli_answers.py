"""One question, one answer: from the command line and from Python, as text, JSON and NDJSON."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from snapshots.maintenance import Extent, Vacuum, Vacuumer
from temporal_lineage.questions.question import Answer, as_json
from temporal_lineage.session import Session, open_session
from transcripts import Told, asked, at_home, told_lake

Ask = Callable[[Session], Answer]

CLEAN = "lake.staging.orders_clean"
FEATURES = "lake.features.order_features"
SET = "lake.ml.training_set"

QUESTIONS: dict[str, Ask] = {
    f"at {CLEAN} --as-of 2026-10-21T06:00Z": lambda s: s.at(CLEAN, as_of="2026-10-21T06:00Z"),
    f"at {CLEAN}@audit": lambda s: s.at(f"{CLEAN}@audit"),
    "log lake.raw.orders": lambda s: s.log("lake.raw.orders"),
    "log delta.raw.payments --as-of 2026-10-01": lambda s: s.log(
        "delta.raw.payments", as_of="2026-10-01"
    ),
    "show": lambda s: s.show_all(),
    "show model:fraud": lambda s: s.show("model:fraud"),
    f"show {FEATURES} --as-of 2026-10-01": lambda s: s.show(FEATURES, as_of="2026-10-01"),
    f"schema log {FEATURES}": lambda s: s.schema_log(FEATURES),
    f"schema diff {FEATURES}@2026-10-01 {FEATURES}": lambda s: s.schema_diff(
        f"{FEATURES}@2026-10-01", FEATURES
    ),
    "schema audit lake --since 2026-10-01": lambda s: s.schema_audit("lake", since="2026-10-01"),
    "upstream model:fraud@v3 --as-known 2026-11-06": lambda s: s.upstream(
        "model:fraud@v3", as_known="2026-11-06"
    ),
    f"upstream {SET}#amount_eur --depth 2": lambda s: s.upstream(f"{SET}#amount_eur", depth_max=2),
    "downstream lake.raw.customers@2026-09-03": lambda s: s.downstream(
        "lake.raw.customers@2026-09-03"
    ),
    "downstream lake.raw.customers --flow": lambda s: s.downstream(
        "lake.raw.customers", by_flow=True
    ),
    f"upstream {SET} --names --as-of 2026-10-20": lambda s: s.upstream_names(
        SET, as_of="2026-10-20"
    ),
    "downstream job:shop/features.order_features --names": lambda s: s.downstream_names(
        "job:shop/features.order_features"
    ),
    f"changes {FEATURES} --from 2026-10-18 --to 2026-10-22": lambda s: s.changes(
        FEATURES, good="2026-10-18", as_of="2026-10-22"
    ),
    f"bisect {FEATURES} --good 2026-10-18 --bad 2026-10-22 --check 'avg(amount_eur) < 70'": (
        lambda s: s.bisect(
            FEATURES, good="2026-10-18", bad="2026-10-22", check="avg(amount_eur) < 70"
        )
    ),
    f"impact {FEATURES}#amount_eur --change retype": lambda s: s.impact(
        f"{FEATURES}#amount_eur", change="retype"
    ),
    "contamination lake.raw.customers@2026-09-20": lambda s: s.contamination(
        "lake.raw.customers@2026-09-20"
    ),
    "unused lake --since 2026-10-01": lambda s: s.unused("lake", since="2026-10-01"),
    "redundant --since 2026-10-01": lambda s: s.redundant(since="2026-10-01"),
    f"critical-path {SET}@fraud-v3 --depth 3": lambda s: s.critical_path(
        f"{SET}@fraud-v3", depth_max=3
    ),
    "critical-path model:fraud --flow": lambda s: s.critical_path("model:fraud", by_flow=True),
    "freshness lake --as-of 2026-11-01": lambda s: s.freshness("lake", as_of="2026-11-01"),
    "volume delta.raw.payments --since 2026-10-15": lambda s: s.volume(
        "delta.raw.payments", since="2026-10-15"
    ),
    "owners": lambda s: s.owners(),
    "runs --job *train_fraud --since 2026-10-01": lambda s: s.runs(
        job="*train_fraud", since="2026-10-01"
    ),
    "run show run:01a1a592-7000-7fce-9c7a-874d65c1be78": lambda s: s.run_show(
        "run:01a1a592-7000-7fce-9c7a-874d65c1be78"
    ),
    "coverage lake": lambda s: s.coverage("lake"),
    "alias list": lambda s: s.aliases(),
    "guard lake.ml.training_set": lambda s: s.guard(["lake.ml.training_set"]),
    "guard vacuum delta --lite": lambda s: s.guard(
        ["delta"], act=Vacuum(Vacuumer.SPARK, Extent.LITE, None, ())
    ),
    "pins": lambda s: s.pins(),
    "pins delta.raw.payments": lambda s: s.pins("delta.raw.payments"),
    f"why {SET}@fraud-v3": lambda s: s.why(f"{SET}@fraud-v3"),
    "available delta.features.customer_features": lambda s: s.available(
        "delta.features.customer_features"
    ),
    f"fingerprint {CLEAN}@2026-10-21T06:00Z --columns order_id": lambda s: s.fingerprint(
        f"{CLEAN}@2026-10-21T06:00Z", columns=["order_id"]
    ),
    f"fingerprint {FEATURES}@2026-10-01 --engine in-process": lambda s: s.fingerprint(
        f"{FEATURES}@2026-10-01", engine="in-process"
    ),
    "erasure trace --where 'customer_id = 7' --from lake.raw.customers": lambda s: s.erasure_trace(
        "lake.raw.customers", where="customer_id = 7"
    ),
    "erasure trace --where 'customer_id = 7' --from delta.ml.scores --engine auto=in-process": (
        lambda s: s.erasure_trace(
            "delta.ml.scores", where="customer_id = 7", engine="auto=in-process"
        )
    ),
    "recover delta.features.customer_features@4": lambda s: s.recover(
        "delta.features.customer_features@4"
    ),
    "erasure verify --where 'customer_id = 7' --from delta.ml.scores": lambda s: s.erasure_verify(
        "delta.ml.scores", where="customer_id = 7"
    ),
    "reproduce model:fraud@v3": lambda s: s.reproduce("model:fraud@v3"),
    "reproduce model:fraud@v3 --engine auto=in-process": lambda s: s.reproduce(
        "model:fraud@v3", engine="auto=in-process"
    ),
    "reproduce model:fraud@v1": lambda s: s.reproduce("model:fraud@v1"),
}

# The field of each answer that NDJSON gives row by row; the others are one line.
ROWS = {
    "log": "lines",
    "show": "datasets",
    "schema log": "steps",
    "schema diff": "changes",
    "schema audit": "changes",
    "upstream": "edges",
    "downstream": "edges",
    "upstream names": "datasets",
    "downstream names": "datasets",
    "contamination": "tables",
    "impact": "impacted",
    "bisect": "steps",
    "changes": "findings",
    "unused": "datasets",
    "redundant": "flows",
    "critical-path": "steps",
    "freshness": "datasets",
    "volume": "lines",
    "owners": "datasets",
    "runs": "runs",
    "run show": "links",
    "coverage": "tables",
    "alias list": "aliases",
    "guard": "tables",
    "pins": "promises",
    "why": "reasons",
    "available": "states",
    "erasure trace": "tables",
    "erasure verify": "tables",
    "reproduce": "inputs",
}


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        yield told


@pytest.mark.parametrize("command", QUESTIONS)
def test_the_command_line_gives_the_answer_of_the_python_api(command: str, told: Told) -> None:
    answer = QUESTIONS[command](open_session())
    printed = asked(*shlex.split(command), "--output", "json").out
    assert json.loads(printed) == as_json(answer)


@pytest.mark.parametrize("command", QUESTIONS)
def test_ndjson_gives_a_line_a_row_and_ends_with_what_is_not_known(
    command: str, told: Told
) -> None:
    whole = as_json(QUESTIONS[command](open_session()))
    printed = asked(*shlex.split(command), "--output", "ndjson").out
    lines = [json.loads(line) for line in printed.splitlines()]
    verb = whole["question"]["verb"]  # type: ignore[index, call-overload]
    body: Any = whole["answer"]
    if verb in ROWS and ROWS[verb] in body:
        assert lines[:-1] == body[ROWS[verb]]
        assert lines[-1] == {"question": whole["question"], "doubts": whole["doubts"]}
    else:
        assert lines == [whole]


@pytest.mark.parametrize("command", QUESTIONS)
def test_text_ends_with_the_point_in_both_times(command: str, told: Told) -> None:
    question = QUESTIONS[command](open_session()).question
    last = asked(*shlex.split(command)).out.splitlines()[-1]
    assert last == question.point


@pytest.mark.parametrize("command", [f"why {SET}@fraud-v3", "reproduce model:fraud@v1"])
def test_what_an_answer_does_not_know_is_said_in_every_shape(command: str, told: Told) -> None:
    doubts = QUESTIONS[command](open_session()).doubts
    words = shlex.split(command)
    text = asked(*words).out
    assert all(f"! {doubt}" in text for doubt in doubts)
    assert json.loads(asked(*words, "--output", "json").out)["doubts"] == list(doubts)


@pytest.mark.parametrize("output", ["text", "json", "ndjson"])
def test_a_pipe_gets_no_colour(output: str, told: Told) -> None:
    for command in ("upstream model:fraud@v3", "why lake.raw.orders@2026-10-01", "show"):
        done = subprocess.run(
            ["tl", *shlex.split(command), "--output", output],
            capture_output=True,
            check=True,
        )
        assert b"\x1b" not in done.stdout + done.stderr


def test_a_terminal_gets_colour(told: Told) -> None:
    mine, theirs = pty.openpty()
    with subprocess.Popen(["tl", "why", "lake.raw.orders@2026-10-01"], stdout=theirs):
        os.close(theirs)
        shown = os.read(mine, 10_000)
    os.close(mine)
    assert b"\x1b[" in shown


@pytest.mark.parametrize(("reader", "read"), [("head -c 1", "{"), ("(exec 0<&-; sleep 1)", "")])
def test_a_reader_who_leaves_early_is_no_error(reader: str, read: str, told: Told) -> None:
    script = f"tl log lake.raw.orders --output ndjson | {reader}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (read, "", 0)


def test_what_an_answer_prints_can_be_asked_again(told: Told) -> None:
    answer = open_session().upstream("model:fraud@v3")
    for node in answer.nodes:
        assert asked("upstream", node.address, "--depth", "1").status == 0, node.address
    for edge in answer.edges:
        assert asked("why", edge.edge).status == 0, edge.edge


def test_the_demo_asks_its_questions_in_public(told: Told) -> None:
    assert told.status == 0
    asked_there = [
        line.removeprefix("$ ") for line in told.printed.splitlines() if line.startswith("$ ")
    ]
    assert len(asked_there) > 10
    for verb in ("at", "log", "schema log", "upstream", "downstream", "why", "reproduce"):
        assert any(line.startswith(f"tl {verb} ") for line in asked_there), verb
    assert "exit status 3" in told.printed
    assert "exit status 1" not in told.printed
    assert told.printed.endswith("  cd demo-lake\n  tl show\n  tl --help\n")


def test_the_demo_needs_its_extra_and_says_so(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['time_machine'] = None;"
        " from temporal_lineage.cli.entry import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", str(tmp_path / "lake")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "tl: tl demo needs time_machine, which is not installed;"
        " pip install 'temporal-lineage[demo]' brings it\n"
    )
    assert not (tmp_path / "lake").exists()


def test_the_demo_leaves_a_folder_with_other_things_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    done = asked("demo", str(tmp_path))
    assert (done.out, done.status) == ("", 1)
    assert done.err.count("\n") == 1
    assert "name an empty or a new folder" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    on_a_file = asked("demo", str(tmp_path / "thesis.tex"))
    assert (on_a_file.out, on_a_file.status) == ("", 1)
    assert "name another folder" in on_a_file.err
