"""Addresses: how people name tables, states, columns, jobs, runs, models and edges."""

from __future__ import annotations

from snapshots.errors import BadAddressError, BadInstantError
from snapshots.instant import Instant
from snapshots.records import dataclass
from snapshots.refs import MAIN

_PREFIXES = ("dataset:", "model:", "job:", "run:", "edge:")
_SIGNS = frozenset('@#"')
_EDGE_DIGITS_MAX = 10
_EDGE_MAX = 2**31 - 1
"""The largest number that an edge of a ledger can have."""


@dataclass(frozen=True, slots=True)
class AtVersion:
    """Exactly this Iceberg snapshot, Delta version, or named version of a model or file.

    A version that is no number is written in double quotes where it would be read as a time.
    """

    version: str

    def __str__(self) -> str:
        return f"@{quoted_version(self.version)}"


@dataclass(frozen=True, slots=True)
class AtInstant:
    """The state that was current on a ref then."""

    ref: str
    instant: Instant

    def __str__(self) -> str:
        return f"@{self.instant}" if self.ref == MAIN else f"@{self.ref}@{self.instant}"


@dataclass(frozen=True, slots=True)
class AtRef:
    """The state a branch or tag names at the time of the question."""

    ref: str

    def __str__(self) -> str:
        return f"@{self.ref}"


At = AtVersion | AtInstant | AtRef


@dataclass(frozen=True, slots=True)
class DatasetAddress:
    """A table as `catalog.namespace.table`, or any other dataset as `dataset:namespace/name`.

    A path or URL is read as the latter. What follows `dataset:` is in double quotes where it
    holds a sign of addresses, and `name` keeps them.
    `at` is None where the address names no state; `column` is None where it names no column.
    """

    name: str
    at: At | None
    column: str | None

    def __str__(self) -> str:
        column = f"#{self.column}" if self.column else ""
        return f"{self.name}{self.at or ''}{column}"


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """A model and its version; None where all versions are meant."""

    name: str
    version: str | None

    def __str__(self) -> str:
        return f"model:{quoted(self.name)}" + (f"@{self.version}" if self.version else "")


def dataset_name(address: DatasetAddress | ModelAddress) -> str:
    """Give the name of the dataset that an address is about, without its state."""
    return f"model:{address.name}" if isinstance(address, ModelAddress) else address.name


@dataclass(frozen=True, slots=True)
class JobAddress:
    """A job, by `namespace/name`."""

    name: str

    def __str__(self) -> str:
        return f"job:{self.name}"


@dataclass(frozen=True, slots=True)
class RunAddress:
    """A run, by its OpenLineage run id."""

    run_id: str

    def __str__(self) -> str:
        return f"run:{self.run_id}"


@dataclass(frozen=True, slots=True)
class EdgeAddress:
    """One edge of this ledger."""

    edge_id: int

    def __str__(self) -> str:
        return f"edge:{self.edge_id}"


Address = DatasetAddress | ModelAddress | JobAddress | RunAddress | EdgeAddress


def parse_address(text: str) -> Address:
    """Read an address; everything an answer prints reads back. Raises BadAddressError.

    >>> str(parse_address("lake.sales.orders@2026-11-17T09:00Z#customer.id"))
    'lake.sales.orders@2026-11-17T09:00:00Z#customer.id'
    """
    if any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text):
        raise BadAddressError(text, "it holds what is no text")
    if not text.strip():
        raise BadAddressError(text, "it is empty")
    if text.startswith("/") or ("://" in text and not text.startswith(_PREFIXES)):
        return _dataset_address(f"dataset:{_place(text)}")
    kind, colon, rest = text.partition(":")
    if colon and not rest:
        raise BadAddressError(text, f"nothing follows {kind}:")
    match kind if colon else "":
        case "job":
            return JobAddress(rest)
        case "run":
            return RunAddress(rest.lower())
        case "model":
            name, _, version = _cut(rest, "@")
            return ModelAddress(unquoted(name), version or None)
        case "edge":
            if not rest.isdecimal() or len(rest) > _EDGE_DIGITS_MAX or int(rest) > _EDGE_MAX:
                raise BadAddressError(text, "an edge has a number, as in edge:12")
            return EdgeAddress(int(rest))
        case _:
            return _dataset_address(text)


def quoted(name: str) -> str:
    """Write a name in double quotes, as in SQL, where it holds a sign of addresses.

    >>> quoted("s3://lake/a@b"), quoted("s3://lake/a")
    ('"s3://lake/a@b"', 's3://lake/a')
    """
    return name if _SIGNS.isdisjoint(name) else _in_quotes(name)


def unquoted(name: str) -> str:
    """Give back what `quoted` wrote; a name without quotes is itself."""
    quotes = len(name) > 1 and name.startswith('"') and name.endswith('"')
    return name[1:-1].replace('""', '"') if quotes else name


def quoted_version(version: str) -> str:
    """Write a version's name; in double quotes too where it would be read as a time."""
    return _in_quotes(version) if _begins_with_a_date(version) else quoted(version)


def _begins_with_a_date(text: str) -> bool:
    digits = text[:4] + text[5:7] + text[8:10]
    return text[4:5] == text[7:8] == "-" and digits.isdecimal() and len(digits) == len("20261117")


def without_state(address: str) -> str:
    """Give an address up to its state: what is quoted is part of a name.

    >>> without_state('lake.s."a@b"@7'), without_state("lake.s.orders@7")
    ('lake.s."a@b"', 'lake.s.orders')
    """
    return (_cut(address, "@") if '"' in address else address.partition("@"))[0]


def _in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _place(text: str) -> str:
    """Write a path or URL as OpenLineage names it: `file` and the path, or bucket and key."""
    if text.startswith("/"):
        return f"file/{text}"
    return text.replace("file://", "file/", 1) if text.startswith("file://") else text


def _dataset_address(text: str) -> DatasetAddress:
    # A column is named last, and a path after `dataset:` may hold any character but these two.
    body, mark, column = _cut(text, "#")
    if mark and not column:
        raise BadAddressError(text, "no column follows #")
    name, mark, rest = _cut(body, "@")
    if mark and not rest:
        raise BadAddressError(text, "no version, ref or time follows @")
    kind, colon, _ = name.partition(":")
    if colon and kind != "dataset" and "." not in name:
        raise BadAddressError(text, f"nothing is written with {kind}:")
    at = _at(text, rest) if rest else None
    return DatasetAddress(name, at, column or None)


def _cut(text: str, sign: str) -> tuple[str, str, str]:
    """Cut at the first sign outside of double quotes, which names are quoted with as in SQL."""
    quoted = False
    for place, letter in enumerate(text):
        quoted ^= letter == '"'
        if letter == sign and not quoted:
            return text[:place], sign, text[place + 1 :]
    return text, "", ""


def _at(text: str, rest: str) -> At:
    if (version := unquoted(rest)) != rest:
        return AtVersion(version)
    ref, mark, instant = rest.rpartition("@")
    if mark and not _begins_with_a_date(instant):
        raise BadAddressError(text, f"{instant!r} is not a point in time")
    if _begins_with_a_date(instant):
        try:
            return AtInstant(ref or MAIN, Instant.parse(instant))
        except BadInstantError as error:
            raise BadAddressError(text, str(error)) from error
    return AtVersion(rest) if rest.isdecimal() else AtRef(rest)
