"""What a walk down could not follow is said: reads and writes of states that nobody can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.instant import Instant
from temporal_lineage.session import Session
from told_tables import Shop, dataset, event, run_id

UNTOLD = "not followed, written in unknown states by n/lost: lake.s.u"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A table of two commits, and a run that read the second and wrote what no commit tells."""
    shop = Shop(tmp_path)
    shop.table("t", "2026-09-01", "2026-09-03")
    shop.table("u", "2026-09-01")
    shop.harvest(at="2026-09-10")
    shop.tell(
        event("START", "2026-09-03T10:00:00Z", 1, "lost", reads=[shop.told("t", "1")]),
        event("COMPLETE", "2026-09-03T11:00:00Z", 1, "lost", writes=[shop.told("u")]),
    )
    return shop


def _doubts(session: Session, *, as_of: str | None = None) -> list[tuple[str, ...]]:
    return [
        session.downstream("lake.s.t@1", as_of=as_of).doubts,
        session.contamination("lake.s.t@1", as_of=as_of).doubts,
        session.downstream(f"run:{run_id(1)}", as_of=as_of).doubts,
        session.impact("lake.s.t@0", change="rollback", as_of=as_of).doubts,
    ]


def test_a_run_whose_output_no_commit_tells_is_named_by_every_walk_over_what_it_read(
    shop: Shop,
) -> None:
    assert [UNTOLD in doubts for doubts in _doubts(shop.session)] == [True] * 4


def test_a_run_that_was_still_going_on_had_written_nothing_yet(shop: Shop) -> None:
    (first, *_) = _doubts(shop.session, as_of="2026-09-03T10:30Z")
    assert UNTOLD not in first


def test_a_run_that_failed_wrote_nothing(shop: Shop) -> None:
    shop.tell(event("FAIL", "2026-09-03T11:00:01Z", 1, "lost"))
    assert UNTOLD not in shop.session.downstream("lake.s.t@1").doubts


def test_what_was_made_of_a_state_that_nobody_can_tell_is_named_unless_it_came_before(
    shop: Shop,
) -> None:
    shop.now = Instant.parse("2026-10-01")
    for number, name in ((2, "before"), (3, "after")):
        day = "2026-08-01" if name == "before" else "2026-09-20"
        unknown = event("START", f"{day}T10:00:00Z", number, "train", reads=[shop.told("x")])
        wrote = [dataset("model", "m", name)]
        shop.tell(unknown, event("COMPLETE", f"{day}T11:00:00Z", number, "train", writes=wrote))
    told = dataset("file", str(shop.path("x")), "v1")
    ends = event("COMPLETE", "2026-09-10T10:00:00Z", 4, "make", writes=[told])
    shop.tell(ends)
    name = f"dataset:file/{shop.path('x')}"
    doubts = shop.session.downstream(f"{name}@v1").doubts
    assert [one for one in doubts if "unknown states" in one] == [
        f"not followed, made of unknown states of {name}: model:m@after"
    ]


def test_the_impact_of_an_expiry_says_how_surely_anything_read_that_state(shop: Shop) -> None:
    shop.tell(
        event("START", "2026-09-04T10:00:00Z", 4, "guess", reads=[shop.told("t")]),
        event("COMPLETE", "2026-09-04T11:00:00Z", 4, "guess", writes=[dataset("model", "m", "1")]),
    )
    told = shop.session.impact("lake.s.t@1", change="expire").doubts
    assert "1 edge inferred: what is named is only the one that fits" in told
