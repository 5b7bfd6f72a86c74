"""Meters: what a sink has done and how long it took, as Prometheus reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, GCCollector, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric

    from temporal_lineage.sink.keeping import KeeperState

CONTENT_TYPE = CONTENT_TYPE_PLAIN_1_0_0

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Up to twice as long as clients of OpenLineage wait before they send again."""

_PREFIX = "temporal_lineage"


class Meters:
    """Counts requests and measures commits and steps of linking."""

    def __init__(self) -> None:
        """Begin at nothing; the keeper's own counts are read when somebody asks: see `watch`."""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._requests = self._histogram(
            "request", "Time from a request's first byte to our answer's last.", ["path", "status"]
        )
        self._commits = self._histogram("commit", "Time to make events safe in the ledger.", [])
        self._links = self._histogram("link_step", "Time of one step of linking.", [])

    def watch(self, state: Callable[[], KeeperState]) -> None:
        """Read the counts of a keeper from here whenever they are asked for."""
        self._registry.register(_KeeperCollector(state))

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a request by the kind of its path; 0 is the status of one that was broken off."""
        self._requests.labels(path, str(status)).observe(seconds)

    def committed(self, seconds: float) -> None:
        """Count a commit of events."""
        self._commits.observe(seconds)

    def linked(self, seconds: float) -> None:
        """Count a step of linking."""
        self._links.observe(seconds)

    def exposition(self) -> bytes:
        """Give all of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, text: str, labels: list[str]) -> Histogram:
        return Histogram(
            f"{_PREFIX}_{name}_seconds", text, labels, buckets=_SECONDS, registry=self._registry
        )


class _KeeperCollector(Collector):
    """Gives the counts of a keeper as they are when they are read."""

    def __init__(self, state: Callable[[], KeeperState]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """Give each count with what it means."""
        state = self._state()
        for name, text, value in (
            ("events_kept", "Events that were new, and are safe in the ledger.", state.kept),
            ("events_repeated", "Events that were in the ledger already.", state.repeated),
            ("events_refused", "Bodies and events that went into quarantine.", state.refused),
            ("events_linked", "Events whose runs were linked.", state.linked),
        ):
            yield CounterMetricFamily(f"{_PREFIX}_{name}", text, value=value)
        for name, text, told in (
            ("events_waiting", "Events that are not yet safe in the ledger.", state.waiting),
            ("is_linked", "1 where no kept event waits to be linked.", state.is_linked),
            (
                "keeping_failed",
                "1 while the ledger takes no events; /health says why.",
                bool(state.keeping_trouble),
            ),
            (
                "linking_failed",
                "1 while linking fails; /health says why.",
                bool(state.linking_trouble),
            ),
        ):
            yield GaugeMetricFamily(f"{_PREFIX}_{name}", text, value=float(told))
