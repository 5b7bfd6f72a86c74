"""What somebody says of moved files holds for every later look at a table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from pyiceberg.catalog.sql import SqlCatalog

from catalogs.catalog import open_path
from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from catalogs.delta.state import DeltaState
from catalogs.moved import Moved, moved_by, pairs_of, property_of, with_moved
from delta_logs import add, column, commit_info, metadata, protocol, write
from snapshots.errors import UnknownNameError, UsageError
from transcripts import asked


def test_the_longest_prefix_decides_whatever_the_scheme_is_spelled_like() -> None:
    moved = Moved({"s3://lake": "/a", "s3a://lake/orders/": "/b/"})
    assert moved.find("s3n://lake/orders/x") == "/b/x"
    assert moved.find("s3://lake/customers/x") == "/a/customers/x"
    assert moved.find("s3://lakes/x") is None
    assert moved.find("s3://lake") == "/a"


@pytest.mark.parametrize("text", ["", "s3://a", "=b", "a=", "a=b,c=d"])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not OLD=NEW"):
        pairs_of([text])


def test_one_prefix_cannot_have_two_new_places() -> None:
    with pytest.raises(UsageError, match="tell one"):
        pairs_of(["a=b", "a=c"])


def test_pairs_go_through_a_property_and_back() -> None:
    pairs = {"s3://a": "/x y", "/b": "s3://c"}
    assert moved_by({"relocate": property_of(pairs)}).find("s3://a/f") == "/x y/f"
    own = with_moved({"relocate": "s3://a=/own"}, pairs)
    assert moved_by(own).find("s3://a/f") == "/own/f"
    assert moved_by(own).find("/b/f") == "s3://c/f"


def test_what_moved_is_kept_beside_the_catalogs_and_can_be_forgotten(tmp_path: Path) -> None:
    configuration = Configuration(tmp_path)
    configuration.add(CatalogEntry("lake", CatalogKind.FOLDER, {"location": "/lake"}, "here"))
    configuration.move({"s3://old": "/new"})
    assert configuration.entry("lake").properties["relocate"] == "s3://old=/new"
    assert [one.properties["relocate"] for one in configuration.entries()] == ["s3://old=/new"]
    configuration.remove("lake")
    assert configuration.moved() == {"s3://old": "/new"}
    with pytest.raises(UnknownNameError, match="s3://old"):
        configuration.unmove("s3://odl")
    configuration.unmove("s3://old")
    assert configuration.moved() == {}


def test_a_catalog_that_points_at_the_old_place_is_harvested_and_rebuilt_from_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    catalog = SqlCatalog("lake", uri=f"sqlite:///{old}/c.db", warehouse=str(old / "wh"))
    catalog.create_namespace("shop")
    rows = pa.table({"id": [1, 2, 3]})
    catalog.create_table("shop.orders", schema=rows.schema).append(rows)
    catalog.close()
    shutil.move(old, new)
    monkeypatch.chdir(tmp_path)
    uri = f"uri=sqlite:///{new}/c.db"
    assert asked("init").status == 0
    added = ["catalog", "add", "lake", "-p", "type=sql", "-p", uri, "--relocate", "old=new"]
    for words in (added, ["harvest"], ["reproduce", "lake.shop.orders", "--out", "rebuilt"]):
        done = asked(*words)
        assert done.status == 0, done
    assert asked("available", "lake.shop.orders").out.count("live") == 1
    (written,) = (tmp_path / "rebuilt").rglob("*.parquet")
    assert pq.read_table(written)["id"].to_pylist() == [1, 2, 3]


def test_a_table_named_by_its_path_is_found_where_the_project_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = _clone(tmp_path)
    monkeypatch.chdir(tmp_path)
    place = str(clone)
    assert asked("init").status == 0
    assert asked("harvest", place).status == 0
    told = asked("available", f"dataset:file/{place}")
    assert "unverified" in told.out, told
    assert "s3://gone" in told.out, told
    assert asked("catalog", "relocate", "s3://gone", "moved").status == 0
    told = asked("available", f"dataset:file/{place}")
    assert "live" in told.out, told


def test_a_table_that_moved_after_its_harvest_is_not_said_to_be_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "then").mkdir()
    shop = SqlCatalog("x", uri="sqlite:///:memory:", warehouse=str(tmp_path / "then"))
    shop.create_namespace("s")
    rows = pa.table({"id": [1, 2]})
    shop.create_table("s.ice", schema=rows.schema).append(rows)
    shop.close()
    write_deltalake(tmp_path / "then" / "delta", rows)
    monkeypatch.chdir(tmp_path)
    assert asked("init").status == 0
    for folder in ("then", "now"):
        if folder == "now":
            shutil.move("then", "now")
            assert asked("catalog", "remove", "wh").status == 0
        assert asked("catalog", "add", "wh", folder).status == 0
        assert asked("harvest").status == 0
        for name in ("wh.s.ice", "wh.delta"):
            told = asked("available", name)
            assert told.out.count("live") == 1, told
    next((tmp_path / "now" / "delta").glob("*.parquet")).unlink()
    assert "gone" in asked("available", "wh.delta").out


def test_the_source_of_a_clone_is_found_where_it_lies_now(tmp_path: Path) -> None:
    clone = _clone(tmp_path)
    told = {"relocate": f"s3://gone={tmp_path}/moved"}
    state = open_path(str(clone), told).state(0, kept=())
    assert isinstance(state, DeltaState)
    assert state.missing() == ()
    assert state.batches(columns=None).read_all()["id"].to_pylist() == [1, 2]
    again = open_path(str(clone), {}).state(0, kept=())
    assert isinstance(again, DeltaState)
    assert again.files[0].path.startswith("s3://gone/")


def _clone(root: Path) -> Path:
    """Write a shallow clone of a table that was at s3://gone, and is in the folder `moved`."""
    table = pa.table({"id": [1, 2]})
    (root / "moved" / "source").mkdir(parents=True)
    pq.write_table(table, root / "moved" / "source" / "a b.parquet")
    size = (root / "moved" / "source" / "a b.parquet").stat().st_size
    path = "s3a://gone/source/a%20b.parquet"
    columns = metadata(column("id", "long"))
    write(
        root / "clone", 0, commit_info("CLONE"), protocol(), columns, add(path, rows=2, size=size)
    )
    return root / "clone"
