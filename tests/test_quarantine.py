"""The quarantine: what is refused is kept with its reason, and decided on later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sink_server import run_event
from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.intake.ingest import IngestReport
from temporal_lineage.intake.quarantine import NotWaitingError
from temporal_lineage.session import Session
from temporal_lineage.store.reader import open_reader
from temporal_lineage.workspace import Workspace


@dataclass
class Clock:
    """A clock that a test sets."""

    now: Instant

    def __call__(self) -> Instant:
        return self.now


@dataclass(frozen=True)
class Place:
    """A session on an empty ledger, its clock, and a folder for files of events."""

    session: Session
    clock: Clock
    folder: Path

    def ingest(self, *lines: object) -> IngestReport:
        file = self.folder / "events.ndjson"
        text = [one if isinstance(one, str) else json.dumps(one) for one in lines]
        file.write_bytes("\n".join(text).encode("utf-8", "surrogateescape"))
        return self.session.ingest_openlineage([str(file)])

    def run_ids(self) -> list[str]:
        with open_reader(self.session.workspace.ledger) as reader:
            return reader.event_run_ids()


@pytest.fixture
def place(ledger_url: str, tmp_path: Path) -> Place:
    clock = Clock(Instant.parse("2026-11-17T12:00Z"))
    session = Session(Workspace(tmp_path, ledger_url), clock=clock)
    return Place(session, clock, tmp_path)


GOOD = run_event("good")
BAD: dict[str, Callable[[], str]] = {
    "no JSON": lambda: "not JSON at all",
    "Invalid control character": lambda: '{"eventTime": "2026-11-17", "half',
    "not a point in time": lambda: json.dumps(GOOD | {"eventTime": [5]}),
    "cannot be written down": lambda: json.dumps(GOOD | {"a": "\ud800"}),
    "no JSON: it is nested too deeply": lambda: '{"a": ' + "[" * 50_000,
    "more than a day ahead": lambda: json.dumps(GOOD | {"eventTime": "2026-11-18T12:00:01Z"}),
}


@pytest.mark.parametrize("reason", BAD)
def test_bad_input_waits_with_its_reason_and_costs_no_neighbour(place: Place, reason: str) -> None:
    bad = BAD[reason]()
    report = place.ingest(GOOD, bad, run_event("another"))
    assert (report.events, report.new, report.refused) == (2, 2, 1)
    (line,) = place.session.quarantine().lines
    assert reason in line.reason
    assert (line.line, line.fate, line.size) == (2, "waits", line.kept)
    raw = place.session.quarantined_raw(line.id).decode()
    assert raw == place.session.quarantined(line.id[:6]).text
    # What could be read is kept as events are: the same JSON, its keys in order.
    assert raw == bad or json.loads(raw) == json.loads(bad)


def test_bytes_that_are_no_text_are_kept_as_they_came(place: Place) -> None:
    report = place.ingest('{"job": "\udcff\udcfe"}')
    (one,) = report.rejected
    assert place.session.quarantined_raw(one.quarantine) == b'{"job": "\xff\xfe"}'
    assert "\\xff\\xfe" in place.session.quarantined(one.quarantine).text


def test_an_event_within_a_day_of_our_clock_is_taken_in(place: Place) -> None:
    assert place.ingest(GOOD | {"eventTime": "2026-11-18T11:59:59Z"}).refused == 0


def test_refusing_the_same_again_says_nothing_new(place: Place) -> None:
    place.ingest("garbage", GOOD)
    with open_reader(place.session.workspace.ledger) as reader:
        before = reader.transactions(limit=1)
    report = place.ingest("garbage", GOOD)
    assert (report.refused, report.new) == (1, 0)
    with open_reader(place.session.workspace.ledger) as reader:
        assert reader.transactions(limit=1) == before
    assert len(place.session.quarantine().lines) == 1


def test_an_event_of_the_future_is_taken_in_when_its_time_has_come(place: Place) -> None:
    ahead = run_event("ahead") | {"eventTime": "2026-12-01T00:00:00Z"}
    place.ingest(ahead, "garbage")
    assert place.session.quarantine_retry().new == 0
    assert place.run_ids() == []

    place.clock.now = Instant.parse("2026-12-02")
    report = place.session.quarantine_retry()

    assert report.new == 1
    assert sorted(one.fate for one in report.entries) == ["taken-in", "waits"]
    assert place.run_ids() == [ahead["run"]["runId"]]
    (waiting,) = place.session.quarantine().lines
    assert waiting.reason.startswith("no JSON")
    assert len(place.session.quarantine(all_fates=True).lines) == 2
    with open_reader(place.session.workspace.ledger) as reader:
        assert reader.linked_upto() == reader.transactions(limit=1)[0].tx_id


def test_what_was_dropped_can_be_looked_at_and_waited_before(place: Place) -> None:
    place.ingest("garbage")
    (line,) = place.session.quarantine().lines
    place.clock.now = Instant.parse("2026-11-20")
    place.session.quarantine_drop([line.id[:8]], remark="a test")

    assert place.session.quarantine().lines == ()
    (dropped,) = place.session.quarantine(all_fates=True).lines
    assert (dropped.fate, dropped.remark) == ("dropped", "a test")
    assert place.session.quarantined_raw(line.id) == b"garbage"
    (then,) = place.session.quarantine(as_of="2026-11-18").lines
    assert then.fate == "waits"
    with pytest.raises(NotWaitingError, match=r"does not wait any more: dropped"):
        place.session.quarantine_drop([line.id])


def test_a_name_that_no_entry_has_is_an_error_with_the_nearest(place: Place) -> None:
    place.ingest("garbage")
    (line,) = place.session.quarantine().lines
    with pytest.raises(UnknownNameError, match=line.id):
        place.session.quarantined("ffffffff")
    with pytest.raises(UnknownNameError, match=line.id):
        place.session.quarantined("")


def test_many_entries_are_found_at_once_by_the_beginnings_of_their_ids(place: Place) -> None:
    place.ingest(*(f"garbage {number}" for number in range(30)))
    ids = [one.id for one in place.session.quarantine().lines]
    chosen = [ids[7], ids[3][:10], ids[21]]
    report = place.session.quarantine_drop(chosen)
    assert [one.id for one in report.entries] == [ids[7], ids[3], ids[21]]
    assert [one.id for one in place.session.quarantine().lines] == [
        one for one in ids if one not in (ids[7], ids[3], ids[21])
    ]
    with pytest.raises(UnknownNameError, match=ids[0]):
        place.session.quarantine_drop([ids[0], f"{ids[1]}0"])
    assert len(place.session.quarantine().lines) == 27
