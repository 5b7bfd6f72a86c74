"""Other projects' OpenLineage events: what is read of them is what their index counts in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.corpus_openlineage import (
    bare_event,
    completed,
    counted,
    files,
    holders,
    mentions,
    openlineage_board,
)
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import (
    CapturedEvent,
    DatasetEvent,
    JobEvent,
    RejectedEvent,
    RunEvent,
)

Facts = dict[str, Any]


def _entries(corpus: Path, kind: str) -> list[Facts]:
    entries = json.loads((corpus / "INDEX.json").read_text())
    found = [entry for entry in entries if entry["format"] == kind]
    assert found
    return found


def _read(corpus: Path, entry: Facts) -> list[CapturedEvent | RejectedEvent]:
    return [
        one
        for file in files(corpus, entry)
        for one in read_events(file.read_bytes(), source=file.name)
    ]


def _read_completed(corpus: Path, entry: Facts) -> list[CapturedEvent | RejectedEvent]:
    return [
        one
        for file in files(corpus, entry)
        for one in read_events(completed(file.read_bytes()), source=file.name)
    ]


def _events(read: list[CapturedEvent | RejectedEvent]) -> list[RunEvent | JobEvent]:
    captured = [one.event for one in read if isinstance(one, CapturedEvent)]
    assert not any(isinstance(one, DatasetEvent) for one in captured)
    return [one for one in captured if not isinstance(one, DatasetEvent)]


def _agree(counted: Facts, facts: Facts) -> None:
    shared = counted.keys() & facts.keys()
    assert {key: counted[key] for key in shared} == {key: facts[key] for key in shared}


def test_nothing_of_the_corpus_is_read_wrong(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = openlineage_board(corpus, quiet=True)
    printed = capsys.readouterr().out
    assert wrong == 0, printed
    assert "104 fixtures, 0 wrong" in printed


def test_the_scoreboard_sees_a_wrong_count_and_a_facet_that_is_not_understood(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (entry,) = [e for e in _entries(corpus, "openlineage") if e["id"] == "ol.marquez-event_full"]
    entry["path"] = str(corpus / entry["path"])
    for name, wrong in (("distinct_datasets", 2), ("facets", {"ds.dataQualityMetrics": 5})):
        changed = entry | {"facts": entry["facts"] | {name: wrong}}
        (tmp_path / "INDEX.json").write_text(json.dumps([changed]))
        assert openlineage_board(tmp_path, quiet=True) == 1
    printed = capsys.readouterr().out
    assert "WRONG distinct_datasets: 1, the index has 2" in printed
    assert "WRONG ds.dataQualityMetrics: understood 1 times, the index has 5" in printed


def test_a_template_is_rejected_with_the_reason_and_read_once_it_is_filled_in(
    corpus: Path,
) -> None:
    for entry in _entries(corpus, "openlineage-template"):
        facts = entry["facts"]
        for one in _read(corpus, entry):
            assert isinstance(one, RejectedEvent), entry["id"]
            assert "eventTime" in one.reason or "point in time" in one.reason
        events = _events(_read_completed(corpus, entry))
        _agree(counted(events), facts)
        told = [one for one in facts.get("distinct_dataset_versions", ()) if "None" not in one]
        versions = {f"{one.dataset.name}@{one.version}" for one in mentions(events) if one.version}
        assert versions == set(told)


def test_an_event_with_a_bad_facet_keeps_all_the_rest(corpus: Path) -> None:
    bad = [e for e in _entries(corpus, "openlineage") if e["category"] == "known-bad"]
    assert len(bad) == 4
    for entry in bad:
        (one,) = _read(corpus, entry)
        assert isinstance(one, CapturedEvent)
        assert isinstance(one.event, RunEvent)
        assert one.event.run_id == "41fb5137-f0fd-4ee5-ba5c-56f8571d1bd7"
        _agree(counted([one.event]), entry["facts"])


def test_a_parent_without_a_run_id_is_a_doubt(corpus: Path) -> None:
    (entry,) = [e for e in _entries(corpus, "openlineage") if "invalid_run_facet" in e["id"]]
    (one,) = _read(corpus, entry)
    assert isinstance(one, CapturedEvent)
    assert isinstance(one.event, RunEvent)
    assert one.event.parent is None
    assert one.doubts == ("run.facets.parent: a parent needs a runId and a job",)


def test_every_example_of_a_facet_is_understood_without_a_doubt(corpus: Path) -> None:
    for entry in _entries(corpus, "openlineage-facet-example"):
        for file in files(corpus, entry):
            facet = json.loads(file.read_text())
            event = bare_event()
            for holder in holders(entry["id"], event):
                holder.update(facet)
            (one,) = read_events(json.dumps(event).encode(), source=file.name)
            assert isinstance(one, CapturedEvent)
            assert one.doubts == (), file


@pytest.mark.parametrize("kind", ["openlineage", "openlineage-template"])
def test_reading_again_what_was_read_gives_the_same_digest(corpus: Path, kind: str) -> None:
    for entry in _entries(corpus, kind):
        for one in _read_completed(corpus, entry):
            if isinstance(one, CapturedEvent):
                (again,) = read_events(one.body, source="again")
                assert isinstance(again, CapturedEvent)
                assert (again.digest, again.body, again.event) == (one.digest, one.body, one.event)
