"""Instants are read and printed without loss, and nothing that is no instant is read."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.errors import BadInstantError, TemporalLineageError
from snapshots.instant import BEGINNING, FOREVER, Instant
from strategies import YEAR_1_MICROS, YEAR_10000_MICROS, instants


@given(instants())
def test_what_is_printed_reads_back(instant: Instant) -> None:
    assert Instant.parse(str(instant)) == instant


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_in_utc_is_printed_as_python_prints_it(moment: datetime) -> None:
    printed = str(Instant.from_datetime(moment))
    assert printed.endswith("Z")
    assert datetime.fromisoformat(printed) == moment


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_an_offset_moves_the_instant_and_is_not_kept(naive: datetime, minutes: int) -> None:
    aware = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert Instant.parse(aware.isoformat()) == Instant.from_datetime(aware)
    assert Instant.parse(aware.isoformat()) == Instant.parse(aware.astimezone(UTC).isoformat())


@given(instants(), instants())
def test_instants_order_as_their_numbers_do(one: Instant, other: Instant) -> None:
    assert (one < other) == (one.micros < other.micros)
    assert (one == other) == (one.micros == other.micros)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2026-11-17", "2026-11-17T00:00:00Z"),
        ("2026-11-17T09", "2026-11-17T09:00:00Z"),
        ("2026-11-17T0930", "2026-11-17T09:30:00Z"),
        ("2026-11-17 09:30", "2026-11-17T09:30:00Z"),
        ("2026-11-17T09:30:01z", "2026-11-17T09:30:01Z"),
        ("2026-11-17T09:30:01.5", "2026-11-17T09:30:01.500Z"),
        ("2026-11-17T09:30:01,25Z", "2026-11-17T09:30:01.250Z"),
        ("2026-11-17T09:30:01.000500Z", "2026-11-17T09:30:01.000500Z"),
        ("2026-11-17T09:30+05:45", "2026-11-17T03:45:00Z"),
        ("2026-11-17T09:30-0330", "2026-11-17T13:00:00Z"),
        ("0999-01-02T03:04:05Z", "0999-01-02T03:04:05Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("forever", "forever"),
        ("beginning", "beginning"),
    ],
)
def test_iso_8601_is_read_as_utc_unless_it_says_otherwise(text: str, printed: str) -> None:
    assert str(Instant.parse(text)) == printed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1794906000",
        "1794906000000",
        "20261117",
        "2026-W47-2",
        "2026-02-30",
        "2026-11-17T",
        "2026-11-17T24:00",
        "2026-11-17T09:3015",
        "2026-11-17T09:00:00+25:00",
        "2026-11-17T09:00:00.1234567Z",
        "2026-11-17T09:00 ",
        "\uff12\uff10\uff12\uff16-11-17",
        "Forever",
        "99999999999999999999us",
    ],
)
def test_anything_else_is_refused_with_a_way_to_write_it(text: str) -> None:
    with pytest.raises(BadInstantError, match="write 2026-11-17") as caught:
        Instant.parse(text)
    assert caught.value.text == text
    assert isinstance(caught.value, TemporalLineageError)


@pytest.mark.parametrize("text", ["2026-11-17T09.5", "2026-11-17T09:30.5", "2026-11-17T0930.5"])
def test_a_fraction_of_an_hour_or_minute_is_never_read_as_one_of_a_second(text: str) -> None:
    with pytest.raises(BadInstantError):
        Instant.parse(text)


def test_the_zone_of_the_machine_changes_nothing() -> None:
    code = (
        "from snapshots.instant import Instant;"
        "print(Instant.parse('2026-11-17T09:30'), Instant.from_millis(0))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "Asia/Kathmandu", "America/St_Johns")
    }
    assert said == {"2026-11-17T09:30:00Z 1970-01-01T00:00:00Z\n"}


@pytest.mark.parametrize(
    "micros", [YEAR_1_MICROS - 1, YEAR_10000_MICROS, 1 - 2**63, 2**63 - 2], ids=str
)
def test_an_instant_outside_the_years_is_printed_in_microseconds(micros: int) -> None:
    assert str(Instant(micros)) == f"{micros}us"
    assert Instant.parse(f"{micros}us") == Instant(micros)


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_number_of_milliseconds_is_an_instant_that_a_period_can_start_at(millis: int) -> None:
    instant = Instant.from_millis(millis)
    assert BEGINNING < instant < FOREVER
    if abs(millis) < 2**52:
        assert instant.micros == millis * 1000


@given(instants(), st.integers(-(2**64), 2**64))
def test_moving_never_leaves_the_range(instant: Instant, micros: int) -> None:
    moved = instant.plus(micros=micros)
    assert BEGINNING <= moved <= FOREVER
    if -(2**63) <= instant.micros + micros < 2**63:
        assert moved.micros == instant.micros + micros


def test_a_naive_datetime_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="aware"):
        Instant.from_datetime(datetime(2026, 11, 17))  # noqa: DTZ001


def test_a_failed_test_can_be_read() -> None:
    assert repr(Instant(0)) == "Instant(1970-01-01T00:00:00Z)"
    assert repr(FOREVER) == "Instant(forever)"
