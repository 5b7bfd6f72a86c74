"""A search by an engine finds what a search here does; it only reads fewer files here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from catalogs.engines.choosing import opened_engine
from catalogs.engines.engine import Engine, EngineFailedError, EngineMissingError
from catalogs.engines.sifted import sifted
from catalogs.search import Look, LookedAt, Searched
from catalogs.sifting import Candidate
from searches import searched
from transcripts import at_home, told_lake

CONDITIONS = (
    "number = 3",
    "not (number = 3)",
    "number in (2, 5) or name is null",
    "name = 'déjà'",
    "name like 'x%' and number > 1",
    "not (name like 'x%')",
    "not (name = 'y' or number <= 4)",
    "number is not null and name != 'x1'",
    "flag = true and number < 100",
    "price = 2.5",
)
ROWS = (
    {"number": [1, 2, None], "name": ["x1", None, "y"], "flag": [True, False, None]},
    {"number": [3, 3, 4], "name": ["déjà", "x", "z`"], "flag": [True, True, False]},
    {"number": [5, 6, 7], "name": ["", "'q'", "y"], "flag": [None, None, None]},
)


@pytest.fixture(scope="module", params=["daft", "sail"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    try:
        with opened_engine(request.param) as found:
            yield found
    except EngineMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("sifted") / "of é 100%")
    for one in ROWS:
        rows = pa.table({**one, "price": [1.0, 2.5, None]})
        write_deltalake(folder, rows, mode="append")
    return folder


@pytest.mark.filterwarnings("ignore")  # what the engines' own libraries warn of
@pytest.mark.parametrize("where", CONDITIONS)
def test_an_engine_finds_the_files_that_are_found_here(
    engine: Engine, table: str, where: str
) -> None:
    _same(table, where, engine)


@pytest.mark.filterwarnings("ignore")
def test_a_file_without_a_match_is_read_by_the_engine_alone(engine: Engine, table: str) -> None:
    # Statistics rule nothing out: every file has rows on both sides.
    found = searched(table, "name = 'w'", sieve=engine)
    looks = {one.look for one in found.looked_at}
    assert looks <= {Look.READ_BY_ENGINE, Look.RULED_OUT_BY_STATISTICS}
    assert Look.READ_BY_ENGINE in looks
    assert found.sieve == engine.name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["staging/orders_clean", "features/order_features"])
def test_an_engine_finds_the_files_of_iceberg_tables_too(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        place = str(told.lake.root / "warehouse" / name)
        for where in ("customer_id = 7", "not (items = 2) and order_id < 300"):
            _same(place, where, engine)


def test_a_count_of_other_rows_is_no_answer(tmp_path: Path) -> None:
    from catalogs.condition import Constant

    one = Candidate(str(tmp_path / "a.parquet"), 3, Constant(value=True), {}, "")
    with pytest.raises(EngineFailedError, match="it read 2 rows where the file holds 3"):
        sifted(iter([one]), "half", lambda group: [(group[0].place, 2, 0)])


def _same(place: str, where: str, engine: Engine) -> None:
    here = searched(place, where)
    there = searched(place, where, sieve=engine)
    assert _without_who(there) == _without_who(here)


def _without_who(found: Searched) -> Searched:
    looked = tuple(
        LookedAt(one.path, one.role, one.size_bytes, Look.READ)
        if one.look is Look.READ_BY_ENGINE
        else one
        for one in found.looked_at
    )
    return replace(found, looked_at=tuple(sorted(looked, key=lambda one: one.path)), sieve="")
