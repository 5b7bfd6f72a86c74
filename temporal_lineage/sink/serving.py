"""Serving: the process around the application, from the first request to a clean end."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import uvicorn

from snapshots.errors import TemporalLineageError
from temporal_lineage.sink.application import Sink
from temporal_lineage.sink.keeping import Keeper
from temporal_lineage.sink.meters import Meters
from temporal_lineage.sink.tokens import Tokens
from temporal_lineage.stopping import told_to_stop
from temporal_lineage.store.engines import Durability
from temporal_lineage.store.ledger import Ledger

if TYPE_CHECKING:
    from snapshots.instant import Instant

log = logging.getLogger(__name__)

WAIT_MS_MAX = 4_000
"""How long to wait for another writer: clients of OpenLineage wait 5 s, and come again."""

_GRACE_SECONDS = 10
_BACKLOG = 2_048


class CannotListenError(TemporalLineageError):
    """An address that nothing can listen on."""

    def __init__(self, address: str, reason: str) -> None:
        """Keep the address and what the system said."""
        self.address = address
        self.reason = reason
        super().__init__(f"cannot listen on {address}: {reason}; name another with --host, --port")


@dataclass(frozen=True, slots=True)
class Serving:
    """Where a sink listens, what it keeps events in, and what it asks for."""

    url: str
    ledger: str
    asks_for_token: bool
    is_local: bool
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Served:
    """What a sink did until it was stopped."""

    kept: int
    repeated: int
    linked: int
    is_linked: bool


def serve(
    url: str,
    *,
    host: str,
    port: int,
    tokens: Tokens,
    bytes_max: int,
    clock: Callable[[], Instant],
    started: Callable[[Serving], None],
) -> Served:
    """Take in what is posted until SIGTERM or SIGINT; requests under way are answered first.

    `started` is called once everything is open and before the first request is answered. Port 0
    takes any free one. Raises CannotListenError and LedgerError. Only in the main thread.
    """
    listening = _listen(host, port)
    with (
        closing(listening),
        Ledger.open(
            url, clock=clock, wait_ms_max=WAIT_MS_MAX, durability=Durability.POWER
        ) as ledger,
    ):
        meters = Meters()
        keeper = Keeper(ledger, meters)
        meters.watch(keeper.state)
        keeper.start()
        try:
            serving = _serving(listening, ledger, tokens=tokens, bytes_max=bytes_max)
            log.info("listening", extra=asdict(serving))
            started(serving)
            sink = Sink(keeper, tokens, clock, bytes_max, meters)
            _run_until_told(sink, listening)
        finally:
            keeper.stop()
        state = keeper.state()
    return Served(state.kept, state.repeated, state.linked, state.is_linked)


def check(
    url: str,
    *,
    host: str,
    port: int,
    tokens: Tokens,
    bytes_max: int,
    clock: Callable[[], Instant],
) -> Serving:
    """Open all that `serve` needs, say what it would do, and close it again.

    Raises CannotListenError and LedgerError.
    """
    with (
        closing(_listen(host, port)) as listening,
        Ledger.open(url, clock=clock, wait_ms_max=WAIT_MS_MAX) as ledger,
    ):
        return _serving(listening, ledger, tokens=tokens, bytes_max=bytes_max)


def _listen(host: str, port: int) -> socket.socket:
    """Take the address, so that nobody else can; raises CannotListenError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(
            (str(address[0]), int(address[1])), family=family, backlog=_BACKLOG
        )
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotListenError(f"{host}:{port}", reason.lower()) from error
    return listening


def _serving(
    listening: socket.socket, ledger: Ledger, *, tokens: Tokens, bytes_max: int
) -> Serving:
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    is_local = host in {"127.0.0.1", "::1"}
    return Serving(f"http://{shown}:{port}", ledger.location, bool(tokens), is_local, bytes_max)


def _run_until_told(sink: Sink, listening: socket.socket) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            sink.application(),
            log_config=None,  # its lines go where ours go
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )

    def stop() -> None:
        server.should_exit = True

    # In a thread of its own: in the main one uvicorn would end the process by the signal it got.
    thread = threading.Thread(target=server.run, args=([listening],), name="server")
    with told_to_stop(stop):
        try:
            thread.start()
            while thread.is_alive():
                thread.join(0.5)
        finally:
            stop()
            thread.join()
