"""Availability: a verdict for everything that can be found of a past state."""

from collections.abc import Sequence

import pytest

from snapshots.availability import (
    AtRisk,
    Availability,
    Gone,
    Live,
    MadeOf,
    Missing,
    Partial,
    Protected,
    Recoverable,
    Unverified,
    availability,
)
from snapshots.files import AlteredFile, DataFile, FileContent
from snapshots.instant import FOREVER, Instant

NOW = Instant(100)


def _file(name: str, content: FileContent = FileContent.DATA) -> DataFile:
    return DataFile(name, f"/t/{name}", content, 1, None, None)


A, B = _file("a"), _file("b")
MASK = _file("mask", FileContent.POSITION_DELETES)


def _judged(
    *,
    listed: bool = True,
    found_in: str | None = None,
    files: Sequence[DataFile] = (A, B),
    missing: Sequence[DataFile] = (),
    protecting: Sequence[Protected] = (),
    risk: AtRisk | None = None,
    loss: tuple[Instant | None, str | None] = (None, None),
) -> Availability:
    return availability(
        now=NOW,
        listed=listed,
        found_in=found_in,
        made_of=MadeOf.these(files),
        missing=Missing.these(missing),
        protecting=protecting,
        risk=risk,
        loss=loss,
    )


def test_a_listed_state_with_all_its_files_is_live() -> None:
    assert _judged() == Live()
    assert _judged(files=()) == Live()


def test_a_state_the_policy_will_take_is_at_risk() -> None:
    risk = AtRisk("by age", Instant(500))
    assert _judged(risk=risk) == risk


def test_a_ref_protects_for_as_long_as_it_stays() -> None:
    forever, soon = Protected("v1", FOREVER), Protected("audit", Instant(200))
    assert _judged(protecting=[soon, forever]) == forever
    assert _judged(protecting=[soon], risk=AtRisk("ref age", Instant(200))) == soon


def test_a_ref_that_is_past_its_age_protects_nothing() -> None:
    past, risk = Protected("audit", Instant(100)), AtRisk("ref age", Instant(100))
    assert _judged(protecting=[past], risk=risk) == risk


def test_what_outlasts_the_ref_is_said_instead() -> None:
    risk = AtRisk("by age", Instant(500))
    assert _judged(protecting=[Protected("audit", Instant(200))], risk=risk) == risk


def test_a_state_the_table_forgot_is_recoverable_where_its_files_were_found() -> None:
    assert _judged(listed=False, found_in="older metadata") == Recoverable("older metadata")


def test_a_state_whose_file_list_nobody_has_is_unverified_and_the_act_is_named() -> None:
    found = _judged(listed=False, files=(), loss=(Instant(50), "expired by 00012.json"))
    assert isinstance(found, Unverified)
    assert "expired by 00012.json" in found.reason


@pytest.mark.parametrize("listed", [True, False])
def test_missing_files_outweigh_everything(listed: bool) -> None:  # noqa: FBT001 (a parameter)
    loss = (Instant(50), "VACUUM")
    protecting = [Protected("v1", FOREVER)]
    partly = _judged(listed=listed, missing=[A], protecting=protecting, loss=loss)
    assert partly == Partial(("/t/a",), 1, 2, Instant(50), "VACUUM")
    wholly = _judged(listed=listed, missing=[A, B], protecting=protecting, loss=loss)
    assert wholly == Gone(("/t/a", "/t/b"), 2, Instant(50), "VACUUM")


def test_a_file_of_another_size_proves_neither_that_rows_are_there_nor_that_they_are_gone() -> None:
    other = AlteredFile("b", "/t/b", FileContent.DATA, 1, 1, None)
    found = _judged(missing=[other], protecting=[Protected("v1", FOREVER)])
    assert found == Unverified("1 of 2 files have another size than was recorded; /t/b")
    assert _judged(missing=[A, other]) == Partial(("/t/a",), 1, 2, None, None)
    assert isinstance(_judged(files=(A,), missing=[A]), Gone)


def test_a_state_is_gone_when_no_file_with_rows_is_left() -> None:
    assert isinstance(_judged(files=(A, MASK), missing=[A]), Gone)
    assert isinstance(_judged(files=(A, MASK), missing=[MASK]), Partial)
    assert isinstance(_judged(files=(MASK,), missing=[MASK]), Partial)
