"""What linking left open, in words for people who took something in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHOWN_MAX = 20


def strange(strangers: Sequence[str]) -> Iterator[str]:
    """Say which events carry another run's id, and where they are."""
    for one in strangers[:_SHOWN_MAX]:
        yield click.style(f"! kept, but linked to nothing: {one}", fg="red")
    if strangers:
        more = len(strangers) - _SHOWN_MAX
        told = f"{more} more, and all of it" if more > 0 else "it is"
        yield click.style(f"! {told} in quarantine: tl quarantine list", fg="red")
