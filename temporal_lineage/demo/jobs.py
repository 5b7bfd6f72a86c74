"""The shop's jobs: their names, their SQL or source, and which column comes from which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

NAMESPACE = "shop"
REPOSITORY = "https://git.shop.example/pipelines"


@dataclass(frozen=True, slots=True)
class Source:
    """A column that feeds another: `table` is an address, `kind` an OpenLineage pair.

    The pair is type and subtype of the transformation, as in `DIRECT/IDENTITY`.
    """

    table: str
    column: str
    kind: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its events describe it.

    `sql` is None for a job that is a program; `path` is None for one that is typed by hand.
    `columns` maps each output column to its sources; `filters` are columns that decide which
    rows there are: joins, filters, groups. Both are empty where nobody declared them.
    """

    name: str
    kind: str
    sql: str | None
    path: str | None
    columns: Mapping[str, Sequence[Source]]
    filters: Sequence[Source]


def _same(table: str, *columns: str) -> dict[str, list[Source]]:
    return {column: [Source(table, column, "DIRECT/IDENTITY")] for column in columns}


def _program(name: str, *, kind: str = "TASK") -> Job:
    path = f"{name.replace('.', '/')}.py"
    return Job(name=name, kind=kind, sql=None, path=path, columns={}, filters=())


ORDERS, CUSTOMERS, RECEIPTS = "lake.raw.orders", "lake.raw.customers", "lake.docs.receipt_text"
PAYMENTS, CLEAN = "delta.raw.payments", "lake.staging.orders_clean"
CUSTOMER_FEATURES = "delta.features.customer_features"
ORDER_FEATURES, TRAINING_SET = "lake.features.order_features", "lake.ml.training_set"
SCORES = "delta.ml.scores"

WEEKLY = _program("weekly", kind="DAG")
INGEST_ORDERS = _program("ingest.orders")
INGEST_CUSTOMERS = _program("ingest.customers")
INGEST_PAYMENTS = _program("ingest.payments")
FIX_PAYMENTS = _program("fix.payments_currency", kind="COMMAND")
READ_RECEIPTS = _program("docs.read_receipts")
MIGRATE_FEATURES = _program("migrations.order_features", kind="COMMAND")
AUDIT_ORDERS = Job(
    name="audit.orders",
    kind="QUERY",
    sql="INSERT INTO lake.staging.orders_clean.branch_audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    path=None,
    columns={},
    filters=(),
)

CLEAN_ORDERS = Job(
    name="staging.orders_clean",
    kind="QUERY",
    sql="""\
INSERT OVERWRITE lake.staging.orders_clean
SELECT o.order_id, o.customer_id, c.country, CAST(o.ordered_at AS DATE) AS ordered_on,
       o.amount * r.rate AS amount_eur, p.amount_eur AS paid_eur, o.items, p.method, p.disputed
FROM lake.raw.orders o
JOIN lake.raw.customers c ON c.customer_id = o.customer_id
JOIN delta.raw.payments p ON p.order_id = o.order_id
JOIN rates r ON r.currency = o.currency""",
    path="staging/orders_clean.sql",
    columns={
        **_same(ORDERS, "order_id", "customer_id", "items"),
        **_same(CUSTOMERS, "country"),
        **_same(PAYMENTS, "method", "disputed"),
        "ordered_on": [Source(ORDERS, "ordered_at", "DIRECT/TRANSFORMATION")],
        "amount_eur": [
            Source(ORDERS, "amount", "DIRECT/TRANSFORMATION"),
            Source(ORDERS, "currency", "INDIRECT/JOIN"),
        ],
        "paid_eur": [Source(PAYMENTS, "amount_eur", "DIRECT/IDENTITY")],
    },
    filters=(
        Source(ORDERS, "customer_id", "INDIRECT/JOIN"),
        Source(CUSTOMERS, "customer_id", "INDIRECT/JOIN"),
        Source(PAYMENTS, "order_id", "INDIRECT/JOIN"),
    ),
)

CLEAN_ORDERS_WITHOUT_RATES = replace(
    CLEAN_ORDERS,
    sql="""\
INSERT OVERWRITE lake.staging.orders_clean
SELECT o.order_id, o.customer_id, c.country, CAST(o.ordered_at AS DATE) AS ordered_on,
       o.amount AS amount_eur, p.amount_eur AS paid_eur, o.items, p.method, p.disputed
FROM lake.raw.orders o
JOIN lake.raw.customers c ON c.customer_id = o.customer_id
JOIN delta.raw.payments p ON p.order_id = o.order_id""",
    columns={
        **CLEAN_ORDERS.columns,
        "amount_eur": [Source(ORDERS, "amount", "DIRECT/IDENTITY")],
    },
)

BUILD_CUSTOMER_FEATURES = Job(
    name="features.customer_features",
    kind="QUERY",
    sql="""\
SELECT s.customer_id, c.country, COUNT(*) AS orders, SUM(s.paid_eur) AS spent_eur,
       SUM(CAST(s.disputed AS INT)) AS disputes
FROM lake.staging.orders_clean s
JOIN lake.raw.customers c ON c.customer_id = s.customer_id
GROUP BY s.customer_id, c.country""",
    path="features/customer_features.sql",
    columns={
        **_same(CLEAN, "customer_id"),
        **_same(CUSTOMERS, "country"),
        "orders": [Source(CLEAN, "order_id", "DIRECT/AGGREGATION")],
        "spent_eur": [Source(CLEAN, "paid_eur", "DIRECT/AGGREGATION")],
        "disputes": [Source(CLEAN, "disputed", "DIRECT/AGGREGATION")],
    },
    filters=(
        Source(CLEAN, "customer_id", "INDIRECT/GROUP_BY"),
        Source(CUSTOMERS, "customer_id", "INDIRECT/JOIN"),
    ),
)
SETTLE_DISPUTES = _program("features.settle_disputes", kind="COMMAND")

BUILD_ORDER_FEATURES = Job(
    name="features.order_features",
    kind="TASK",
    sql=None,
    path="features/order_features.py",
    columns={
        **_same(CLEAN, "order_id", "customer_id", "items", "amount_eur"),
        "amt": [Source(CLEAN, "amount_eur", "DIRECT/IDENTITY")],
        "receipt_words": [Source(RECEIPTS, "text", "DIRECT/TRANSFORMATION")],
        "risk_hint": [
            Source(CLEAN, "method", "DIRECT/TRANSFORMATION"),
            Source(CLEAN, "amount_eur", "INDIRECT/CONDITIONAL"),
        ],
    },
    filters=(Source(RECEIPTS, "order_id", "INDIRECT/JOIN"),),
)

BUILD_TRAINING_SET = Job(
    name="ml.build_training_set",
    kind="QUERY",
    sql="""\
INSERT OVERWRITE lake.ml.training_set
SELECT f.order_id, f.customer_id, f.amount_eur, f.items, c.orders AS customer_orders,
       c.spent_eur AS customer_spent_eur, c.disputes AS customer_disputes, s.disputed AS fraud
FROM lake.features.order_features f
JOIN delta.features.customer_features c ON c.customer_id = f.customer_id
JOIN lake.staging.orders_clean s ON s.order_id = f.order_id""",
    path="ml/training_set.sql",
    columns={
        **_same(ORDER_FEATURES, "order_id", "customer_id", "amount_eur", "items"),
        "customer_orders": [Source(CUSTOMER_FEATURES, "orders", "DIRECT/IDENTITY")],
        "customer_spent_eur": [Source(CUSTOMER_FEATURES, "spent_eur", "DIRECT/IDENTITY")],
        "customer_disputes": [Source(CUSTOMER_FEATURES, "disputes", "DIRECT/IDENTITY")],
        "fraud": [Source(CLEAN, "disputed", "DIRECT/IDENTITY")],
    },
    filters=(
        Source(CUSTOMER_FEATURES, "customer_id", "INDIRECT/JOIN"),
        Source(CLEAN, "order_id", "INDIRECT/JOIN"),
    ),
)

TRAIN = _program("ml.train_fraud", kind="JOB")
SCORE = Job(
    name="ml.score_orders",
    kind="JOB",
    sql=None,
    path="ml/score_orders.py",
    columns={
        **_same(ORDER_FEATURES, "order_id", "customer_id"),
        "score": [
            Source(ORDER_FEATURES, "amount_eur", "DIRECT/TRANSFORMATION"),
            Source(ORDER_FEATURES, "items", "DIRECT/TRANSFORMATION"),
            Source(CUSTOMER_FEATURES, "orders", "DIRECT/TRANSFORMATION"),
            Source(CUSTOMER_FEATURES, "spent_eur", "DIRECT/TRANSFORMATION"),
            Source(CUSTOMER_FEATURES, "disputes", "DIRECT/TRANSFORMATION"),
        ],
    },
    filters=(Source(CUSTOMER_FEATURES, "customer_id", "INDIRECT/JOIN"),),
)


def before_the_rename(job: Job) -> Job:
    """Give the job as it was while the amount in order_features was still called `amt`."""
    return replace(
        job,
        sql=None if job.sql is None else job.sql.replace("f.amount_eur", "f.amt AS amount_eur"),
        columns={
            column: [_before_the_rename(source) for source in sources]
            for column, sources in job.columns.items()
        },
    )


def _before_the_rename(source: Source) -> Source:
    renamed = (source.table, source.column) == (ORDER_FEATURES, "amount_eur")
    return replace(source, column="amt") if renamed else source
