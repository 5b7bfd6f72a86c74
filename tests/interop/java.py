"""Java for the peers that need it: the oldest one here that is new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def find_java(*, oldest: int, newest: int) -> Path | None:
    """Give the program `java` of a version in that range; None where there is none."""
    found = {_version(one): one for one in _candidates()}
    fitting = [version for version in found if oldest <= version <= newest]
    return found[min(fitting)] if fitting else None


def _candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java"
    found = shutil.which("java")
    if found:
        yield Path(found).resolve()
    yield from sorted(Path("/usr/lib/jvm").glob("*/bin/java"))


def _version(java: Path) -> int:
    try:
        said = subprocess.run(
            [str(java), "-version"], capture_output=True, text=True, check=False, timeout=30
        ).stderr
    except OSError:
        return 0
    told = _VERSION.search(said)
    return int(told[1]) if told else 0
