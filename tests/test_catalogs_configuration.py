"""Catalogs come from our own file and from pyiceberg's configuration, and keep their secrets."""

import json
import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration, NameTakenError
from catalogs.pyiceberg_configuration import flattened, nested
from snapshots.errors import UnknownNameError, UnreadableError, UsageError

YAML = """
catalog:
  Prod_Lake:
    type: rest
    uri: https://rest.example/iceberg
    token: s3cr3t-token
    auth:
      type: google
      google:
        scopes:
          - read
          - list
  local:
    type: sql
    uri: sqlite:////lake/catalog.db
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a home of the test's own, without any configuration of the machine's user."""
    for name in [one for one in os.environ if one.upper().startswith("PYICEBERG_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def configuration(home: Path) -> Configuration:
    """Make a configuration whose folder does not exist yet."""
    return Configuration(home / "project" / ".temporal-lineage")


def entry(name: str, **properties: str) -> CatalogEntry:
    return CatalogEntry(name, CatalogKind.PYICEBERG, properties, "the command line")


def test_nothing_is_configured_in_an_empty_home(configuration: Configuration) -> None:
    assert configuration.entries() == ()
    with pytest.raises(UnknownNameError, match="no catalog lake; tl catalog list shows all"):
        configuration.entry("lake")


def test_an_added_catalog_is_there_in_the_next_session(
    configuration: Configuration, home: Path
) -> None:
    configuration.add(entry("lake", type="rest", uri="http://h"))
    folder = home / "project" / ".temporal-lineage"
    (found,) = Configuration(folder).entries()
    assert found == CatalogEntry(
        "lake",
        CatalogKind.PYICEBERG,
        {"type": "rest", "uri": "http://h"},
        str(folder / "catalogs.json"),
    )


def test_only_its_owner_may_read_the_file(configuration: Configuration, home: Path) -> None:
    file = home / "project" / ".temporal-lineage" / "catalogs.json"
    configuration.add(entry("lake", signature="abc"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    configuration.add(entry("other", signature="abc"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["catalogs.json"]


def test_an_entry_is_never_shown_with_its_properties() -> None:
    assert "s3cr3t" not in repr(entry("lake", signature="s3cr3t"))


def test_the_same_catalog_can_be_added_twice_another_of_its_name_cannot(
    configuration: Configuration,
) -> None:
    configuration.add(entry("lake", uri="http://h"))
    configuration.add(entry("lake", uri="http://h"))
    with pytest.raises(NameTakenError, match="tl catalog remove lake"):
        configuration.add(entry("lake", uri="http://other"))
    configuration.remove("lake")
    configuration.add(entry("lake", uri="http://other"))
    assert configuration.entry("lake").properties["uri"] == "http://other"


def test_a_catalog_without_a_name_is_refused(configuration: Configuration) -> None:
    with pytest.raises(UsageError, match="needs a name"):
        configuration.add(entry(" "))


def test_catalogs_added_at_the_same_time_are_all_kept(
    configuration: Configuration, home: Path
) -> None:
    names = [f"lake{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: configuration.add(entry(name)), names))
    assert sorted(one.name for one in configuration.entries()) == names


def test_an_unknown_name_is_answered_with_the_nearest(configuration: Configuration) -> None:
    configuration.add(entry("lakehouse"))
    with pytest.raises(UnknownNameError, match="nearest: lakehouse"):
        configuration.entry("lakehous")
    with pytest.raises(UnknownNameError, match="nearest: lakehouse"):
        configuration.remove("lakehous")


@pytest.mark.parametrize("place", ["PYICEBERG_HOME", "home", "current folder"])
def test_pyicebergs_own_file_is_found_where_pyiceberg_finds_it(
    place: str, configuration: Configuration, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home if place == "home" else home / "elsewhere"
    folder.mkdir(exist_ok=True)
    (folder / ".pyiceberg.yaml").write_text(YAML)
    if place == "PYICEBERG_HOME":
        monkeypatch.setenv("PYICEBERG_HOME", str(folder))
    elif place == "current folder":
        monkeypatch.chdir(folder)
    prod = configuration.entry("Prod_Lake")
    assert prod.name == "prod_lake"
    assert prod.kind is CatalogKind.PYICEBERG
    assert "s3cr3t-token" in prod.properties.values()
    assert prod.properties["auth.google.scopes.1"] == "list"
    assert prod.origin == str(folder / ".pyiceberg.yaml")
    assert [one.name for one in configuration.entries()] == ["prod_lake", "local"]


def test_variables_make_a_catalog_and_amend_one(
    configuration: Configuration, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".pyiceberg.yaml").write_text(YAML)
    monkeypatch.setenv("PYICEBERG_CATALOG__LOCAL__URI", "sqlite:////other.db")
    monkeypatch.setenv("PYICEBERG_CATALOG__CLOUD__S3__ACCESS_KEY_ID", "AK")
    local, cloud = configuration.entry("local"), configuration.entry("cloud")
    assert local.properties == {"type": "sql", "uri": "sqlite:////other.db"}
    assert cloud.properties == {"s3.access-key-id": "AK"}
    assert local.origin == "the environment variables PYICEBERG_CATALOG__LOCAL__*"


def test_our_own_file_comes_first(
    configuration: Configuration, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYICEBERG_CATALOG__LAKE__URI", "http://from-variables")
    configuration.add(entry("lake", uri="http://from-file"))
    assert [one.properties["uri"] for one in configuration.entries()] == ["http://from-file"]
    configuration.remove("lake")
    assert configuration.entry("lake").properties["uri"] == "http://from-variables"
    with pytest.raises(UnknownNameError, match="it comes from the environment variables"):
        configuration.remove("lake")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "line 1: Expecting property name"),
        ("[]", "is not what belongs there"),
        ('{"catalogs": {"a": {"kind": "hadoop", "properties": {}}}}', "'hadoop'"),
        ('{"catalogs": {"a": {"kind": "folder", "properties": {"n": 5}}}}', "a property of a"),
        ('{"catalogs": {"a": {"kind": "folder"}}}', "'properties'"),
        ('{"catalogs": {"a": "x"}}', "is not what belongs there"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(
    text: str, reason: str, configuration: Configuration, home: Path
) -> None:
    folder = home / "project" / ".temporal-lineage"
    folder.mkdir(parents=True)
    (folder / "catalogs.json").write_text(text)
    with pytest.raises(UnreadableError, match=r"catalogs\.json") as broken:
        configuration.entries()
    assert reason in str(broken.value)
    before = (folder / "catalogs.json").read_text()
    with pytest.raises(UnreadableError):
        configuration.add(entry("lake"))
    assert (folder / "catalogs.json").read_text() == before


@pytest.mark.parametrize(
    "text",
    [
        "catalog:\n  prod:\n    token: s3cr3t\n   uri: [broken\n",
        "catalog:\n  prod: s3cr3t\n",
        "catalog: s3cr3t\n",
        "catalog:\n  prod: {token: s3cr3t}\n",
        "catalog:\n  prod:\n    token: s3cr3t\n    token: s3cr3t\n",
        "- s3cr3t\n",
    ],
)
def test_a_pyiceberg_file_that_pyiceberg_refuses_is_named_without_what_it_says(
    text: str, configuration: Configuration, home: Path
) -> None:
    (home / ".pyiceberg.yaml").write_text(text)
    with pytest.raises(UnreadableError, match=r"\.pyiceberg\.yaml") as broken:
        configuration.entries()
    assert "s3cr3t" not in str(broken.value)


def test_a_broken_pyiceberg_file_does_not_hide_our_own_catalogs(
    configuration: Configuration, home: Path
) -> None:
    configuration.add(entry("lake"))
    (home / ".pyiceberg.yaml").write_text("catalog: [")
    assert configuration.entry("lake").name == "lake"


def test_a_folder_that_cannot_be_written_is_an_error_for_people(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(UnreadableError, match="it cannot be written"):
        Configuration(home / "file" / "below").add(entry("lake"))


def test_the_file_is_written_for_people_too(configuration: Configuration, home: Path) -> None:
    configuration.add(entry("größe", uri="http://h"))
    text = (home / "project" / ".temporal-lineage" / "catalogs.json").read_text()
    assert "größe" in text
    assert json.loads(text) == {
        "catalogs": {"größe": {"kind": "pyiceberg", "properties": {"uri": "http://h"}}}
    }


words = st.text("abc-_", min_size=1, max_size=4)


@given(st.recursive(words, lambda inner: st.dictionaries(words, inner, min_size=1), max_leaves=8))
def test_nested_properties_come_back_as_they_were(auth: str | Mapping[str, str]) -> None:
    properties = {"uri": "u", "s3.endpoint": "e", "auth": auth}
    assert nested(flattened(properties)) == properties


def test_lists_in_nested_properties_come_back_as_lists() -> None:
    properties = {"auth": {"google": {"scopes": ["b", "a"]}}}
    assert flattened(properties) == {"auth.google.scopes.0": "b", "auth.google.scopes.1": "a"}
    assert nested(flattened(properties)) == properties


def test_a_property_that_is_both_a_value_and_a_group_is_refused() -> None:
    with pytest.raises(UnreadableError, match="both a value and a group"):
        nested({"auth.type": "basic", "auth.type.x": "y"})
