"""The columns of the lake's tables, as they were first created."""

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)


def _iceberg(**columns: IcebergType) -> Schema:
    fields = [
        NestedField(field_id=place, name=name, field_type=kind, required=False)
        for place, (name, kind) in enumerate(columns.items(), start=1)
    ]
    return Schema(*fields)


ORDERS = _iceberg(
    order_id=LongType(),
    customer_id=LongType(),
    ordered_at=TimestamptzType(),
    amount=DoubleType(),
    currency=StringType(),
    items=IntegerType(),
    channel=StringType(),
)
CUSTOMERS = _iceberg(
    customer_id=LongType(),
    name=StringType(),
    email=StringType(),
    country=StringType(),
    street=StringType(),
    segment=StringType(),
    signed_up=DateType(),
)
RECEIPT_TEXT = _iceberg(
    image_path=StringType(), sha256=StringType(), order_id=LongType(), text=StringType()
)
ORDERS_CLEAN = _iceberg(
    order_id=LongType(),
    customer_id=LongType(),
    country=StringType(),
    ordered_on=DateType(),
    amount_eur=DoubleType(),
    paid_eur=DoubleType(),
    items=IntegerType(),
    method=StringType(),
    disputed=BooleanType(),
)
ORDER_FEATURES = _iceberg(
    order_id=LongType(),
    customer_id=LongType(),
    amt=DoubleType(),
    items=IntegerType(),
    risk_hint=StringType(),
)
TRAINING_SET = _iceberg(
    order_id=LongType(),
    customer_id=LongType(),
    amount_eur=DoubleType(),
    items=LongType(),
    customer_orders=LongType(),
    customer_spent_eur=DoubleType(),
    customer_disputes=LongType(),
    fraud=BooleanType(),
)

PAYMENTS = pa.schema(
    [
        ("payment_id", pa.string()),
        ("order_id", pa.int64()),
        ("method", pa.string()),
        ("amount_eur", pa.float64()),
        ("disputed", pa.bool_()),
        ("settled_on", pa.date32()),
    ]
)
CUSTOMER_FEATURES = pa.schema(
    [
        ("customer_id", pa.int64()),
        ("country", pa.string()),
        ("orders", pa.int64()),
        ("spent_eur", pa.float64()),
        ("disputes", pa.int64()),
    ]
)
SCORES = pa.schema(
    [
        ("order_id", pa.int64()),
        ("customer_id", pa.int64()),
        ("model_version", pa.string()),
        ("score", pa.float64()),
    ]
)
