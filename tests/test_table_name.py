"""Table names are written in one way, and what is written parses back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.table_name import TableName, nearest
from snapshots.errors import BadAddressError

parts = st.lists(st.text(min_size=1), min_size=1, max_size=6).map(tuple)


@given(parts)
def test_what_is_written_parses_back(found: tuple[str, ...]) -> None:
    assert TableName.parse(str(TableName(found))).parts == found


@given(parts, parts)
def test_two_names_are_never_written_alike(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (str(TableName(one)) == str(TableName(other))) == (one == other)


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (("raw", "orders"), "raw.orders"),
        (("raw.db", "orders"), '"raw.db".orders'),
        (("a.b", "c"), '"a.b".c'),
        (("a", "b.c"), 'a."b.c"'),
        (('say "hi"', "t"), '"say ""hi""".t'),
        (("t@1", "x#y", "job:z"), '"t@1"."x#y"."job:z"'),
        (("größe", "日本-2"), "größe.日本-2"),
    ],
)
def test_a_part_with_a_dot_or_a_sign_of_addresses_is_quoted(
    parts: tuple[str, ...], written: str
) -> None:
    assert str(TableName(parts)) == written


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", '"a', '"a"b', 'a"b', '""', 'a.""'])
def test_a_text_that_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadAddressError):
        TableName.parse(text)


def test_a_name_with_too_many_parts_is_refused() -> None:
    with pytest.raises(BadAddressError, match="more than 50 parts"):
        TableName.parse(".".join("a" * 51))


def test_the_nearest_names_ignore_letter_case() -> None:
    assert nearest("RAW.ORDERS", ["raw.orders", "ml.features"]) == ["raw.orders"]
