"""Ledgers to be tortured: empty ones and copies of templates, in SQLite and in PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4


class Ledgers(Protocol):
    """Where ledgers are made."""

    name: str

    def new(self) -> str:
        """Give the place of a ledger that is not made yet."""

    def copy(self, template: str) -> str:
        """Give a copy of a ledger that nobody has open."""

    def drop(self, ledger: str) -> None:
        """Remove a ledger."""


class SqliteLedgers:
    """Files in a folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        """Make all ledgers in this folder."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def new(self) -> str:
        """Give the path of a file that is not there."""
        return str(self._folder / f"{uuid4().hex}.db")

    def copy(self, template: str) -> str:
        """Copy a file; its log was emptied when it was closed."""
        path = self.new()
        shutil.copyfile(template, path)
        return path

    def drop(self, ledger: str) -> None:
        """Remove the file and those beside it."""
        for path in self._folder.glob(f"{Path(ledger).name}*"):
            path.unlink()


class PostgresqlLedgers:
    """Databases of a server."""

    name = "postgresql"

    def __init__(self, server: str) -> None:
        """Make all ledgers on this server."""
        self._server = server

    def new(self) -> str:
        """Make an empty database."""
        return self._made("template0")

    def copy(self, template: str) -> str:
        """Make a database of a template's files."""
        return self._made(_database(template))

    def drop(self, ledger: str) -> None:
        """Drop the database, whoever is connected."""
        self._run(f"DROP DATABASE {_database(ledger)} WITH (FORCE)")

    def _made(self, template: str) -> str:
        name = f"torture_{uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        start, mark, query = self._server.partition("?")
        return f"{start.rpartition('/')[0]}/{name}{mark}{query}"

    def _run(self, statement: str) -> None:
        import psycopg

        with closing(psycopg.connect(self._server, autocommit=True)) as connection:
            connection.execute(statement)


@contextmanager
def ledgers_of(name: str, folder: Path) -> Iterator[Ledgers]:
    """Give the place for ledgers in a database of this name."""
    if name == SqliteLedgers.name:
        yield SqliteLedgers(folder)
        return
    from benchmarks.postgresql_server import running_server

    with running_server() as url:
        yield PostgresqlLedgers(url)


def _database(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
