"""A bug that one run's events bring about: that run is set aside, named and tried again later."""

from __future__ import annotations

from pathlib import Path

import pytest

from temporal_lineage.evidence.inputs import link_input
from temporal_lineage.evidence.runs import Observation, RunRecord
from temporal_lineage.linking.words import Teller, words_of
from test_linking import beliefs
from told_tables import Json, Shop, event, run_id


class OurBugError(Exception):
    """Something that no error of ours foresees."""


def _told(shop: Shop) -> list[Json]:
    return [
        event(
            kind,
            f"2026-09-0{number}T{hour}:00Z",
            number,
            reads=[shop.told("raw")],
            writes=[shop.told("t")],
        )
        for number in (1, 2, 3)
        for kind, hour in (("START", 10), ("COMPLETE", 11))
    ]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.table("t", *(f"2026-09-0{day}T10:30Z" for day in (1, 2, 3)))
    shop.table("raw", "2026-08-01")
    shop.harvest(at="2026-09-05")
    return shop


def _break_run_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a bug into the rules that the events of run 2 bring about."""

    def unsound(observation: Observation, *, run: RunRecord, **others: object) -> object:
        if run.run_id == run_id(2):
            raise OurBugError("no rule for this")
        return link_input(observation, run=run, **others)  # type: ignore[arg-type]

    monkeypatch.setattr("temporal_lineage.linking.link.link_input", unsound)


def test_one_run_that_cannot_be_linked_is_named_and_all_others_are_linked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        _break_run_2(broken)
        shop.tell(*_told(shop))
        shop.tell(event("COMPLETE", "2026-09-04T11:00Z", 4, writes=[shop.told("t")]))

    (reason,) = {one.reason for one in shop.session.quarantine().lines}
    assert reason == (
        f"run {run_id(2)} is kept but could not be linked, which is a bug here:"
        " OurBugError: no rule for this"
    )
    linked = {one for one in beliefs(shop.session)["attributes"] if " writes " in one}
    assert {one.split()[0] for one in linked} == {run_id(1), run_id(3), run_id(4)}


@pytest.mark.parametrize("about", ["job", "dataset"])
def test_an_event_about_no_run_that_brings_a_bug_about_keeps_nobody_waiting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, about: str
) -> None:
    bad: Json = {"eventTime": "2026-09-01T09:00Z", "producer": "bad"}
    owned = shop.told("t", ownership={"owners": [{"name": "ada"}]})
    if about == "job":
        bad |= {"job": {"namespace": "n", "name": "plan"}, "outputs": [owned]}
        named = "the design of job n/plan"
    else:
        bad |= {"dataset": owned}
        named = f"what describes file/{shop.path('t')}"

    def unsound(mention: object, teller: Teller, **others: object) -> object:
        if teller.producer == "bad":
            raise OurBugError("no word for this")
        return words_of(mention, teller, **others)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr("temporal_lineage.linking.words.words_of", unsound)
        shop.tell(*_told(shop), bad)
        assert {one.fate for one in shop.session.quarantine_retry().entries} == {"waits"}
        (waiting,) = shop.session.quarantine().lines
    assert waiting.reason == (
        f"{named} is kept but could not be linked, which is a bug here:"
        " OurBugError: no word for this"
    )
    linked = {one for one in beliefs(shop.session)["attributes"] if " writes " in one}
    assert {one.split()[0] for one in linked} == {run_id(1), run_id(2), run_id(3)}
    assert shop.session.show("lake.s.t").described.told == ()

    assert {one.fate for one in shop.session.quarantine_retry().entries} == {"taken-in"}
    (owner,) = shop.session.show("lake.s.t").described.told
    assert (owner.about, owner.name) == ("owner", "ada")


def test_a_run_set_aside_is_linked_when_it_is_tried_again_and_nothing_differs_then(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        _break_run_2(broken)
        shop.tell(*_told(shop))
        assert {one.fate for one in shop.session.quarantine_retry().entries} == {"waits"}

    tried = shop.session.quarantine_retry()

    assert {one.fate for one in tried.entries} == {"taken-in"}
    after = beliefs(shop.session)
    sound = Shop(tmp_path / "sound")
    sound.table("t", *(f"2026-09-0{day}T10:30Z" for day in (1, 2, 3)))
    sound.table("raw", "2026-08-01")
    sound.harvest(at="2026-09-05")
    sound.tell(*_told(sound))

    def bare(found: dict[str, set[str]], place: Path) -> dict[str, set[str]]:
        return {kind: {one.replace(str(place), "") for one in many} for kind, many in found.items()}

    assert bare(after, tmp_path) == bare(beliefs(sound.session), tmp_path / "sound")
