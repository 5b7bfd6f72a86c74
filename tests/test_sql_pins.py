"""Pins and places in SQL: at which state a table is read, and what is a file."""

from __future__ import annotations

import pytest

from sql_answers import columns, only
from temporal_lineage.evidence.pin_values import NumberPin, RefPin, TimePin, UnreadablePin


@pytest.mark.parametrize(
    ("spoken", "table", "pin"),
    [
        ("spark", "t VERSION AS OF 12", NumberPin),
        ("spark", "t FOR SYSTEM_VERSION AS OF 12", NumberPin),
        ("spark", "t FOR VERSION AS OF 'audit'", RefPin),
        ("spark", "t TIMESTAMP AS OF '2026-11-17'", TimePin),
        ("spark", "t TIMESTAMP AS OF date_sub(current_date(), 1)", UnreadablePin),
        ("spark", "lake.t.branch_audit", RefPin),
        ("spark", "lake.t.tag_eod", RefPin),
        ("spark", "lake.t.snapshot_id_12", NumberPin),
        ("databricks", "t@v12", NumberPin),
        ("databricks", "t@20261117090000000", TimePin),
        ("trino", "t FOR VERSION AS OF 8954597067493422955", NumberPin),
        ("trino", "t FOR TIMESTAMP AS OF TIMESTAMP '2026-11-17 09:00:00.000 UTC'", TimePin),
        ("athena", "t FOR TIMESTAMP AS OF TIMESTAMP '2026-11-17 09:00:00.000 UTC'", TimePin),
        ("hive", "t FOR SYSTEM_VERSION AS OF 12", NumberPin),
        ("bigquery", "t FOR SYSTEM_TIME AS OF '2026-11-17'", TimePin),
        ("snowflake", "t AT(TIMESTAMP => '2026-11-17'::timestamp)", TimePin),
        ("snowflake", "t AT(OFFSET => -60)", UnreadablePin),
        ("snowflake", "t BEFORE(STATEMENT => 'q')", UnreadablePin),
        ("duckdb", "t AT (VERSION => 3)", NumberPin),
        ("dremio", "t AT SNAPSHOT '123'", NumberPin),
        ("tsql", "t FOR SYSTEM_TIME AS OF '2026-11-17'", TimePin),
        ("tsql", "t FOR SYSTEM_TIME BETWEEN '2026-11-17' AND '2026-11-18'", UnreadablePin),
        ("oracle", "t AS OF SCN 123", UnreadablePin),
        ("starrocks", "t FOR VERSION AS OF 12", NumberPin),
    ],
)
def test_a_pin_is_found_in_every_dialect_that_has_one(
    spoken: str, table: str, pin: type[object]
) -> None:
    told = only(f"INSERT INTO u SELECT * FROM {table}", spoken)
    (read,) = told.reads
    assert str(read.place).removeprefix("lake.") == "t"
    assert isinstance(read.pin, pin)


def test_a_clone_and_a_restore_say_which_version() -> None:
    for text, spoken in (
        ("CREATE TABLE a SHALLOW CLONE b VERSION AS OF 3", "databricks"),
        ("RESTORE TABLE b TO VERSION AS OF 3", "spark"),
    ):
        told = only(text, spoken)
        assert [str(read) for read in told.reads] == ["b [VERSION AS OF 3]"]
        assert columns(told) == {"*": ["b [VERSION AS OF 3].* IDENTITY"]}


def test_files_are_read_and_written_as_paths() -> None:
    told = only("COPY INTO t FROM 's3://bucket/x'", "snowflake")
    assert [str(read) for read in told.reads] == ["s3://bucket/x"]
    told = only("INSERT OVERWRITE DIRECTORY '/out' SELECT a FROM delta.`/lake/t`", "spark")
    assert [str(read) for read in told.reads] == ["/lake/t"]
    assert [str(write.place) for write in told.writes] == ["/out"]
