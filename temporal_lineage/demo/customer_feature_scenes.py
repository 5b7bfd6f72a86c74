"""Features of customers: appended, merged, updated and compacted, until VACUUM forgets the past."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from snapshots.instant import Instant
from temporal_lineage.demo import jobs, shop
from temporal_lineage.demo.clock import MINUTE
from temporal_lineage.demo.run_book import Run
from temporal_lineage.demo.stage import Scene, Stage

_FIRST_HALF, _SECOND_HALF, _NEWCOMERS = range(1, 25), range(25, 49), range(49, 61)


def append(stage: Stage, at: Instant, *, customers: Iterable[int]) -> None:
    """Append the features of customers who have none yet."""
    run = _start(stage, at)
    rows = _feature_rows(stage, customers)
    done = stage.customer_features.append(rows, at=at.plus(micros=6 * MINUTE))
    run.complete(at=at.plus(micros=7 * MINUTE), wrote=[(stage.customer_features, done)])


def append_in_a_stale_session(stage: Stage, at: Instant, *, customers: Iterable[int]) -> None:
    """The same, but COMPLETE names the version that was there before."""
    before = stage.customer_features.current_version()
    run = _start(stage, at)
    rows = _feature_rows(stage, customers)
    done = stage.customer_features.append(rows, at=at.plus(micros=6 * MINUTE))
    told = replace(done, version=before)
    run.complete(at=at.plus(micros=7 * MINUTE), wrote=[(stage.customer_features, told)])
    stage.note("stale_output_run", run.run_id)
    stage.note("stale_output_version", before)
    stage.note("stale_output_true_version", done.version)


def merge(stage: Stage, at: Instant) -> None:
    """Refresh the features of every customer who has some: MERGE, stamped with the run's id."""
    known = [row["customer_id"] for row in stage.customer_features.rows()]
    run = _start(stage, at)
    rows = _feature_rows(stage, known)
    done = stage.customer_features.merge(
        rows, key="customer_id", at=at.plus(micros=6 * MINUTE), stamp=run.run_id
    )
    run.complete(at=at.plus(micros=7 * MINUTE), wrote=[(stage.customer_features, done)])
    stage.note("merge_run", run.run_id)
    stage.note("merge_version", done.version)


def settle_disputes(stage: Stage, at: Instant) -> None:
    """One customer's disputes were settled: UPDATE."""
    table = stage.customer_features
    run = stage.runs.start(jobs.SETTLE_DISPUTES, at=at, writes=[table])
    picked = f"customer_id = {shop.FORGETFUL_CUSTOMER}"
    done = table.update(picked, {"disputes": "0"}, at=at.plus(micros=MINUTE))
    run.complete(at=at.plus(micros=2 * MINUTE), wrote=[(table, done)])


def compact(stage: Stage, at: Instant) -> None:
    """OPTIMIZE, by a maintenance service that tells no events."""
    stage.note("compaction_version", stage.customer_features.compact(at=at).version)


def _start(stage: Stage, at: Instant) -> Run:
    return stage.runs.start(
        jobs.BUILD_CUSTOMER_FEATURES,
        at=at.plus(micros=MINUTE),
        reads=[stage.orders_clean, stage.customers],
        writes=[stage.customer_features],
        nominal=at,
    )


def _feature_rows(stage: Stage, customers: Iterable[int]) -> list[shop.Row]:
    bought: dict[int, list[shop.Row]] = defaultdict(list)
    for order in stage.orders_clean.rows():
        bought[order["customer_id"]].append(order)
    countries = {row["customer_id"]: row["country"] for row in stage.customers.rows()}
    return [
        {
            "customer_id": number,
            "country": countries[number],
            "orders": len(bought[number]),
            "spent_eur": round(sum(order["paid_eur"] for order in bought[number]), 2),
            "disputes": sum(order["disputed"] for order in bought[number]),
        }
        for number in sorted(customers)
        if number in bought
    ]


SCENES = (
    Scene.on("2026-09-18T05:30Z", partial(append, customers=_FIRST_HALF)),
    Scene.on("2026-10-01T05:30Z", partial(append, customers=_SECOND_HALF)),
    Scene.on("2026-10-05T05:30Z", merge),
    Scene.on("2026-10-12T14:10Z", settle_disputes),
    Scene.on("2026-10-22T05:30Z", partial(append_in_a_stale_session, customers=_NEWCOMERS)),
    Scene.on("2026-10-25T03:00Z", compact),
    Scene.on("2026-11-04T05:30Z", merge),
    Scene.on("2026-11-10T05:30Z", merge),
)
