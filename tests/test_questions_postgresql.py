"""The demo's ledger in PostgreSQL answers every question as it does in SQLite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest
from sqlalchemy import create_engine, insert, select

from databases import new_database
from question_grid import TAKES, TARGETS
from snapshots.instant import Instant
from temporal_lineage.store.engines import make_engine
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.tables import ledger as ledger_table
from temporal_lineage.store.tables import metadata
from temporal_lineage.workspace import FOLDER, LEDGER_VARIABLE
from transcripts import Told, asked, at_home, told_lake

GOOD, BAD = "2026-10-18", "2026-10-22"
CLEAN, MADE = "lake.staging.orders_clean", "lake.features.order_features"
CHECK = "avg(amount_eur) < 70"

BY_TARGET = [
    (*question.split(), TARGETS[kinds[at]])
    for question, kinds in TAKES.items()
    # One kind of target takes one way through the ledger, a second the other.
    for at in sorted({0, len(kinds) - 1})
]

WITHOUT = [
    ("show",),
    ("show", "--as-of", "2026-10-01", "--as-known", "2026-11-06"),
    ("runs",),
    ("runs", "--dataset", CLEAN, "--since", GOOD),
    ("runs", "--job", "shop/ml.*", "--state", "fail"),
    ("schema", "audit", "lake", "--since", "2026-09-01"),
    ("schema", "audit", "--as-of", "2026-01-01"),
    ("schema", "diff", f"{MADE}@2026-10-01", MADE),
    ("upstream", CLEAN, "--names"),
    ("upstream", "model:fraud@v3", "--runs"),
    ("coverage", "lake.raw", "--as-known", "2026-11-06"),
    ("unused", "--since", GOOD),
    ("redundant", "lake"),
    ("freshness",),
    ("owners", "lake"),
    ("volume", CLEAN, "--since", GOOD),
    ("critical-path", MADE),
    ("critical-path", MADE, "--flow"),
    ("pins",),
    ("log", "--ledger"),
    ("changes", MADE, "--from", GOOD, "--to", BAD),
    ("bisect", MADE, "--good", GOOD, "--bad", BAD, "--check", CHECK),
    ("impact", f"{CLEAN}@2026-10-18", "--change", "rollback"),
    # What cannot be answered is refused in the same words.
    ("at", CLEAN, "--as-of", "2026-01-01"),
    ("at", "lake.staging.order_clean"),
    ("upstream", CLEAN, "--as-known", "2026-01-01"),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told_lake(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def ledger(told: Told, postgresql_server: str) -> Iterator[str]:
    """URL of a PostgreSQL database with all rows of the demo's ledger."""
    source = create_engine(f"sqlite:///{told.lake.root / FOLDER / 'ledger.db'}")
    for url in new_database(postgresql_server):
        Ledger.open(url, clock=lambda: Instant(0)).close()
        target = make_engine(url, wait_ms_max=10_000)
        with source.connect() as old, target.begin() as new:
            for table in metadata.sorted_tables:
                rows = [dict(row) for row in old.execute(select(table)).mappings()]
                # Each ledger has an id of its own.
                if rows and table is not ledger_table:
                    new.execute(insert(table), rows)
        source.dispose()
        target.dispose()
        yield url


@pytest.mark.parametrize("words", [*BY_TARGET, *WITHOUT], ids=" ".join)
def test_a_question_is_answered_alike_on_both_databases(
    words: tuple[str, ...], told: Told, ledger: str
) -> None:
    with at_home(told.lake.root):
        wanted = asked(*words, "--output", "json")
        with mock.patch.dict(os.environ, {LEDGER_VARIABLE: ledger}):
            found = asked(*words, "--output", "json")

    assert found == wanted
    assert wanted.status in (0, 1, 3)
