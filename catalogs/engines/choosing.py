"""Choosing an engine by its name, as `--engine` takes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from catalogs.engines.abilities import DAFT, ENGINES, SPARK
from catalogs.engines.engine import UnknownEngineError
from catalogs.engines.in_process import IN_PROCESS, InProcess

if TYPE_CHECKING:
    from catalogs.engines.engine import Engine

_AUTO = "auto"


@contextmanager
def opened_engine(text: str) -> Iterator[Engine]:
    """Open the engine of a name, and leave nothing of it running.

    Raises UnknownEngineError, EngineMissingError where its library is not installed, and
    EngineFailedError where no server answers.
    """
    engine = _engine(text)
    try:
        yield engine
    finally:
        engine.close()


def _engine(text: str) -> Engine:
    """Open the engine of a name: in-process, daft, sail, spark=sc://host:15002, auto=daft."""
    name, _, url = text.partition("=")
    if name == _AUTO:
        if not url or url.startswith(_AUTO):
            raise UnknownEngineError(text, "after auto= comes the engine that is asked first")
        from catalogs.engines.routing import Routing

        return Routing(_engine(url))
    if name not in ENGINES:
        raise UnknownEngineError(text, f"{name} is none of {', '.join(ENGINES)}")
    if name == SPARK:
        from catalogs.engines.on_spark import Spark

        return Spark(url)
    if url:
        raise UnknownEngineError(text, f"{name} takes no address")
    if name == IN_PROCESS:
        return InProcess()
    if name == DAFT:
        from catalogs.engines.on_daft import Daft

        return Daft()
    from catalogs.engines.on_spark import Sail

    return Sail()
