"""Dataset names made comparable: one place, one name, whoever spells it."""

from __future__ import annotations

from snapshots.dataset import Dataset

_SAME_SCHEME = {
    "s3a": "s3",
    "s3n": "s3",
    "gcs": "gs",
    "abfs": "abfss",
    "wasb": "abfss",
    "wasbs": "abfss",
    "postgresql": "postgres",
}
_BUCKETS = frozenset({"s3", "gs", "abfss", "oss", "cos", "cosn", "obs"})
_PATHS = frozenset({"file", "hdfs", "dbfs", "viewfs", "maprfs"})
_FILE = "file"
_IN_SCHEMES = frozenset("+-.")


def canonical(dataset: Dataset) -> Dataset:
    """Give the name to compare by; the recorded name stays what people see.

    Schemes of one storage become one, slashes at the end fall away, hosts are in lower case, and
    a local file is `file` with its absolute path, however its URL was cut into the two parts.

    >>> str(canonical(Dataset("s3a://Lake/", "/sales/orders/")))
    's3://lake/sales/orders'
    >>> str(canonical(Dataset("file:///", "tmp/t")))
    'file//tmp/t'
    """
    scheme, host, rest = _split(dataset.namespace)
    if scheme is None and dataset.namespace.rstrip(":").lower() == _FILE:
        scheme = _FILE
        rest = ""
    if scheme is None:
        namespace = dataset.namespace.rstrip("/") or dataset.namespace
        return Dataset(namespace, dataset.name.rstrip("/"))
    here = _FILE if scheme == _FILE and not host else f"{scheme}://{host}"
    if rest.strip("/"):
        # A warehouse that holds tables by name: the name is no path.
        colon = ":" if here == _FILE else ""
        return Dataset(f"{here}{colon}/{_path(scheme, rest)}", dataset.name)
    return Dataset(here, _name(scheme, dataset.name))


def located(location: str) -> Dataset:
    """Give the name that OpenLineage has for a place: a path, or a URL of a table's root.

    >>> str(located("s3a://lake/sales/orders/"))
    's3://lake/sales/orders'
    >>> located("/tmp/t") == located("file:///tmp/t")
    True
    """
    scheme, host, path = _split(location)
    if scheme is None:
        return Dataset(_FILE, _file_path(location))
    return canonical(Dataset(f"{scheme}://{host}", path))


def _split(text: str) -> tuple[str | None, str, str]:
    """Cut a URL into scheme and host, both unified, and the rest; None for what is no URL."""
    scheme, _, rest = text.partition(":")
    if not (rest.startswith("/") and _is_scheme(scheme)):
        return None, "", text
    scheme = _SAME_SCHEME.get(scheme.lower(), scheme.lower())
    host, slash, rest = rest.removeprefix("//").partition("/")
    host = host.lower()
    if scheme == "abfss":
        host = host.replace(".blob.core.", ".dfs.core.")  # two doors to one storage account
    if scheme == _FILE and host == "localhost":
        host = ""
    return scheme, host, slash + rest


def _is_scheme(text: str) -> bool:
    """Tell whether a text may stand before the colon of a URL; one letter is a drive's."""
    letters = "".join(one for one in text if one not in _IN_SCHEMES)
    return len(text) > 1 and text[0].isalpha() and letters.isalnum() and text.isascii()


def _name(scheme: str, name: str) -> str:
    if scheme == _FILE:
        return _file_path(name)
    if scheme in _BUCKETS:
        return _path(scheme, name)
    return f"/{_path(scheme, name)}" if scheme in _PATHS else name.rstrip("/")


def _path(scheme: str, name: str) -> str:
    # In a bucket two slashes in a row are part of the key; in a file system they are one.
    path = name if scheme in _BUCKETS else _once_cut(name)
    return path.strip("/")


def _file_path(text: str) -> str:
    scheme, _, path = _split(text)
    return "/" + _once_cut(path if scheme == _FILE else text).strip("/")


def _once_cut(path: str) -> str:
    """Write one slash for several in a row."""
    while "//" in path:
        path = path.replace("//", "/")
    return path
