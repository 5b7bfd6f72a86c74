"""Cleaned orders: rebuilt as a whole, once from a bad deploy, rolled back, and audited."""

from collections.abc import Mapping

from snapshots.instant import Instant
from temporal_lineage.demo import jobs, schemas, shop
from temporal_lineage.demo.clock import DAY, MINUTE, moment
from temporal_lineage.demo.stage import Scene, Stage

_NO_RATES = dict.fromkeys(shop.EURO_RATES, 1.0)


def rebuild(stage: Stage, at: Instant) -> None:
    """The nightly rebuild, as it should be."""
    _rebuild(stage, at, job=jobs.CLEAN_ORDERS, rates=shop.EURO_RATES, claimed={})


def rebuild_after_correction(stage: Stage, at: Instant) -> None:
    """The first rebuild that sees the corrected payments; auditors get a branch of it."""
    version, _run = _rebuild(stage, at, job=jobs.CLEAN_ORDERS, rates=shop.EURO_RATES, claimed={})
    stage.orders_clean.branch("audit", version=version, at=at.plus(micros=45 * MINUTE))
    stage.note("good_staging_snapshot", version)


def rebuild_without_rates(stage: Stage, at: Instant) -> None:
    """Release 1.9.0 lost the join with the exchange rates: pounds and crowns count as euros."""
    version, run_id = _rebuild(
        stage, at, job=jobs.CLEAN_ORDERS_WITHOUT_RATES, rates=_NO_RATES, claimed={}
    )
    stage.note("bad_staging_snapshot", version)
    stage.note("bad_staging_run", run_id)


def roll_back(stage: Stage, at: Instant) -> None:
    """The engineer on call makes the last good snapshot current again."""
    stage.orders_clean.roll_back(to=stage.milestones["good_staging_snapshot"], at=at)
    stage.note("rollback_at", at)


def rebuild_in_a_stale_session(stage: Stage, at: Instant) -> None:
    """A long-lived session reads the newest customers, and reports the version it once cached."""
    stale = stage.milestones["customers_snapshot_of_week_5"]
    claimed = {stage.customers.address: stale}
    _version, run_id = _rebuild(
        stage, at, job=jobs.CLEAN_ORDERS, rates=shop.EURO_RATES, claimed=claimed
    )
    stage.note("stale_input_run", run_id)
    stage.note("stale_input_version", stale)


def audit(stage: Stage, at: Instant) -> None:
    """The auditors add two orders that were paid in cash, on their branch alone."""
    run = stage.runs.start(jobs.AUDIT_ORDERS, at=at, writes=[stage.orders_clean])
    cash = [
        {**row, "order_id": 99_000 + place, "method": "cash", "disputed": False}
        for place, row in enumerate(stage.orders_clean.rows()[:2])
    ]
    done = stage.orders_clean.append(cash, at=at.plus(micros=5 * MINUTE), branch="audit")
    run.complete(at=at.plus(micros=6 * MINUTE), wrote=[(stage.orders_clean, done)])
    stage.note("audit_snapshot", done.version)


def _rebuild(
    stage: Stage,
    at: Instant,
    *,
    job: jobs.Job,
    rates: Mapping[str, float],
    claimed: Mapping[str, str],
) -> tuple[str, str]:
    first = stage.orders_clean.is_new()
    if first:
        stage.orders_clean.create(schemas.ORDERS_CLEAN, at=at.plus(micros=-DAY))
    run = stage.runs.start(
        job,
        at=at.plus(micros=MINUTE),
        reads=[stage.orders, stage.customers, stage.payments],
        writes=[stage.orders_clean],
        nominal=at,
        claimed=claimed,
    )
    rows = _clean_rows(stage, rates)
    write = stage.orders_clean.append if first else stage.orders_clean.overwrite
    done = write(rows, at=at.plus(micros=7 * MINUTE))
    run.complete(at=at.plus(micros=8 * MINUTE), wrote=[(stage.orders_clean, done)])
    return done.version, run.run_id


def _clean_rows(stage: Stage, rates: Mapping[str, float]) -> list[shop.Row]:
    people = {row["customer_id"]: row for row in stage.customers.rows()}
    paid = {row["order_id"]: row for row in stage.payments.rows()}
    return [
        {
            "order_id": order["order_id"],
            "customer_id": order["customer_id"],
            "country": people[order["customer_id"]]["country"],
            "ordered_on": moment(Instant.from_datetime(order["ordered_at"])).date(),
            "amount_eur": round(order["amount"] * rates[order["currency"]], 2),
            "paid_eur": paid[order["order_id"]]["amount_eur"],
            "items": order["items"],
            "method": paid[order["order_id"]]["method"],
            "disputed": paid[order["order_id"]]["disputed"],
        }
        for order in sorted(stage.orders.rows(), key=lambda row: int(row["order_id"]))
        if order["order_id"] in paid and order["customer_id"] in people
    ]


SCENES = (
    Scene.on("2026-09-16T04:00Z", rebuild),
    Scene.on("2026-10-01T04:00Z", rebuild),
    Scene.on("2026-10-08T04:00Z", rebuild),
    Scene.on("2026-10-17T04:00Z", rebuild_after_correction),
    Scene.on("2026-10-21T04:00Z", rebuild_without_rates),
    Scene.on("2026-10-21T09:30Z", roll_back),
    Scene.on("2026-10-22T04:00Z", rebuild_in_a_stale_session),
    Scene.on("2026-10-28T04:00Z", rebuild),
    Scene.on("2026-11-02T15:00Z", audit),
    Scene.on("2026-11-04T04:00Z", rebuild),
    Scene.on("2026-11-10T04:00Z", rebuild),
)
