"""A connection to a catalog by pyiceberg: it only reads, waits a while, and sees all snapshots.

Imports pyiceberg at once: import this module where a catalog is opened, not before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import RLock
from typing import Any, NoReturn, Protocol, cast

import msgspec
import requests
from pyiceberg.catalog import (
    AVAILABLE_CATALOGS,
    Catalog,
    CatalogType,
    infer_catalog_type,
    load_catalog,
)
from pyiceberg.catalog.rest import SNAPSHOT_LOADING_MODE, Endpoints, RestCatalog
from pyiceberg.catalog.rest.response import _handle_non_200_response
from pyiceberg.exceptions import AuthorizationExpiredError, NoSuchTableError, UnauthorizedError
from pyiceberg.io import FileIO
from requests.adapters import HTTPAdapter

from catalogs.credentials import without_secrets
from catalogs.iceberg.pointer import Pointed
from catalogs.pyiceberg_configuration import nested
from snapshots.errors import UnreadableError, UnsupportedError

CATALOG_NAME = "catalog-name"
"""A property of ours: the name that rows of a SQL catalog stand under, where it is another."""

_FILE_IO = "py-io-impl"
_CONNECT_SECONDS_MAX = 10
_ANSWER_SECONDS_MAX = 300
_SQLITE_FILE = re.compile(r"sqlite(?:\+\w+)?:///(?P<file>[^?]+)")
_ADVICE = "add it again with that property: tl catalog add"

Identifier = tuple[str, ...]


class Connection:
    """One open catalog; every call asks it anew and raises what pyiceberg raises.

    Threads may share it: where pyiceberg's own catalog bears only one, they take turns.
    """

    def __init__(self, name: str, properties: Mapping[str, str]) -> None:
        """Open it. Properties are used as they are: nothing of another catalog is mixed in."""
        self._catalog = _opened(properties.get(CATALOG_NAME, name), properties)
        # A server may have overridden the mode; a short list of snapshots would look like a loss.
        self._catalog.properties[SNAPSHOT_LOADING_MODE] = "all"
        # Hive's client has one socket for everybody, and what others have is not promised.
        many = isinstance(self._catalog, RestCatalog) or hasattr(self._catalog, "engine")
        self._turn: AbstractContextManager[object] = nullcontext() if many else RLock()

    def namespaces(self, parent: Identifier) -> list[Identifier]:
        """Give the namespaces right below one; below the empty one, the top."""
        with self._turn:
            found = {tuple(one) for one in self._catalog.list_namespaces(parent)}
        # Servers without nesting ignore the parent and give the top again, for ever.
        return sorted(one for one in found if one[:-1] == parent and len(one) == len(parent) + 1)

    def tables(self, namespace: Identifier) -> list[Identifier]:
        """Give the tables of one namespace, by their whole identifiers."""
        with self._turn:
            return sorted({tuple(one) for one in self._catalog.list_tables(namespace)})

    def point(self, identifier: Identifier) -> Pointed:
        """Ask where the current metadata of a table lies, without reading it there.

        Raises NoSuchTableError. pyiceberg would parse the metadata, and refuse tables with types
        that it does not know.
        """
        if isinstance(self._catalog, RestCatalog):
            return self._point_by_rest(self._catalog, identifier)
        try:
            with self._turn:
                table = self._catalog.load_table(identifier)
        except _Pointed as pointed:
            return Pointed(pointed.location, {})
        return Pointed(table.metadata_location, {})

    def other_names(self) -> list[str]:
        """Give the names under which a SQL catalog's database has tables for other catalogs."""
        engine = getattr(self._catalog, "engine", None)
        if engine is None:
            return []
        query = "SELECT DISTINCT catalog_name FROM iceberg_tables ORDER BY 1"
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(query).fetchmany(10)
        return [row[0] for row in rows if row[0] != self._catalog.name]

    def close(self) -> None:
        """Let go of the server or database."""
        closing = getattr(self._catalog, "close", None)
        if closing is not None:
            closing()

    def _point_by_rest(self, catalog: RestCatalog, identifier: Identifier) -> Pointed:
        try:
            answer = _load_table(catalog, identifier)
        except (AuthorizationExpiredError, UnauthorizedError):
            catalog._refresh_token()  # noqa: SLF001 - as its own load_table does
            answer = _load_table(catalog, identifier)
        loaded = msgspec.json.decode(answer, type=_LoadedTable)
        if not loaded.metadata_location:
            feature = "a metadata-location in the REST server's answer"
            raise UnsupportedError(".".join(identifier), feature, "ask the server's keeper for it")
        lent = [one for one in loaded.storage_credentials if one.covers(loaded.metadata_location)]
        best = max(lent, key=lambda one: len(one.prefix), default=_LentCredentials("", {}))
        served = {key: one for key, one in catalog.properties.items() if isinstance(one, str)}
        served |= {**loaded.config, **best.config}
        return Pointed(loaded.metadata_location, served)


class PointerFileIO(FileIO):
    """Stands where a catalog reads metadata files, and takes their location instead."""

    def new_input(self, location: str) -> NoReturn:
        """Leave with the location that was to be read."""
        raise _Pointed(location)

    def new_output(self, location: str) -> NoReturn:
        """Refuse: catalogs are only read."""
        raise PermissionError(location)

    def delete(self, location: object) -> NoReturn:
        """Refuse: catalogs are only read."""
        raise PermissionError(location)


class _Pointed(Exception):  # noqa: N818 - no error: it carries an answer out of pyiceberg
    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__(location)


class _LentCredentials(msgspec.Struct):
    prefix: str
    config: dict[str, str]

    def covers(self, location: str) -> bool:
        return location.startswith(self.prefix)


class _LoadedTable(msgspec.Struct, rename="kebab"):
    """LoadTableResult of the Iceberg REST specification, without the metadata in it."""

    metadata_location: str | None = None
    config: dict[str, str] = {}
    storage_credentials: list[_LentCredentials] = []


class _PatientRest(RestCatalog):
    """The REST client with an end to its patience; requests alone waits for ever."""

    def _create_session(self) -> requests.Session:
        session = super()._create_session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, _PatientAdapter())
        return session


class _PatientAdapter(HTTPAdapter):
    def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as it has them
        kwargs["timeout"] = kwargs.get("timeout") or (_CONNECT_SECONDS_MAX, _ANSWER_SECONDS_MAX)
        return super().send(*args, **kwargs)


def native_catalog(name: str, properties: Mapping[str, str]) -> Catalog:
    """Open a catalog as pyiceberg itself does, for who wants to write through it."""
    own = {key: value for key, value in properties.items() if key != CATALOG_NAME}
    told = cast("dict[str, str]", nested(own))
    return load_catalog(properties.get(CATALOG_NAME, name), **told)


class _Opening(Protocol):
    def __call__(self, name: str, conf: dict[str, str], /) -> Catalog: ...


def _opened(name: str, properties: Mapping[str, str]) -> Catalog:
    own = {key: value for key, value in properties.items() if key != CATALOG_NAME}
    read_only = cast("dict[str, str]", nested({**own, SNAPSHOT_LOADING_MODE: "all"}))
    pointing = {**read_only, _FILE_IO: f"{__name__}.{PointerFileIO.__name__}"}
    if "py-catalog-impl" in properties:
        return load_catalog(name, **pointing)
    kind = _kind(name, properties)
    if kind in {CatalogType.REST, CatalogType.HIVE, CatalogType.SQL} and "uri" not in properties:
        reason = f"a catalog of type {kind.value} needs a uri"
        raise UnreadableError(f"catalog {name}", reason, _ADVICE)
    if kind is CatalogType.REST:
        return _PatientRest(name, **read_only)
    if kind is CatalogType.SQL:
        _check_database(properties["uri"])
        # Looking must not write: pyiceberg would make its tables in whatever database this is.
        pointing = {"init_catalog_tables": "false", **pointing}
    return cast("_Opening", AVAILABLE_CATALOGS[kind])(name, pointing)


def _kind(name: str, properties: Mapping[str, str]) -> CatalogType:
    told = properties.get("type")
    if told is not None:
        known = {one.value: one for one in CatalogType}
        if told.lower() not in known:
            reason = f"{told} is no type of catalog"
            hint = "; for a warehouse folder use the kind folder"
            raise UnreadableError(f"catalog {name}", reason, f"use {', '.join(known)}{hint}")
        return known[told.lower()]
    uri = properties.get("uri")
    if uri is None:
        raise UnreadableError(f"catalog {name}", "it has neither a type nor a uri", _ADVICE)
    try:
        return infer_catalog_type(name, {"uri": uri}) or CatalogType.REST
    except ValueError as error:
        reason = f"no type of catalog is known for {without_secrets(uri, properties)}"
        types = ", ".join(one.value for one in CatalogType)
        raise UnreadableError(f"catalog {name}", reason, f"say its type: {types}") from error


def _check_database(uri: str) -> None:
    """Refuse an SQLite file that is not there: to connect would make an empty one."""
    found = _SQLITE_FILE.match(uri)
    if found is None or found["file"].startswith((":memory:", "file:")):
        return
    if not Path(found["file"]).is_file():
        advice = "check the uri; sqlite:////four/slashes start a path at the root"
        raise UnreadableError(found["file"], "there is no such database", advice)


def _load_table(catalog: RestCatalog, identifier: Identifier) -> bytes:
    """Ask for a table as `RestCatalog.load_table` does, and leave the answer undecoded.

    These are private parts of pyiceberg, which this project pins to one minor version.
    """
    place = catalog._split_identifier_for_path(identifier)  # noqa: SLF001
    url = catalog.url(Endpoints.load_table, prefixed=True, **place)
    answer = catalog._session.get(url, params={"snapshots": "all"})  # noqa: SLF001
    try:
        answer.raise_for_status()
    except requests.HTTPError as error:
        _handle_non_200_response(error, {404: NoSuchTableError})
    return answer.content
