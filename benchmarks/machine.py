"""The machine: what a figure must name to mean something."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = (
    *("click", "deltalake", "msgspec", "networkx", "polars", "pyarrow", "pyiceberg", "sqlalchemy"),
)


def described() -> str:
    """Describe processor, memory and versions, without the machine's name."""
    cores = os.cpu_count() or 1
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_processor()}, {cores} cores, {_memory_gib():.0f} GiB, {platform.system()};"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; {libraries}"
    )


def today() -> str:
    """Give the date in UTC."""
    return datetime.now(UTC).date().isoformat()


def load() -> float | None:
    """Give how many processes wanted a core, on average over five minutes; None if unknown."""
    try:
        return os.getloadavg()[1]
    except OSError:
        return None


def _processor() -> str:
    try:
        told = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        told = None
    return told[1].strip() if told else platform.processor() or platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
