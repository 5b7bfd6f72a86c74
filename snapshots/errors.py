"""The error tree: one root, fields on every error, and the next step in every message."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS_MAX = 2_000
"""How long a message gets: what somebody typed or wrote may be of any length."""


class TemporalLineageError(Exception):
    """Root of all errors a user can cause or meet; anything else is a bug."""

    exit_status = 1

    def __str__(self) -> str:
        """Give the message; of a long one the beginning, and the end with the next step in it."""
        return shortened(super().__str__())


class UsageError(TemporalLineageError):
    """What was typed cannot be understood; exit status 2."""

    exit_status = 2


class BadInstantError(UsageError):
    """A text that is no point in time."""

    def __init__(self, text: str) -> None:
        """Keep the text as it was typed."""
        self.text = text
        super().__init__(
            f"{text!r} is not a point in time;"
            " write 2026-11-17, 2026-11-17T09:00Z or 2026-11-17T09:00:00.123456+01:00"
        )


class EmptyPeriodError(UsageError):
    """A period that ends before it begins."""

    def __init__(self, start: str, end: str) -> None:
        """Keep both ends as ISO texts."""
        self.start = start
        self.end = end
        super().__init__(f"nothing lies between {start} and {end}; the earlier time comes first")


class BadAddressError(UsageError):
    """A text that is no address of a dataset, version, column, job, run or model."""

    def __init__(self, text: str, reason: str) -> None:
        """Keep the text and why it was refused."""
        self.text = text
        self.reason = reason
        super().__init__(
            f"{text!r} is not an address: {reason};"
            " write catalog.namespace.table, ...@version, ...#column, job:ns/name, run:<uuid>"
            " or model:name@version"
        )


class BadTargetError(UsageError):
    """An address that can be read, and is none of what this question is about."""

    def __init__(self, text: str, reason: str) -> None:
        """Keep the text and what is asked for instead."""
        self.text = text
        self.reason = reason
        super().__init__(f"{text} does not fit here: {reason}")


class UnknownNameError(TemporalLineageError):
    """Something was named that is not known here."""

    def __init__(self, kind: str, name: str, nearest: Sequence[str], advice: str) -> None:
        """Keep what kind of thing was named, its name, and the names nearest to it."""
        self.kind = kind
        self.name = name
        self.nearest = tuple(nearest)
        self.advice = advice
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"no {kind} {name}{hint}; {advice}")


class BeforeHistoryError(TemporalLineageError):
    """A question about a time before the first known state."""

    def __init__(self, dataset: str, asked: str, first: str) -> None:
        """Keep what was asked and the first instant that would have worked."""
        self.dataset = dataset
        self.asked = asked
        self.first = first
        super().__init__(f"{dataset} had no known state at {asked}; its history starts at {first}")


class UnreadableError(TemporalLineageError):
    """A file of a table, log or event stream that cannot be read or decoded."""

    def __init__(self, location: str, reason: str, advice: str) -> None:
        """Keep where it lies, why it was refused, and the nearest thing that would work."""
        self.location = location
        self.reason = reason
        self.advice = advice
        super().__init__(f"cannot read {location}: {reason}; {advice}")


class UnsupportedError(TemporalLineageError):
    """A table that needs a feature this reader does not have: refused, never misread."""

    def __init__(self, location: str, feature: str, advice: str) -> None:
        """Keep the table, the feature it needs, and what would work."""
        self.location = location
        self.feature = feature
        self.advice = advice
        super().__init__(f"{location} needs {feature}, which is not supported; {advice}")


def shortened(message: str) -> str:
    """Leave out the middle of a message that nobody would read to its end."""
    left_out = len(message) - LETTERS_MAX
    if left_out <= 0:
        return message
    half = LETTERS_MAX // 2
    return f"{message[:half]} ... ({left_out:,} letters left out) ... {message[-half:]}"
