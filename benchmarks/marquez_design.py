"""Marquez's design: lineage as one recursive statement over jobs and the datasets they touch.

The tables have the shape that Marquez documents: jobs, datasets, and which version of a job reads
or writes which dataset, by UUID, in PostgreSQL. The statement is ours, after its design: inputs and
outputs of each job are gathered in arrays, and a step goes from a job to every job whose arrays
overlap its own, in either direction, up to a depth.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

    from benchmarks.flow_histories import Numbers

DEPTH_MAX = 20
"""Marquez's own default."""

_MAKE = """
CREATE TABLE datasets (uuid uuid PRIMARY KEY, namespace_name text, name text);
CREATE TABLE jobs (uuid uuid PRIMARY KEY, namespace_name text, name text,
  current_version_uuid uuid);
CREATE TABLE job_versions_io_mapping (job_version_uuid uuid, dataset_uuid uuid, io_type text,
  job_uuid uuid, is_current_job_version boolean,
  PRIMARY KEY (job_version_uuid, dataset_uuid, io_type));
CREATE INDEX ON job_versions_io_mapping (job_uuid);
CREATE INDEX ON job_versions_io_mapping (dataset_uuid);
"""

_LINEAGE = """
WITH RECURSIVE touched AS (
  SELECT job_uuid,
    coalesce(array_agg(DISTINCT dataset_uuid) FILTER (WHERE io_type = 'INPUT'), '{}') AS reads,
    coalesce(array_agg(DISTINCT dataset_uuid) FILTER (WHERE io_type = 'OUTPUT'), '{}') AS writes
  FROM job_versions_io_mapping
  WHERE is_current_job_version
  GROUP BY job_uuid
), connected(job_uuid, reads, writes, depth) AS (
  SELECT job_uuid, reads, writes, 0 FROM touched WHERE job_uuid = %(job)s
  UNION
  SELECT other.job_uuid, other.reads, other.writes, connected.depth + 1
  FROM connected, touched AS other
  WHERE other.job_uuid <> connected.job_uuid AND connected.depth < %(depth)s
    AND array_cat(other.reads, other.writes) && array_cat(connected.reads, connected.writes)
), found AS (
  SELECT DISTINCT unnest(array_cat(reads, writes)) AS dataset_uuid FROM connected
)
SELECT datasets.name FROM found JOIN datasets ON datasets.uuid = found.dataset_uuid
"""


class MarquezDesign:
    """A database in which each dataset is written by one job, from the datasets that feed it."""

    def __init__(self, connection: psycopg.Connection, edges: tuple[Numbers, Numbers]) -> None:
        """Fill the tables."""
        self._connection = connection
        sources, targets = (ends.tolist() for ends in edges)
        connection.execute(_MAKE)
        numbers = sorted({*sources, *targets})
        self._copy("datasets", [(_id("dataset", one), "bench", str(one)) for one in numbers])
        jobs = sorted(set(targets))
        self._copy(
            "jobs", [(_id("job", one), "bench", str(one), _id("version", one)) for one in jobs]
        )
        reads = [(target, source, "INPUT") for source, target in zip(sources, targets, strict=True)]
        writes = [(one, one, "OUTPUT") for one in jobs]
        self._copy(
            "job_versions_io_mapping",
            [
                (_id("version", job), _id("dataset", one), how, _id("job", job), True)
                for job, one, how in [*reads, *writes]
            ],
        )
        connection.execute("ANALYZE")

    def connected(self, dataset: int) -> set[int]:
        """Give all datasets connected with one by jobs, whatever the direction, as Marquez does."""
        asked = {"job": _id("job", dataset), "depth": DEPTH_MAX}
        return {int(name) for (name,) in self._connection.execute(_LINEAGE, asked)}

    def _copy(self, table: str, rows: list[tuple[object, ...]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def marquez_design(server: str, edges: tuple[Numbers, Numbers]) -> Iterator[MarquezDesign]:
    """Make the tables in a schema of their own, which is gone afterwards."""
    import psycopg

    with psycopg.connect(server) as connection:
        connection.execute("CREATE SCHEMA marquez_design; SET search_path TO marquez_design")
        yield MarquezDesign(connection, edges)
        connection.rollback()


def _id(kind: str, number: int) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}")
