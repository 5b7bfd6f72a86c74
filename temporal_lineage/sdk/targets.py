"""Targets: where the events of a run go: a ledger, an HTTP sink, any OpenLineage transport."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from snapshots.errors import TemporalLineageError, UsageError

if TYPE_CHECKING:
    from temporal_lineage.session import Session

ENDPOINT = "/api/v1/lineage"
WAIT_SECONDS_MAX = 5.0
KEY_VARIABLE = "OPENLINEAGE_API_KEY"
"""The bearer token for HTTP sinks, as OpenLineage's own clients read it."""

Event = Mapping[str, Any]


class BadTargetError(UsageError):
    """Something that no event can be sent to."""

    def __init__(self, target: object) -> None:
        """Keep what was given."""
        self.target = target
        super().__init__(
            f"events cannot be sent to {target!r};"
            " give a ledger's path or URL, an http(s) URL, a Session or an OpenLineage transport"
        )


class UndeliveredError(TemporalLineageError):
    """Events that a target did not take."""

    def __init__(self, target: str, reason: str) -> None:
        """Keep the target's name and what it said."""
        self.target = target
        self.reason = reason
        super().__init__(f"{target} did not take the events: {reason}; see that it runs")


class Target(Protocol):
    """Takes events; raises whatever goes wrong."""

    @property
    def name(self) -> str:
        """Name it for people, without secrets."""

    def send(self, event: Event) -> None:
        """Give one event; it is kept for good when this returns."""


def targets_of(to: object) -> tuple[Target, ...]:
    """Understand where events are to go; None is the ledger the command line would use here.

    Raises BadTargetError.
    """
    if isinstance(to, list | tuple):
        return tuple(one for each in to for one in targets_of(each))
    return (_target(to),)


def session_of(targets: Sequence[Target]) -> Session:
    """Give the session whose catalogs names are looked up in: the first ledger's, else ours."""
    from temporal_lineage.session import open_session

    ledgers = (one.session for one in targets if isinstance(one, LedgerTarget))
    return next(ledgers, None) or open_session()


class LedgerTarget:
    """The ledger of a session: events are kept and linked at once."""

    def __init__(self, session: Session) -> None:
        """Write to this session's ledger."""
        self.session = session

    @property
    def name(self) -> str:
        """The ledger's place, without a password."""
        from temporal_lineage.store.location import shown

        return f"the ledger {shown(self.session.workspace.ledger)}"

    def send(self, event: Event) -> None:
        """Keep and link one event."""
        from temporal_lineage.intake.ingest import ingest_bodies
        from temporal_lineage.store.ledger import Ledger

        with Ledger.open(self.session.workspace.ledger, clock=self.session.clock) as ledger:
            report = ingest_bodies(ledger, [("sdk", json.dumps(event).encode())])
        for one in report.rejected:
            raise UndeliveredError(self.name, one.reason)


class HttpTarget:
    """An HTTP sink: `tl serve`, Marquez, or anything else that speaks OpenLineage."""

    def __init__(self, url: str) -> None:
        """Send to `url`, or to its `/api/v1/lineage` where it names a host only."""
        parts = urlsplit(url)
        user, _, host = parts.netloc.rpartition("@")
        path = parts.path.rstrip("/")
        path = path if path.endswith(ENDPOINT) else f"{path}{ENDPOINT}"
        self._url = urlunsplit((parts.scheme, host, path, parts.query, ""))
        self._basic = b64encode(unquote(user).encode()).decode() if user else None

    @property
    def name(self) -> str:
        """The URL, without user and password."""
        return self._url

    def send(self, event: Event) -> None:
        """Post one event."""
        headers = {"Content-Type": "application/json"}
        key = os.environ.get(KEY_VARIABLE)
        if key:
            headers["Authorization"] = f"Bearer {key}"
        elif self._basic:
            headers["Authorization"] = f"Basic {self._basic}"
        body = json.dumps(event).encode()
        request = Request(self._url, data=body, headers=headers, method="POST")  # noqa: S310 - targets_of checked the scheme
        try:
            with urlopen(request, timeout=WAIT_SECONDS_MAX) as answer:  # noqa: S310
                answer.read()
        except HTTPError as error:
            with error:
                told = error.read(1_000).decode(errors="replace").partition("\n")[0]
            raise UndeliveredError(self.name, f"HTTP {error.code} {told}".strip()) from error


class TransportTarget:
    """Any transport of openlineage-python, or anything with the same `emit`."""

    def __init__(self, transport: Any) -> None:  # noqa: ANN401 - other people's class
        """Send through this transport."""
        self._transport = transport

    @property
    def name(self) -> str:
        """The transport's class."""
        return f"the transport {type(self._transport).__name__}"

    def send(self, event: Event) -> None:
        """Emit one event, as the class that openlineage-python has for it."""
        from openlineage.client.event_v2 import (
            InputDataset,
            Job,
            OutputDataset,
            Run,
            RunEvent,
            RunState,
        )

        told = RunEvent(
            eventTime=event["eventTime"],
            eventType=RunState(event["eventType"]),
            run=Run(**event["run"]),
            job=Job(**event["job"]),
            inputs=[InputDataset(**one) for one in event["inputs"]],
            outputs=[OutputDataset(**one) for one in event["outputs"]],
            producer=event["producer"],
        )
        self._transport.emit(told)


def _target(to: object) -> Target:
    from temporal_lineage.session import Session, open_session

    if isinstance(to, Session):
        return LedgerTarget(to)
    if to is None:
        return LedgerTarget(open_session())
    if isinstance(to, str | os.PathLike) and os.fspath(to):
        place = os.fspath(to)
        if isinstance(place, str) and place.startswith(("http://", "https://")):
            return HttpTarget(place)
        return LedgerTarget(open_session(str(place)))
    if hasattr(to, "emit"):
        return TransportTarget(to)
    raise BadTargetError(to)
