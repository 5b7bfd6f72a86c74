"""Jobs: what is known of one, and what its runs move."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from snapshots.errors import BadTargetError, UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.exports.exporting import FORMATS, export
from temporal_lineage.session import Session
from told_tables import Shop, dataset, event, run_id


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Two jobs in a row, the second told by two runs whose words differ."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", "2026-09-02T10:00:05Z")
    shop.harvest(at="2026-09-03")
    shop.now = Instant.parse("2026-09-08T00:00Z")
    load = event(
        "COMPLETE",
        "2026-09-02T10:00:10Z",
        1,
        "load",
        reads=[dataset("s3://b", "raw")],
        writes=[shop.told("t", "1")],
    )
    trained = [
        event("COMPLETE", at, number, "train", reads=[shop.told("t", "1")], writes=[model])
        for at, number in (("2026-09-04T11:00:00Z", 2), ("2026-09-06T11:00:00Z", 3))
        for model in [dataset("model", "m", f"v{number}")]
    ]
    for one, owner in zip(trained, ("ada", "bob"), strict=True):
        one["job"]["facets"] = _facets(owner)
    shop.tell(load, *trained[::-1])
    return shop


def _facets(owner: str) -> dict[str, Any]:
    return {
        "jobType": {"processingType": "BATCH", "integration": "SPARK", "jobType": "JOB"},
        "ownership": {"owners": [{"name": owner, "type": "MAINTAINER"}]},
        "documentation": {"description": f"said by {owner}"},
        "sql": {"query": f"select 1 -- {owner}"},
        "sourceCodeLocation": {"type": "git", "url": f"https://x:y@git.example/{owner}"},
    }


def test_a_job_is_described_by_the_newest_word_of_its_runs(shop: Shop) -> None:
    found = shop.session.show_job("job:n/train")
    assert [one.name for one in found.facets.owners] == ["bob"]
    assert (found.facets.documentation, found.sql) == ("said by bob", "select 1 -- bob")
    assert found.code is not None
    assert found.code.url == "https://***@git.example/bob"
    assert [one.run for one in found.runs] == [run_id(3), run_id(2)]
    assert (found.run_count, found.reads, found.writes) == (2, ("lake.s.t",), ("model:m",))


def test_a_job_is_told_as_it_was_and_as_it_was_known(shop: Shop) -> None:
    before = shop.session.show_job("job:n/train", as_of="2026-09-05")
    assert ([one.name for one in before.facets.owners], before.run_count) == (["ada"], 1)
    known = before.question.as_of.system
    shop.now = shop.now.plus(micros=1_000_000)
    later = event("START", "2026-09-07T00:00:00Z", 4, "train")
    later["job"]["facets"] = _facets("carol")
    shop.tell(later)
    assert shop.session.show_job("job:n/train").facets.owners[0].name == "carol"
    earlier = shop.session.show_job("job:n/train", as_known=known)
    assert (earlier.facets.owners[0].name, earlier.run_count) == ("bob", 2)


def test_what_a_job_moves_is_followed_by_flow(shop: Shop) -> None:
    above = shop.session.upstream("job:n/train")
    assert [(one.source, one.target) for one in above.edges] == [
        ("lake.s.t", "job:n/train"),
        ("dataset:s3://b/raw", "lake.s.t"),
    ]
    below = shop.session.downstream("job:n/load")
    assert [(one.source, one.target) for one in below.edges] == [
        ("job:n/load", "lake.s.t"),
        ("lake.s.t", "model:m"),
    ]


def test_every_edge_of_a_job_can_be_asked_why(shop: Shop) -> None:
    for edge in shop.session.upstream("job:n/train").edges:
        assert shop.session.why(edge.edge).subject


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_the_lineage_of_a_job_is_exported_in_every_format(shop: Shop, form: str) -> None:
    assert "raw" in export(shop.session.upstream("job:n/train"), form)


def test_an_exported_job_is_no_dataset(shop: Shop) -> None:
    lines = export(shop.session.upstream("job:n/train"), "openlineage").splitlines()
    told = {one["job"]["name"]: one for one in map(json.loads, lines)}
    assert ([one["name"] for one in told["train"]["inputs"]], told["train"]["outputs"]) == (
        [told["load"]["outputs"][0]["name"]],
        [],
    )


def test_a_job_is_refused_where_it_has_no_meaning(shop: Shop) -> None:
    session: Session = shop.session
    with pytest.raises(BadTargetError, match="tl runs --job job:n/train"):
        session.why("job:n/train")
    with pytest.raises(UnknownNameError, match="nearest: job:n/train"):
        session.show_job("job:n/trai")
    with pytest.raises(UnknownNameError, match="nearest: job:n/train"):
        session.upstream("job:n/trai")


def test_before_its_first_run_a_job_is_said_not_to_have_run_yet(shop: Shop) -> None:
    session, before, first = shop.session, "2026-09-04T10:00Z", "2026-09-04T11:00Z"
    said = (
        "job:n/train had not run yet at 2026-09-04T10:00:00Z, as far as is known;"
        " ask from 2026-09-04T11:00:00Z on"
    )
    for ask in (session.upstream, session.downstream, session.upstream_names, session.show_job):
        assert said in ask("job:n/train", as_of=before).doubts
        assert not any("not run yet" in one for one in ask("job:n/train", as_of=first).doubts)
    assert session.upstream("job:n/train", as_of=first).edges
