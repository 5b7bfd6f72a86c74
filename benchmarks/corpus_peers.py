"""Peers on the scoreboard: what deltalake and pyiceberg were seen to do with the same table."""

from __future__ import annotations

from enum import StrEnum

from benchmarks.corpus_marks import KNOWN_BAD, Fixture


class PeerOutcome(StrEnum):
    """What the peer did."""

    OK = "ok"
    REFUSED = "refused"
    """A known-bad table was refused, as it should be."""
    FAIL = "fail"
    """A good table was not loaded, or its rows not read."""
    WRONG = "WRONG"
    """Other rows than there are, without a word; or a known-bad table was loaded."""


def peer_outcome(fixture: Fixture, *, either: bool) -> PeerOutcome:
    """Judge the peer by the same facts. `either` tells that loading and refusing are both right."""
    told = fixture.peer
    if fixture.category == KNOWN_BAD and not either:
        return PeerOutcome.WRONG if told.get("load") == "ok" else PeerOutcome.REFUSED
    if told.get("load") != "ok":
        return PeerOutcome.REFUSED if either else PeerOutcome.FAIL
    rows, right = told.get("rows"), fixture.facts.get("current_row_count")
    if "DIFFERS" in told or (rows is not None and right is not None and rows != right):
        return PeerOutcome.WRONG
    return PeerOutcome.FAIL if "rows_error" in told else PeerOutcome.OK
