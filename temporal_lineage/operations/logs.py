"""Logs: what the tool does, in lines for people or in JSON for collectors; quiet unless asked."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

OURS = ("temporal_lineage", "catalogs")
"""The loggers that are as talkative as was asked; all others tell warnings and errors only."""

_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """How much is told: each level tells what those after it tell too."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@contextmanager
def logging_to(stream: TextIO, *, form: LogFormat, level: LogLevel) -> Iterator[None]:
    """Write the log of this process to a stream, instead of where it went before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_json() if form is LogFormat.JSON else _Text())
    root, number = logging.getLogger(), logging.getLevelNamesMapping()[level.value.upper()]
    loggers = [root, *(logging.getLogger(name) for name in OURS)]
    before, levels = root.handlers, [one.level for one in loggers]
    root.handlers = [handler]
    for one in loggers:
        one.setLevel(max(logging.WARNING, number) if one is root else number)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers = before
        for one, was in zip(loggers, levels, strict=True):
            one.setLevel(was)


def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(
        "{levelname}{name}{message}",
        style="{",
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
        json_ensure_ascii=True,
    )


class _Text(logging.Formatter):
    """Time in UTC, level and message, then what the record tells beside it as `name=value`."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Give the line without the traceback that may follow it."""
        told = [
            f"{name}={_word(value)}"
            for name, value in vars(record).items()
            if name not in _OF_EVERY_RECORD
        ]
        return " ".join([super().formatMessage(record), *told])


def _word(value: object) -> str:
    """Give a value as one word: what somebody sent cannot begin a line of its own."""
    text = str(value)
    return text if text.isprintable() and " " not in text else repr(text)
