"""Names of datasets: one place compares equal however producers spell it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_names import canonical, located

SAME = [
    [("s3://b", "a/t"), ("s3a://b", "a/t"), ("s3n://b/", "/a/t/"), ("S3://B", "a/t")],
    [
        ("file", "/a/t"),
        ("file:", "/a/t"),
        ("file:/", "a/t"),
        ("file://", "/a/t/"),
        ("file:///", "a//t"),
        ("file", "file:///a/t"),
        ("file", "file:/a/t"),
        ("FILE", "/a/t"),
        ("file://localhost", "/a/t"),
    ],
    [("file:/wh", "db.t"), ("file:///wh/", "db.t"), ("file://localhost/wh", "db.t")],
    [("s3://b/wh", "db.t"), ("s3a://b/wh/", "db.t")],
    [("hdfs://nn:8020", "/a/t"), ("hdfs://NN:8020/", "a/t/")],
    [
        ("abfss://c@x.dfs.core.windows.net", "a/t"),
        ("abfs://c@x.dfs.core.windows.net", "/a/t"),
        ("wasbs://c@x.blob.core.windows.net", "a/t"),
    ],
    [("gs://b", "a/t"), ("gcs://b", "a/t")],
    [("postgres://h:5432", "d.s.t"), ("postgresql://h:5432/", "d.s.t")],
    [("trino://h:8080", "c.s.t"), ("trino://H:8080", "c.s.t")],
    [("arn:aws:glue:eu-west-1:1", "table/d/t"), ("arn:aws:glue:eu-west-1:1/", "table/d/t/")],
]
FLAT = [Dataset(*one) for group in SAME for one in group]


@pytest.mark.parametrize("spellings", SAME)
def test_spellings_of_one_place_are_one_name(spellings: list[tuple[str, str]]) -> None:
    assert len({canonical(Dataset(*one)) for one in spellings}) == 1


@given(st.text("aA1+.-:/é²\n", max_size=8))
def test_a_url_begins_with_a_scheme_of_at_least_two_letters(text: str) -> None:
    found = re.fullmatch(r"([A-Za-z][A-Za-z0-9+.-]+):(?://|(?=/))(.*)", text, re.DOTALL)
    is_path = str(located(text)).startswith("file/")
    assert is_path is (found is None)


def test_different_places_stay_different() -> None:
    assert len({canonical(one) for one in FLAT}) == len(SAME)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("s3://b", "a/t"), ("s3://b", "a//t")),  # two keys of a bucket
        (("s3://b", "a/t"), ("s3://b", "A/t")),
        (("s3://b", "a/t"), ("gs://b", "a/t")),
        (("file", "/a/t"), ("file://host", "/a/t")),
        (("hive://h", "d.t"), ("trino://h", "d.t")),
    ],
)
def test_what_only_looks_alike_is_kept_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert canonical(Dataset(*one)) != canonical(Dataset(*other))


PARTS = st.text(st.sampled_from("aB3:/.@ -_\u00e9"), min_size=1, max_size=12)


@given(st.builds(Dataset, PARTS, PARTS) | st.sampled_from(FLAT))
def test_a_canonical_name_is_its_own_canonical_name(dataset: Dataset) -> None:
    once = canonical(dataset)
    assert canonical(once) == once


@pytest.mark.parametrize(
    ("location", "dataset"),
    [
        ("/a/t", ("file", "/a/t")),
        ("/a/t/", ("file", "/a/t")),
        ("file:/a/t", ("file", "/a/t")),
        ("file:///a/t", ("file", "/a/t")),
        ("s3a://b/a/t/", ("s3://b", "a/t")),
        ("gs://b/t", ("gs://b", "t")),
        ("hdfs://nn:8020/a/t", ("hdfs://nn:8020", "/a/t")),
        ("dbfs:/a/t", ("dbfs://", "/a/t")),
        ("wasbs://c@x.blob.core.windows.net/a/t", ("abfss://c@x.dfs.core.windows.net", "a/t")),
    ],
)
def test_the_place_of_a_table_has_the_name_that_events_give_it(
    location: str, dataset: tuple[str, str]
) -> None:
    assert located(location) == Dataset(*dataset)
    assert canonical(located(location)) == located(location)
