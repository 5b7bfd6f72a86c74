"""Training sets, three versions of the fraud model, and its scores."""

from functools import partial

from snapshots.instant import Instant
from temporal_lineage.demo import jobs, model, schemas, shop
from temporal_lineage.demo.clock import DAY, MINUTE, date_file
from temporal_lineage.demo.events import Foreign
from temporal_lineage.demo.run_book import Run, RunBook
from temporal_lineage.demo.stage import Scene, Stage
from temporal_lineage.demo.written import Claimed, Written

_TRAINING_COLUMNS = (
    "order_id",
    "customer_id",
    "amount_eur",
    "items",
    "customer_orders",
    "customer_spent_eur",
    "customer_disputes",
)
_TRAINED_ON = ("amount_eur", "items", "customer_orders", "customer_disputes")


def build_training_set(stage: Stage, at: Instant) -> None:
    """Replace the training set by what the features say now."""
    _build_training_set(stage, at, book=stage.runs)


def build_training_set_unheard(stage: Stage, at: Instant) -> None:
    """The same, on a machine that cannot reach the event broker: what it tells arrives later."""
    stage.note("late_training_run", _build_training_set(stage, at, book=stage.stuck_runs))


def train_first(stage: Stage, at: Instant) -> None:
    """Version v1 is trained in haste, on the customer features themselves."""
    table = stage.customer_features
    version = table.current_version()
    rows = [
        {
            "customer_orders": row["orders"],
            "customer_spent_eur": row["spent_eur"],
            "fraud": row["disputes"] > 0,
        }
        for row in table.rows()
    ]
    run = stage.runs.start(jobs.TRAIN, at=at, reads=[table])
    weights = model.train(rows, label="fraud", columns=("customer_orders", "customer_spent_eur"))
    _publish(stage, at.plus(micros=40 * MINUTE), "v1", weights, rows=len(rows))
    run.complete(at=at.plus(micros=41 * MINUTE), wrote=[_released("v1", rows=len(rows))])
    stage.note("training_v1_version", version)
    stage.note("training_v1_run", run.run_id)


def train(stage: Stage, at: Instant, *, version: str) -> None:
    """Later versions are trained on the training set."""
    table = stage.training_set
    snapshot = table.current_version()
    rows = table.rows()
    run = stage.runs.start(jobs.TRAIN, at=at, reads=[table])
    weights = model.train(rows, label="fraud", columns=_TRAINED_ON)
    _publish(stage, at.plus(micros=40 * MINUTE), version, weights, rows=len(rows))
    run.complete(at=at.plus(micros=41 * MINUTE), wrote=[_released(version, rows=len(rows))])
    stage.note(f"training_{version}_snapshot", snapshot)
    stage.note(f"training_{version}_run", run.run_id)


def protect_training_set(stage: Stage, at: Instant) -> None:
    """From now on the snapshot that a model was trained on gets a tag."""
    snapshot = stage.milestones["training_v3_snapshot"]
    stage.training_set.tag("fraud-v3", version=snapshot, at=at)
    stage.note("tagged_at", at)


def fail_to_train(stage: Stage, at: Instant) -> None:
    """Version v4 does not come to be."""
    run = stage.runs.start(jobs.TRAIN, at=at, reads=[stage.training_set])
    run.fail(
        "MemoryError: cannot allocate 61.3 GiB for the design matrix",
        at=at.plus(micros=30 * MINUTE),
    )
    stage.note("failed_run", run.run_id)


def score(stage: Stage, at: Instant, *, version: str) -> None:
    """Score the orders that have no score yet."""
    table = stage.scores
    run = _start_scoring(stage, at, version)
    weights = model.load(stage.models / f"fraud-{version}.json")
    known = {row["order_id"] for row in table.rows()} if table.version() is not None else set()
    rows = [
        {
            "order_id": row["order_id"],
            "customer_id": row["customer_id"],
            "model_version": version,
            "score": model.score(weights, row),
        }
        for row in _joined_features(stage)
        if row["order_id"] not in known
    ]
    done = table.append(rows, at=at.plus(micros=5 * MINUTE))
    run.complete(at=at.plus(micros=6 * MINUTE), wrote=[(table, done)])
    stage.note(f"scores_{version}_version", done.version)


def pretend_to_score(stage: Stage, at: Instant) -> None:
    """A dry run that was left switched on: COMPLETE claims rows that were never committed."""
    run = _start_scoring(stage, at, "v2")
    claim = Claimed(rows=41, size=3186, files=1)
    run.complete(at=at.plus(micros=6 * MINUTE), wrote=[(stage.scores, claim)])
    stage.note("phantom_run", run.run_id)


def _start_scoring(stage: Stage, at: Instant, version: str) -> Run:
    return stage.runs.start(
        _as_named_now(stage, jobs.SCORE),
        at=at,
        reads=[_fraud(version), stage.order_features, stage.customer_features],
        writes=[stage.scores],
    )


def _build_training_set(stage: Stage, at: Instant, *, book: RunBook) -> str:
    table = stage.training_set
    first = table.is_new()
    if first:
        table.create(schemas.TRAINING_SET, at=at.plus(micros=-DAY))
    run = book.start(
        _as_named_now(stage, jobs.BUILD_TRAINING_SET),
        at=at.plus(micros=MINUTE),
        reads=[stage.order_features, stage.customer_features, stage.orders_clean],
        writes=[table],
        nominal=at,
    )
    rows = _training_rows(stage)
    write = table.append if first else table.overwrite
    done = write(rows, at=at.plus(micros=9 * MINUTE))
    run.complete(at=at.plus(micros=10 * MINUTE), wrote=[(table, done)])
    return run.run_id


def _training_rows(stage: Stage) -> list[shop.Row]:
    disputed = {row["order_id"]: row["disputed"] for row in stage.orders_clean.rows()}
    return [
        {name: row[name] for name in _TRAINING_COLUMNS} | {"fraud": disputed[row["order_id"]]}
        for row in _joined_features(stage)
        if row["order_id"] in disputed
    ]


def _joined_features(stage: Stage) -> list[shop.Row]:
    """Orders with the features of their customers, under the names that models know."""
    people = {row["customer_id"]: row for row in stage.customer_features.rows()}
    return [
        {
            "order_id": row["order_id"],
            "customer_id": row["customer_id"],
            "amount_eur": row.get("amount_eur", row.get("amt")),
            "items": row["items"],
            "customer_orders": people[row["customer_id"]]["orders"],
            "customer_spent_eur": people[row["customer_id"]]["spent_eur"],
            "customer_disputes": people[row["customer_id"]]["disputes"],
        }
        for row in stage.order_features.rows()
        if row["customer_id"] in people
    ]


def _as_named_now(stage: Stage, job: jobs.Job) -> jobs.Job:
    renamed = "amount_eur" in dict(stage.order_features.columns())
    return job if renamed else jobs.before_the_rename(job)


def _publish(
    stage: Stage, at: Instant, version: str, weights: dict[str, float], *, rows: int
) -> None:
    path = stage.models / f"fraud-{version}.json"
    model.save(path, weights, rows=rows)
    date_file(path, at)


def _fraud(version: str) -> Foreign:
    return Foreign("model", "fraud", "MODEL", version, ())


def _released(version: str, *, rows: int) -> tuple[Foreign, Written]:
    return _fraud(version), Written(version=version, rows=rows, size=None, files=None)


SCENES = (
    Scene.on("2026-10-02T08:00Z", train_first),
    Scene.on("2026-10-03T09:00Z", partial(score, version="v1")),
    Scene.on("2026-10-06T06:00Z", build_training_set),
    Scene.on("2026-10-18T06:00Z", build_training_set),
    Scene.on("2026-10-19T08:00Z", partial(train, version="v2")),
    Scene.on("2026-10-20T09:00Z", partial(score, version="v2")),
    Scene.on("2026-10-24T09:00Z", pretend_to_score),
    Scene.on("2026-10-30T06:00Z", build_training_set_unheard),
    Scene.on("2026-10-31T08:00Z", partial(train, version="v3")),
    Scene.on("2026-10-31T09:10Z", protect_training_set),
    Scene.on("2026-11-01T09:00Z", partial(score, version="v3")),
    Scene.on("2026-11-04T06:00Z", build_training_set),
    Scene.on("2026-11-04T08:00Z", fail_to_train),
    Scene.on("2026-11-10T06:30Z", partial(score, version="v3")),
)
