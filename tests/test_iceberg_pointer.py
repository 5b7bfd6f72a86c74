"""The current metadata file of an Iceberg table, as its folder points at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogs.iceberg.pointer import in_folder
from catalogs.iceberg.source import IcebergSource
from catalogs.storage import Storage
from iceberg_files import write_metadata
from snapshots.errors import UnreadableError


def test_the_version_hint_says_which_file_is_current(tmp_path: Path) -> None:
    write_metadata(tmp_path, "v1.metadata.json", 1)
    path = write_metadata(tmp_path, "v2.metadata.json", 2)
    _hint(tmp_path, "2\n")
    assert _folder(tmp_path).head().partition(" ")[0] == path


def test_versions_written_after_the_hint_are_current_before_it_is(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write_metadata(tmp_path, f"v{number}.metadata.json", number)
    write_metadata(tmp_path, "v5.metadata.json", 5)
    _hint(tmp_path, "1")
    assert _folder(tmp_path).head().partition(" ")[0].endswith("/v3.metadata.json")


@pytest.mark.parametrize("name", ["v7.gz.metadata.json", "v7.metadata.json.gz", "v7.metadata.json"])
def test_the_hint_means_each_spelling_of_gzip(tmp_path: Path, name: str) -> None:
    path = write_metadata(tmp_path, name, 7)
    _hint(tmp_path, "7")
    assert _folder(tmp_path).head().partition(" ")[0] == path


def test_a_hint_may_be_the_stem_of_a_name(tmp_path: Path) -> None:
    path = write_metadata(tmp_path, "00001-abc.metadata.json", 1)
    write_metadata(tmp_path, "00002-abc.metadata.json", 2)
    _hint(tmp_path, "00001-abc")
    assert _folder(tmp_path).head().partition(" ")[0] == path


@pytest.mark.parametrize("hint", ["", "9", "nonsense", None])
def test_without_a_hint_that_leads_somewhere_the_greatest_number_is_current(
    tmp_path: Path, hint: str | None
) -> None:
    write_metadata(tmp_path, "00009-abc.metadata.json", 1)
    path = write_metadata(tmp_path, "00010-abc.metadata.json", 2)
    if hint is not None:
        _hint(tmp_path, hint)
    assert _folder(tmp_path).head().partition(" ")[0] == path


def test_two_files_of_one_number_are_not_chosen_between(tmp_path: Path) -> None:
    write_metadata(tmp_path, "00001-a.metadata.json", 1)
    write_metadata(tmp_path, "00001-b.metadata.json", 2)
    with pytest.raises(UnreadableError, match=r"any of 00001-a\S+, 00001-b\S+ may be the current"):
        _folder(tmp_path).head()


def test_a_folder_without_metadata_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="holds no metadata"):
        _folder(tmp_path).head()


def test_a_folder_is_read_like_the_file_it_points_at(tmp_path: Path) -> None:
    path = write_metadata(tmp_path, "v1.metadata.json", 1)
    named = IcebergSource(path, storage=Storage({}), properties={})
    assert _folder(tmp_path).history(known=None) == named.history(known=None)


def _folder(root: Path) -> IcebergSource:
    return IcebergSource.pointed_to(
        in_folder(str(root), storage=Storage({})), storage=Storage({}), properties={}
    )


def _hint(root: Path, text: str) -> None:
    (root / "metadata" / "version-hint.text").write_text(text)
