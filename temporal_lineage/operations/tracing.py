"""Tracing: spans sent where the variables of OpenTelemetry say, if its SDK is installed."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opentelemetry.sdk.trace.export import SpanExporter

ASKED_BY = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)
"""The variables of OpenTelemetry by which somebody asks for spans."""

PARENT = "TRACEPARENT"
"""The variable in which a process that runs us names the span that we belong to."""

_SERVICE = "temporal-lineage"
_INSTALL = "pip install 'temporal-lineage[opentelemetry]'"

log = logging.getLogger(__name__)


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment asks for spans."""
    return any(environ.get(name) for name in ASKED_BY) and bool(_exporter_names(environ))


def trace_as_asked(environ: Mapping[str, str]) -> Callable[[], None]:
    """Send the spans of this process where the environment says; returns what sends the last ones.

    An application that set OpenTelemetry up before us keeps what it chose. Without the SDK, or
    without the exporter that is asked for, the work goes on untraced and the log says so.
    """
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.info("spans are asked for, and OpenTelemetry is not installed: %s", _INSTALL)
        return _nothing
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return _nothing
    exporters = _exporters(_exporter_names(environ), environ)
    if not exporters:
        return _nothing
    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before our own name.
    named = Resource({SERVICE_NAME: _SERVICE})
    told = Resource.create()
    is_unnamed = str(told.attributes[SERVICE_NAME]).startswith("unknown_service")
    provider = TracerProvider(resource=told.merge(named) if is_unnamed else told)
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _exporter_names(environ: Mapping[str, str]) -> list[str]:
    told = environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    names = [one.strip() for one in told.split(",")]
    return [one for one in names if one and one != "none"]


def _exporters(names: Sequence[str], environ: Mapping[str, str]) -> list[SpanExporter]:
    """Make the exporters, which installed packages register by name."""
    protocol = environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    otlp = "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"
    made: list[SpanExporter] = []
    for name in names:
        known = otlp if name == "otlp" else name
        found = next(iter(entry_points(group="opentelemetry_traces_exporter", name=known)), None)
        if found is None:
            log.warning("no exporter of spans is installed as %s: %s", known, _INSTALL)
            continue
        made.append(found.load()())
    return made


def _nothing() -> None:
    """Send nothing: there is nothing to send."""
