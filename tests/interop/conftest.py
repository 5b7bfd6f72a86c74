"""What the interop tests have to tell besides passing: reports, printed at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_REPORTS: dict[str, str] = {}


@pytest.fixture(scope="session")
def report_at_the_end() -> Callable[[str, str], None]:
    """Give a function that keeps a report, under its title, for the end of the run."""
    return _REPORTS.__setitem__


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the reports."""
    for title, body in _REPORTS.items():
        terminalreporter.section(title)
        terminalreporter.write_line(body)
