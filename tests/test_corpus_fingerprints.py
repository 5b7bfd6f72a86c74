"""Foreign tables have one fingerprint by two engines; `make corpus` compares all of them."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from benchmarks.corpus import READERS, corpus_folder
from benchmarks.corpus_fingerprint import Proof, proven
from benchmarks.corpus_marks import Fixture

TABLES = {
    "delta.dat-column_mapping": Proof.COMPUTED_TWICE,
    "delta.dat-with_schema_change": Proof.READ_TWICE,
    "delta.dkr-table-with-dv-small": Proof.READ_TWICE,
    "delta.deltars-delta-2.2.0-partitioned-types": Proof.READ_TWICE,
    "delta.deltars-table_with_edge_timestamps": Proof.COMPUTED_TWICE,
    "delta.delta-golden-type-widening-nested": Proof.COMPUTED_TWICE,
}


@pytest.fixture(scope="module")
def corpus() -> Path:
    folder = corpus_folder()
    if not (folder / "INDEX.json").is_file():
        pytest.skip(f"no corpus in {folder}")
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_every_state_of_a_foreign_table_has_one_fingerprint(corpus: Path, name: str) -> None:
    entries = json.loads((corpus / "INDEX.json").read_text())
    (entry,) = (one for one in entries if one["id"] == name and one["format"] in READERS)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = list(proven(Fixture.of(corpus, entry), connection))
    assert found
    assert {one.proof for one in found} == {TABLES[name]}, found
