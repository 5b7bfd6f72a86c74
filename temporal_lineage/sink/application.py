"""The application: what is posted where, and what the poster is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from snapshots.errors import TemporalLineageError
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent, RunEvent
from temporal_lineage.sink.bodies import RefusedBodyError, read_body
from temporal_lineage.sink.keeping import EVENTS_PER_COMMIT_MAX, BusyError, Keeper
from temporal_lineage.sink.metrics_reports import NoReportError, ReportedTable, kept_report
from temporal_lineage.store.records import KeptEvent

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.sink.tokens import Tokens

_INLINE_BYTES_MAX = 64 * 1024
"""Bodies up to here are read where they arrive; longer ones beside it, so that others go on."""

_RETRY = {"Retry-After": "2"}

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Sink:
    """What the endpoints work with."""

    keeper: Keeper
    tokens: Tokens
    clock: Callable[[], Instant]
    bytes_max: int

    def application(self) -> Starlette:
        """Give the ASGI application."""
        metrics = "namespaces/{namespace}/tables/{table}/metrics"
        return Starlette(
            routes=[
                Route("/health", self._health, methods=["GET"]),
                Route("/ready", self._ready, methods=["GET"]),
                Route("/api/v1/lineage", self._guarded(self._single), methods=["POST"]),
                Route("/api/v1/lineage/batch", self._guarded(self._batch), methods=["POST"]),
                Route(f"/v1/{metrics}", self._guarded(self._report), methods=["POST"]),
                Route(
                    f"/v1/{{prefix:path}}/{metrics}", self._guarded(self._report), methods=["POST"]
                ),
            ]
        )

    async def _health(self, request: Request) -> Response:
        """Say that the process answers, and how it goes."""
        del request
        return JSONResponse({"status": "up", **asdict(self.keeper.state())})

    async def _ready(self, request: Request) -> Response:
        """Say whether events can be kept now."""
        del request
        trouble = await run_in_threadpool(self.keeper.trouble)
        if trouble:
            return _failure(503, trouble, headers=_RETRY)
        return JSONResponse({"status": "ready"})

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """Ask for the token first, and turn what can go wrong into an answer."""

        async def guarded(request: Request) -> Response:
            if not self.tokens.allow(request.headers.get("authorization")):
                return _failure(
                    401,
                    "a bearer token is asked for: Authorization: Bearer ...",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            try:
                return await endpoint(request)
            except RefusedBodyError as error:
                return _failure(error.status, error.reason)
            except BusyError:
                return _failure(503, "too many events wait for the ledger", headers=_RETRY)
            except TemporalLineageError as error:
                return _failure(503, str(error), headers=_RETRY)
            except ClientDisconnect:
                return Response(status_code=400)

        return guarded

    async def _single(self, request: Request) -> Response:
        return await self._lineage(request, status=201)

    async def _batch(self, request: Request) -> Response:
        return await self._lineage(request, status=200)

    async def _lineage(self, request: Request, *, status: int) -> Response:
        body = await self._body(request)
        source = _sender(request)
        if len(body) <= _INLINE_BYTES_MAX:
            found = list(read_events(body, source=source))
        else:
            found = await run_in_threadpool(lambda: list(read_events(body, source=source)))
        if not found:
            return _failure(400, "the body is empty; post an event, or an array of them")
        events = [_kept(one) for one in found if isinstance(one, CapturedEvent)]
        new = await self._keep(events)
        failed = [
            {"index": index, "reason": one.reason, "retriable": False}
            for index, one in enumerate(found)
            if isinstance(one, RejectedEvent)
        ]
        return _told(len(found), new=new, failed=failed, status=status)

    async def _report(self, request: Request) -> Response:
        path = request.path_params
        table = ReportedTable(path.get("prefix", ""), path["namespace"], path["table"])
        try:
            event = kept_report(await self._body(request), table, now=self.clock())
        except NoReportError as error:
            return _failure(400, str(error))
        await self._keep([event])
        return Response(status_code=204)

    async def _body(self, request: Request) -> bytes:
        encoding = request.headers.get("content-encoding", "")
        async with aclosing(_chunks(request)) as chunks:
            return await read_body(chunks, encoding=encoding, bytes_max=self.bytes_max)

    async def _keep(self, events: Sequence[KeptEvent]) -> int:
        """Keep events; returns how many were new, once all are safe."""
        pieces = [
            self.keeper.keep(events[start : start + EVENTS_PER_COMMIT_MAX])
            for start in range(0, len(events), EVENTS_PER_COMMIT_MAX)
        ]
        return sum([await asyncio.wrap_future(piece) for piece in pieces])


async def _chunks(request: Request) -> AsyncGenerator[bytes]:
    async for chunk in request.stream():
        yield chunk


def _told(
    received: int, *, new: int, failed: Sequence[dict[str, Any]], status: int
) -> JSONResponse:
    """Answer as the batch endpoint of OpenLineage does; `new` is ours."""
    good = received - len(failed)
    summary = {
        "received": received,
        "successful": good,
        "failed": len(failed),
        "retriable": 0,
        "non_retriable": len(failed),
        "new": new,
    }
    if not failed:
        return JSONResponse({"status": "success", "summary": summary}, status_code=status)
    word = "partial_success" if good else "failure"
    told = {"status": word, "summary": summary, "failed_events": list(failed)}
    return JSONResponse(told, status_code=200 if good else 422)


def _failure(status: int, reason: str, *, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        {"status": "failure", "reason": reason}, status_code=status, headers=headers
    )


def _kept(one: CapturedEvent) -> KeptEvent:
    run_id = one.event.run_id if isinstance(one.event, RunEvent) else ""
    return KeptEvent(one.digest, run_id, one.source, one.body)


def _sender(request: Request) -> str:
    host = request.client.host if request.client else "somebody"
    return f"POST {request.url.path} from {host}"
