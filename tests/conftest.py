"""What all tests share: a time zone that is not UTC, a Hypothesis profile, the corpus."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import settings

from asked_statements import asked
from databases import ledger_url, postgresql_server, postgresql_url, sqlite_url

# Fixtures that any test may ask for by name.
__all__ = ("asked", "ledger_url", "postgresql_server", "postgresql_url", "sqlite_url")

# Nepal is 5 h 45 min ahead of UTC: code that forgets the zone is wrong by something odd.
os.environ["TZ"] = "Asia/Kathmandu"
time.tzset()

# The machine's speed is not what the properties are about.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Folder of other projects' tables and events; never copied into this repository."""
    told = os.environ.get("TEMPORAL_LINEAGE_CORPUS")
    folder = Path(told) if told else ROOT.parent / "shared" / "corpus"
    if not (folder / "INDEX.json").is_file():
        pytest.skip(f"no corpus in {folder}; set TEMPORAL_LINEAGE_CORPUS to the folder that has it")
    return folder
