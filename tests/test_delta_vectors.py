"""Deletion vectors: exactly the rows they name, and no damaged one is believed."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.delta.actions import DeletionVector
from catalogs.delta.vectors import deleted_rows
from catalogs.moved import Moved
from catalogs.storage import Storage
from delta_files import data_file, read, table
from delta_logs import metadata, source
from snapshots.errors import UnreadableError
from snapshots.files import AlteredFile


def _roaring(rows: Sequence[int], *, runs: bool) -> bytes:
    """Encode row numbers below 2^32 as the protocol's bitmap array, portable form."""
    containers: dict[int, list[int]] = {}
    for row in sorted(set(rows)):
        containers.setdefault(row >> 16, []).append(row & 0xFFFF)
    bodies = [_container(values, runs=runs) for values in containers.values()]
    heads = b"".join(struct.pack("<HH", key, len(values) - 1) for key, values in containers.items())
    if runs:
        flags = bytes([0xFF] * ((len(containers) + 7) // 8))
        head = struct.pack("<I", 12347 | (len(containers) - 1) << 16) + flags + heads
    else:
        head = struct.pack("<II", 12346, len(containers)) + heads
    offsets = b"\0\0\0\0" * len(containers) if not runs or len(containers) >= 4 else b""
    return struct.pack("<iqI", 1681511377, 1, 0) + head + offsets + b"".join(bodies)


def _container(values: Sequence[int], *, runs: bool) -> bytes:
    if runs:
        members = set(values)
        starts = [one for one in values if one - 1 not in members]
        ends = [one for one in values if one + 1 not in members]
        spans = (
            struct.pack("<HH", start, end - start) for start, end in zip(starts, ends, strict=True)
        )
        return struct.pack("<H", len(starts)) + b"".join(spans)
    if len(values) > 4096:
        bits = sum(1 << one for one in values)
        return bits.to_bytes(8192, "little")
    return b"".join(struct.pack("<H", one) for one in values)


def _stored(root: Path, blob: bytes, cardinality: int, *, lead: bytes = b"") -> DeletionVector:
    body = b"\1" + lead + struct.pack(">i", len(blob)) + blob + struct.pack(">I", zlib.crc32(blob))
    root.mkdir(exist_ok=True, parents=True)
    (root / "vectors.bin").write_bytes(body)
    return DeletionVector("p", str(root / "vectors.bin"), len(blob), cardinality, 1 + len(lead))


def _deleted(root: Path, vector: DeletionVector, rows: int) -> set[int]:
    bits, _ = deleted_rows(vector, rows=rows, root=str(root), storage=Storage({}), moved=Moved({}))
    return {row for row in range(rows) if bits[row >> 3] >> (row & 7) & 1}


@settings(max_examples=30)
@given(
    rows=st.one_of(
        st.sets(st.integers(0, 199_999), min_size=1, max_size=50),
        st.builds(
            lambda start, step: set(range(start, 199_999, step)),
            st.integers(0, 9),
            st.integers(1, 40),
        ),
    ),
    runs=st.booleans(),
)
def test_a_deletion_vector_deletes_exactly_its_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: set[int], *, runs: bool
) -> None:
    root = tmp_path_factory.mktemp("vector")
    vector = _stored(root, _roaring(sorted(rows), runs=runs), len(rows), lead=b"other vector")
    assert _deleted(root, vector, 200_000) == rows


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda body: b"\2" + body[1:], "format version"),
        (lambda body: body[:-1] + b"\0", "checksum"),
        (lambda body: body[:9], "buffer"),
        (lambda body: body[:1] + b"\0\0\0\1" + body[5:], "where the log says"),
    ],
)
def test_a_damaged_deletion_vector_is_refused(tmp_path: Path, spoil: Any, reason: str) -> None:  # noqa: ANN401
    vector = _stored(tmp_path, _roaring([1, 5], runs=False), 2)
    file = tmp_path / "vectors.bin"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(UnreadableError, match=reason):
        _deleted(tmp_path, vector, 10)


def test_a_deletion_vector_must_delete_as_many_rows_as_the_log_says(tmp_path: Path) -> None:
    vector = _stored(tmp_path, _roaring([1, 5], runs=False), 3)
    with pytest.raises(UnreadableError, match="2 rows where the log says 3"):
        _deleted(tmp_path, vector, 10)


@pytest.mark.parametrize("beyond", [10, 15, 16, 70_000])
def test_a_deletion_vector_must_not_delete_rows_the_file_lacks(tmp_path: Path, beyond: int) -> None:
    vector = _stored(tmp_path, _roaring([1, beyond], runs=False), 2)
    with pytest.raises(UnreadableError, match="beyond"):
        _deleted(tmp_path, vector, 10)


def test_masked_rows_stay_out_of_every_batch(tmp_path: Path) -> None:
    gone = {0, 65_535, 65_536, 99_999}
    vector = _stored(tmp_path, _roaring(sorted(gone), runs=True), len(gone))
    told = {
        "storageType": vector.storage_type,
        "pathOrInlineDv": vector.path_or_inline,
        "sizeInBytes": vector.size_in_bytes,
        "cardinality": vector.cardinality,
        "offset": vector.offset,
    }
    rows = pa.table({"a": pa.array(range(100_000), pa.int64())})
    file = data_file(tmp_path, "f", rows, deletionVector=told)
    found = table(tmp_path, metadata(), file, features=["deletionVectors"])
    assert set(range(100_000)) - set(found["a"].to_pylist()) == gone
    assert read(tmp_path, columns=["a"]).num_rows == 99_996


def test_a_state_lists_its_deletion_vectors_and_misses_them(tmp_path: Path) -> None:
    vector = _stored(tmp_path, _roaring([0], runs=False), 1)
    told = {"storageType": "p", "pathOrInlineDv": vector.path_or_inline, "offset": 1}
    told |= {"sizeInBytes": vector.size_in_bytes, "cardinality": 1}
    file = data_file(tmp_path, "f", pa.table({"a": [1, 2]}), deletionVector=told)
    table(tmp_path, metadata(), file, features=["deletionVectors"])
    state: Any = source(tmp_path).state(1, kept=())
    data, mask = state.files
    assert (data.rows, mask.path) == (1, vector.path_or_inline)
    assert state.missing() == ()
    body = (tmp_path / "vectors.bin").read_bytes()
    (tmp_path / "vectors.bin").write_bytes(body + b"another vector")
    assert state.missing() == ()
    (tmp_path / "vectors.bin").write_bytes(body[:-1])
    (altered,) = state.missing()
    assert isinstance(altered, AlteredFile)
    assert altered.path == mask.path
    (tmp_path / "vectors.bin").unlink()
    assert state.missing() == (mask,)
    with pytest.raises(UnreadableError, match=r"vectors\.bin"):
        state.batches(columns=None).read_all()
