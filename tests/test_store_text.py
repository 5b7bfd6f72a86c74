"""The light path's SQL: kept text that is current, and plans that never leave an index."""

import os

from temporal_lineage.store.kept_text import TEXT_FILE, written_texts


def test_the_kept_text_is_what_the_statements_compile_to() -> None:
    if "REWRITE" in os.environ:
        TEXT_FILE.write_text(written_texts(), encoding="utf-8")
    assert TEXT_FILE.read_text(encoding="utf-8") == written_texts()
