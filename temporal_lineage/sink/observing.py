"""Observing: each request is counted, measured, logged and traced around the application."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from temporal_lineage.operations.steps import Told, step

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from temporal_lineage.sink.meters import Meters

OF_OPERATORS = ("/health", "/ready", "/metrics")
"""What monitors ask for again and again: told at the level of debug only."""

_TAKEN = ("/api/v1/lineage", "/api/v1/lineage/batch")
_REPORTS = "/v1/.../metrics"
_OTHER = "other"
_TRACE = (b"traceparent", b"tracestate", b"baggage")

log = logging.getLogger(__name__)


class Observed:
    """The application, with eyes on it."""

    def __init__(self, application: ASGIApp, meters: Meters) -> None:
        """Pass every request on to the application."""
        self._application = application
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and tell how it went."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        path = _kind(scope["path"])
        told: Told = {"method": scope["method"], "path": path, "status": 0}
        length = 0

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
            await send(message)

        async def receiving() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            told["body_bytes"] = length
            return message

        level = logging.DEBUG if path in OF_OPERATORS else logging.INFO
        start = time.perf_counter()
        try:
            with step("request", log, told, level=level, within=_trace(scope)):
                await self._application(scope, receiving, sending)
        finally:
            seconds = time.perf_counter() - start
            self._meters.answered(path, int(told["status"]), seconds)


def _kind(path: str) -> str:
    """Give the few names that paths are counted under: strangers cannot make up new ones."""
    if path in (*OF_OPERATORS, *_TAKEN):
        return path
    is_report = path.startswith("/v1/") and path.endswith("/metrics")
    return _REPORTS if is_report else _OTHER


def _trace(scope: Scope) -> dict[str, str]:
    return {
        name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _TRACE
    }
