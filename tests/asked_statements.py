"""A fixture that keeps the names of the statements that ledgers are asked."""

from __future__ import annotations

import pytest

from temporal_lineage.store.light import LightRunner


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep the names of the statements that ledgers are asked."""
    names: list[str] = []
    run = LightRunner.rows

    def noted(self: LightRunner, name: str, parameters: dict[str, int | str]) -> object:
        names.append(name)
        return run(self, name, parameters)

    monkeypatch.setattr(LightRunner, "rows", noted)
    return names
