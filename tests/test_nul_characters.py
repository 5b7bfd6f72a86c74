"""NUL characters in events: marked and told, and linked alike in databases that take none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from delta_logs import add, commit_info, new_table, write
from lake_session import lake_session
from sink_server import run_event
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent
from temporal_lineage.store.reader import open_reader
from transcripts import asked


def facet(**content: object) -> dict[str, object]:
    return {"_producer": "test", "_schemaURL": "test", **content}


def told() -> dict[str, Any]:
    """Give an event that has a NUL wherever somebody names or says something."""
    event = run_event("made\0")
    event["producer"] += "\0"
    event["job"]["facets"] = {"sql": facet(query="INSERT INTO a SELECT b FROM c -- \0")}
    source = {**event["inputs"][0], "field": "from\0"}
    event["outputs"][0]["facets"] = {
        "version": facet(datasetVersion="v\0"),
        "schema": facet(fields=[{"name": "to\0", "type": "int\0"}]),
        "columnLineage": facet(fields={"to\0": {"inputFields": [source]}}),
    }
    return event


def test_an_event_full_of_them_is_kept_linked_and_doubted(ledger_url: str, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text(json.dumps(told()))
    done = asked("--ledger", ledger_url, "ingest", "openlineage", str(file))
    assert (done.status, done.err) == (0, "")
    assert "1 new of 1 runs" in done.out
    listed = asked("--ledger", ledger_url, "quarantine", "list", "--output", "ndjson")
    assert len(listed.out.splitlines()) == 1
    assert asked("--ledger", ledger_url, "ledger", "check").status == 0
    with open_reader(ledger_url) as reader:
        assert any("to\ufffd" in one.name for one in reader.nodes(kind="column"))
        assert [one.name for one in reader.nodes(kind="job")] == ["test/made\ufffd"]


@pytest.mark.parametrize("wrong", ["\0", "\\u0000"])
def test_what_only_looks_like_one_is_left_as_it_is(wrong: str) -> None:
    (one,) = read_events(json.dumps(run_event(f"a{wrong}")).encode(), source="test")
    assert isinstance(one, CapturedEvent)
    assert one.event.job.name == f"a{wrong}".replace("\0", "\ufffd")  # type: ignore[union-attr]


def test_a_table_that_postgresql_cannot_keep_is_refused_and_the_next_one_is_kept(
    postgresql_url: str, tmp_path: Path
) -> None:
    session = lake_session(tmp_path, postgresql_url)
    for name, path in (("a", "x%00y.parquet"), ("b", "1.parquet")):
        new_table(tmp_path / "lake" / name)
        write(tmp_path / "lake" / name, 1, commit_info("WRITE"), add(path))
    a, b = session.harvest().tables
    assert (a.outcome, b.outcome, b.error) == ("failed", "new", None)
    assert "keeps no text with a NUL in it; leave that out" in str(a.error)
    assert session.ledger_check().breaches == ()
