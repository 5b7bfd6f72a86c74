"""PgBouncer between us and PostgreSQL, in transaction mode: no state of a session is one's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")

CONFIGURATION = """
[databases]
* = host={server} user=postgres

[pgbouncer]
unix_socket_dir = {folder}
listen_addr =
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 2
query_wait_timeout = 20
logfile = {folder}/log
"""


@contextmanager
def pooled(url: str, folder: Path) -> Iterator[str]:
    """Give the URL of the same database behind a pooler that has two connections for everybody."""
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed")
    server = re.search(r"host=([^&]+)", url)
    if server is None:
        pytest.skip("the server that was named is not reached by a socket")
    told = folder / "pgbouncer.ini"
    told.write_text(CONFIGURATION.format(server=server[1], folder=folder))
    user = None
    if os.geteuid() == 0:
        user = "nobody"
        for one in (folder, *folder.parents[:-1]):
            if one.stat().st_uid == 0 and not one.stat().st_mode & 0o001:
                one.chmod(one.stat().st_mode | 0o055)
        shutil.chown(folder, user)
    with subprocess.Popen([PROGRAM, "-q", str(told)], user=user) as process:
        try:
            place = url.replace(server[0], f"host={folder}&port=6432")
            while process.poll() is None:
                with suppress(psycopg.OperationalError):
                    psycopg.connect(place).close()
                    break
            yield place
        finally:
            process.terminate()
