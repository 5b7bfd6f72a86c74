"""Actions: the entries of a Delta log, decoded with tolerance for what later versions add."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from snapshots.errors import UnreadableError

_TRUNCATED_ADVICE = "restore the file from a copy of the table; nothing after it can be trusted"


Long = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number that Delta's own types can hold. JSON can hold larger ones, which nothing can keep."""


class DeletionVector(msgspec.Struct, frozen=True, rename="camel"):
    """The rows of one data file that are deleted. `offset` is None where none is written."""

    storage_type: str
    path_or_inline: str = msgspec.field(name="pathOrInlineDv")
    size_in_bytes: Long
    cardinality: Long
    offset: Long | None = None

    @property
    def unique_id(self) -> str:
        """Give what tells this vector from every other; part of a logical file's identity."""
        place = "" if self.offset is None else f"@{self.offset}"
        return f"{self.storage_type}{self.path_or_inline}{place}"


class Add(msgspec.Struct, frozen=True, rename="camel"):
    """A file that joins the table. `stats` is JSON text, None where there is none.

    `num_records` is None but in checkpoints that keep statistics as columns.
    """

    path: str
    size: Long
    partition_values: dict[str, str | None] = {}
    modification_time: int | None = None
    data_change: bool = True
    stats: str | None = None
    deletion_vector: DeletionVector | None = None
    num_records: Long | None = None

    @property
    def physical_rows(self) -> int | None:
        """Count the rows in the file, deleted ones included; None where unrecorded."""
        if self.num_records is not None:
            return self.num_records
        return _rows_in(self.stats)

    @property
    def rows(self) -> int | None:
        """Count the rows that live; None where unrecorded."""
        return _living(self.physical_rows, self.deletion_vector)


class Remove(msgspec.Struct, frozen=True, rename="camel"):
    """A file that leaves the table. `size` and `stats` are None where the writer left them out."""

    path: str
    data_change: bool = True
    deletion_timestamp: int | None = None
    size: Long | None = None
    stats: str | None = None
    deletion_vector: DeletionVector | None = None

    @property
    def rows(self) -> int | None:
        """Count the rows that lived until then; None where unrecorded."""
        return _living(_rows_in(self.stats), self.deletion_vector)


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What the table is from here on. `schema_string` is None for a table without columns."""

    id: str
    schema_string: str | None = None
    partition_columns: list[str] = []
    configuration: dict[str, str | None] = {}

    @property
    def properties(self) -> dict[str, str]:
        """Give the configuration without its empty entries."""
        return {name: text for name, text in self.configuration.items() if text is not None}


class Protocol(msgspec.Struct, frozen=True, rename="camel"):
    """What a reader and a writer must know. The features are None below reader version 3."""

    min_reader_version: int
    min_writer_version: int
    reader_features: list[str] | None = None
    writer_features: list[str] | None = None


class Transaction(msgspec.Struct, frozen=True, rename="camel"):
    """How far an application has come with its own writes."""

    app_id: str
    version: Long


class DomainMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """What a feature or an application keeps of the table, as text, under a name of its own."""

    domain: str
    configuration: str = ""
    removed: bool = False


class Sidecar(msgspec.Struct, frozen=True, rename="camel"):
    """A file that holds a part of a checkpoint's files."""

    path: str


class Action(msgspec.Struct, frozen=True, rename="camel"):
    """One line of a commit or checkpoint: in practice one of these; other kinds are ignored."""

    commit_info: dict[str, Any] | None = None
    add: Add | None = None
    remove: Remove | None = None
    meta_data: Metadata | None = None
    protocol: Protocol | None = None
    txn: Transaction | None = None
    sidecar: Sidecar | None = None
    domain_metadata: DomainMetadata | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """All actions of one commit. None where the commit has no such action.

    `doubts` says what of the file was not understood, in words.
    """

    witness: str
    commit_info: dict[str, Any] | None
    adds: tuple[Add, ...]
    removes: tuple[Remove, ...]
    metadata: Metadata | None
    protocol: Protocol | None
    transactions: tuple[Transaction, ...]
    sidecars: tuple[str, ...]
    domains: tuple[DomainMetadata, ...]
    doubts: tuple[str, ...]

    @property
    def operation(self) -> str:
        """Give the raw text of the operation; `unknown` where the commit does not say."""
        told = (self.commit_info or {}).get("operation")
        return told if isinstance(told, str) and told else "unknown"

    @property
    def parameters(self) -> dict[str, Any]:
        """Give the operation's parameters; empty where there are none."""
        told = (self.commit_info or {}).get("operationParameters")
        return told if isinstance(told, dict) else {}

    def summary(self) -> dict[str, str]:
        """Give all the commit says about itself: keys joined by dots, values as text."""
        told = dict(_flattened("", self.commit_info or {}))
        told.update({f"txn.{one.app_id}": str(one.version) for one in self.transactions})
        return told


def decoded(body: bytes, *, witness: str, location: str) -> Commit:
    """Decode a commit, a compacted range of commits, or a checkpoint in JSON.

    Raises UnreadableError, naming the file and the line, where a line is no action. Text after a
    line's last JSON object hides nothing as long as no object starts in it: it is reported among
    the doubts.
    """
    doubts: tuple[str, ...] = ()
    try:
        actions = _ACTIONS.decode_lines(body)
    except _BROKEN:
        actions, doubts = _line_by_line(body, witness, location)
    if not actions:
        raise UnreadableError(location, "it holds no action", _TRUNCATED_ADVICE)
    return commit_of(actions, witness=witness, doubts=doubts)


def commit_of(actions: list[Action], *, witness: str, doubts: tuple[str, ...]) -> Commit:
    """Sort actions by kind; of metadata and protocol the last one counts."""
    return Commit(
        witness=witness,
        commit_info=next((one.commit_info for one in actions if one.commit_info is not None), None),
        adds=tuple(one.add for one in actions if one.add is not None),
        removes=tuple(one.remove for one in actions if one.remove is not None),
        metadata=next((one.meta_data for one in reversed(actions) if one.meta_data), None),
        protocol=next((one.protocol for one in reversed(actions) if one.protocol), None),
        transactions=tuple(one.txn for one in actions if one.txn is not None),
        sidecars=tuple(one.sidecar.path for one in actions if one.sidecar is not None),
        domains=tuple(one.domain_metadata for one in actions if one.domain_metadata is not None),
        doubts=doubts,
    )


class _Stats(msgspec.Struct, frozen=True, rename="camel"):
    num_records: Long | None = None


# What decoding raises: bytes that are no UTF-8 are a ValueError, endless nesting a RecursionError.
_BROKEN = (msgspec.MsgspecError, ValueError, RecursionError)
_ACTIONS = msgspec.json.Decoder(Action)
_STATS = msgspec.json.Decoder(_Stats)
_JSON = json.JSONDecoder()


def _rows_in(stats: str | None) -> int | None:
    if not stats:
        return None
    try:
        return _STATS.decode(stats).num_records
    except _BROKEN:
        return None  # statistics are a writer's courtesy; a broken one says nothing


def _living(rows: int | None, vector: DeletionVector | None) -> int | None:
    return rows if rows is None or vector is None else rows - vector.cardinality


def _line_by_line(body: bytes, witness: str, location: str) -> tuple[list[Action], tuple[str, ...]]:
    actions: list[Action] = []
    trailing: list[tuple[int, str]] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        try:
            actions += _ACTIONS.decode_lines(line)
        except _BROKEN as error:
            reason = f"line {number} is no action: {error}"
            if (action := _without_nulls(line)) is not None:
                actions.append(action)
                continue
            read = _before_trailing_text(line)
            if read is None:
                raise UnreadableError(location, reason, _TRUNCATED_ADVICE) from error
            actions += read[0]
            trailing.append((number, read[1]))
    if not trailing:
        return actions, ()
    first, text = trailing[0]
    doubt = f"{witness}: text after the JSON of {len(trailing)} lines was left out"
    return actions, (f"{doubt}, the first on line {first}: {text[:20]!r}",)


def _without_nulls(line: bytes) -> Action | None:
    """Read a line of a writer that says null where it could say nothing; None where it is none."""
    try:
        told = json.loads(line)
        kinds = {name: body for name, body in told.items() if isinstance(body, dict)}
        plain = {
            name: {key: value for key, value in body.items() if value is not None}
            for name, body in kinds.items()
        }
        return msgspec.convert(plain, Action) if plain else None
    except (*_BROKEN, AttributeError):
        return None


def _before_trailing_text(line: bytes) -> tuple[list[Action], str] | None:
    """Read the objects at the start of a line; None where anything else than a tail is wrong."""
    try:
        text = line.decode()
        place, count = 0, 0
        while text[place:].lstrip().startswith("{"):
            start = len(text) - len(text[place:].lstrip())
            place = _JSON.raw_decode(text, start)[1]
            count += 1
        if not count or "{" in text[place:]:
            return None
        return _ACTIONS.decode_lines(text[:place]), text[place:].strip()
    except _BROKEN:
        return None


def _flattened(prefix: str, value: dict[str, Any]) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, dict):
            told += _flattened(f"{name}.", inner)
        elif inner is not None:
            told.append((name, _text(inner)))
    return told


def _text(value: object) -> str:
    """Write a JSON value as text; the plain ones, which nearly all are, without an encoder."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return json.dumps(value)
