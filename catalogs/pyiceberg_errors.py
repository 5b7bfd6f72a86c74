"""What pyiceberg and the libraries below it raise, said in one line with the next step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from catalogs.credentials import without_secrets
from snapshots.errors import TemporalLineageError, UnreadableError

_SETTINGS = "check its settings: tl catalog list shows them"
_INSTALL = re.compile(r"pip3? install (?P<packages>.+)$")
# Modules whose package has another name.
_PACKAGES = {
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
    "boto3": "'pyiceberg[glue]'",
    "thrift": "'pyiceberg[hive]'",
}
_REFUSED = {
    "UnauthorizedError": "the server does not accept the credentials",
    "OAuthError": "the server does not accept the credentials",
    "AuthorizationExpiredError": "the credentials have expired",
    "ForbiddenError": "the credentials do not give the right to this",
}
# Their texts quote what was read, secrets included.
_UNQUOTED = {
    "strictyaml": "the file .pyiceberg.yaml is not the YAML pyiceberg reads",
    "pydantic_core": "the answer is not what the Iceberg REST specification says",
    "msgspec": "the answer is not what the Iceberg REST specification says",
}
_REASON_LENGTH_MAX = 300


@contextmanager
def reaching(what: str, properties: Mapping[str, str]) -> Iterator[None]:
    """Turn whatever the libraries raise inside into an UnreadableError about `what`.

    Only calls of pyiceberg belong inside: it lets every exception of its backends through, so
    all are taken for theirs. Ours pass as they are.
    """
    try:
        yield
    except TemporalLineageError:
        raise
    except Exception as error:
        reason, advice = _explained(error)
        shown = without_secrets(reason, properties)[:_REASON_LENGTH_MAX]
        raise UnreadableError(what, shown, advice) from error


def _explained(error: Exception) -> tuple[str, str]:
    """Give the reason in one line, and what to do."""
    name = type(error).__name__
    library = type(error).__module__.partition(".")[0]
    missing = _missing(error)
    if missing is not None:
        return missing
    if name in _REFUSED and library == "pyiceberg":
        return _REFUSED[name], "renew them, or give others: tl catalog add"
    if library in {"requests", "urllib3", "http"}:
        return _connection(error), "check that the server runs, and the uri in its settings"
    if library == "sqlalchemy":
        return _database(error)
    if library in _UNQUOTED:
        return _UNQUOTED[library], _SETTINGS
    text = _first_line(error)
    # The class says what a message like 'uri' alone does not.
    return text if text.startswith(name) or " " in text else f"{name}: {text}", _SETTINGS


def _missing(error: Exception) -> tuple[str, str] | None:
    """Explain a package that is not installed; None where that is not the trouble."""
    cause = error.__cause__
    if isinstance(cause, ImportError) and "SQLAlchemy" in str(error) and cause.name != "sqlalchemy":
        error = cause  # pyiceberg takes a missing database driver for a missing SQLAlchemy
    told = _INSTALL.search(str(error))
    if type(error).__name__ == "NotInstalledError" and told:
        reason = str(error)[: told.start()].strip().rstrip(":")
        return reason, f"pip install {told['packages'].split(' or ')[0]}"
    if isinstance(error, ImportError):
        module = (error.name or "").partition(".")[0]
        package = _PACKAGES.get(module, module) or "the package that is named"
        return f"the package {module or 'it needs'} is not installed", f"pip install {package}"
    return None


def _connection(error: Exception) -> str:
    """Find the reason at the bottom of the chain that requests and urllib3 wrap around it."""
    seen: list[BaseException] = []
    walking: BaseException | None = error
    while walking is not None and walking not in seen:
        seen.append(walking)
        inner = getattr(walking, "reason", None) or (walking.args[0] if walking.args else None)
        walking = inner if isinstance(inner, BaseException) else walking.__cause__
    text = " ".join(str(one) for one in (*seen, *(one.__context__ for one in seen)))
    for pattern, reason in (
        (r"refused", "connection refused"),
        (r"(?i)timed out|timeout", "it did not answer in time"),
        (r"(?i)name resolution|getaddrinfo|name or service|nodename|resolve", "no such host"),
        (r"(?i)certificate|ssl", "its certificate is not trusted"),
        (r"(?i)no host supplied|invalid url|no scheme", "its uri is no URL"),
    ):
        if re.search(pattern, text):
            return reason
    return _first_line(seen[-1])


def _database(error: Exception) -> tuple[str, str]:
    original = getattr(error, "orig", None)
    text = _first_line(original if isinstance(original, Exception) else error)
    if "iceberg_tables" in text or "iceberg_namespace_properties" in text:
        reason = "the database holds no Iceberg catalog"
        return reason, "check the uri; a catalog has the table iceberg_tables"
    if "load plugin" in text or "parse" in text:
        return text, "write the uri as dialect+driver://user@host/database"
    return text, "check that the database runs, and the uri in its settings"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
