"""Bad input: one clear line, the right exit status, and a ledger that is as it was."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bad_input import LEDGER, assert_one_line, transactions
from temporal_lineage.workspace import FOLDER
from transcripts import Told, asked, at_home, project, told_lake


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Path]:
    """A project with the ledger of the demo; its tables are the demo's."""
    told: Told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(project(told, tmp_path / "shop")):
        yield tmp_path / "shop"


# What the ledger is asked for and does not have.

QUESTIONS = (
    ("at lake.raw.ordrs", 1, ("lake.raw.ordrs", "lake.raw.orders")),
    ("show model:frodo", 1, ("model:frodo", "model:fraud")),
    ("at lake.staging.orders_clean@audti", 1, ("audti", "audit")),
    ("log nowhere", 1, ("nowhere", "lake.sales.nowhere")),
    ("at lake.raw.orders --as-of 2026-08-01", 1, ("lake.raw.orders", "starts at 2026-08-31")),
    ("at lake.raw.orders --as-of yesterday", 2, ("'yesterday'", "2026-11-17")),
    ("at lake.raw.orders --as-of 1790000000", 2, ("'1790000000'", "2026-11-17")),
    ("at lake.raw.orders@2026-13-01", 2, ("2026-13-01",)),
    ("at lake.raw.orders@", 2, ("lake.raw.orders@", "follows @")),
    ("upstream lake.raw.orders@123", 1, ("lake.raw.orders@123", "tl log lake.raw.orders")),
    ("upstream lake.ml.training_set#amout_eur", 1, ("amout_eur", "lake.ml.training_set#")),
    ("upstream model:fraud", 1, ("model:fraud", "model:fraud@v3")),
    ("upstream model:fraud@v9", 1, ("v9", "model:fraud@v3", "tl show model:fraud")),
    ("why edge:999999", 1, ("edge:999999", "tl upstream")),
    ("why edge:one", 2, ("edge:one", "edge:12")),
    ("why run:00000000-0000-0000-0000-000000000000", 1, ("run:0000", "tl runs")),
    ("why job:shop/ml.train_fraud", 2, ("job:shop", "an edge, a version or a run")),
    ("contamination lake.raw.orders", 2, ("does not fit", "lake.raw.orders@8823423")),
    ("available model:fraud@v1", 2, ("model:fraud@v1 does not fit", "a table is asked for")),
    ("runs --since 2026-11-02 --until 2026-11-01", 2, ("the earlier time comes first",)),
    ("diff --as-known 2026-11-06 now at lake.raw.orders --depth 3", 2, ("takes no --depth",)),
    ("show run:01a1532c-b000-7072-acd1-ee0d52663689", 2, ("`tl run show run:01a1532c",)),
    ("log lake.raw.orders --limit 3", 2, ("--ledger",)),
    ("ingest openlineage events --idle-seconds-max 1", 2, ("goes with --follow",)),
    ("sql 'SELECT * FROM lake.raw.orders'", 1, ("| tl sql -",)),
    ("schema diff lake.raw.orders lake.raw.customers", 1, ("lake.raw.customers", "one table")),
    ("erasure trace --where 'customr_id = 7' --from lake.raw.customers", 2, ("customer_id",)),
    ("erasure trace --where 'customer_id = ' --from lake.raw.customers", 2, ("amount > 5",)),
    ("erasure trace --where \"customer_id = 'x'\" --from lake.raw.customers", 2, ("int64",)),
    ("erasure trace --where 'a = 1' --from lake.raw.customrs", 1, ("lake.raw.customers",)),
    ("erasure verify --where 'a = 1'", 2, ("name a case",)),
    ("erasure verify nowhere.json", 1, ("nowhere.json", "tl erasure trace --case")),
    ("erasure verify --where 'a = 1' --from lake.raw.orders --key k", 2, ("go together",)),
    ("erasure trace --where 'a = 1' --from lake.raw.orders --keep-value", 2, ("--case",)),
    ("erasure trace --where 'a = 1' --from model:fraud@v1", 2, ("a table is asked for",)),
    ("erasure trace --where 'a = 1' --from lake.raw.customers@5", 2, ("leave @5 out",)),
    ("reproduce model:fraud@v9", 1, ("v9", "model:fraud@v")),
    ("reproduce lake.raw.orders#amount", 2, ("#amount", "leave #column out")),
    ("downstream lake.raw.orders --depth 0", 2, ("--depth", "1")),
    ("upsteam lake.raw.orders", 2, ("upsteam", "upstream")),
    ("log lake.raw.orders --ouptut json", 2, ("--ouptut", "--output")),
    ("harvest lka", 1, ("lka", "lake")),
    ("harvest lka.raw.orders", 1, ("lka", "lake")),
    ("catalog remove lka", 1, ("lka", "lake")),
    ("catalog check lka", 1, ("lka", "lake")),
    ("catalog add lake /elsewhere", 2, ("lake", "tl catalog remove lake")),
    ("catalog add new", 2, ("folder", "-p")),
    ("catalog add new -p type", 2, ("--property", "KEY=VALUE")),
    ("ingest openlineage nowhere.json", 1, ("nowhere.json", "no such file")),
    ("init /dev/null", 1, ("/dev/null", "not a directory")),
)


@pytest.mark.parametrize(
    ("command", "status", "words"), QUESTIONS, ids=[one[0] for one in QUESTIONS]
)
def test_what_is_not_there_is_named_with_what_would_work(
    command: str, status: int, words: tuple[str, ...], shop: Path
) -> None:
    before = transactions()
    assert_one_line(asked(*shlex.split(command)), *words, status=status)
    assert transactions() == before


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("question", "status"), [("at {}", 1), ("at lake.{}", 1), ("why run:{}", 1), ("{}", 2)]
)
def test_what_was_typed_at_great_length_is_not_repeated_whole(question: str, status: int) -> None:
    done = asked(*question.format("x" * 200_000).split())
    assert_one_line(done, "letters left out", status=status)
    assert len(done.err) < 2_500


def test_a_table_that_its_catalog_does_not_have_is_named(shop: Path) -> None:
    before = transactions()
    done = asked("harvest", "lake.raw.ordrs")
    assert done.status == 1
    assert "lake.raw.ordrs" in done.out
    assert "raw.orders" in done.out
    assert transactions() == before


def test_a_catalog_whose_folder_is_gone_is_no_empty_catalog(shop: Path) -> None:
    assert asked("catalog", "add", "old", "old-lake").status == 0
    before = transactions()
    done = asked("harvest", "old")
    assert done.status == 1
    assert "old-lake" in done.out.splitlines()[-1]
    assert transactions() == before


def test_nobody_has_harvested_anything_yet(tmp_path: Path) -> None:
    with at_home(tmp_path):
        for command in ("show", "at lake.raw.orders", "upstream model:fraud@v3"):
            assert_one_line(asked(*command.split()), "ledger", "tl harvest", status=1)
        assert_one_line(asked("harvest"), "tl catalog add", status=1)


def test_a_time_before_the_ledger_knew_anything_says_so(shop: Path) -> None:
    done = asked("at", "lake.raw.orders", "--as-known", "2026-11-01")
    assert_one_line(done, "this ledger", "2026-11-01", "starts at 2026-11-05", status=1)


# Events that are none.


def test_what_is_no_event_is_named_and_the_rest_is_kept(shop: Path) -> None:
    events = shop / "events.ndjson"
    job = '"job": {"namespace": "n", "name": "j"}'
    good = f'{{"eventTime": "2026-11-10T09:00:00Z", "run": {{"runId": "a"}}, {job}}}'
    events.write_text(f'{good}\n{{"eventType": "START"}}\nnot JSON\n[1]\n')
    before = transactions()
    done = asked("ingest", "openlineage", "events.ndjson")
    assert done.status == 1
    assert done.err == ""
    *lines, kept = [line for line in done.out.splitlines() if line.startswith("! ")]
    assert [line.partition(":")[0] for line in lines] == [
        f"! events.ndjson, line {number}" for number in (2, 3, 4)
    ]
    assert kept == "! all of it kept in quarantine: tl quarantine list"
    assert transactions() == before + 1
    events.write_text("not JSON\n")
    assert asked("ingest", "openlineage", "events.ndjson").status == 1
    assert transactions() == before + 1


def test_a_folder_without_events_says_which_files_are_looked_for(shop: Path) -> None:
    (shop / "empty").mkdir()
    said = asked("ingest", "openlineage", "empty")
    assert said.status == 0
    assert "end in .json, .ndjson or .jsonl" in said.out


def test_words_of_other_people_do_not_rule_the_terminal(shop: Path) -> None:
    job = '"job": {"namespace": "n", "name": "\\u001b[2J\\nj"}'
    output = '"outputs": [{"namespace": "model", "name": "\\u001b]0;t\\u0007"}]'
    event = f'{{"eventTime": "2026-11-10T09:00:00Z", "run": {{"runId": "b"}}, {job}, {output}}}'
    (shop / "events.json").write_text(event)
    assert asked("ingest", "openlineage", "events.json").status == 0
    for words in (("show",), ("why", "run:b"), ("ingest", "openlineage", "no\x1b[2Jthing")):
        done = asked(*words)
        assert done.out + done.err
        assert "\x1b" not in done.out + done.err


def test_a_file_whose_name_is_no_text_is_named(shop: Path) -> None:
    for output in ("text", "json"):
        done = asked("ingest", "openlineage", "\udcff.json", "--output", output)
        assert_one_line(done, "\\udcff.json", status=1)


# The ledger itself.


def test_a_ledger_of_a_newer_version_is_left_alone(shop: Path) -> None:
    connection = sqlite3.connect(LEDGER)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = LEDGER.read_bytes()
    for command in ("show", "upstream model:fraud@v3", "harvest", "reproduce model:fraud@v1"):
        assert_one_line(asked(*command.split()), "ledger.db", "9999", "newer", status=1)
    assert LEDGER.read_bytes() == before


@pytest.mark.parametrize("command", ["show", "at lake.raw.orders", "harvest delta"])
def test_what_is_no_ledger_is_named(command: str, shop: Path) -> None:
    LEDGER.write_text("Dear diary, " * 100)
    assert_one_line(asked(*command.split()), "ledger.db", status=1)
    assert LEDGER.read_text() == "Dear diary, " * 100


@pytest.mark.parametrize("command", ["show", "harvest"])
def test_a_ledger_below_a_file_cannot_be(command: str, shop: Path) -> None:
    (shop / "file").touch()
    assert_one_line(asked("--ledger", "file/ledger.db", command), "file/ledger.db", status=1)


def test_a_project_cannot_be_made_inside_a_file(shop: Path) -> None:
    (shop / "file").touch()
    assert_one_line(asked("init", "file/project"), "file/project", "not a directory", status=1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("output", ["text", "json", "ndjson"])
def test_an_answer_that_does_not_fit_on_the_disk_says_so(output: str, shop: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            ["tl", "log", "lake.raw.orders", "--output", output],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "tl: the answer cannot be written: the disk is full; make room for it"
    ]


def test_a_traceback_is_shown_when_it_is_asked_for(shop: Path) -> None:
    for flag in ([], ["--debug"]):
        done = subprocess.run(
            [sys.executable, "-m", "temporal_lineage", *flag, "at", "lake.raw.ordrs"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert ("Traceback" in done.stderr) is bool(flag)
        assert "no dataset lake.raw.ordrs" in done.stderr.splitlines()[-1]


def test_an_error_message_holds_no_secret(shop: Path) -> None:
    added = asked("catalog", "add", "prod", "http://127.0.0.1:9", "-p", "credential=id:geheim")
    assert added.status == 0
    for command in ("catalog check prod", "harvest prod", "catalog list"):
        done = asked(*command.split())
        assert "geheim" not in done.out + done.err
    shutil.rmtree(FOLDER)
