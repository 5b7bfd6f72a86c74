"""Connections to PostgreSQL: what a URL says of them, limits of time, and poolers in between."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psycopg
import pytest

from pooler import pooled
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.store.engines import POSTGRES_SCHEMA
from temporal_lineage.store.errors import (
    LedgerTimeLimitError,
    LedgerUnreachableError,
)
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import open_reader
from temporal_lineage.store.transaction import AttributeAssertion, NodeKey, Transaction
from transcripts import asked

WRITERS, TURNS = 4, 12


def clock() -> Instant:
    return Instant(1_000)


def say(ledger: Ledger, name: str) -> int:
    with ledger.transaction(source="test", note="") as transaction:
        tell(transaction, name)
    return transaction.tx_id


def tell(transaction: Transaction, name: str) -> None:
    nodes = transaction.nodes([NodeKey("thing", 0, name)])
    transaction.assert_attributes(
        AttributeAssertion(node, "k", "", Period.since(Instant(5)), name) for node in nodes
    )


def said(url: str) -> list[str]:
    with open_reader(url) as reader:
        return sorted(node.name for node in reader.nodes(kind="thing"))


def with_option(url: str, option: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{option}"


@pytest.fixture
def pooled_url(postgresql_url: str) -> Iterator[str]:
    # A short path: a socket's name has at most 107 bytes.
    with (
        tempfile.TemporaryDirectory(prefix="tl-pool-") as folder,
        pooled(postgresql_url, Path(folder)) as url,
    ):
        yield url


def test_writers_behind_a_pooler_that_shares_sessions_lose_nothing(pooled_url: str) -> None:
    """Prepared statements of others, under the names of ours, once lost half of it silently."""

    def work(writer: int) -> list[int]:
        with Ledger.open(pooled_url, clock=clock) as ledger:
            for _ in range(writer % 2 * TURNS):
                # So that not everybody prepares the same statements in the same order.
                with ledger.reading() as reader:
                    reader.nodes_named(kind="thing", parent_id=0, names=["a"])
            return [say(ledger, f"{writer}.{turn}") for turn in range(TURNS)]

    with ThreadPoolExecutor(WRITERS) as threads:
        written = [one for done in threads.map(work, range(WRITERS)) for one in done]
    assert sorted(written) == list(range(1, WRITERS * TURNS + 1))
    assert said(pooled_url) == sorted(f"{w}.{t}" for w in range(WRITERS) for t in range(TURNS))
    assert asked("--ledger", pooled_url, "ledger", "check").status == 0


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("statment_timeout=5s", "statment_timeout; nearest: statement_timeout"),
        ("zzz=1", "zzz; beside libpq's: statement_timeout, pool_size"),
        ("statement_timeout=soon", "limits statements to soon, which is no time; write"),
        ("statement_timeout=5s'", "which is no time; write statement_timeout=30s"),
        ("pool_size=0", "asks for 0 connections; write pool_size=5"),
    ],
)
def test_an_option_that_says_nothing_is_named_with_the_nearest(option: str, told: str) -> None:
    done = asked("--ledger", f"postgresql://ada:secret@localhost/lineage?{option}", "show")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert told in done.err
    assert "secret" not in done.err


def test_options_of_libpq_go_to_libpq(postgresql_url: str) -> None:
    url = with_option(postgresql_url, "application_name=nightly&pool_size=2")
    count_them = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nightly'"
    with (
        Ledger.open(url, clock=clock) as ledger,
        ledger.reading(),
        psycopg.connect(postgresql_url) as other,
    ):
        assert other.execute(count_them).fetchone() == (1,)


def test_a_statement_that_takes_too_long_is_told_in_one_line_and_leaves_nothing(
    postgresql_url: str,
) -> None:
    hurried = with_option(postgresql_url, "statement_timeout=100ms")
    with Ledger.open(hurried, clock=clock) as ledger:
        say(ledger, "before")
        with psycopg.connect(postgresql_url) as other:
            other.execute(f"LOCK TABLE {POSTGRES_SCHEMA}.claim, {POSTGRES_SCHEMA}.attribute")
            done = asked("--ledger", hurried, "show")
            assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
            assert "canceling statement due to statement timeout; ask for less" in done.err
            with (
                pytest.raises(LedgerTimeLimitError),
                ledger.transaction(source="test", note="") as transaction,
            ):
                tell(transaction, "lost")
        say(ledger, "after")
        assert ledger.check() == []
    assert said(postgresql_url) == ["after", "before"]


def test_whoever_finds_no_free_connection_is_told_so(postgresql_url: str) -> None:
    url = with_option(postgresql_url, "pool_size=1")
    with Ledger.open(url, clock=clock, wait_ms_max=100) as ledger:
        say(ledger, "one")
        with (
            ledger.reading(),
            pytest.raises(LedgerUnreachableError, match=r"all its connections in use.*pool_size"),
        ):
            say(ledger, "two")
        say(ledger, "three")
    assert said(url) == ["one", "three"]


def test_writers_see_each_other_whatever_isolation_the_database_has_by_default(
    postgresql_url: str,
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        (name,) = other.execute("SELECT current_database()").fetchone() or ("",)
        other.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    ticks = count(1)

    def work(writer: int) -> None:
        with Ledger.open(postgresql_url, clock=lambda: Instant(next(ticks))) as ledger:
            for turn in range(TURNS):
                say(ledger, f"{writer}.{turn}")

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(work, range(WRITERS)))
    assert len(said(postgresql_url)) == WRITERS * TURNS
