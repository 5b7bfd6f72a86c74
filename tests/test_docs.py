"""The documents tell the truth: every transcript in them is run again and compared."""

import difflib
import os
from pathlib import Path

import pytest

from transcripts import Follower, Told, compared, told_lake

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told_lake(tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_shows_what_its_commands_print(document: Path, told: Told) -> None:
    text = document.read_text(encoding="utf-8")
    today = Follower(told).follow(text)
    if compared(text) == compared(today):
        return
    if "REWRITE" in os.environ:
        document.write_text(today, encoding="utf-8")
        return
    difference = difflib.unified_diff(text.splitlines(), today.splitlines(), "written", "today")
    pytest.fail("\n".join(["REWRITE=1 pytest tests/test_docs.py rewrites it", *difference]))
