"""Delta actions are read with tolerance, and a broken line is named."""

import pytest

from catalogs.delta.actions import Commit, decoded
from catalogs.delta.paths import (
    canonical,
    has_short_group,
    located,
    vector_file,
    with_whole_groups,
    z85_decoded,
)
from catalogs.delta.protocol import check, features
from catalogs.moved import Moved
from snapshots.errors import UnreadableError, UnsupportedError


def _decoded(text: str) -> Commit:
    return decoded(text.encode(), witness="3.json", location="t/_delta_log/3.json")


def test_unknown_actions_and_unknown_fields_are_passed_over() -> None:
    commit = _decoded(
        '{"brandNew":{"x":1}}\n\n'
        '{"add":{"path":"p","size":7,"partitionValues":{},"colour":"red","stats":"{}"}}\n'
        '{"cdc":{"path":"c","size":1}}\n'
    )
    assert [one.path for one in commit.adds] == ["p"]
    assert commit.adds[0].rows is None
    assert commit.operation == "unknown"
    assert commit.doubts == ()


def test_a_null_says_nothing_but_in_the_place_of_what_must_be_said() -> None:
    partitions = '{"day":null}'
    commit = _decoded(
        f'{{"add":{{"path":"p","size":7,"partitionValues":{partitions},"dataChange":null}}}}\n'
        '{"add":{"path":"q","size":7,"partitionValues":null,"stats":null,"tags":null},"txn":null}\n'
        '{"metaData":{"id":"i","partitionColumns":null,"configuration":null,"format":null}}\n'
    )
    assert [one.partition_values for one in commit.adds] == [{"day": None}, {}]
    assert commit.adds[0].data_change
    assert commit.metadata is not None
    assert commit.metadata.properties == {}
    assert commit.doubts == ()
    with pytest.raises(UnreadableError, match="line 1"):
        _decoded('{"add":{"path":null,"size":7}}')


def test_a_truncated_commit_names_its_file_and_line() -> None:
    with pytest.raises(UnreadableError) as caught:
        _decoded('{"commitInfo":{}}\n{"add":{"path":"p","si')
    assert caught.value.location == "t/_delta_log/3.json"
    assert "line 2" in caught.value.reason


def test_a_line_that_is_no_json_names_itself() -> None:
    with pytest.raises(UnreadableError, match="line 1"):
        _decoded("<html>")


def test_a_field_of_another_type_names_its_line() -> None:
    with pytest.raises(UnreadableError, match="line 2"):
        _decoded('{"commitInfo":{}}\n{"add":{"path":7,"size":1}}')


def test_an_empty_commit_is_no_commit() -> None:
    with pytest.raises(UnreadableError, match="no action"):
        _decoded("")


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(UnreadableError, match="line 1"):
        _decoded('{"commitInfo":' + '{"a":' * 100_000 + "1" + "}" * 100_001)


def test_text_behind_a_whole_action_is_left_out_and_told() -> None:
    commit = _decoded('{"add":{"path":"p","size":7}}x\n{"commitInfo":{"operation":"WRITE"}}x\n')
    assert [one.path for one in commit.adds] == ["p"]
    assert commit.operation == "WRITE"
    assert commit.doubts == (
        "3.json: text after the JSON of 2 lines was left out, the first on line 1: 'x'",
    )


def test_an_object_that_begins_behind_an_action_is_not_left_out() -> None:
    with pytest.raises(UnreadableError, match="line 1"):
        _decoded('{"add":{"path":"p","size":7}} {"remove":{"path"')


def test_several_actions_on_one_line_all_count() -> None:
    assert len(_decoded('{"add":{"path":"p","size":7}}{"remove":{"path":"q"}}').removes) == 1


def test_the_summary_is_all_the_commit_says_with_keys_joined_by_dots() -> None:
    commit = _decoded(
        '{"commitInfo":{"operation":"WRITE","userName":"ada","job":{"jobId":"7","runId":null},'
        '"operationParameters":{"mode":"Append","partitionBy":"[\\"a\\"]","n":5,"list":[1,"b"]},'
        '"isBlindAppend":true,"tl_run":"abc"}}\n'
        '{"txn":{"appId":"stream","version":41,"lastUpdated":1}}\n'
    )
    assert commit.summary() == {
        "operation": "WRITE",
        "userName": "ada",
        "job.jobId": "7",
        "operationParameters.mode": "Append",
        "operationParameters.partitionBy": '["a"]',
        "operationParameters.n": "5",
        "operationParameters.list": '[1, "b"]',
        "isBlindAppend": "true",
        "tl_run": "abc",
        "txn.stream": "41",
    }


def test_rows_masked_by_a_deletion_vector_do_not_count() -> None:
    commit = _decoded(
        '{"add":{"path":"p","size":7,"stats":"{\\"numRecords\\":10}","deletionVector":'
        '{"storageType":"i","pathOrInlineDv":"x","sizeInBytes":1,"cardinality":4}}}'
    )
    assert (commit.adds[0].rows, commit.adds[0].physical_rows) == (6, 10)


def test_broken_statistics_say_nothing() -> None:
    assert _decoded('{"add":{"path":"p","size":7,"stats":"{"}}').adds[0].rows is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("year=2021/part%20one.parquet", "year=2021/part one.parquet"),
        ("at=09%253A30/p.parquet", "at=09%3A30/p.parquet"),
        ("at=09:30/p.parquet", "at=09:30/p.parquet"),
        ("/a/b%23c", "/a/b#c"),
        ("file:/a/b", "/a/b"),
        ("file:///a/b", "/a/b"),
        ("file://localhost/a/b", "/a/b"),
        ("s3://bucket/a%20b", "s3://bucket/a b"),
        ("s3a://bucket/a", "s3://bucket/a"),
    ],
)
def test_a_path_has_one_canonical_spelling(written: str, read: str) -> None:
    assert canonical(written) == read


def test_a_path_lies_under_the_root_unless_it_is_absolute() -> None:
    assert located("/lake/t", "a/b", Moved({})) == "/lake/t/a/b"
    assert located("/lake/t", "/other/b", Moved({})) == "/other/b"
    assert located("s3://bucket/t", "a/b", Moved({})) == "s3://bucket/t/a/b"
    assert located("s3://bucket/t", "/other/b", Moved({})) == "s3://bucket/other/b"
    assert located("s3://bucket/t", "s3://elsewhere/b", Moved({})) == "s3://elsewhere/b"


def test_deletion_vectors_are_found_by_uuid_by_prefix_and_by_path() -> None:
    def found(kind: str, told: str) -> str | None:
        text = f'"storageType":"{kind}","pathOrInlineDv":"{told}","sizeInBytes":1,"cardinality":1'
        commit = _decoded(f'{{"add":{{"path":"p","size":1,"deletionVector":{{{text}}}}}}}')
        vector = commit.adds[0].deletion_vector
        assert vector is not None
        return vector_file("/t", vector, Moved({}))

    uuid = "vBn[lx{q8@P<9BNH/isA"  # the protocol's own example
    name = "deletion_vector_61d16c75-6994-46b7-a15b-8b538852e50e.bin"
    assert found("u", uuid) == f"/t/{name}"
    assert found("u", f"ab{uuid}") == f"/t/ab/{name}"
    assert found("p", "file:/x/a%20b.bin") == "/x/a b.bin"
    assert found("i", "wi5b=") is None
    with pytest.raises(UnreadableError, match="storage type 'z'"):
        found("z", uuid)
    with pytest.raises(UnreadableError, match="names no file"):
        found("u", "short")


def test_base_85_is_the_alphabet_of_zeromq() -> None:
    assert z85_decoded("HelloWorld").hex() == "864fd26fb559f75b"


def test_a_short_last_group_is_marked_by_hashes() -> None:
    assert z85_decoded("HelloWorld##093").hex() == "864fd26fb559f75b0300"
    with pytest.raises(ValueError, match="no Z85 group"):
        z85_decoded("##zzz")
    assert has_short_group("HelloWorld##093")
    assert not has_short_group("HelloWorld")


def test_what_is_encoded_anew_has_whole_groups() -> None:
    told = with_whole_groups("HelloWorld##093")
    assert not has_short_group(told)
    assert z85_decoded(told).hex() == "864fd26fb559f75b03000000"
    assert [with_whole_groups(one) for one in ("HelloWorld", "##zzz")] == ["HelloWorld", "##zzz"]


def _protocol(text: str) -> Commit:
    return _decoded(f'{{"protocol":{text}}}')


def test_a_reader_version_from_the_future_is_refused_with_all_it_needs() -> None:
    protocol = _protocol(
        '{"minReaderVersion":5,"minWriterVersion":7,"readerFeatures":["deletionVectors","teleport"]}'
    ).protocol
    assert protocol is not None
    with pytest.raises(UnsupportedError, match="reader version 5 and the reader features teleport"):
        check(protocol, location="t")


def test_a_writer_feature_of_any_name_is_no_hindrance() -> None:
    protocol = _protocol(
        '{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],'
        '"writerFeatures":["deletionVectors","teleport"]}'
    ).protocol
    assert protocol is not None
    check(protocol, location="t")
    assert features(protocol) == (
        "minReaderVersion=3",
        "minWriterVersion=7",
        "deletionVectors",
        "teleport",
    )
