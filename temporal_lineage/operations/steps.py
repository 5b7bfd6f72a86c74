"""Steps: pieces of work worth telling about, each as a line of the log and as a span."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Span

Told: TypeAlias = "dict[str, str | int | float | bool]"
"""What is told of a step beside its name: names that no log record has already."""

_MS = 1_000


@contextmanager
def step(
    name: str,
    log: logging.Logger,
    told: Told,
    *,
    level: int = logging.INFO,
    within: Mapping[str, str] | None = None,
) -> Iterator[Told]:
    """Do a piece of work, and tell it afterwards, with what was added to `told` meanwhile.

    `within` carries a trace of another process that this step belongs to, as W3C Trace Context
    headers. A step that fails is told with its error, and the error goes on.
    """
    start = time.perf_counter()
    with _span(name, within) as span:
        try:
            yield told
        except Exception as error:
            told["error"] = str(error) or type(error).__name__
            raise
        finally:
            if span is not None:
                span.set_attributes(told)
            if log.isEnabledFor(level):
                ms = round((time.perf_counter() - start) * _MS, 3)
                log.log(level, name, extra={**told, "ms": ms})


@contextmanager
def _span(name: str, within: Mapping[str, str] | None) -> Iterator[Span | None]:
    """Open a span where this process loaded OpenTelemetry; otherwise none is opened."""
    if "opentelemetry.trace" not in sys.modules:
        yield None
        return
    from opentelemetry import propagate, trace

    tracer = trace.get_tracer("temporal_lineage")
    context = None if within is None else propagate.extract(within)
    with tracer.start_as_current_span(name, context=context) as span:
        yield span
