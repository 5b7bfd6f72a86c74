"""Environment: where a run runs, and with which versions of which packages. No secrets."""

from __future__ import annotations

import getpass
import platform
import socket
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODULES_MAX = 2_000
"""Imported packages that are looked up, at most."""


def surroundings() -> dict[str, str]:
    """Name the machine, the user and the Python."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "user": _user(),
    }


def imported_packages() -> dict[str, str]:
    """Give the distributions of all that is imported by now, and their versions."""
    from importlib.metadata import PackageNotFoundError, version

    roots = {name.partition(".")[0] for name in tuple(sys.modules)}
    roots -= set(sys.stdlib_module_names)
    homes = _homes()
    names = {one for root in sorted(roots)[:MODULES_MAX] for one in homes.get(root, ())}
    found = {}
    for name in sorted(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def allowed_variables(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Give the environment variables that were named, and no others."""
    return {name: environ[name] for name in sorted(set(names)) if name in environ}


@cache
def _homes() -> Mapping[str, list[str]]:
    """Say which distributions an imported name may come from: that reads every one installed."""
    from importlib.metadata import packages_distributions

    return packages_distributions()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
