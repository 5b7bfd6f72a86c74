"""What adapters answer: the engine's id of a query, and how many rows it wrote, where told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WRITING = (
    "INSERT",
    "MERGE",
    "SELECT",  # PostgreSQL's answer to CREATE TABLE AS
    "CREATE TABLE",
    "CREATE_TABLE_AS_SELECT",
    "COPY",
)


def query_id(adapter: str, response: Mapping[str, Any]) -> str | None:
    """Give the engine's own id of the query that built a node; None where it is not told.

    BigQuery's is `project:location.job`, as the openlineage-dbt wrapper writes it.
    """
    if adapter == "bigquery":
        parts = [_text(response.get(key)) for key in ("project_id", "location", "job_id")]
        project, location, job = parts
        return f"{project}:{location}.{job}" if project and location and job else job
    found = _text(response.get("query_id"))
    return None if found is None or found.casefold() == "n/a" else found


def rows_written(response: Mapping[str, Any]) -> int | None:
    """Give the rows a statement wrote; None where the answer counts something else, or nothing.

    Snowflake answers `SUCCESS 1` to each CREATE, and PostgreSQL -1 to a view: no rows of either
    were written. BigQuery's bytes are those it read.
    """
    rows, code = response.get("rows_affected"), _text(response.get("code")) or ""
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        return None
    return rows if code.upper() in _WRITING else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
