"""A real Spark, through Spark Connect: it reads what is read here, and misreads nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from benchmarks.corpus import READERS, corpus_folder
from benchmarks.corpus_engines import Reading, read_by, readable
from benchmarks.corpus_marks import Fixture
from catalogs.catalog import open_path
from catalogs.engines.abilities import REFUSED, SPARK
from catalogs.engines.choosing import opened_engine
from catalogs.engines.engine import Engine
from catalogs.traits import Feature, TableKind
from interop.jars import SPARK_4, lacking
from interop.java import find_java
from interop.spark_connect import spark_connect
from searches import searched

pytestmark = pytest.mark.interop

JAVA_OLDEST, JAVA_NEWEST = 17, 21
STATES_MAX = 3
"""Of a table with more states the first and the last ones are read."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Start a server for all tests of this file, and connect to it."""
    pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
    if not pyspark.__version__.startswith("4.0."):
        pytest.skip("the server is that of pyspark 4.0; make interop installs it")
    absent, java = lacking(*SPARK_4), find_java(oldest=JAVA_OLDEST, newest=JAVA_NEWEST)
    if absent or java is None:
        pytest.skip(absent or f"Spark needs Java {JAVA_OLDEST} to {JAVA_NEWEST}")
    folder = tmp_path_factory.mktemp("connect")
    with spark_connect(folder, java=java) as url, opened_engine(f"spark={url}") as found:
        yield found


@pytest.fixture(scope="module")
def fixtures() -> list[Fixture]:
    folder = corpus_folder()
    if not (folder / "INDEX.json").is_file():
        pytest.skip(f"no corpus in {folder}")
    entries = json.loads((folder / "INDEX.json").read_text())
    return [Fixture.of(folder, one) for one in entries if one["format"] in READERS]


def test_spark_gives_past_states_of_foreign_tables_their_fingerprint_or_none(
    engine: Engine, fixtures: list[Fixture], report_at_the_end: Callable[[str, str], None]
) -> None:
    counts: Counter[Reading] = Counter()
    wrong: list[str] = []
    shown: dict[TableKind, set[Feature]] = {one: set() for one in TableKind}
    for name, state, told in readable(fixtures, states_max=STATES_MAX):
        found = read_by(engine, name, state, told)
        counts[found.reading] += 1
        traits = state.traits()
        if found.reading is Reading.EQUAL:
            shown[traits.kind] |= traits.features
        if found.reading is Reading.WRONG:
            wrong.append(f"{name}: {found.note}")
    board = ", ".join(f"{counts[one]:,} {one}" for one in Reading)
    never = {kind: set(Feature) - shown[kind] - REFUSED[SPARK, kind] for kind in TableKind}
    told_of = "; ".join(f"{kind}: {', '.join(sorted(never[kind])) or 'none'}" for kind in TableKind)
    report_at_the_end("Spark, by the corpus", f"{board}\nnot met in what it read: {told_of}")
    assert not wrong
    assert counts[Reading.EQUAL] > counts[Reading.FAILED]


def test_spark_finds_the_files_that_are_found_here(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    place = str(tmp_path_factory.mktemp("sifted") / "of é 100%")
    for number in range(3):
        rows = {"number": [number, number + 2, None], "name": [f"x{number}", None, "déjà"]}
        write_deltalake(place, pa.table(rows), mode="append")
    assert open_path(place, {}).tip().snapshot_id == 2
    for where in (
        "number = 4",
        "name like 'x%'",
        "not (number = 1 or name = 'x2')",
        "name is null",
    ):
        here, there = (searched(place, where, sieve=one) for one in (None, engine))
        assert there.holding == here.holding
        assert not there.unexamined
