"""The documents tell the truth: every transcript in them is run again and compared."""

import os
from difflib import unified_diff
from pathlib import Path

import pytest

from transcripts import Follower, Told, compared, rewritten, told_lake

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told_lake(tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_shows_what_its_commands_print(document: Path, told: Told) -> None:
    text = document.read_text(encoding="utf-8")
    today = Follower(told).follow(text)
    difference = list(unified_diff(compared(text), compared(today), "written", "today"))
    if difference and "REWRITE" in os.environ:
        document.write_text(rewritten(text, today), encoding="utf-8")
    elif difference:
        pytest.fail("REWRITE=1 pytest tests/test_docs.py rewrites it\n" + "".join(difference))
