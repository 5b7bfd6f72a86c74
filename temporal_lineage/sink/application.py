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
from temporal_lineage.capture.json_stream import RAW_BYTES_MAX
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RejectedEvent
from temporal_lineage.intake.admission import admitted, kept
from temporal_lineage.sink.bodies import RefusedBodyError, read_body
from temporal_lineage.sink.keeping import EVENTS_PER_COMMIT_MAX, BusyError, Keeper, Kept
from temporal_lineage.sink.meters import CONTENT_TYPE
from temporal_lineage.sink.metrics_reports import NoReportError, ReportedTable, kept_report
from temporal_lineage.sink.observing import Observed

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from snapshots.instant import Instant
    from temporal_lineage.sink.meters import Meters
    from temporal_lineage.sink.tokens import Tokens
    from temporal_lineage.store.records import KeptEvent

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
    meters: Meters

    def application(self) -> ASGIApp:
        """Give the ASGI application."""
        metrics = "namespaces/{namespace}/tables/{table}/metrics"
        routed = Starlette(
            routes=[
                Route("/health", self._health, methods=["GET"]),
                Route("/ready", self._ready, methods=["GET"]),
                Route("/metrics", self._metrics, methods=["GET"]),
                Route("/api/v1/lineage", self._guarded(self._single), methods=["POST"]),
                Route("/api/v1/lineage/batch", self._guarded(self._batch), methods=["POST"]),
                Route(f"/v1/{metrics}", self._guarded(self._report), methods=["POST"]),
                Route(
                    f"/v1/{{prefix:path}}/{metrics}", self._guarded(self._report), methods=["POST"]
                ),
            ]
        )
        return Observed(routed, self.meters)

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

    async def _metrics(self, request: Request) -> Response:
        """Give what Prometheus counts."""
        del request
        return Response(self.meters.exposition(), media_type=CONTENT_TYPE)

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
                return await self._answered(endpoint, request)
            except BusyError:
                return _failure(503, "too many events wait for the ledger", headers=_RETRY)
            except TemporalLineageError as error:
                return _failure(503, str(error), headers=_RETRY)
            except ClientDisconnect:
                return Response(status_code=400)

        return guarded

    async def _answered(self, endpoint: Endpoint, request: Request) -> Response:
        """Answer, and put a body that is not taken into quarantine."""
        try:
            return await endpoint(request)
        except RefusedBodyError as error:
            if error.rest:
                refused = _refused(request, error.reason, error.rest, error.size)
                await self._keep([], [refused])
            return _failure(error.status, error.reason)

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
        now = self.clock()
        judged = [admitted(one, now=now) for one in found]
        refused = [one for one in judged if isinstance(one, RejectedEvent)]
        done = await self._keep(
            [kept(one) for one in judged if isinstance(one, CapturedEvent)], refused
        )
        ids = iter(done.quarantined)
        failed = [
            {"index": index, "reason": one.reason, "retriable": False, "quarantine": next(ids)}
            for index, one in enumerate(judged)
            if isinstance(one, RejectedEvent)
        ]
        return _told(len(found), new=done.new, failed=failed, status=status)

    async def _report(self, request: Request) -> Response:
        path = request.path_params
        table = ReportedTable(path.get("prefix", ""), path["namespace"], path["table"])
        body = await self._body(request)
        try:
            event = kept_report(body, table, now=self.clock())
        except NoReportError as error:
            refused = _refused(request, str(error), body, len(body))
            await self._keep([], [refused])
            return _failure(400, str(error))
        await self._keep([event], [])
        return Response(status_code=204)

    async def _body(self, request: Request) -> bytes:
        encoding = request.headers.get("content-encoding", "")
        async with aclosing(_chunks(request)) as chunks:
            return await read_body(chunks, encoding=encoding, bytes_max=self.bytes_max)

    async def _keep(self, events: Sequence[KeptEvent], refused: Sequence[RejectedEvent]) -> Kept:
        """Keep events, in one commit or in several; returns once all are safe."""
        pieces = [
            self.keeper.keep(events[start : start + EVENTS_PER_COMMIT_MAX])
            for start in range(0, len(events), EVENTS_PER_COMMIT_MAX)
        ]
        if refused:
            pieces.append(self.keeper.keep((), refused))
        done = [await asyncio.wrap_future(piece) for piece in pieces]
        return Kept(
            sum(one.new for one in done), tuple(mark for one in done for mark in one.quarantined)
        )


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


def _refused(request: Request, reason: str, raw: bytes, size: int) -> RejectedEvent:
    return RejectedEvent(_sender(request), 1, reason, raw[:RAW_BYTES_MAX], size)


def _sender(request: Request) -> str:
    host = request.client.host if request.client else "somebody"
    return f"POST {request.url.path} from {host}"
