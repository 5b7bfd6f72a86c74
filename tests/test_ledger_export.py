"""Exports of ledgers: brought back equal, refused where anything was altered, never half there."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from itertools import count
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from another_writer import another_writing
from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.bookkeeping.row_digests import digests_of
from temporal_lineage.facts import AsOf, Assertion
from temporal_lineage.facts.fact import rectangles
from temporal_lineage.portable import parquet_files
from temporal_lineage.portable.exporting import LedgerExported
from temporal_lineage.portable.exporting import export_ledger as written
from temporal_lineage.portable.importing import import_folder
from temporal_lineage.portable.plain_rectangles import plain_rectangles
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.moment import open_moment
from temporal_lineage.store.transaction import AttributeAssertion, EdgeAssertion, NodeKey
from transcripts import asked

NODES = 12


def export_ledger(url: str, out: Path) -> LedgerExported:
    """Write files alone."""
    return written(url, out, None, workspace=out.parent)


def tell(ledger: Ledger, turn: int) -> None:
    """Write a transaction that adds, corrects and takes back over random periods."""
    drawn = random.Random(turn)  # noqa: S311 - drawn the same each time
    with ledger.transaction(source="test", note=f"{turn}\n") as told:
        nodes = told.nodes([NodeKey("thing", 0, f"{one}'") for one in range(NODES)])
        told.assert_edges(
            EdgeAssertion(
                "e",
                drawn.choice(nodes),
                drawn.choice(nodes),
                Period(Instant(start), Instant(start + drawn.randint(1, 40))),
                drawn.choice(["a", "b", None]),
            )
            for start in [drawn.randint(0, 60) for _ in range(30)]
        )
        told.assert_attributes(
            [AttributeAssertion(nodes[0], "k", "", Period.since(Instant(turn)), "c")]
        )


def made(url: str, turns: int = 6) -> str:
    """Make a ledger of a few transactions."""
    ticks = count(1_000, 10)
    with Ledger.open(url, clock=lambda: Instant(next(ticks))) as ledger:
        for turn in range(turns):
            tell(ledger, turn)
    return url


def same(one: str, other: str) -> bool:
    with open_moment(one) as left, open_moment(other) as right:
        return digests_of(left) == digests_of(right)


def test_an_export_comes_back_equal_and_is_written_on(ledger_url: str, tmp_path: Path) -> None:
    made(ledger_url)
    out, back = tmp_path / "out", str(tmp_path / "back.db")
    exported = export_ledger(ledger_url, out)
    imported = import_folder(out, back)
    assert same(ledger_url, back)
    assert (imported.uuid, imported.transactions) == (exported.uuid, 6)
    with Ledger.open(back, clock=lambda: Instant(1)) as ledger:
        tell(ledger, 9)
        assert ledger.check() == []
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_an_export_of_a_file_becomes_a_ledger_in_postgresql(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    made(sqlite_url)
    export_ledger(sqlite_url, tmp_path / "out")
    import_folder(tmp_path / "out", postgresql_url)
    assert same(sqlite_url, postgresql_url)
    export_ledger(postgresql_url, tmp_path / "again")
    first, again = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.parquet")}
        for folder in (tmp_path / "out", tmp_path / "again")
    )
    assert first == again


def test_sql_over_an_export_finds_what_the_ledger_believes_at_every_point(
    ledger_url: str, tmp_path: Path
) -> None:
    made(ledger_url)
    export_ledger(ledger_url, tmp_path / "out")
    asked_sql = f"""
        SELECT edge_id, claim FROM '{tmp_path}/out/edges/*.parquet'
        WHERE valid_from <= make_timestamptz($1) AND make_timestamptz($1) < valid_to
          AND system_from <= make_timestamptz($2) AND make_timestamptz($2) < system_to
        ORDER BY 1"""
    drawn, met = random.Random(7), 0  # noqa: S311 - drawn the same each time
    with Ledger.open(ledger_url, clock=lambda: Instant(1)) as ledger, ledger.reading() as reader:
        nodes = [node.node_id for node in reader.nodes(kind="thing")]
        for _ in range(60):
            valid, system = drawn.randint(-2, 110), drawn.randint(990, 1_070)
            point = AsOf(valid=Instant(valid), system=Instant(system))
            steps = reader.steps_into(node_ids=nodes, kinds=("e",), as_of=point)
            wanted = sorted((edge_id, claim) for edge_id, _, _, claim in steps)
            assert duckdb.execute(asked_sql, [valid, system]).fetchall() == wanted
            met += len(wanted)
    assert met


def test_rectangles_in_plain_numbers_are_those_of_facts() -> None:
    drawn = random.Random(3)  # noqa: S311 - drawn the same each time
    for _ in range(300):
        said = [
            (tx, start, start + drawn.randint(1, 9), drawn.choice(["a", "b", None]))
            for tx in sorted(drawn.randint(1, 6) for _ in range(8))
            for start in [drawn.randint(0, 12)]
        ]
        facts = rectangles(
            [Assertion(claim, Period(Instant(a), Instant(b)), tx) for tx, a, b, claim in said],
            Instant,
        )
        plain = [
            (a, b, since, FOREVER.micros if until is None else until, claim)
            for a, b, since, until, claim in plain_rectangles(said)
        ]
        assert sorted(plain) == sorted(
            (*ends(one.valid), *ends(one.system), one.claim) for one in facts
        )


def ends(period: Period) -> tuple[int, int]:
    return period.start.micros, period.end.micros


def test_an_export_made_while_another_writes_is_of_one_moment(
    sqlite_url: str, tmp_path: Path
) -> None:
    made(sqlite_url)
    with another_writing(sqlite_url, tell):
        for turn in range(2):
            export_ledger(sqlite_url, tmp_path / f"out{turn}")
    for turn in range(2):
        import_folder(tmp_path / f"out{turn}", str(tmp_path / f"back{turn}.db"))


def test_a_large_table_becomes_several_groups_and_files_that_come_back(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(sqlite_url)
    monkeypatch.setattr(parquet_files, "_STEP_ROWS", 5)
    monkeypatch.setattr(parquet_files, "_GROUP_ROWS", 20)
    monkeypatch.setattr(parquet_files, "_PART_BYTES", 2_000)
    export_ledger(sqlite_url, tmp_path / "out")
    files = sorted((tmp_path / "out" / "ledger_edge_assertion").iterdir())
    assert len(files) > 1
    assert parquet.ParquetFile(files[0]).num_row_groups > 1
    import_folder(tmp_path / "out", str(tmp_path / "back.db"))
    assert same(sqlite_url, str(tmp_path / "back.db"))


def test_a_folder_that_holds_something_is_refused_and_left_alone(
    sqlite_url: str, tmp_path: Path
) -> None:
    made(sqlite_url)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    done = asked("--ledger", sqlite_url, "ledger", "export", str(tmp_path / "out"))
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "it is not empty" in done.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def altered_row(out: Path) -> None:
    """Change one value, and the digest of its file with it: only the rows can tell."""
    path = out / "ledger_tx" / "00000.parquet"
    table = parquet.read_table(path)
    notes = pa.array(["other", *table["note"].to_pylist()[1:]], pa.string())
    place = table.schema.get_field_index("note")
    parquet.write_table(table.set_column(place, table.schema.field(place), notes), path)
    signed(out, path)


def signed(out: Path, path: Path) -> None:
    """Write the digest of a file into the manifest, as whoever altered it might."""
    manifest = json.loads((out / "manifest.json").read_text())
    for table in manifest["tables"]:
        for file in table["files"]:
            if file["name"] == str(path.relative_to(out)):
                file["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (out / "manifest.json").write_text(json.dumps(manifest))


def other_columns(out: Path) -> None:
    path = out / "ledger_tx" / "00000.parquet"
    parquet.write_table(parquet.read_table(path).drop_columns(["note"]), path)
    signed(out, path)


def no_parquet(out: Path) -> None:
    path = out / "ledger_tx" / "00000.parquet"
    path.write_bytes(b"PAR1 and nothing else PAR1")
    signed(out, path)


def told_otherwise(old: str, new: str) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        text = (out / "manifest.json").read_text()
        assert old in text
        (out / "manifest.json").write_text(text.replace(old, new))

    return change


BROKEN: dict[str, Callable[[Path], object]] = {
    "no manifest.json": lambda out: (out / "manifest.json").unlink(),
    "manifest.json is damaged": lambda out: (out / "manifest.json").write_text("{"),
    "edges/e-00000.parquet cannot be read: no such file": lambda out: (
        out / "edges" / "e-00000.parquet"
    ).unlink(),
    "ledger_tx/00000.parquet is not what was exported": lambda out: (
        out / "ledger_tx" / "00000.parquet"
    ).write_bytes(b"PAR1"),
    "tx has other rows": altered_row,
    "its columns are not those of ledger_tx": other_columns,
    "it cannot be read": no_parquet,
    "layout version 2": told_otherwise('"layout_version": 1', '"layout_version": 2'),
    "schema version 0001": told_otherwise(
        '"schema_version": "0', '"schema_version": "0001", "x": "'
    ),
    "names '../ledger_tx/00000.parquet'": told_otherwise(
        '"ledger_tx/00000.parquet"', '"../ledger_tx/00000.parquet"'
    ),
    "does not name the tables": told_otherwise('"table": "edges"', '"table": "hedges"'),
}


@pytest.mark.parametrize("said", BROKEN)
def test_an_export_that_is_not_as_it_was_is_refused_in_one_line(
    said: str, sqlite_url: str, tmp_path: Path
) -> None:
    made(sqlite_url, turns=2)
    export_ledger(sqlite_url, tmp_path / "out")
    BROKEN[said](tmp_path / "out")
    target = tmp_path / "new" / "back.db"
    done = asked("--ledger", str(target), "ledger", "import", str(tmp_path / "out"))
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert said in done.err
    assert not target.parent.exists() or list(target.parent.iterdir()) == []


def test_a_ledger_that_is_there_is_never_imported_into(sqlite_url: str, tmp_path: Path) -> None:
    made(sqlite_url, turns=2)
    export_ledger(sqlite_url, tmp_path / "out")
    done = asked("--ledger", sqlite_url, "ledger", "import", str(tmp_path / "out"))
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "is there already" in done.err
