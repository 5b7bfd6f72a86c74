"""Features of orders: appended to a table whose schema keeps changing under them."""

from collections.abc import Callable
from functools import partial

from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.types import DoubleType, IntegerType, LongType

from snapshots.instant import Instant
from temporal_lineage.demo import jobs, schemas, shop
from temporal_lineage.demo.clock import DAY, MINUTE
from temporal_lineage.demo.events import EventDataset
from temporal_lineage.demo.run_book import RunBook
from temporal_lineage.demo.stage import Scene, Stage

Change = Callable[[UpdateSchema], object]

_LARGE_EUR = 150.0


def extend(stage: Stage, at: Instant) -> None:
    """Append the features of the orders that are new in staging."""
    _extend(stage, at, book=stage.runs)


def extend_from_bad_orders(stage: Stage, at: Instant) -> None:
    """The same, an hour after the bad deploy: nobody repairs these rows when it is rolled back."""
    version, _run = _extend(stage, at, book=stage.runs)
    stage.note("contaminated_features_snapshot", version)


def extend_unheard(stage: Stage, at: Instant) -> None:
    """The same, on a machine that cannot reach the event broker: what it tells arrives later."""
    version, run_id = _extend(stage, at, book=stage.stuck_runs)
    stage.note("late_features_run", run_id)
    stage.note("late_features_snapshot", version)


def migrate(stage: Stage, at: Instant, *, change: Change) -> None:
    """Change the schema in a run of the migrations job."""
    run = stage.runs.start(jobs.MIGRATE_FEATURES, at=at, writes=[stage.order_features])
    stage.order_features.evolve(change, at=at.plus(micros=2 * MINUTE))
    run.complete(at=at.plus(micros=3 * MINUTE), altered=[stage.order_features])


def change_by_hand(stage: Stage, at: Instant, *, change: Change) -> None:
    """Change the schema from a notebook, in no run."""
    stage.order_features.evolve(change, at=at)


def _add_receipt_words(update: UpdateSchema) -> None:
    update.add_column("receipt_words", IntegerType(), doc="words on the receipt")


def _rename_amount(update: UpdateSchema) -> None:
    update.rename_column("amt", "amount_eur")


def _widen_items(update: UpdateSchema) -> None:
    update.update_column("items", LongType())


def _drop_risk_hint(update: UpdateSchema) -> None:
    update.delete_column("risk_hint")


def _add_risk_hint_again(update: UpdateSchema) -> None:
    update.add_column("risk_hint", DoubleType(), doc="from 0 to 1; was a word before")


def _extend(stage: Stage, at: Instant, *, book: RunBook) -> tuple[str, str]:
    table = stage.order_features
    if table.is_new():
        table.create(schemas.ORDER_FEATURES, at=at.plus(micros=-DAY))
    kinds = dict(table.columns())
    reads: list[EventDataset] = [stage.orders_clean]
    if "receipt_words" in kinds:
        reads.append(stage.receipt_text)
    run = book.start(
        jobs.BUILD_ORDER_FEATURES,
        at=at.plus(micros=MINUTE),
        reads=reads,
        writes=[table],
        nominal=at,
    )
    rows = _feature_rows(stage, kinds)
    done = table.append(rows, at=at.plus(micros=6 * MINUTE))
    run.complete(at=at.plus(micros=7 * MINUTE), wrote=[(table, done)])
    return done.version, run.run_id


def _feature_rows(stage: Stage, kinds: dict[str, str]) -> list[shop.Row]:
    known = {row["order_id"] for row in stage.order_features.rows()}
    words = {row["order_id"]: len(row["text"].split()) for row in stage.receipt_text.rows()}
    rows = [
        {
            "order_id": order["order_id"],
            "customer_id": order["customer_id"],
            "amt": order["amount_eur"],
            "amount_eur": order["amount_eur"],
            "items": order["items"],
            "receipt_words": words.get(order["order_id"]),
            "risk_hint": _risk_hint(order, kind=kinds.get("risk_hint", "")),
        }
        for order in stage.orders_clean.rows()
        if order["order_id"] not in known
    ]
    return [{name: value for name, value in row.items() if name in kinds} for row in rows]


def _risk_hint(order: shop.Row, *, kind: str) -> str | float | None:
    risky = order["method"] == "invoice" or order["amount_eur"] > _LARGE_EUR
    match kind:
        case "string":
            return "high" if risky else "low"
        case "double":
            return 0.8 if risky else 0.1
        case _:
            return None


SCENES = (
    Scene.on("2026-09-17T05:00Z", extend),
    Scene.on("2026-10-02T05:00Z", extend),
    Scene.on("2026-10-03T10:00Z", partial(migrate, change=_add_receipt_words)),
    Scene.on("2026-10-08T05:00Z", extend),
    Scene.on("2026-10-09T10:00Z", partial(migrate, change=_rename_amount)),
    Scene.on("2026-10-15T10:20Z", partial(change_by_hand, change=_widen_items)),
    Scene.on("2026-10-17T06:00Z", extend),
    Scene.on("2026-10-19T16:45Z", partial(change_by_hand, change=_drop_risk_hint)),
    Scene.on("2026-10-21T05:00Z", extend_from_bad_orders),
    Scene.on("2026-10-28T05:00Z", extend_unheard),
    Scene.on("2026-10-29T10:00Z", partial(migrate, change=_add_risk_hint_again)),
    Scene.on("2026-11-04T05:00Z", extend),
    Scene.on("2026-11-10T05:00Z", extend),
)
