"""Tables are found in folders, named by their paths, and opened by whatever is typed."""

import gzip
import json
import os
import shutil
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.catalog import Catalog, open_catalog, open_path
from catalogs.configuration import CatalogEntry, CatalogKind
from catalogs.iceberg_folder import folder_pointer, folder_tables
from catalogs.storage import Storage
from catalogs.table_name import TableName
from small_lake import delta_table, iceberg_table, sql_catalog
from snapshots.dataset import TableFormat
from snapshots.errors import UnknownNameError, UnreadableError

STORAGE = Storage({})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a warehouse with tables of both formats, and with what is none."""
    folder = tmp_path_factory.mktemp("built")
    catalog = sql_catalog(folder, name="lake")
    iceberg_table(catalog, "raw", "orders", commits=2)
    iceberg_table(catalog, "raw", "eu", "visits", commits=1)
    catalog.close()
    warehouse = folder / "wh"
    delta_table(warehouse / "raw" / "clicks", commits=2)
    delta_table(warehouse / "curated.db" / "daily sales", commits=1)
    delta_table(warehouse / "_tmp" / "hidden", commits=1)
    (warehouse / "raw" / "empty" / "metadata").mkdir(parents=True)
    (warehouse / "raw" / "broken" / "_delta_log").mkdir(parents=True)
    (warehouse / "readme.txt").write_text("files between folders are no tables")
    return warehouse


def folder_catalog(location: Path | str) -> Catalog:
    properties = {"location": str(location)}
    return open_catalog(CatalogEntry("wh", CatalogKind.FOLDER, properties, "this test"))


def names(catalog: Catalog) -> list[str]:
    return [str(one) for one in catalog.tables()]


def format_of(catalog: Catalog, name: str) -> TableFormat:
    return catalog.table(TableName.parse(name)).history(known=None).identity.format


def metadata_of(folder: Path) -> list[Path]:
    return sorted((folder / "metadata").glob("*.metadata.json"))


def test_a_warehouse_lists_both_formats_by_their_paths(built: Path) -> None:
    assert names(folder_catalog(built)) == [
        '"curated.db"."daily sales"',
        "raw.clicks",
        "raw.orders",
        '"raw.eu".visits',  # as pyiceberg names the folder of a nested namespace
    ]


@pytest.mark.parametrize("spelling", ["{0}", "{0}/", "file://{0}", "file:{0}"])
def test_every_listed_table_can_be_opened_by_its_name(built: Path, spelling: str) -> None:
    catalog = folder_catalog(spelling.format(built))
    formats = {str(one): format_of(catalog, str(one)) for one in catalog.tables()}
    assert formats == {
        '"curated.db"."daily sales"': TableFormat.DELTA,
        "raw.clicks": TableFormat.DELTA,
        "raw.orders": TableFormat.ICEBERG,
        '"raw.eu".visits': TableFormat.ICEBERG,
    }


def test_a_namespace_is_found_without_the_suffix_that_hive_gives_its_folder(built: Path) -> None:
    catalog = folder_catalog(built)
    assert format_of(catalog, 'curated."daily sales"') is TableFormat.DELTA


def test_a_name_with_a_dot_comes_back_from_its_folder(tmp_path: Path) -> None:
    delta_table(tmp_path / "a.b" / "c", commits=1)
    delta_table(tmp_path / "a" / "b.c", commits=1)
    catalog = folder_catalog(tmp_path)
    assert names(catalog) == ['a."b.c"', '"a.b".c']
    places = [catalog.table(TableName.parse(name)).location for name in names(catalog)]
    assert places == [f"{tmp_path}/a/b.c", f"{tmp_path}/a.b/c"]


segments = st.text("aB.é\"'@# =%", min_size=1, max_size=8).filter(lambda one: one[0] not in "._")


@given(st.sets(st.tuples(segments, segments), max_size=4))
def test_every_path_has_one_name_that_leads_back_to_it(paths: set[tuple[str, str]]) -> None:
    with TemporaryDirectory() as root:
        for path in paths:
            log = Path(root, *path, "_delta_log")
            log.mkdir(parents=True)
            (log / f"{0:020}.json").touch()
        catalog = folder_catalog(root)
        parsed = [TableName.parse(name) for name in names(catalog)]
        assert {one.parts for one in parsed} == paths
        assert {catalog.table(one).location for one in parsed} == {
            f"{root}/{one}/{other}" for one, other in paths
        }


def test_a_name_is_never_a_way_out_of_the_warehouse(built: Path) -> None:
    catalog = folder_catalog(built / "raw.eu")
    for parts in [("..", "clicks"), (".", "visits"), ("../clicks",), ("",), ("/",), ("a\0",)]:
        with pytest.raises(UnknownNameError):
            catalog.table(TableName(parts))


def test_an_unknown_table_is_answered_with_the_nearest_found(built: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no table wh\.raw\.order; nearest: wh\.raw\.ord"):
        folder_catalog(built).table(TableName(("raw", "order")))


def test_a_folder_that_is_itself_a_table_is_a_catalog_of_one(built: Path) -> None:
    catalog = folder_catalog(built / "raw" / "orders")
    assert names(catalog) == ["orders"]
    assert format_of(catalog, "orders") is TableFormat.ICEBERG
    assert catalog.check().endswith("reachable, it is itself a table")


def test_check_looks_at_the_folder(built: Path, tmp_path: Path) -> None:
    assert folder_catalog(built).check() == f"folder {built}: reachable, 3 folders"
    with pytest.raises(UnreadableError, match="there is no such folder, or it is empty"):
        folder_catalog(tmp_path / "none").check()
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreadableError, match="it holds no folders"):
        folder_catalog(tmp_path).check()


def test_two_formats_in_one_folder_are_told_apart(built: Path, tmp_path: Path) -> None:
    both = delta_table(tmp_path / "wh" / "raw" / "both", commits=1)
    shutil.copytree(built / "raw" / "orders" / "metadata", both / "metadata")
    catalog = folder_catalog(tmp_path / "wh")
    assert names(catalog) == ["raw.both.delta", "raw.both.iceberg"]
    assert format_of(catalog, "raw.both.delta") is TableFormat.DELTA
    assert format_of(catalog, "raw.both.iceberg") is TableFormat.ICEBERG
    with pytest.raises(UnknownNameError, match=r"nearest: wh\.raw\.both\.delta, wh\.raw\.both\.i"):
        catalog.table(TableName(("raw", "both")))
    with pytest.raises(UnreadableError, match="name one of them") as refused:
        open_path(str(both), {})
    assert f"{both}/_delta_log or {both}/metadata" in str(refused.value)
    opened = [open_path(f"{both}/{one}", {}) for one in ("_delta_log", "metadata/")]
    assert [one.history(known=None).identity.format for one in opened] == list(
        reversed(TableFormat)
    )


def test_a_table_made_again_in_its_old_place_is_told_from_the_old_one(
    built: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "wh" / "orders"
    shutil.copytree(built / "raw" / "orders", folder)
    (old,) = {json.loads(one.read_text())["table-uuid"] for one in metadata_of(folder)}
    new = made_again(folder)
    catalog = folder_catalog(tmp_path / "wh")
    assert names(catalog) == ["orders", f"orders.{old}"]
    assert [one.uuid for one in folder_tables(STORAGE, str(folder))] == [new, old]
    for name, uuid_ in (("orders", new), (f"orders.{old}", old)):
        source = catalog.table(TableName.parse(name))
        assert source.history(known=None).identity.uuid == uuid_


def made_again(folder: Path) -> str:
    """Add the first metadata file of a new table beside the old ones, a second later."""
    first = json.loads(metadata_of(folder)[0].read_text())
    first["table-uuid"] = str(uuid.uuid4())
    first["last-updated-ms"] += 1_000_000
    file = folder / "metadata" / f"00000-{uuid.uuid4()}.metadata.json"
    file.write_text(json.dumps(first))
    newest = max(one.stat().st_mtime_ns for one in metadata_of(folder))
    os.utime(file, ns=(newest, newest + 1_000_000_000))
    return str(first["table-uuid"])


def test_the_version_hint_decides_and_newer_files_that_follow_it_count(
    built: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "orders"
    body = metadata_of(built / "raw" / "orders")[-1].read_text()
    (folder / "metadata").mkdir(parents=True)
    for number in (1, 2, 3, 9):
        (folder / "metadata" / f"v{number}.metadata.json").write_text(body)
    (folder / "metadata" / "v4.gz.metadata.json").write_bytes(gzip.compress(body.encode()))
    hint = folder / "metadata" / "version-hint.text"
    point = folder_pointer(STORAGE, str(folder), uuid=None)
    assert point().location.endswith("/v9.metadata.json")
    for told, name in (("2", "v4.gz"), ("v2", "v2"), ("v9.metadata.json", "v9"), ("77", "v9")):
        hint.write_text(f"{told}\n")
        assert point().location == f"{folder}/metadata/{name}.metadata.json"


def test_the_highest_number_is_the_newest_whatever_the_order_of_names(
    built: Path, tmp_path: Path
) -> None:
    body = metadata_of(built / "raw" / "orders")[-1].read_text()
    for name in ("v2", "v10", "v9"):
        (tmp_path / "metadata").mkdir(exist_ok=True)
        (tmp_path / "metadata" / f"{name}.metadata.json").write_text(body)
    pointed = folder_pointer(STORAGE, str(tmp_path), uuid=None)()
    assert pointed.location.endswith("/v10.metadata.json")


def test_a_broken_older_metadata_file_does_not_hide_the_table(built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    shutil.copytree(built / "raw" / "orders", folder)
    made_again(folder)
    metadata_of(folder)[2].write_text('{"table-uu')
    assert len(folder_tables(STORAGE, str(folder))) == 2
    metadata_of(folder)[-1].write_text('{"table-uu')
    with pytest.raises(UnreadableError, match="it is not JSON"):
        folder_tables(STORAGE, str(folder))


def test_links_that_make_a_circle_are_walked_once(tmp_path: Path) -> None:
    delta_table(tmp_path / "raw" / "clicks", commits=1)
    (tmp_path / "raw" / "again").symlink_to(tmp_path)
    assert names(folder_catalog(tmp_path)) == ["raw.clicks"]


def test_folders_too_deep_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    delta_table(tmp_path / "t", commits=1)
    (tmp_path / "/".join("abcdefghijkl")).mkdir(parents=True)
    found: list[str] = []
    with pytest.raises(UnreadableError, match=r"10 folders deep.*all others were"):
        found.extend(str(one) for one in folder_catalog(tmp_path).tables())
    assert found == ["t"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_nobody_may_read_does_not_stop_the_others(tmp_path: Path) -> None:
    delta_table(tmp_path / "b", commits=1)
    (tmp_path / "a").mkdir(mode=0)
    found: list[str] = []
    with pytest.raises(UnreadableError, match=r"a \(permission denied\); all others were"):
        found.extend(str(one) for one in folder_catalog(tmp_path).tables())
    assert found == ["b"]
    (tmp_path / "a").chmod(0o700)


def test_a_warehouse_in_an_object_store_is_walked_as_a_local_one(built: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.put(str(built / "raw"), "/folder-catalog/wh/raw", recursive=True)
    catalog = folder_catalog("memory://folder-catalog/wh")
    assert names(catalog) == ["raw.clicks", "raw.orders"]
    history = catalog.table(TableName(("raw", "clicks"))).history(known=None)
    assert [one.snapshot_id for one in history.snapshots] == [0, 1]
    assert catalog.check() == "folder memory://folder-catalog/wh: reachable, 1 folder"


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_path_opens_the_table_that_lies_there(built: Path, prefix: str) -> None:
    newest = metadata_of(built / "raw" / "orders")[-1]
    for place, versions in (
        (built / "raw" / "orders", 2),
        (newest, 2),
        (metadata_of(built / "raw" / "orders")[1], 1),
        (built / "raw" / "clicks", 2),
        (f"{built / 'raw' / 'clicks'}/_delta_log/", 2),
    ):
        source = open_path(f"{prefix}{place}", {})
        assert len(source.history(known=None).snapshots) == versions


@pytest.mark.parametrize("place", ["raw", "raw/empty", "raw/broken", "none", "readme.txt"])
def test_a_path_without_a_table_is_answered_with_what_would_work(built: Path, place: str) -> None:
    with pytest.raises(
        UnreadableError, match=r"no table is there; .*\*\.metadata\.json"
    ) as refused:
        open_path(str(built / place), {})
    assert "tl catalog add NAME" in str(refused.value)


def test_a_metadata_file_that_is_not_there_is_an_error(built: Path) -> None:
    with pytest.raises(UnreadableError, match="there is no such file"):
        open_path(str(built / "v1.metadata.json"), {})


def test_one_metadata_file_is_a_catalog_of_one_table(built: Path, tmp_path: Path) -> None:
    newest = metadata_of(built / "raw" / "orders")[-1]
    alone = tmp_path / "sent.by.lena.gz.metadata.json"
    alone.write_bytes(gzip.compress(newest.read_bytes()))
    for file, name in ((newest, "orders"), (alone, '"sent.by.lena"')):
        properties = {"location": str(file)}
        catalog = open_catalog(CatalogEntry("one", CatalogKind.METADATA, properties, "this test"))
        assert names(catalog) == [name]
        assert "reachable" in catalog.check()
        assert len(catalog.table(TableName.parse(name)).history(known=None).snapshots) == 2
        with pytest.raises(UnknownNameError, match="nearest: one"):
            catalog.table(TableName(("other",)))


def test_a_catalog_of_a_missing_metadata_file_says_so(tmp_path: Path) -> None:
    properties = {"location": str(tmp_path / "v1.metadata.json")}
    catalog = open_catalog(CatalogEntry("one", CatalogKind.METADATA, properties, "this test"))
    with pytest.raises(UnreadableError, match="there is no such file"):
        catalog.check()


@pytest.mark.parametrize("kind", [CatalogKind.FOLDER, CatalogKind.METADATA])
def test_an_entry_without_a_location_is_refused(kind: CatalogKind) -> None:
    with pytest.raises(UnreadableError, match="catalog one: it has no location"):
        open_catalog(CatalogEntry("one", kind, {}, "this test"))
