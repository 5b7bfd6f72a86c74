"""Remote storage: object stores and everything else that fsspec reads."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from catalogs.credentials import without_user_info
from catalogs.storage import StoredFile
from snapshots.errors import UnsupportedError
from snapshots.instant import Instant

_ALIASES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs"}
_PACKAGES = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "abfs": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "oss": "ossfs",
    "hf": "huggingface_hub",
    "hdfs": "pyarrow",
}


def package_for(location: str) -> str | None:
    """Give the package that teaches fsspec this location's scheme; None where unknown."""
    return _PACKAGES.get(_scheme_of(location.partition("://")[0]))


def arguments_for(location: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Translate pyiceberg's property names into the arguments of the fsspec filesystem.

    Raises UnsupportedError for S3 requests that a server is to sign.
    """
    translate = _TRANSLATIONS.get(_scheme_of(location.partition("://")[0]))
    return translate(location, options) if translate else {}


class RemoteFiles:
    """Files behind one URL scheme, by fsspec; raises what fsspec and its backends raise."""

    def __init__(self, scheme: str, location: str, options: Mapping[str, str]) -> None:
        """Open the filesystem; `location` may name the account, as Azure's URLs do."""
        from fsspec.core import url_to_fs

        self._scheme = _scheme_of(scheme)
        url = self._scheme + location[len(scheme) :]
        arguments = arguments_for(location, options)
        self._fs: Any
        # A cached listing would hide the commits made since.
        self._fs, _ = url_to_fs(url, use_listings_cache=False, **arguments)

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the files of one folder."""
        for path, entry in self._listed(prefix):
            if entry["type"] != "directory":
                yield self._stored(path, entry)

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the folders of one folder."""
        return (path for path, entry in self._listed(prefix) if entry["type"] == "directory")

    def walk(self, prefix: str, *, depth_max: int) -> Iterator[StoredFile]:
        """Yield the files of a folder and of those in it, by one flat listing."""
        root = self._key(prefix).rstrip("/")
        self._fs.invalidate_cache()
        found = self._fs.find(root, maxdepth=depth_max, detail=True)
        start = prefix.rstrip("/") + "/"
        for key, entry in found.items():
            name = str(key).removeprefix(root).lstrip("/")
            if name and entry["type"] == "file":
                yield self._stored(start + name, entry)

    def read(self, path: str) -> bytes:
        """Give all bytes."""
        return bytes(self._fs.cat_file(self._key(path)))

    def open(self, path: str) -> BinaryIO:
        """Open for reading."""
        if self._scheme == "memory":
            # fsspec hands out the stored file itself, with one position for all its readers.
            return io.BytesIO(self.read(path))
        return cast("BinaryIO", self._fs.open(self._key(path), "rb"))

    def size(self, path: str) -> int | None:
        """Give the size in bytes; None where there is no such file."""
        self._fs.invalidate_cache()
        try:
            entry = self._fs.info(self._key(path))
        except FileNotFoundError:
            return None
        return None if entry["type"] == "directory" else int(entry["size"] or 0)

    def _listed(self, prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        root = self._key(prefix)
        self._fs.invalidate_cache()
        try:
            found = self._fs.ls(root, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return
        start = prefix.rstrip("/") + "/"
        for entry in found:
            key = str(entry["name"]).rstrip("/")
            # An object store's marker for the folder itself, or a file of that name, is not in it.
            if key != root.rstrip("/"):
                yield start + key.rpartition("/")[2], entry

    def _key(self, location: str) -> str:
        scheme, _, rest = location.partition("://")
        return str(self._fs._strip_protocol(f"{_scheme_of(scheme)}://{rest}"))  # noqa: SLF001

    def _stored(self, path: str, entry: Mapping[str, Any]) -> StoredFile:
        found = (entry.get(name) for name in ("LastModified", "last_modified", "mtime", "updated"))
        modified = next((value for value in found if value is not None), None)
        if modified is None:
            modified = self._modified(path, str(entry["name"]))
        return StoredFile(path, int(entry["size"] or 0), _instant(modified))

    def _modified(self, path: str, key: str) -> datetime:
        try:
            return cast("datetime", self._fs.modified(key))
        except NotImplementedError as error:
            feature = f"the times of files, which {self._scheme} does not tell"
            advice = "read it where it is stored, or from a copy"
            raise UnsupportedError(without_user_info(path), feature, advice) from error


def _scheme_of(scheme: str) -> str:
    lowered = scheme.lower()
    return _ALIASES.get(lowered, lowered)


def _instant(modified: datetime | float | str) -> Instant:
    """Read a modification time: aware or UTC, seconds since the epoch, or ISO 8601."""
    if isinstance(modified, str):
        return Instant.parse(modified)
    if isinstance(modified, int | float):
        return Instant(round(modified * 1_000_000))
    return Instant.from_datetime(modified if modified.tzinfo else modified.replace(tzinfo=UTC))


def _s3(location: str, options: Mapping[str, str]) -> dict[str, Any]:
    client = _present(
        endpoint_url=options.get("s3.endpoint"),
        aws_access_key_id=_first(options, "s3.access-key-id", "client.access-key-id"),
        aws_secret_access_key=_first(options, "s3.secret-access-key", "client.secret-access-key"),
        aws_session_token=_first(options, "s3.session-token", "client.session-token"),
        region_name=_first(options, "s3.region", "client.region"),
    )
    if "s3.signer" in options and "aws_access_key_id" not in client:
        advice = "give s3.access-key-id, or let the catalog lend credentials"
        raise UnsupportedError(location, "S3 requests signed by a server (s3.signer)", advice)
    config: dict[str, Any] = {}
    if proxy := options.get("s3.proxy-uri"):
        config["proxies"] = {"http": proxy, "https": proxy}
    for name, argument in (
        ("s3.connect-timeout", "connect_timeout"),
        ("s3.request-timeout", "read_timeout"),
    ):
        if name in options:
            config[argument] = float(options[name])
    if _yes(options.get("s3.force-virtual-addressing")):
        config["s3"] = {"addressing_style": "virtual"}
    return _present(
        anon=_yes(options.get("s3.anonymous")),
        profile=_first(options, "s3.profile-name", "client.profile-name"),
        client_kwargs=client,
        config_kwargs=config,
    )


def _gs(_: str, options: Mapping[str, str]) -> dict[str, Any]:
    return _present(
        project=options.get("gcs.project-id"),
        access=options.get("gcs.access", "read_only"),
        token=options.get("gcs.oauth2.token"),
        endpoint_url=options.get("gcs.service.host"),
        requester_pays=_yes(options.get("gcs.requester-pays")),
        session_kwargs=json.loads(options.get("gcs.session-kwargs", "{}")),
    )


def _abfs(location: str, options: Mapping[str, str]) -> dict[str, Any]:
    # abfss://container@account.dfs.core.windows.net/path names the account in the host.
    host = urlsplit(location).hostname or ""
    account = options.get("adls.account-name") or (host.partition(".")[0] if "." in host else None)
    sas = _first(options, "adls.sas-token", f"adls.sas-token.{host}", f"adls.sas-token.{account}")
    anonymous = options.get("adls.anon")
    return _present(
        account_name=account,
        sas_token=sas,
        anon=None if anonymous is None else _yes(anonymous),
        connection_string=options.get("adls.connection-string"),
        credential=options.get("adls.credential"),
        account_key=options.get("adls.account-key"),
        tenant_id=options.get("adls.tenant-id"),
        client_id=options.get("adls.client-id"),
        client_secret=options.get("adls.client-secret"),
        account_host=options.get("adls.account-host"),
    )


_TRANSLATIONS: dict[str, Callable[[str, Mapping[str, str]], dict[str, Any]]] = {
    "s3": _s3,
    "gs": _gs,
    "abfs": _abfs,
}


def _first(options: Mapping[str, str], *names: str) -> str | None:
    return next((options[name] for name in names if name in options), None)


def _present(**arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - fsspec's arguments are of any kind
    return {name: value for name, value in arguments.items() if value is not None}


def _yes(text: str | None) -> bool:
    return (text or "").strip().lower() in {"true", "1", "yes", "on"}
