"""Erasure verified: closed, incomplete or open; a certificate says no more, and keeps no value."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from deltalake import DeltaTable, write_deltalake

from reproduce_lake import Lake
from snapshots.availability import Erased
from snapshots.errors import BadTargetError, UnreadableError
from temporal_lineage.cli.entry import run
from temporal_lineage.erasure.case import ExistingFileError, OtherConditionError, read_case
from temporal_lineage.erasure.signing import BadKeyError, SigningKey
from temporal_lineage.erasure.verify import Closure, Fate
from test_erasure_plan import do

SOUGHT = "name = 'Lovelace-1815'"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    lake.write_delta("people")
    lake.write_delta("people")
    lake.harvest()
    return lake


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return pem(tmp_path / "key.pem", Ed25519PrivateKey.generate())


def pem(path: Path, key: Any, *, passphrase: bytes | None = None) -> Path:  # noqa: ANN401
    how = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    return path


def erase(lake: Lake, where: str) -> None:
    plan = lake.session.erasure_trace("delta.people", where=where)
    do(plan, "delta-rs", {"DeltaTable": DeltaTable})
    lake.harvest()


def test_a_case_is_open_until_the_rows_are_gone_and_then_closed(lake: Lake, key: Path) -> None:
    case, out = lake.root / "request-17.json", lake.root / "closed.json"
    lake.session.erasure_trace("delta.people", where="id = 1", case=case)
    first = lake.session.erasure_verify(case=case, where="id = 1", key=key, out=out)
    assert (first.closure, first.certificate) == (Closure.OPEN, None)
    assert not out.exists()
    assert {one.fate for one in first.former} == {Fate.HOLDS_ROWS}
    erase(lake, "id = 1")
    second = lake.session.erasure_verify(case=case, where="id=1", key=key, out=out)
    assert second.closure is Closure.CLOSED
    assert {one.fate for one in second.former} == {Fate.GONE}
    told = json.loads(out.read_text())
    assert told["answer"]["closure"] == "closed"
    (examined,) = told["answer"]["examined"]
    assert {one["look"] for one in examined["files"]} >= {"gone"}
    assert told["claim"][0].startswith("At ")
    assert 'no row that meets the condition over id, shape "id" = ? was found' in told["claim"][0]


def test_openssl_takes_the_signature_and_refuses_it_for_other_bytes(lake: Lake, key: Path) -> None:
    out = lake.root / "none.json"
    answer = lake.session.erasure_verify("delta.people", where="id = 77", key=key, out=out)
    assert answer.closure is Closure.CLOSED
    public = lake.root / "public.pem"
    public.write_text(json.loads(out.read_text())["signed_by"]["pem"])

    def checked() -> int:
        asked = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin"]
        asked += ["-in", str(out), "-sigfile", f"{out}.sig"]
        return subprocess.run(asked, capture_output=True, check=False).returncode

    assert checked() == 0
    out.write_text(out.read_text().replace("closed", "opened"))
    assert checked() != 0


def test_the_value_sought_is_kept_nowhere_unless_that_is_asked(lake: Lake, key: Path) -> None:
    case, out = lake.root / "quiet.json", lake.root / "certificate.json"
    lake.session.erasure_trace("delta.people", where=SOUGHT, case=case)
    lake.session.erasure_verify(case=case, where=SOUGHT, key=key, out=out)
    ledger = Path(lake.session.workspace.ledger)
    for path in (case, out, ledger, *ledger.parent.glob("ledger.db-*")):
        assert b"Lovelace" not in path.read_bytes()
    assert read_case(case).condition.shape == '"name" = ?'
    with pytest.raises(OtherConditionError, match=r'give the one it was opened with: "name" = \?'):
        lake.session.erasure_verify(case=case)
    with pytest.raises(OtherConditionError):
        lake.session.erasure_verify(case=case, where="name = 'Byron'")
    kept = lake.root / "kept.json"
    lake.session.erasure_trace("delta.people", where=SOUGHT, case=kept, keep_value=True)
    assert lake.session.erasure_verify(case=kept).closure is Closure.CLOSED


def test_a_value_in_the_paths_of_a_partitioned_table_is_told(lake: Lake) -> None:
    rows = pa.table({"who": ["ada", "bob"], "n": [1, 2]})
    write_deltalake(lake.delta / "parts", rows, partition_by=["who"])
    lake.harvest()
    case = lake.root / "parts.json"
    told = "1 paths of files hold a value that is sought: they are partitioned by it"
    answer = lake.session.erasure_trace("delta.parts", where="who = 'ada'", case=case)
    assert told in answer.doubts
    assert answer.tables[0].examined.looks == {"partition": 1, "read": 1}
    assert told in lake.session.erasure_verify(case=case, where="who = 'ada'").doubts


def test_what_a_closed_case_took_is_called_erased(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    case = lake.root / "request-18.json"
    lake.session.erasure_trace("delta.people", where="id = 1", case=case)
    erase(lake, "id = 1")
    before = {one.version: one.verdict for one in lake.session.available("delta.people").states}
    lake.session.erasure_verify(case=case, where="id = 1")
    states = {one.version: one for one in lake.session.available("delta.people").states}
    assert states[0].availability == states[1].availability == Erased("request-18")
    assert states[0].verdict == "erased"
    assert run(["available", "delta.people"], session=lake.session) == 0
    assert "it held rows that case request-18 erased" in capsys.readouterr().out
    assert {key: one.verdict for key, one in states.items() if key > 1} == {
        key: one for key, one in before.items() if key > 1
    }


def test_what_cannot_be_read_is_never_closed(lake: Lake, key: Path) -> None:
    out = lake.root / "gaps.json"
    next(iter((lake.delta / "people").glob("part-00000-*.parquet"))).write_bytes(b"no Parquet")
    answer = lake.session.erasure_verify("delta.people", where="id = -5", key=key, out=out)
    assert answer.closure is Closure.INCOMPLETE
    claim = json.loads(out.read_text())["claim"]
    assert any(one.startswith("Not examined: ") and "part-00000" in one for one in claim)
    assert "not all could be examined" in claim[0]


def test_a_file_that_was_moved_away_is_not_called_gone(lake: Lake, tmp_path: Path) -> None:
    case = lake.root / "moved.json"
    lake.session.erasure_trace("delta.people", where="id = 1", case=case)
    told = json.loads(case.read_text())
    told["tables"][0]["files"][0]["path"] = "/elsewhere/part.parquet"
    case.unlink()
    case.write_text(json.dumps(told))
    erase(lake, "id = 1")
    answer = lake.session.erasure_verify(case=case, where="id = 1")
    assert answer.former[0].fate is Fate.NOT_EXAMINED
    assert answer.closure is Closure.INCOMPLETE


def test_bad_keys_and_files_are_refused_before_anything_is_read(lake: Lake, key: Path) -> None:
    root = lake.root
    verify = lake.session.erasure_verify
    table, where = "delta.people", "id = 77"
    locked = pem(root / "locked.pem", Ed25519PrivateKey.generate(), passphrase=b"x")
    other = pem(root / "rsa.pem", generate_private_key(65537, 2048))
    (root / "text.pem").write_text("no key")
    for path, why in (
        (root / "nowhere.pem", "No such file"),
        (root / "text.pem", "no private key in PEM"),
        (locked, "it is encrypted"),
        (other, "another kind"),
    ):
        with pytest.raises(BadKeyError, match=why):
            verify(table, where=where, key=path, out=root / "c.json")
    with pytest.raises(BadTargetError, match="go together"):
        verify(table, where=where, key=key)
    with pytest.raises(BadTargetError, match="name a case"):
        verify(table)
    with pytest.raises(UnreadableError, match="No such file"):
        verify(case=root / "nowhere.json")
    (root / "c.json").write_text("{}")
    with pytest.raises(ExistingFileError, match="is there already"):
        verify(table, where=where, key=key, out=root / "c.json")
    with pytest.raises(UnreadableError, match="it is no case"):
        verify(case=root / "c.json")
    with pytest.raises(UnreadableError):
        verify(table, where=where, key=key, out=root / "nowhere" / "c.json")
    with pytest.raises(UnreadableError, match="no such folder"):
        lake.session.erasure_trace(table, where=where, case=root / "nowhere" / "case.json")
    assert not list(root.glob("*.sig"))


def test_the_exit_status_says_whether_it_is_closed(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["erasure", "verify", "--from", "delta.people", "--where"]
    assert run([*words, "id = 1"], session=lake.session) == 3
    assert "delta.people: open" in capsys.readouterr().out
    assert run([*words, "id = 77"], session=lake.session) == 0
    assert "delta.people: closed" in capsys.readouterr().out


def test_a_key_is_named_by_the_digest_of_its_public_half(key: Path) -> None:
    assert len(SigningKey(key).fingerprint) == 64
    assert SigningKey(key).public_pem.startswith("-----BEGIN PUBLIC KEY-----")
