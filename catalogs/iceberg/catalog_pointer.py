"""Catalog pointers: ask a pyiceberg catalog where a table's metadata is, and for nothing more.

Importing this module imports pyiceberg.
"""

from __future__ import annotations

import copy
import difflib
from typing import Any

import msgspec
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.io import FileIO, InputFile, OutputFile

from catalogs.credentials import without_secrets
from snapshots.errors import TemporalLineageError, UnknownNameError, UnreadableError

_ADVICE = "check the catalog's entry in the configuration, and that its service answers"


def ask_catalog(catalog: Catalog, identifier: str) -> tuple[str, dict[str, str]]:
    """Give the current metadata file of a table, and the properties the catalog lends for it.

    `load_table` would parse the whole metadata file, and refuse it for one type it does not know.
    Raises UnknownNameError where there is no such table, UnreadableError where the catalog fails.
    """
    try:
        location, properties = _located(catalog, identifier)
    except TemporalLineageError:
        raise
    except NoSuchTableError as error:
        nearest = _nearest(catalog, identifier)
        advice = f"the catalog {catalog.name} has no such table"
        raise UnknownNameError("table", identifier, nearest, advice) from error
    except Exception as error:  # each catalog has its own client, with its own errors
        said = str(error).strip().splitlines()
        reason = without_secrets(said[0] if said else type(error).__name__, catalog.properties)
        place = f"table {identifier} of catalog {catalog.name}"
        raise UnreadableError(place, reason, _ADVICE) from error
    if not location:
        place = f"table {identifier} of catalog {catalog.name}"
        reason = "the catalog names no metadata file: the table is staged, not committed"
        raise UnreadableError(place, reason, "ask again when its creation has been committed")
    return location, properties


class Found(Exception):  # noqa: N818 - it is an answer, not an error
    """Carries the metadata location out of a catalog before it reads the file there."""

    def __init__(self, location: str) -> None:
        """Keep the location."""
        self.location = location
        super().__init__(location)


class AskingIO(FileIO):
    """A FileIO that answers the first attempt to read with the location asked for."""

    def new_input(self, location: str) -> InputFile:
        """Raise Found."""
        raise Found(location)

    def new_output(self, location: str) -> OutputFile:
        """Refuse: nothing is ever written here."""
        raise NotImplementedError(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Refuse: nothing is ever deleted here."""
        raise NotImplementedError(location)


def _located(catalog: Catalog, identifier: str) -> tuple[str | None, dict[str, str]]:
    from pyiceberg.catalog.rest import RestCatalog

    if isinstance(catalog, RestCatalog):
        return _ask_rest(catalog, identifier)
    # A copy, so that nobody else who uses this catalog meets the asking FileIO.
    asking = copy.copy(catalog)
    asking.properties = {
        **catalog.properties,
        "py-io-impl": f"{AskingIO.__module__}.{AskingIO.__name__}",
    }
    try:
        table = asking.load_table(identifier)
    except Found as found:
        return found.location, {}
    return table.metadata_location, {}


class _Lent(msgspec.Struct, rename="kebab"):
    prefix: str = ""
    config: dict[str, str] = {}


class _Loaded(msgspec.Struct, rename="kebab"):
    """What of a REST catalog's answer is needed; the metadata in it is not even parsed."""

    metadata_location: str | None = None
    config: dict[str, str] = {}
    storage_credentials: list[_Lent] = []


def _ask_rest(catalog: Any, identifier: str) -> tuple[str | None, dict[str, str]]:  # noqa: ANN401
    """Ask for the table with the fewest snapshots in the answer; only its location is wanted.

    The catalog's session and URLs are private parts of RestCatalog, which pyproject pins.
    """
    from pyiceberg.catalog.rest import Endpoints

    parts = catalog._split_identifier_for_path(identifier)  # noqa: SLF001
    url = catalog.url(Endpoints.load_table, prefixed=True, **parts)
    response = catalog._session.get(url, params={"snapshots": "refs"})  # noqa: SLF001
    if not response.ok:
        # The whole call knows how to renew a token, and what each status means.
        table = catalog.load_table(identifier)
        return table.metadata_location, dict(table.io.properties)
    loaded = msgspec.json.decode(response.content, type=_Loaded)
    location = loaded.metadata_location or ""
    lent = [one for one in loaded.storage_credentials if location.startswith(one.prefix)]
    best = max(lent, key=lambda one: len(one.prefix), default=_Lent())
    return loaded.metadata_location, {**loaded.config, **best.config}


def _nearest(catalog: Catalog, identifier: str) -> list[str]:
    try:
        names = [".".join(name) for name in catalog.list_tables(identifier.rpartition(".")[0])]
    except Exception:  # noqa: BLE001 - a hint that fails is no hint
        return []
    return difflib.get_close_matches(identifier, names)
