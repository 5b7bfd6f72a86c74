"""Decoders: every place where bytes of others come in, as a function that takes any bytes.

Each gives a result or raises an error of our one root. Anything else is a fault.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant

if TYPE_CHECKING:
    from catalogs.delta.log import DeltaLog

Decode = Callable[[bytes], None]

_NOW = Instant(1_800_000_000_000_000)
_ROWS = 100_000
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def decode(name: str, body: bytes) -> None:
    """Decode bytes. Raises TemporalLineageError where they are refused; all else is a fault."""
    DECODERS[name](body)


def _iceberg_metadata(body: bytes) -> None:
    from catalogs.iceberg.definition import definition_of
    from catalogs.iceberg.metadata import decode_metadata, reading_of
    from catalogs.iceberg.reading import Readings

    metadata = decode_metadata(body, location="t")
    reading_of(metadata)
    readings = Readings(snapshots=(), schemas=())
    readings.take("t", metadata)
    definition_of(metadata, features=())


def _manifest_list(body: bytes) -> None:
    from catalogs.iceberg.manifests import read_manifest_list

    read_manifest_list(body, location="l")


def _manifest(body: bytes) -> None:
    from catalogs.iceberg.manifests import Manifest, read_manifest, read_measured

    of_rows, of_deletes = (Manifest("m", None, 1, 1, None, None, one) for one in (False, True))
    for listed in (of_rows, of_deletes):
        list(read_manifest(body, listed, location="m"))
    list(read_measured(body, of_rows, measures=("value_counts",), location="m"))


def _avro_rows(body: bytes) -> None:
    from catalogs.iceberg.avro_rows import AvroFragment

    fragment = AvroFragment(BytesIO(body), location="r")
    fragment.to_table(columns=fragment.physical_schema.names)


def _delta_actions(body: bytes) -> None:
    from catalogs.delta.actions import decoded

    commit = decoded(body, witness="0.json", location="0.json")
    commit.summary()
    _ = [one.rows for one in commit.adds], [one.rows for one in commit.removes]


def _delta_history(body: bytes) -> None:
    """Read a table whose whole log is this one commit."""
    from catalogs.delta.source import DeltaSource
    from catalogs.storage import Storage

    log = _folder() / "_delta_log"
    log.mkdir(exist_ok=True)
    (log / f"{0:020}.json").write_bytes(body)
    source = DeltaSource(str(log.parent), storage=Storage({}), options={})
    source.history(known=None)


def _delta_checkpoint(body: bytes) -> None:
    from catalogs.delta.checkpoint import checkpoint, opening, sidecars

    for name in ("1.checkpoint.parquet", "1.checkpoint.json"):
        log = _log_of(name, body)
        for read in (checkpoint, opening):
            try:
                read(log, (name,))
            except TemporalLineageError:
                continue
        sidecars(log, name)


def _log_of(name: str, body: bytes) -> DeltaLog:
    from catalogs.delta import segment
    from catalogs.delta.log import DeltaLog, LogCache
    from catalogs.storage import Storage

    storage, root = Storage({}), str(_folder() / "nothing")
    listed = segment.listed(storage, root)
    return DeltaLog(root=root, storage=storage, segment=listed, kept={name: body}, cache=LogCache())


def _deletion_vector(body: bytes) -> None:
    """Read a vector from the log itself, where no checksum keeps damage out."""
    from catalogs.delta.actions import DeletionVector
    from catalogs.delta.vectors import deleted_rows
    from catalogs.moved import Moved
    from catalogs.storage import Storage

    padded = body + bytes(-len(body) % 4)
    text = base64.b85encode(padded).translate(bytes.maketrans(_B85, _Z85)).decode()
    vector = DeletionVector("i", text, len(body), 3)
    deleted_rows(vector, rows=_ROWS, root="t", storage=Storage({}), moved=Moved({}))


def _openlineage(body: bytes) -> None:
    from temporal_lineage.capture.openlineage import read_events

    for _ in read_events(body, source="e"):
        pass


def _dbt(kind: str) -> Decode:
    def decode_artifact(body: bytes) -> None:
        from temporal_lineage.capture.dbt import translate
        from temporal_lineage.capture.dbt_names import project_name
        from temporal_lineage.capture.dbt_places import Place
        from temporal_lineage.capture.dbt_projects import DbtProject
        from temporal_lineage.intake.dbt_folders import read_sets

        folder = _dbt_folder(kind)
        (folder / f"{kind}.json").write_bytes(body)
        (found,) = read_sets([str(folder)], any_manifest=True)
        content = found.manifest.content
        place = Place(content.metadata.adapter_type or "", "duckdb://x", None, None, {})
        name = project_name(content)
        parts = (found.manifest, found.catalog, found.results, found.freshness)
        translate(DbtProject(name, *parts, "dbt", place))

    return decode_artifact


@cache
def _dbt_folder(kind: str) -> Path:
    """Give a folder with a sound manifest, beside which an artifact of this kind is fuzzed."""
    from torture.seeds import DBT_MANIFEST

    folder = Path(mkdtemp(prefix="tl-fuzz-dbt-"))
    if kind != "manifest":
        (folder / "manifest.json").write_bytes(DBT_MANIFEST)
    return folder


def _sql(body: bytes) -> None:
    from temporal_lineage.sql.dialects import dialect
    from temporal_lineage.sql.schemas import NoSchemas
    from temporal_lineage.sql.scripts import analyse

    names = ("", "spark", "trino", "snowflake", "bigquery", "tsql")
    analyse(body.decode("utf-8", "replace"), dialect(names[len(body) % len(names)]), NoSchemas())


def _lock(body: bytes) -> None:
    from temporal_lineage.locks.text import lock_text, read_lock

    file = _folder() / "t.lock"
    file.write_bytes(body)
    lock_text(read_lock(file))


def _case(body: bytes) -> None:
    from temporal_lineage.erasure.case import read_case

    file = _folder() / "t.case"
    file.write_bytes(body)
    read_case(file)


def _metrics_report(body: bytes) -> None:
    from temporal_lineage.capture.openlineage import read_events
    from temporal_lineage.sink.metrics_reports import ReportedTable, kept_report

    kept = kept_report(body, ReportedTable("p", "n", "t"), now=_NOW)
    for _ in read_events(kept.body, source="e"):
        pass


def _address(body: bytes) -> None:
    from temporal_lineage.session.targets import as_place, typed

    text = body.decode("utf-8", "surrogateescape")
    as_place(text)
    typed(text)


def _condition(body: bytes) -> None:
    import pyarrow as pa

    from catalogs.row_filter import arrow_filter, bound_condition

    names = {"a": pa.int64(), "b": pa.string(), "c": pa.timestamp("us"), "d": pa.decimal128(9, 2)}
    schema = pa.schema(names)
    where = body.decode("utf-8", "replace")
    arrow_filter(where, schema)
    bound_condition(where, schema)


def _instant(body: bytes) -> None:
    Instant.parse(body.decode("utf-8", "replace"))


@cache
def _folder() -> Path:
    return Path(mkdtemp(prefix="tl-fuzz-"))


DECODERS: Mapping[str, Decode] = {
    "iceberg-metadata": _iceberg_metadata,
    "iceberg-manifest-list": _manifest_list,
    "iceberg-manifest": _manifest,
    "avro-rows": _avro_rows,
    "delta-actions": _delta_actions,
    "delta-history": _delta_history,
    "delta-checkpoint": _delta_checkpoint,
    "deletion-vector": _deletion_vector,
    "openlineage": _openlineage,
    "dbt-manifest": _dbt("manifest"),
    "dbt-catalog": _dbt("catalog"),
    "dbt-run-results": _dbt("run_results"),
    "dbt-sources": _dbt("sources"),
    "sql": _sql,
    "lock": _lock,
    "erasure-case": _case,
    "metrics-report": _metrics_report,
    "address": _address,
    "condition": _condition,
    "instant": _instant,
}
