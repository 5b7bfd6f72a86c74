"""What models and runs were made from: inputs by evidence, doubts said, the command line."""

import json
from pathlib import Path

import pytest

from reproduce_lake import Lake, local, only
from snapshots.availability import Live, Unverified
from snapshots.errors import BadTargetError, UnknownNameError
from temporal_lineage.reproduce.answer import Irreproducible, Reproducible
from temporal_lineage.session import wall_clock


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_model_is_reproducible_from_the_states_its_run_read(lake: Lake) -> None:
    table = lake.iceberg()
    place = str(local(table.location()))
    read = lake.append(table)
    version = lake.write_delta()
    lake.harvest()
    run_id = lake.trained("v1", (place, read), (str(lake.delta / "orders"), version))
    lake.append(table)
    lake.write_delta()

    answer = lake.session.reproduce("model:fraud@v1")

    assert answer.target == "model:fraud@v1"
    assert answer.verdict == "reproducible"
    assert answer.made_by is not None
    assert (answer.made_by.run, answer.made_by.job) == (run_id, "train/fraud")
    assert [one.address for one in answer.inputs] == ["delta.orders@0", f"lake.raw.orders@{read}"]
    assert [one.verdict for one in answer.inputs] == ["at-risk", "at-risk"]
    assert {(one.known.grade, one.known.method) for one in answer.inputs} == {
        ("high", "input-start-version")
    }
    assert answer.doubts == ()


def test_a_run_is_reproducible_from_what_it_read(lake: Lake) -> None:
    version = lake.write_delta()
    lake.harvest()
    run_id = lake.trained("v1", (str(lake.delta / "orders"), version))
    answer = lake.session.reproduce(f"run:{run_id}")
    assert answer.target == f"run:{run_id}"
    assert only(answer).address == "delta.orders@0"
    assert answer.made_by is not None
    assert answer.made_by.known.method == "named"


def test_an_input_of_several_possible_states_is_never_guessed(lake: Lake) -> None:
    lake.write_delta()
    before = wall_clock()
    lake.write_delta()
    lake.write_delta()
    lake.harvest()
    run_id = lake.trained("v1", (str(lake.delta / "orders"), None), started=before)

    for target in ("model:fraud@v1", f"run:{run_id}"):
        answer = lake.session.reproduce(target, out=lake.root / "out", recover=True)
        one = only(answer)
        assert (one.address, one.version) == ("delta.orders", None)
        assert sorted(one.candidates) == ["0", "1", "2"]
        assert one.availability == Unverified(
            "several states fit, and nothing tells which one was read"
        )
        assert one.known.grade == "candidates"
        assert answer.outcome == Irreproducible((), ("delta.orders",))
    assert not (lake.root / "out").exists()


def test_an_input_that_only_events_know_is_unverified(lake: Lake) -> None:
    version = lake.write_delta()
    lake.harvest()
    lake.trained("v1", (str(lake.delta / "orders"), version), ("/lake/rules.csv", None))
    answer = lake.session.reproduce("model:fraud@v1")
    table, file = answer.inputs
    assert table.availability == Live()
    assert file.address == "dataset:file//lake/rules.csv"
    assert isinstance(file.availability, Unverified)
    assert answer.outcome == Irreproducible((), (file.address,))


def test_a_version_of_something_that_is_no_table_cannot_be_looked_at(lake: Lake) -> None:
    lake.trained("v1", ("/lake/rules.csv", "sha-7"))
    one = only(lake.session.reproduce("model:fraud@v1"))
    assert one.address == "dataset:file//lake/rules.csv@sha-7"
    assert one.identity == "named:file//lake/rules.csv"
    assert isinstance(one.availability, Unverified)
    assert "known from events only" in one.availability.reason


def test_explicit_lineage_decides_what_fed_a_model(lake: Lake) -> None:
    version = lake.write_delta()
    lake.write_delta("audits")
    lake.harvest()
    place = str(lake.delta / "orders")
    lake.trained("v1", (place, version), (str(lake.delta / "audits"), "0"), only_from=place)
    answer = lake.session.reproduce("model:fraud@v1")
    assert only(answer).address == "delta.orders@0"
    assert answer.doubts == (
        "the run also read delta.audits, which its explicit lineage does not lead from: left out",
    )


def test_a_model_of_which_nobody_knows_the_inputs_is_not_called_reproducible(lake: Lake) -> None:
    lake.trained("v1")
    answer = lake.session.reproduce("model:fraud@v1")
    assert answer.outcome == Irreproducible((), ())
    assert answer.inputs == ()
    assert "nothing tells what model:fraud@v1 was made from" in answer.doubts


def test_what_was_not_known_yet_is_not_part_of_an_earlier_answer(lake: Lake) -> None:
    version = lake.write_delta()
    lake.harvest()
    before = wall_clock()
    lake.trained("v1", (str(lake.delta / "orders"), version))
    with pytest.raises(UnknownNameError):
        lake.session.reproduce("model:fraud@v1", as_known=before)


def test_a_model_without_a_version_is_asked_for_one(lake: Lake) -> None:
    lake.trained("v1")
    with pytest.raises(UnknownNameError, match="name one with @"):
        lake.session.reproduce("model:fraud")
    with pytest.raises(BadTargetError):
        lake.session.reproduce("job:train/fraud")


def test_a_run_that_nobody_knows_is_an_error(lake: Lake) -> None:
    lake.trained("v1")
    with pytest.raises(UnknownNameError, match="no run"):
        lake.session.reproduce("run:00000000-0000-0000-0000-000000000000")


def test_the_exit_status_says_no_before_anybody_reads_the_text(lake: Lake) -> None:
    version = lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    lake.trained("v1", (str(lake.delta / "orders"), version))
    assert lake.tl_status("reproduce", "model:fraud@v1") == 0
    lake.vacuum()
    assert lake.tl_status("reproduce", "model:fraud@v1") == 3
    assert lake.tl_status("reproduce", "model:fraud@v1", "--output", "json") == 3
    assert lake.tl_status("reproduce", "model:fraud@v9") == 1


def test_the_text_says_the_verdict_first_and_what_is_missing(lake: Lake) -> None:
    lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    lake.vacuum()
    lines = lake.tl("reproduce", "delta.orders@0").output.splitlines()
    assert lines[0] == "delta.orders@0 is not reproducible: 1 of 1 input lost"
    assert lines[2] == "delta.orders@0  gone"
    shown = {line[2:12].strip(): line[12:] for line in lines[3:]}
    assert shown["missing"] == "1 file"
    assert shown["by"].startswith("VACUUM END in version 3")
    assert shown["rows"] == "3"
    assert "nothing was written" in lines


def test_a_state_to_be_recovered_is_said_to_need_the_option(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table)
    lake.harvest()
    table.maintenance.expire_snapshots().by_id(int(snapshot)).commit()
    target = f"lake.raw.orders@{snapshot}"

    asked = lake.tl("reproduce", target, "--out", str(lake.root / "out"))
    assert asked.output.startswith(f"{target} is reproducible only with --recover: 1 of 1 input")
    assert lake.tl_status("reproduce", target) == 3

    done = lake.tl("reproduce", target, "--out", str(lake.root / "out"), "--recover")
    assert done.output.startswith(f"{target} is reproducible from 1 input\n")
    assert "  how       from " in done.output
    assert f"written to {lake.root / 'out'}: 1 file, 3 rows" in done.output


def test_the_json_names_verdicts_and_their_fields(lake: Lake) -> None:
    lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    lake.vacuum()
    whole = json.loads(lake.tl("reproduce", "delta.orders@0", "--output", "json").output)
    assert whole["question"]["verb"] == "reproduce"
    answer = whole["answer"]
    assert (answer["verdict"], answer["outcome"]) == (
        "irreproducible",
        {"lost": ["delta.orders@0"], "unverified": []},
    )
    (one,) = answer["inputs"]
    assert one["verdict"] == "gone"
    assert set(one["availability"]) == {"missing", "lost", "since", "act"}
    assert one["availability"]["lost"] == 1
    assert [lost["path"] for lost in one["lost"]] == one["availability"]["missing"]

    lines = lake.tl("reproduce", "delta.orders@0", "--output", "ndjson").output.splitlines()
    assert [json.loads(line).get("verdict") for line in lines] == ["gone", None]


def test_progress_counts_the_rows_of_each_state(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    seen: list[tuple[str, int, int]] = []
    answer = lake.session.reproduce(
        "delta.orders",
        out=lake.root / "out",
        progress=lambda address, rows, of: seen.append((address, rows, of)),
    )
    assert isinstance(answer.outcome, Reproducible)
    assert seen == [("delta.orders@0", 0, 3), ("delta.orders@0", 3, 3)]
