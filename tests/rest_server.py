"""An Iceberg REST server for tests: enough of the specification to list and load tables.

https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

SEPARATOR = "\x1f"


@dataclass
class RestServer:
    """What the server answers from, what it was told to do, and what it was asked."""

    catalog: Catalog
    overrides: dict[str, str] = field(default_factory=dict)
    table_config: dict[str, str] = field(default_factory=dict)
    broken_namespaces: frozenset[str] = frozenset()
    ignores_parent: bool = False
    token: str | None = None
    asked: list[str] = field(default_factory=list)
    uri: str = ""


@contextmanager
def serving(server: RestServer) -> Iterator[RestServer]:
    """Serve on a free port of this machine as long as the block runs."""

    class Answering(_Answering):
        state = server

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    listener.daemon_threads = True
    server.uri = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


class _Answering(BaseHTTPRequestHandler):
    state: RestServer

    def do_GET(self) -> None:
        """Answer from the catalog, with the errors of the specification."""
        self.state.asked.append(self.path)
        wanted = self.state.token
        if wanted is not None and self.headers.get("Authorization") != f"Bearer {wanted}":
            self._refuse(HTTPStatus.UNAUTHORIZED, "NotAuthorizedException", "who are you?")
            return
        try:
            self._answer(HTTPStatus.OK, self._result())
        except (NoSuchNamespaceError, NoSuchTableError) as error:
            self._refuse(HTTPStatus.NOT_FOUND, "NoSuchTableException", str(error))
        except PermissionError as error:
            self._refuse(HTTPStatus.FORBIDDEN, "ForbiddenException", str(error))

    def _result(self) -> dict[str, Any]:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        match [unquote(part) for part in url.path.strip("/").split("/")]:
            case ["v1", "config"]:
                return {"defaults": {}, "overrides": self.state.overrides}
            case ["v1", "namespaces"]:
                parent = "" if self.state.ignores_parent else asked.get("parent", "")
                found = self.state.catalog.list_namespaces(_levels(unquote(parent)))
                return {"namespaces": [list(one) for one in found]}
            case ["v1", "namespaces", namespace, "tables"]:
                if ".".join(_levels(namespace)) in self.state.broken_namespaces:
                    raise PermissionError(namespace)
                tables = self.state.catalog.list_tables(_levels(namespace))
                names = [{"namespace": list(one[:-1]), "name": one[-1]} for one in tables]
                return {"identifiers": names}
            case ["v1", "namespaces", namespace, "tables", name]:
                return self._table((*_levels(namespace), name), asked.get("snapshots", "refs"))
            case _:
                raise NoSuchTableError(self.path)

    def _table(self, identifier: tuple[str, ...], snapshots: str) -> dict[str, Any]:
        table = self.state.catalog.load_table(identifier)
        metadata = json.loads(table.metadata.model_dump_json())
        if snapshots == "refs":
            kept = {ref["snapshot-id"] for ref in metadata["refs"].values()}
            metadata["snapshots"] = [
                one for one in metadata["snapshots"] if one["snapshot-id"] in kept
            ]
        return {
            "metadata-location": table.metadata_location,
            "metadata": metadata,
            "config": self.state.table_config,
        }

    def _refuse(self, status: HTTPStatus, kind: str, message: str) -> None:
        self._answer(status, {"error": {"message": message, "type": kind, "code": status.value}})

    def _answer(self, status: HTTPStatus, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
        """Keep the test output clean."""


def _levels(namespace: str) -> tuple[str, ...]:
    return tuple(namespace.split(SEPARATOR)) if namespace else ()
