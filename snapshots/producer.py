"""Producers: the engine and the user that a commit names, of the many ways to name them."""

from __future__ import annotations

from collections.abc import Mapping

from snapshots.records import dataclass

_UNKNOWN = "<unknown>"
_USERS = ("userName", "userId", "trino_user", "user")
_SIGNS = (
    ("trino_query_id", "trino"),
    ("flink.job-id", "flink"),
    ("kafka.connect.commit-id", "kafka connect"),
    ("spark.app.id", "spark"),
)


@dataclass(frozen=True, slots=True)
class Producer:
    """Who made a commit, by its own words; None for what it does not say."""

    engine: str | None
    user: str | None


def producer_of(summary: Mapping[str, str]) -> Producer:
    """Read a commit's summary: Delta's commitInfo, or what engines write into Iceberg's.

    >>> producer_of({"engine-name": "spark", "engine-version": "3.5.1"}).engine
    'spark 3.5.1'
    >>> producer_of({"engineInfo": "delta-rs:py-1.6.6", "userName": "ada"})
    Producer(engine='delta-rs:py-1.6.6', user='ada')
    """
    user = next((summary[key] for key in _USERS if summary.get(key)), None)
    return Producer(_engine(summary), user)


def _engine(summary: Mapping[str, str]) -> str | None:
    told = summary.get("engineInfo")
    if told and told != _UNKNOWN:
        return told
    name, version = summary.get("engine-name"), summary.get("engine-version")
    if name:
        return f"{name} {version}" if version else name
    return next((engine for key, engine in _SIGNS if key in summary), None)
