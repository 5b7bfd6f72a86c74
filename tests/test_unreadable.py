"""What may not be read is told in one line, with the exit status for it, and nothing is left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.configuration import CatalogEntry, CatalogKind
from reproduce_lake import Lake
from rest_server import RestServer, serving

# Root may read everything, but for a process that gave up the right to.
_AS_A_USER = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    if _AS_A_USER and shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and setpriv is not here")
    yield Lake(tmp_path)
    for path in tmp_path.rglob("*"):
        if not path.stat().st_mode & 0o700:
            path.chmod(0o700)


def tried(lake: Lake, *words: str) -> tuple[int, str]:
    """Run a command as somebody without special rights; gives its exit status and what it said."""
    own = lake.root / "own"
    own.mkdir(exist_ok=True)
    done = subprocess.run(
        [
            *_AS_A_USER,
            *(sys.executable, "-m", "temporal_lineage"),
            *("--ledger", lake.session.workspace.ledger, *words),
        ],
        cwd=own,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert list(own.iterdir()) == []
    return done.returncode, done.stdout + done.stderr


def test_rows_that_may_not_be_read_are_one_line_and_nothing_is_written(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    (file,) = (lake.delta / "orders").glob("*.parquet")
    file.chmod(0)
    for words in (
        ("reproduce", "delta.orders@0", "--out", "out"),
        ("recover", "delta.orders@0", "--into", "back", "--copy-files"),
        ("lock", "delta.orders@0", "-o", "a.lock", "--fingerprint"),
    ):
        status, said = tried(lake, *words)
        assert status == 1, said
        (line,) = said.splitlines()
        assert file.name in line
        assert "permission denied" in line.lower()


def test_a_log_that_may_not_be_read_is_told_and_what_was_kept_of_it_helps(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    (lake.delta / "orders" / "_delta_log").chmod(0)
    status, said = tried(lake, "reproduce", "delta.orders@0", "--out", "out")
    assert status == 3, said
    assert "permission denied" in said.lower()
    assert "nothing was written; --recover would read" in said


def test_a_place_that_may_not_be_written_is_one_line(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    closed = lake.root / "closed"
    closed.mkdir(mode=0o500)
    for words in (
        ("reproduce", "delta.orders@0", "--out", str(closed / "out")),
        ("reproduce", "delta.orders@0", "--into", str(closed / "tables")),
        ("lock", "delta.orders@0", "-o", str(closed / "a.lock")),
    ):
        status, said = tried(lake, *words)
        assert status == 1, said
        (line,) = said.splitlines()
        assert "permission denied" in line.lower(), line
        assert str(closed) in line
    assert list(closed.iterdir()) == []


def test_a_token_that_is_not_accepted_any_more_is_named_and_never_shown(lake: Lake) -> None:
    table = lake.iceberg()
    version = lake.append(table)
    with serving(RestServer(lake.catalog, token="first-token")) as server:  # noqa: S106 - made up
        properties = {"type": "rest", "uri": server.uri, "token": "first-token"}
        lake.configuration.add(CatalogEntry("rest", CatalogKind.PYICEBERG, properties, ""))
        assert [one.error for one in lake.session.harvest(["rest"]).tables if one.error] == []
        server.token = "second-token"  # noqa: S105 - made up
        assert lake.tl_status("harvest", "rest") == 1
        (failed,) = lake.session.harvest(["rest"]).tables
        assert failed.error == (
            f"cannot read rest catalog rest at {server.uri}: the server does not accept the"
            " credentials; renew them, or give others: tl catalog add"
        )
        # The rows lie where they lay: they are read there, and that is said.
        told = lake.session.reproduce(f"rest.raw.orders@{version}", out=lake.root / "out")
        assert told.verdict == "reproducible"
        assert any("does not accept the credentials" in one for one in told.doubts)
        with pytest.raises(Exception, match="does not accept the credentials") as refused:
            lake.session.reproduce(f"rest.raw.orders@{version}", into="rest.again")
        assert "first-token" not in str(refused.value)
        (lake.root / "warehouse").rename(lake.root / "moved")
        again = lake.session.reproduce(f"rest.raw.orders@{version}")
        (one,) = again.inputs
        assert (again.verdict, one.verdict) == ("irreproducible", "unverified")
        assert lake.tl_status("reproduce", f"rest.raw.orders@{version}") == 3
