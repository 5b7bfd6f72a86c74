"""Login: the name of whoever types a command, for what is said in that name."""

from __future__ import annotations


def login() -> str:
    """Give the name that this process is logged in by; `somebody` where it has none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
