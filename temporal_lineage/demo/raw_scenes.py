"""What comes in: orders, customers, payments and receipts, week by week."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from hashlib import sha256

from snapshots.instant import Instant
from temporal_lineage.demo import jobs, schemas, shop
from temporal_lineage.demo.clock import DAY, MINUTE, date_file, moment
from temporal_lineage.demo.events import Foreign
from temporal_lineage.demo.receipts import write_receipt
from temporal_lineage.demo.run_book import Run
from temporal_lineage.demo.stage import Scene, Stage

WEEKS = tuple(Instant.parse("2026-09-01T02:00Z").plus(micros=n * 7 * DAY) for n in range(11))
"""When each weekly pipeline starts; the last one after the first harvest."""

_FIRST_STAMPED_WEEK = 6
_MIDDLE_WEEK = 5
_REPEATED_WEEK = 9
_UPSERT_WEEKS = (3, 5, 8)
_WRONG_WEEK = 4
_RECEIPTS_A_READING = 12

_SHOP_DATABASE = "postgres://shop-db.example:5432"
_SHOP_ORDERS = Foreign(_SHOP_DATABASE, "shop.public.orders", "TABLE", None, ())
_SHOP_CUSTOMERS = Foreign(_SHOP_DATABASE, "shop.public.customers", "TABLE", None, ())
_BANK = Foreign("sftp://bank.example", "/settlements", "FILE", None, ())


def play_week(stage: Stage, at: Instant, *, number: int) -> None:
    """The weekly pipeline: one parent run and the ingest runs it starts."""
    pipeline = stage.runs.start(jobs.WEEKLY, at=at, nominal=at)
    _load_orders(stage, at.plus(micros=5 * MINUTE), pipeline, number)
    _load_payments(stage, at.plus(micros=20 * MINUTE), pipeline, number)
    if number == 1 or number in _UPSERT_WEEKS:
        _load_customers(stage, at.plus(micros=35 * MINUTE), pipeline, number)
    pipeline.complete(at=at.plus(micros=50 * MINUTE))


def add_orders_by_hand(stage: Stage, at: Instant) -> None:
    """Someone appends the orders of an outage from a notebook: a commit that no run claims."""
    phoned = shop.orders(at, number=90, customers=shop.CUSTOMERS_AT_FIRST)[:5]
    done = stage.orders.append(phoned, at=at)
    stage.note("orphan_snapshot", done.version)


def correct_payments(stage: Stage, at: Instant) -> None:
    """The bank sends one settlement again: amounts had come in cents."""
    run = stage.runs.start(jobs.FIX_PAYMENTS, at=at, reads=[_BANK], writes=[stage.payments])
    settled_on = _day_of(WEEKS[_WRONG_WEEK - 1])
    done = stage.payments.replace_where(
        f"settled_on = '{settled_on}'",
        shop.payments(_week_orders(_WRONG_WEEK), settled_on=settled_on),
        at=at.plus(micros=4 * MINUTE),
    )
    run.complete(at=at.plus(micros=5 * MINUTE), wrote=[(stage.payments, done)])
    stage.note("correction_run", run.run_id)
    stage.note("correction_version", done.version)


def read_receipts(stage: Stage, at: Instant, *, number: int) -> None:
    """Receipts are scanned during the day, and their text is read at night."""
    stage.receipts.mkdir(exist_ok=True)
    rows = []
    for order in _week_orders(number)[:_RECEIPTS_A_READING]:
        name = f"receipt-{order['order_id']}.png"
        path = stage.receipts / name
        text = shop.receipt_text(order)
        image = write_receipt(path, text)
        date_file(path, at.plus(micros=-6 * 60 * MINUTE))
        rows.append(
            {
                # Relative, so that the table has the same bytes wherever the lake is built.
                "image_path": f"{stage.receipts.name}/{name}",
                "sha256": sha256(image).hexdigest(),
                "order_id": order["order_id"],
                "text": text,
            }
        )
    if stage.receipt_text.is_new():
        stage.receipt_text.create(schemas.RECEIPT_TEXT, at=at.plus(micros=-DAY))
    images = Foreign("file", str(stage.receipts), "FILE", None, ())
    run = stage.runs.start(
        jobs.READ_RECEIPTS, at=at, reads=[images], writes=[stage.receipt_text], nominal=at
    )
    done = stage.receipt_text.append(rows, at=at.plus(micros=8 * MINUTE))
    run.complete(at=at.plus(micros=9 * MINUTE), wrote=[(stage.receipt_text, done)])


def _load_orders(stage: Stage, at: Instant, pipeline: Run, number: int) -> None:
    if stage.orders.is_new():
        stage.orders.create(schemas.ORDERS, at=at.plus(micros=-DAY))
    run = stage.runs.start(
        jobs.INGEST_ORDERS,
        at=at,
        reads=[_SHOP_ORDERS],
        writes=[stage.orders],
        parent=pipeline,
        nominal=pipeline.nominal,
    )
    done = stage.orders.append(
        _week_orders(number),
        at=at.plus(micros=3 * MINUTE),
        stamp=run.run_id if number >= _FIRST_STAMPED_WEEK else None,
    )
    run.complete(at=at.plus(micros=4 * MINUTE), wrote=[(stage.orders, done)])
    if number == _MIDDLE_WEEK:
        stage.note("orders_middle_snapshot", done.version)
    if number == _FIRST_STAMPED_WEEK:
        stage.note("stamped_run", run.run_id)
        stage.note("stamped_snapshot", done.version)


def _load_payments(stage: Stage, at: Instant, pipeline: Run, number: int) -> None:
    run = stage.runs.start(
        jobs.INGEST_PAYMENTS,
        at=at,
        reads=[_BANK],
        writes=[stage.payments],
        parent=pipeline,
        nominal=pipeline.nominal,
    )
    rows = shop.payments(_week_orders(number), settled_on=_day_of(at))
    if number == _WRONG_WEEK:
        rows = [{**row, "amount_eur": round(row["amount_eur"] * 100, 2)} for row in rows]
    done = stage.payments.append(rows, at=at.plus(micros=3 * MINUTE))
    run.complete(at=at.plus(micros=4 * MINUTE), wrote=[(stage.payments, done)])
    if number == _WRONG_WEEK:
        stage.note("wrong_payments_version", done.version)
    if number == _REPEATED_WEEK:
        stage.runs.repeat(run, at=at.plus(micros=DAY))
        stage.note("repeated_run", run.run_id)


def _load_customers(stage: Stage, at: Instant, pipeline: Run, number: int) -> None:
    if stage.customers.is_new():
        stage.customers.create(schemas.CUSTOMERS, at=at.plus(micros=-DAY))
    run = stage.runs.start(
        jobs.INGEST_CUSTOMERS,
        at=at,
        reads=[_SHOP_CUSTOMERS],
        writes=[stage.customers],
        parent=pipeline,
        nominal=pipeline.nominal,
    )
    then = at.plus(micros=4 * MINUTE)
    if number == 1:
        people = [shop.customer(n, edition=0) for n in range(1, shop.CUSTOMERS_AT_FIRST + 1)]
        done = stage.customers.append(people, at=then)
    else:
        moved = [shop.customer(n, edition=1) for n in range(number, shop.CUSTOMERS_AT_FIRST, 7)]
        known = _customers_before(number)
        fresh = range(known + 1, known + 1 + shop.CUSTOMERS_AN_UPSERT)
        people = moved + [shop.customer(n, edition=0) for n in fresh]
        done = stage.customers.upsert(people, key="customer_id", at=then)
    run.complete(at=at.plus(micros=6 * MINUTE), wrote=[(stage.customers, done)])
    stage.note(f"customers_snapshot_of_week_{number}", done.version)


def _week_orders(number: int) -> Sequence[shop.Row]:
    customers = _customers_before(number)
    return shop.orders(WEEKS[number - 1], number=number, customers=customers)


def _customers_before(number: int) -> int:
    upserts = sum(week < number for week in _UPSERT_WEEKS)
    return shop.CUSTOMERS_AT_FIRST + upserts * shop.CUSTOMERS_AN_UPSERT


def _day_of(at: Instant) -> date:
    return moment(at).date()


SCENES = (
    *(Scene(at, partial(play_week, number=number)) for number, at in enumerate(WEEKS, start=1)),
    Scene.on("2026-09-09T22:00Z", partial(read_receipts, number=2)),
    Scene.on("2026-10-07T22:00Z", partial(read_receipts, number=6)),
    Scene.on("2026-10-14T11:12Z", add_orders_by_hand),
    Scene.on("2026-10-16T13:30Z", correct_payments),
    Scene.on("2026-11-04T22:00Z", partial(read_receipts, number=10)),
)
