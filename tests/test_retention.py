"""Retention: what a table's policy takes is what the procedures of the specs take."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.availability import AtRisk, Protected
from snapshots.commit_point import CommitPoint
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.history import TableHistory
from snapshots.instant import FOREVER, Instant
from snapshots.refs import MAIN, Branch, SnapshotRef
from snapshots.retention import (
    at_risk,
    duration_micros,
    protections,
    refused_by_newer_spark,
    taken_by,
)
from snapshots.snapshot import Effect, Snapshot
from strategies import NO_COUNTS, branch, point, snapshot, tag

DAY = 86_400_000
SNAPSHOT_AGE = "history.expire.max-snapshot-age-ms"
KEEP = "history.expire.min-snapshots-to-keep"
REF_AGE = "history.expire.max-ref-age-ms"


def _at(millis: int) -> Instant:
    return Instant.from_millis(millis)


def _history(
    snapshots: Sequence[Snapshot],
    refs: Sequence[SnapshotRef] = (),
    properties: Mapping[str, str] | None = None,
    *,
    kind: TableFormat = TableFormat.ICEBERG,
    listed: set[int] | None = None,
) -> TableHistory:
    newest = snapshots[-1]
    ids = {one.snapshot_id for one in snapshots}
    head = replace(
        point(0, newest.committed_at.micros, newest.snapshot_id),
        refs=tuple(refs),
        properties=properties or {},
    )
    return TableHistory(
        identity=TableIdentity(kind, "9c12"),
        location="/lake/t",
        chain=(head,),
        recorded=(),
        snapshots=tuple(snapshots),
        schemas=(),
        listed=frozenset(ids if listed is None else listed),
        expiries=(),
        gaps=(),
        features=(),
    )


def _line(length: int) -> list[Snapshot]:
    """One snapshot a day, each the parent of the next."""
    return [
        snapshot(n, parent_id=n - 1 if n else None, sequence=n + 1, at=n * DAY * 1000)
        for n in range(length)
    ]


def _by_the_spec(history: TableHistory, now: int) -> set[int]:
    """The Snapshot Retention Policy of the Iceberg spec, step by step, at one instant."""
    head = history.head()
    assert head is not None
    snapshots = {s.snapshot_id: s for s in history.snapshots if s.snapshot_id in history.listed}

    def age(snapshot_id: int) -> int:
        return now - snapshots[snapshot_id].committed_at.micros // 1000

    def limit(own: int | None, name: str, default: int) -> int:
        return own if own is not None else int(head.properties.get(name, default))

    retained: set[int] = set()
    for ref in head.refs:
        if ref.snapshot_id not in snapshots:
            continue
        if ref.name != MAIN and age(ref.snapshot_id) > limit(ref.max_ref_age_ms, REF_AGE, 2**63):
            continue
        retained.add(ref.snapshot_id)
        if not isinstance(ref, Branch):
            continue
        keep = limit(ref.min_snapshots_to_keep, KEEP, 1)
        oldest = limit(ref.max_snapshot_age_ms, SNAPSHOT_AGE, 5 * DAY)
        walking: int | None = ref.snapshot_id
        place = 0
        while walking in snapshots and (place < keep or age(walking) <= oldest):
            retained.add(walking)
            walking = snapshots[walking].parent_id
            place += 1
    return set(snapshots) - retained


@st.composite
def iceberg_tables(draw: st.DrawFn) -> TableHistory:
    """Small trees with branches, tags and policies of a few days, clocks not always in order."""
    count = draw(st.integers(1, 8))
    made = [
        snapshot(
            n,
            parent_id=draw(st.none() | st.integers(0, n - 1)) if n else None,
            sequence=n + 1,
            at=draw(st.integers(0, 10)) * 1000,
        )
        for n in range(count)
    ]
    few = st.none() | st.integers(0, 6)
    refs: list[SnapshotRef] = [branch(MAIN, count - 1, keep=draw(few), age_ms=draw(few))]
    for name in draw(st.sets(st.sampled_from(["audit", "wap"]))):
        of = draw(st.integers(0, count))
        refs.append(branch(name, of, keep=draw(few), age_ms=draw(few), ref_age_ms=draw(few)))
    refs += [
        tag(name, draw(st.integers(0, count - 1)), ref_age_ms=draw(few))
        for name in draw(st.sets(st.sampled_from(["v1", "v2"])))
    ]
    properties = {
        name: str(draw(st.integers(1, 6)))
        for name in draw(st.sets(st.sampled_from([SNAPSHOT_AGE, KEEP, REF_AGE])))
    }
    listed = draw(st.sets(st.integers(0, count - 1))) | {count - 1}
    return _history(made, refs, properties, listed=listed)


@given(iceberg_tables())
def test_iceberg_takes_at_every_instant_what_the_procedure_of_the_spec_takes(
    history: TableHistory,
) -> None:
    newest = max(one.committed_at.micros // 1000 for one in history.snapshots)
    for now in range(newest, newest + 24):
        assert taken_by(history, now=_at(now)) == _by_the_spec(history, now)


def test_a_table_that_says_nothing_goes_by_the_defaults() -> None:
    history = _history(_line(3), [branch(MAIN, 2)])
    risks = at_risk(history)
    assert risks[0] == AtRisk(f"{SNAPSHOT_AGE}=432000000, the default", _at(5 * DAY + 1))
    assert risks[1].since == _at(6 * DAY + 1)
    assert 2 not in risks


def test_a_policy_names_the_property_or_the_ref_that_sets_it() -> None:
    ours = _history(_line(2), [branch(MAIN, 1)], {SNAPSHOT_AGE: "1000"})
    assert at_risk(ours)[0].policy == f"{SNAPSHOT_AGE}=1000"
    theirs = _history(_line(2), [branch(MAIN, 1, age_ms=7)], {SNAPSHOT_AGE: "1000"})
    assert at_risk(theirs)[0].policy == "max-snapshot-age-ms=7 of main"


def test_a_tag_without_an_age_limit_keeps_its_snapshot_for_ever() -> None:
    history = _history(_line(3), [branch(MAIN, 2), tag("v1", 0)])
    assert set(at_risk(history)) == {1}
    assert protections(history) == {0: (Protected("v1", FOREVER),)}


def test_a_tag_with_an_age_limit_holds_off_the_policy_until_then() -> None:
    history = _history(_line(3), [branch(MAIN, 2), tag("v1", 0, ref_age_ms=9 * DAY)])
    until = _at(9 * DAY + 1)
    assert at_risk(history)[0] == AtRisk(f"max-ref-age-ms={9 * DAY} of v1", until)
    assert protections(history) == {0: (Protected("v1", until),)}


def test_a_snapshot_no_ref_reaches_can_be_taken_from_the_day_it_was_made() -> None:
    staged = snapshot(7, parent_id=1, sequence=4, at=3 * DAY * 1000)
    history = _history([*_line(3), staged], [branch(MAIN, 2)])
    assert at_risk(history)[7] == AtRisk("no branch or tag reaches it", _at(3 * DAY))


def test_a_table_that_forbids_removal_loses_nothing() -> None:
    assert at_risk(_history(_line(3), [branch(MAIN, 2)], {"gc.enabled": "false"})) == {}


def test_a_limit_that_is_no_number_is_said_and_taken_for_none_at_all() -> None:
    history = _history(_line(2), [branch(MAIN, 1)], {SNAPSHOT_AGE: "5d"})
    assert at_risk(history)[0] == AtRisk(f"{SNAPSHOT_AGE}=5d, which is no number", _at(1))


def test_a_history_without_a_readable_head_has_no_policy_to_go_by() -> None:
    history = replace(_history(_line(2)), chain=())
    assert set(at_risk(history)) == {0, 1}
    assert protections(history) == {}


def _versions(*effects: Effect, removed: int | None = 1) -> list[Snapshot]:
    counts = replace(NO_COUNTS, removed_files=removed)
    return [
        replace(snapshot(n, sequence=n, at=n * DAY * 1000, effect=effect), counts=counts)
        for n, effect in enumerate(effects)
    ]


def _delta(
    snapshots: Sequence[Snapshot], properties: Mapping[str, str] | None = None
) -> dict[int, AtRisk]:
    return at_risk(_history(snapshots, (), properties, kind=TableFormat.DELTA))


def test_a_delta_version_goes_with_the_log_a_month_after_it_was_superseded() -> None:
    risks = _delta(_versions(Effect.APPEND, Effect.APPEND))
    assert risks == {
        0: AtRisk("delta.logRetentionDuration=interval 30 days, the default", _at(31 * DAY))
    }


def test_a_delta_version_goes_with_its_files_a_week_after_they_were_removed() -> None:
    risks = _delta(_versions(Effect.APPEND, Effect.APPEND, Effect.REWRITE, Effect.APPEND))
    policy = "delta.deletedFileRetentionDuration=interval 1 week, the default"
    assert risks[0] == risks[1] == AtRisk(policy, _at(9 * DAY))
    assert risks[2].since == _at(33 * DAY)
    assert 3 not in risks


def test_a_delta_overwrite_that_removed_no_file_endangers_none() -> None:
    risks = _delta(_versions(Effect.APPEND, Effect.OVERWRITE, removed=0))
    assert risks[0].policy.startswith("delta.logRetentionDuration")


def test_the_durations_are_those_of_the_table() -> None:
    properties = {
        "delta.logRetentionDuration": "interval 60 days",
        "delta.deletedFileRetentionDuration": "interval 2 days 12 hours",
    }
    risks = _delta(_versions(Effect.APPEND, Effect.REWRITE), properties)
    policy = "delta.deletedFileRetentionDuration=interval 2 days 12 hours"
    assert risks == {0: AtRisk(policy, _at(DAY + 60 * 3_600_000))}


def test_without_log_cleanup_only_removed_files_are_lost() -> None:
    properties = {"delta.enableExpiredLogCleanup": "false"}
    assert _delta(_versions(Effect.APPEND, Effect.APPEND), properties) == {}


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("interval 30 days", 30 * DAY * 1000),
        ("interval 1 week", 7 * DAY * 1000),
        ("INTERVAL 1 Day", DAY * 1000),
        ("168 hours", 7 * DAY * 1000),
        (
            "interval 1 day 2 hours 3 minutes 4 seconds 5 milliseconds 6 microseconds",
            93_784_005_006,
        ),
        ("interval 0 seconds", 0),
    ],
)
def test_durations_are_read_as_delta_writes_them(text: str, micros: int) -> None:
    assert duration_micros(text) == micros


@pytest.mark.parametrize(
    "text", ["", "interval", "interval 1 month", "30", "days", "interval 1 day and more", "1 daysx"]
)
def test_a_duration_without_a_fixed_length_is_refused_and_said(text: str) -> None:
    assert duration_micros(text) is None
    risks = _delta(_versions(Effect.APPEND, Effect.APPEND), {"delta.logRetentionDuration": text})
    assert risks == {
        0: AtRisk(f"delta.logRetentionDuration={text}, which is no duration", _at(DAY))
    }


def test_the_newest_state_of_a_table_is_at_no_risk() -> None:
    for kind in TableFormat:
        history = _history(_line(4), [branch(MAIN, 3)], kind=kind)
        assert isinstance(history.head(), CommitPoint)
        assert 3 not in at_risk(history)


def test_newer_spark_refuses_what_is_older_than_deleted_files_are_kept_but_the_newest() -> None:
    snapshots = _line(5)
    now = snapshots[-1].committed_at.plus(micros=10 * DAY * 1000)
    days = {"delta.deletedFileRetentionDuration": "interval 12 days"}
    ids = [one.snapshot_id for one in snapshots]

    def refused(properties: Mapping[str, str], kind: TableFormat) -> set[int]:
        return set(refused_by_newer_spark(_history(snapshots, (), properties, kind=kind), now=now))

    assert refused({}, TableFormat.DELTA) == set(ids[:-1])
    assert refused(days, TableFormat.DELTA) == set(ids[:2])
    assert refused({}, TableFormat.ICEBERG) == set()
