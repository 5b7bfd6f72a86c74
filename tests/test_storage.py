"""Files are listed and read alike wherever they lie, and no message shows a credential."""

import os
import socket
from pathlib import Path

import fsspec
import pytest

from catalogs.credentials import masked, without_secrets, without_user_info
from catalogs.remote_storage import arguments_for, package_for
from catalogs.storage import AbsentFileError, Storage, local_path
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.instant import Instant

LOCAL = Storage({})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder whose names try the readers: spaces, percent signs, a deeper folder."""
    place = tmp_path / "a b"
    (place / "sub").mkdir(parents=True)
    (place / "x%20y").write_bytes(b"hi")
    (place / "sub" / "z.json").write_bytes(b"zzz")
    return place


@pytest.mark.parametrize("spelling", ["{0}", "file://{0}", "file:{0}", "file://localhost{0}"])
def test_a_local_folder_is_listed_in_the_spelling_it_was_asked_for(
    folder: Path, spelling: str
) -> None:
    prefix = spelling.format(folder)
    (file,) = LOCAL.list(prefix)
    assert file.path == f"{prefix}/x%20y"
    assert LOCAL.read(file.path) == b"hi"
    assert LOCAL.size(file.path) == file.size_bytes == 2
    assert list(LOCAL.folders(prefix)) == [f"{prefix}/sub"]
    assert {one.path for one in LOCAL.walk(prefix)} == {f"{prefix}/x%20y", f"{prefix}/sub/z.json"}


def test_an_encoded_url_is_decoded_and_what_it_lists_can_be_read(folder: Path) -> None:
    prefix = f"file://{str(folder).replace(' ', '%20')}"
    assert {LOCAL.read(one.path) for one in LOCAL.walk(prefix)} == {b"hi", b"zzz"}


def test_a_name_that_looks_encoded_wins_where_it_exists(tmp_path: Path) -> None:
    (tmp_path / "a%20b").write_bytes(b"raw")
    (tmp_path / "a b").write_bytes(b"decoded")
    assert LOCAL.read(f"file://{tmp_path}/a%20b") == b"raw"
    assert LOCAL.read(f"file://{tmp_path}/a b") == b"decoded"
    (tmp_path / "a%20b").unlink()
    assert LOCAL.read(f"file://{tmp_path}/a%20b") == b"decoded"
    assert local_path(f"{tmp_path}/a%20b") == f"{tmp_path}/a%20b"  # no URL, so nothing to decode


def test_times_of_files_have_every_microsecond(tmp_path: Path) -> None:
    file = tmp_path / "one"
    file.touch()
    os.utime(file, ns=(0, 1_700_000_000_123_456_789))
    (found,) = LOCAL.list(str(tmp_path))
    assert found.modified == Instant(1_700_000_000_123_456)


def test_what_is_absent_is_empty_and_has_no_size(folder: Path) -> None:
    for prefix in (f"{folder}/none", f"{folder}/x%20y", "memory://none"):
        assert list(LOCAL.list(prefix)) == []
        assert list(LOCAL.folders(prefix)) == []
        assert list(LOCAL.walk(prefix)) == []
    assert LOCAL.size(f"{folder}/none") is None
    assert LOCAL.size(f"{folder}/x%20y/deeper") is None
    assert not LOCAL.exists(str(folder))
    with pytest.raises(AbsentFileError, match="there is no such file"):
        LOCAL.read(f"{folder}/none")
    with pytest.raises(AbsentFileError):
        LOCAL.open(f"{folder}/none")
    with pytest.raises(UnreadableError, match="it is a folder"):
        LOCAL.read(str(folder))


def test_links_that_make_a_circle_are_walked_once(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "nowhere").symlink_to(folder / "gone")
    (folder / "self").symlink_to(folder / "self")
    assert len(list(LOCAL.walk(str(folder)))) == 2


def test_a_walk_has_limits_and_says_when_it_meets_one(folder: Path) -> None:
    assert len(list(LOCAL.walk(str(folder), depth_max=1))) == 1
    with pytest.raises(UnreadableError, match="more than 1 files"):
        list(LOCAL.walk(str(folder), files_max=1))


def test_a_file_can_be_streamed(folder: Path) -> None:
    with LOCAL.open(f"{folder}/sub/z.json") as file:
        file.seek(1)
        assert file.read(1) == b"z"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_nobody_may_read_says_permission_denied(folder: Path) -> None:
    (folder / "x%20y").chmod(0)
    with pytest.raises(UnreadableError, match="permission denied"):
        LOCAL.read(f"{folder}/x%20y")
    (folder / "sub").chmod(0)
    with pytest.raises(UnreadableError, match="permission denied"):
        list(LOCAL.list(f"{folder}/sub"))
    (folder / "sub").chmod(0o700)


def test_another_machines_files_are_refused() -> None:
    with pytest.raises(UnreadableError, match="nas is another machine"):
        LOCAL.read("file://nas/share/x")


def test_a_null_byte_in_a_path_is_an_error_for_people() -> None:
    with pytest.raises(UnreadableError):
        LOCAL.read("/tmp/a\0b")  # noqa: S108 - no file can have that name


def test_remote_files_are_listed_and_read_as_local_ones_are() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/lake-of-storage/t/metadata/v1.json", b"{}")
    memory.pipe("/lake-of-storage/t/a.parquet", b"abc")
    prefix = "memory://lake-of-storage/t"
    (file,) = LOCAL.list(prefix)
    assert (file.path, file.size_bytes) == (f"{prefix}/a.parquet", 3)
    assert file.modified.micros % 1000 != 0 or file.modified > Instant.parse("2020-01-01")
    assert list(LOCAL.folders(f"{prefix}/")) == [f"{prefix}/metadata"]
    assert {one.path for one in LOCAL.walk(prefix)} == {
        f"{prefix}/a.parquet",
        f"{prefix}/metadata/v1.json",
    }
    assert LOCAL.read(f"{prefix}/a.parquet") == b"abc"
    assert LOCAL.size(f"{prefix}/a.parquet") == 3
    assert LOCAL.size(prefix) is None
    one, other = LOCAL.open(f"{prefix}/a.parquet"), LOCAL.open(f"{prefix}/a.parquet")
    assert one.read(1) + other.read(2) == b"aab"  # two readers, two positions
    with pytest.raises(AbsentFileError):
        LOCAL.read(f"{prefix}/none")
    memory.pipe("/lake-of-storage/t/b.parquet", b"")
    assert len(list(LOCAL.list(prefix))) == 2  # no listing is remembered


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(UnreadableError, match="Protocol not known: nope"):
        LOCAL.read("nope://x/y")


@pytest.mark.parametrize(
    ("location", "package"),
    [
        ("s3://b/k", "s3fs"),
        ("s3a://b/k", "s3fs"),
        ("gs://b/k", "gcsfs"),
        ("abfss://c@a.dfs.core.windows.net/k", "adlfs"),
        ("what://x", None),
    ],
)
def test_each_object_store_names_its_package(location: str, package: str | None) -> None:
    assert package_for(location) == package


@pytest.mark.parametrize(("module", "location"), [("s3fs", "s3n://b/k"), ("gcsfs", "gcs://b/k")])
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    module: str, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(UnreadableError, match=f"pip install {module}"):
        LOCAL.read(location)


def test_names_of_pyiceberg_become_arguments_of_fsspec() -> None:
    given = arguments_for(
        "s3a://b/k",
        {
            "s3.endpoint": "http://127.0.0.1:9000",
            "client.access-key-id": "AK",
            "s3.secret-access-key": "SK",
            "s3.region": "eu-1",
            "s3.connect-timeout": "5",
            "s3.force-virtual-addressing": "true",
        },
    )
    assert given == {
        "anon": False,
        "client_kwargs": {
            "endpoint_url": "http://127.0.0.1:9000",
            "aws_access_key_id": "AK",
            "aws_secret_access_key": "SK",
            "region_name": "eu-1",
        },
        "config_kwargs": {"connect_timeout": 5.0, "s3": {"addressing_style": "virtual"}},
    }
    options = {"adls.sas-token.acc.dfs.core.windows.net": "sv=1"}
    given = arguments_for("abfss://c@acc.dfs.core.windows.net/k", options)
    assert given == {"account_name": "acc", "sas_token": "sv=1"}
    assert arguments_for("gcs://b/k", {"gcs.project-id": "p"})["project"] == "p"
    assert arguments_for("memory://k", options) == {}


def test_requests_that_a_server_signs_are_refused_not_sent_unsigned() -> None:
    with pytest.raises(UnsupportedError, match=r"signed by a server \(s3\.signer\)"):
        arguments_for("s3://b/k", {"s3.signer": "S3V4RestSigner"})


def test_a_server_that_is_not_there_says_so_without_its_credentials() -> None:
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(UnreadableError) as refused:
        LOCAL.read(f"http://user:hunter2@127.0.0.1:{port}/x?sig=SECRETSIG")
    assert "hunter2" not in str(refused.value)
    assert "SECRETSIG" not in str(refused.value)


def test_properties_are_shown_without_what_they_hide() -> None:
    shown = masked(
        {
            "uri": "postgresql+psycopg://lena:hunter2@db/lake",
            "token": "abc",
            "s3.secret-access-key": "abc",
            "S3.ACCESS_KEY_ID": "abc",
            "credential": "id:abc",
            "header.Authorization": "Bearer abc",
            "adls.connection-string": "AccountKey=abc",
            "warehouse": "s3://lake/wh",
            "token-refresh-enabled": "true",
            "password": "",
        }
    )
    assert "hunter2" not in str(shown)
    assert "abc" not in str(shown)
    assert shown["uri"] == "postgresql+psycopg://***@db/lake"
    assert shown["warehouse"] == "s3://lake/wh"
    assert shown["token-refresh-enabled"] == "true"
    assert shown["password"] == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:p@h:80/x", "https://***@h:80/x"),
        ("https://ghp_abc@h/x", "https://***@h/x"),
        ("http://127.0.0.1:8181/v1/user@corp", "http://127.0.0.1:8181/v1/user@corp"),
        ("abfss://box@acc.dfs.core.windows.net/x", "abfss://box@acc.dfs.core.windows.net/x"),
        ("https://h/x?sv=1&sig=a%2Fb&se=2", "https://h/x?sv=1&sig=***&se=2"),
        ("https://h/x?X-Amz-Signature=ab", "https://h/x?X-Amz-Signature=***"),
        ("/wh/api_key=5/part-0.parquet", "/wh/api_key=5/part-0.parquet"),
    ],
)
def test_a_location_is_shown_without_its_credentials(text: str, shown: str) -> None:
    assert without_user_info(text) == shown


@pytest.mark.parametrize(
    "message",
    [
        "401 for token=s3cr3t-value",
        'header {"Authorization": "Bearer s3cr3t-value"}',
        "password: s3cr3t-value",
        "cannot use s3cr3t-value here",
        "at http://me:s3cr3t-value@host/",
    ],
)
def test_a_librarys_message_is_shown_without_secrets(message: str) -> None:
    assert "s3cr3t" not in without_secrets(message, {"client-secret": "s3cr3t-value"})
