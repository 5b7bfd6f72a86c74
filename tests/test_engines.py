"""Engines give a state the fingerprint that the readers in this process give it, or refuse it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.corpus import READERS, corpus_folder
from benchmarks.corpus_engines import Reading, read_by, readable
from benchmarks.corpus_marks import Fixture
from catalogs.engines.abilities import require
from catalogs.engines.choosing import opened_engine
from catalogs.engines.engine import (
    Engine,
    EngineFailedError,
    EngineMissingError,
    EngineRefusedError,
    ReadBy,
    Rows,
    UnknownEngineError,
)
from catalogs.engines.in_process import InProcess
from catalogs.engines.routing import Routing
from catalogs.engines.stand_in import stand_in
from catalogs.engines.through import EngineRows
from catalogs.table import TableState
from catalogs.traits import Feature
from temporal_lineage.reproduce.answer import Reproducible, Written
from temporal_lineage.reproduce.manifest import LOCK_NAME
from temporal_lineage.session import open_session
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
    read_by = {"engine": engine, "reason": ""}
    assert json.loads(done.stdout)["answer"] == {**here, "read_by": read_by}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", ["daft", "sail"])
def test_what_an_engine_reproduces_is_what_is_reproduced_here(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    engine_named: Callable[[str], Engine],
    engine: str,
) -> None:
    engine_named(engine)
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        here, there = (
            open_session()
            .reproduce(
                "model:fraud@v3",
                out=tmp_path / name,
                into=str(tmp_path / f"{name}-tables"),
                engine=name,
            )
            .outcome
            for name in ("in-process", engine)
        )
    assert isinstance(here, Reproducible)
    assert isinstance(there, Reproducible)
    assert here.written is not None
    assert there.written is not None
    assert _rows_of(there.written) == _rows_of(here.written)
    assert {one.engine for found in there.written.read_by.values() for one in found} == {engine}
    assert [one.fingerprint for one in there.tables] == [one.fingerprint for one in here.tables]
    locks = {(tmp_path / name / LOCK_NAME).read_text() for name in ("in-process", engine)}
    assert len(locks) == 1


def _rows_of(written: Written) -> list[object]:
    return [(one.name, one.address, one.rows, one.fingerprint) for one in written.files]


@pytest.mark.filterwarnings("ignore")
def test_what_an_engine_misreads_is_read_here_where_auto_stands_before_its_name(
    fixture_named: Found, engine_named: Callable[[str], Engine]
) -> None:
    reads = Routing(engine_named("sail"))
    found = {}
    for table in ("delta.dat-column_mapping", "delta.dkr-golden-basic-decimal-table"):
        *_, (name, state, told) = readable([fixture_named(table)])
        assert read_by(reads, name, state, told).reading is Reading.EQUAL
        rows = reads.rows(state)
        rows.batches(columns=None).close()
        found[table] = str(rows.read_by)
    assert list(found.values()) == [
        "sail",
        "in-process, since sail does not read partition columns right",
    ]


def test_a_state_of_which_an_engine_gives_nothing_is_read_here_too(fixture_named: Found) -> None:
    (_, state, told), *_ = readable([fixture_named("delta.dat-column_mapping")])
    rows = Routing(_Broken()).rows(state)
    assert rows.batches(columns=None).read_all().num_rows == int(told.split(":")[1])
    assert rows.read_by == ReadBy("in-process", "broken cannot: it is out of memory")


class _Broken(InProcess):
    """An engine that takes every state, and gives up over the first of its rows."""

    name = "broken"

    def rows(self, state: TableState) -> Rows:
        @contextmanager
        def opened(columns: Sequence[str]) -> Iterator[Iterator[pa.RecordBatch]]:
            yield map(self._fail, columns)

        return EngineRows(state, self.name, opened)

    def _fail(self, column: str) -> pa.RecordBatch:
        raise EngineFailedError(column, self.name, "it is out of memory")


def test_a_refusal_names_the_feature_and_who_reads_it(fixture_named: Found) -> None:
    (_, state, _), *_ = readable([fixture_named("delta.dkr-golden-basic-decimal-table")])
    with pytest.raises(EngineRefusedError, match=r"partition columns; --engine in-process or"):
        require("sail", state)


def test_a_short_vector_is_whole_in_a_stand_in(fixture_named: Found) -> None:
    """Java and Sail read other bytes in the last group of such a vector than who wrote it."""
    from deltalake import DeltaTable

    states = readable([fixture_named("delta.dkr-cdf-table-with-dv")], states_max=9)
    short = [one for _, one, _ in states if Feature.SHORT_VECTORS in one.traits().features]
    assert [one.snapshot_id for one in short] == [5]
    with stand_in(short[0], parent=None) as folder:
        assert DeltaTable(str(folder)).scan().read_all().num_rows == 9
    with pytest.raises(EngineRefusedError, match="end with less than a group of letters"):
        require("sail", short[0])


@pytest.mark.parametrize(
    "text", ["trino", "daft=x", "spark", "spark=http://x", "auto", "auto=auto=sail"]
)
def test_a_name_that_is_no_engine_is_refused(text: str) -> None:
    with (
        pytest.raises(UnknownEngineError, match="write in-process, daft, sail"),
        opened_engine(text),
    ):
        pass
