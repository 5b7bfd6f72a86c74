"""Engines give a state the fingerprint that the readers in this process give it, or refuse it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from benchmarks.corpus import READERS, corpus_folder
from benchmarks.corpus_engines import Reading, read_by, readable
from benchmarks.corpus_marks import Fixture
from catalogs.engines.abilities import require
from catalogs.engines.choosing import opened_engine
from catalogs.engines.engine import (
    Engine,
    EngineMissingError,
    EngineRefusedError,
    UnknownEngineError,
)
from transcripts import asked, at_home, told_lake

SECONDS_MAX = 120
"""A command that has not ended by then waits for something that will not come."""

CLEAN = "lake.staging.orders_clean@2026-10-21T06:00Z"
CASES = (
    ("daft", "delta.dat-column_mapping", Reading.EQUAL),
    ("daft", "delta.deltars-table_with_edge_timestamps", Reading.REFUSED),
    ("daft", "iceberg.impala-iceberg_v3-iceberg_v3_default_value", Reading.REFUSED),
    ("daft", "iceberg.impala-iceberg_v2_partitioned_position_deletes", Reading.EQUAL),
    ("sail", "delta.dat-column_mapping", Reading.EQUAL),
    ("sail", "iceberg.impala-iceberg_v2_partitioned_position_deletes", Reading.EQUAL),
    ("sail", "delta.dkr-golden-basic-decimal-table", Reading.REFUSED),
)

Found = Callable[[str], Fixture]


@pytest.fixture
def fixture_named() -> Found:
    folder = corpus_folder()
    if not (folder / "INDEX.json").is_file():
        pytest.skip(f"no corpus in {folder}")
    entries = json.loads((folder / "INDEX.json").read_text())
    told = {one["id"]: one for one in entries if one["format"] in READERS}
    return lambda name: Fixture.of(folder, told[name])


@pytest.fixture(scope="module")
def engine_named() -> Iterator[Callable[[str], Engine]]:
    """Give a function that opens an engine once for all tests, and skips where it is missing."""
    with ExitStack() as stack:
        opened: dict[str, Engine] = {}

        def named(name: str) -> Engine:
            try:
                return opened.get(name) or opened.setdefault(
                    name, stack.enter_context(opened_engine(name))
                )
            except EngineMissingError as error:
                pytest.skip(str(error))

        yield named


@pytest.mark.filterwarnings("ignore")  # what the engines' own libraries warn of
@pytest.mark.parametrize(("engine", "table", "reading"), CASES)
def test_an_engine_reads_a_foreign_table_the_same_or_refuses_it(
    fixture_named: Found,
    engine_named: Callable[[str], Engine],
    engine: str,
    table: str,
    reading: Reading,
) -> None:
    reads = engine_named(engine)
    found = [read_by(reads, *one) for one in readable([fixture_named(table)])]
    assert found
    assert found[-1].reading is reading, found
    assert all(one.reading is not Reading.WRONG for one in found)


@pytest.mark.parametrize("engine", ["daft", "sail"])
def test_a_command_ends_when_its_engine_has_read(
    tmp_path_factory: pytest.TempPathFactory,
    engine_named: Callable[[str], Engine],
    engine: str,
) -> None:
    engine_named(engine)
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        words = ("fingerprint", CLEAN, "--output", "json")
        here = json.loads(asked(*words).out)["answer"]
        done = subprocess.run(
            ["tl", *words, "--engine", engine],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_MAX,
        )
    assert (done.stderr, done.returncode) == ("", 0)
    assert json.loads(done.stdout)["answer"] == {**here, "engine": engine}


def test_a_refusal_names_the_feature_and_who_reads_it(fixture_named: Found) -> None:
    (_, state, _), *_ = readable([fixture_named("delta.dkr-golden-basic-decimal-table")])
    with pytest.raises(EngineRefusedError, match=r"partition columns; --engine in-process or"):
        require("sail", state)


@pytest.mark.parametrize("text", ["trino", "daft=x", "spark", "spark=http://x"])
def test_a_name_that_is_no_engine_is_refused(text: str) -> None:
    with (
        pytest.raises(UnknownEngineError, match="write in-process, daft, sail"),
        opened_engine(text),
    ):
        pass
