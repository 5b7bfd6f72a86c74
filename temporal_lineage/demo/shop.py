"""The shop's own books: customers, orders and payments, the same in every build."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from snapshots.instant import Instant
from temporal_lineage.demo.clock import DAY, HOUR, MINUTE, moment

Row = dict[str, Any]

ORDERS_A_WEEK = 36
CUSTOMERS_AT_FIRST = 48
CUSTOMERS_AN_UPSERT = 4

EURO_RATES = {"EUR": 1.0, "GBP": 1.16, "SEK": 0.088}

FORGETFUL_CUSTOMER = 17
"""The customer who later asks to be forgotten; orders every week and keeps each receipt."""

_GIVEN = ("Ada", "Bram", "Chiara", "Dora", "Emil", "Freya", "Goran", "Hana", "Ines", "Jonas")
_FAMILY = ("Brandt", "Costa", "Dahl", "Evans", "Fischer", "Garnier", "Holm", "Ivanova")
_COUNTRIES = {"EUR": ("DE", "FR", "IT", "NL"), "GBP": ("GB",), "SEK": ("SE",)}
_CURRENCIES = ("EUR", "EUR", "EUR", "GBP", "SEK")
_WARES = ("kettle", "bicycle lamp", "rucksack", "desk chair", "headphones", "rain jacket", "watch")
_FRAUD_SHARE = 0.12


def customer(number: int, *, edition: int) -> Row:
    """Give one customer; later editions have moved house and may be in another segment."""
    draw = _draw("customer", number)
    currency = draw.choice(_CURRENCIES)
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILY[number % len(_FAMILY)]
    return {
        "customer_id": number,
        "name": f"{given} {family}",
        "email": f"{given}.{family}{number}@mail.example".lower(),
        "country": draw.choice(_COUNTRIES[currency]),
        "street": f"{draw.randrange(1, 90) + edition} {draw.choice(_FAMILY)} Street",
        "segment": ("new", "regular", "gold")[min(edition + number % 2, 2)],
        "signed_up": date(2024, 1, 1) + timedelta(days=draw.randrange(900)),
    }


def orders(week: Instant, *, number: int, customers: int) -> list[Row]:
    """Give the orders of the seven days before `week`, the shop's week of that number from 1."""
    draw = _draw("orders", number)
    ids = range(number * 1000 + 1, number * 1000 + 1 + ORDERS_A_WEEK)
    return [_order(order_id, week, draw, customers) for order_id in ids]


def payments(week_orders: Sequence[Row], *, settled_on: date) -> list[Row]:
    """Give the payments that settle these orders; fraud shows as a dispute."""
    draw = _draw("payments", str(settled_on))
    return [
        {
            "payment_id": f"pay-{order['order_id']}",
            "order_id": order["order_id"],
            "method": draw.choice(("card", "card", "invoice", "wallet")),
            "amount_eur": round(order["amount"] * EURO_RATES[order["currency"]], 2),
            "disputed": draw.random() < _FRAUD_SHARE,
            "settled_on": settled_on,
        }
        for order in week_orders
    ]


def receipt_text(order: Row) -> str:
    """Give the words that are printed on an order's receipt."""
    buyer = customer(order["customer_id"], edition=0)
    ware = _draw("ware", order["order_id"]).choice(_WARES)
    return (
        f"RECEIPT {order['order_id']} sold to {buyer['name']}"
        f" {order['items']} x {ware} total {order['amount']:.2f} {order['currency']}"
    )


def _order(order_id: int, week: Instant, draw: random.Random, customers: int) -> Row:
    first_of_the_week = order_id % 1000 == 1
    buyer = FORGETFUL_CUSTOMER if first_of_the_week else draw.randrange(1, customers + 1)
    before = draw.randrange(7 * DAY // MINUTE) * MINUTE + HOUR
    return {
        "order_id": order_id,
        "customer_id": buyer,
        "ordered_at": moment(week.plus(micros=-before)),
        "amount": round(draw.lognormvariate(4.0, 0.8), 2),
        "currency": _draw("customer", buyer).choice(_CURRENCIES),
        "items": draw.randrange(1, 6),
        "channel": draw.choice(("web", "web", "app", "phone")),
    }


def _draw(*seed: object) -> random.Random:
    return random.Random(repr(seed))  # noqa: S311 - realistic rows, not secrets
