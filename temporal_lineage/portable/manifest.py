"""Manifests of exports: which ledger was cut where, and what every table and file of it holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from snapshots.records import dataclass
from temporal_lineage.bookkeeping.row_digests import RowDigest
from temporal_lineage.portable.errors import AGAIN, NoExportError
from temporal_lineage.portable.layout import EXPORT_TABLES, KEPT, LAYOUT_VERSION
from temporal_lineage.portable.parquet_files import ExportedFile
from temporal_lineage.store.schema_version import SCHEMA_VERSION

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class ManifestTable:
    """A table of an export; `digest` is that of its rows, empty where it is for readers only."""

    table: str
    rows: int
    digest: str
    files: tuple[ExportedFile, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """Of which ledger an export is, and how far it goes: one moment of it.

    `recorded_at` is the instant of its last transaction, empty where it has none.
    """

    layout_version: int
    schema_version: str
    ledger: str
    transactions: int
    recorded_at: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that an export says of itself."""

    cut: Cut
    tables: tuple[ManifestTable, ...]

    def expected(self) -> dict[str, RowDigest]:
        """Give the digests that the ledger's own tables must have, by their names there."""
        digests = {one.table: RowDigest(one.rows, one.digest) for one in self.tables}
        return {table.name: digests[name] for name, table in KEPT.items()}


def manifest_text(manifest: Manifest) -> str:
    """Write a manifest as JSON."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(manifest), indent=1).decode() + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an export, and find every file as it says. Raises NoExportError."""
    import msgspec

    place = str(folder)
    try:
        text = (folder / MANIFEST_NAME).read_bytes()
    except OSError as error:
        reason = f"there is no {MANIFEST_NAME} in it to read"
        raise NoExportError(place, reason, "name a folder of tl ledger export") from error
    try:
        refuse_other_layout(msgspec.json.decode(text, type=_Begun).cut, place)
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise NoExportError(place, f"{MANIFEST_NAME} is damaged: {error}", AGAIN) from error
    names = [one.table for one in manifest.tables]
    if names != [one.name for one in EXPORT_TABLES]:
        raise NoExportError(place, f"{MANIFEST_NAME} does not name the tables of an export", AGAIN)
    for table in manifest.tables:
        for file in table.files:
            _find(folder, table.table, file)
    return manifest


def refuse_other_layout(cut: Cut, place: str) -> None:
    """Raise NoExportError for an export of another version of this program."""
    for what, found, known in (
        ("layout version", cut.layout_version, LAYOUT_VERSION),
        ("schema version", cut.schema_version, SCHEMA_VERSION),
    ):
        if found != known:
            reason = f"it has {what} {found}, written by {cut.made_by}"
            advice = f"this program reads {known}: import it with the one that wrote it"
            raise NoExportError(place, reason, advice)


@dataclass(frozen=True, slots=True)
class _Begun:
    """What every layout begins with, whatever its tables say."""

    cut: Cut


def _find(folder: Path, table: str, file: ExportedFile) -> None:
    """See that a file is there and as it was. Raises NoExportError."""
    parent, _, last = file.name.rpartition("/")
    if parent != table or last in {"", ".", ".."}:
        raise NoExportError(str(folder), f"{MANIFEST_NAME} names {file.name!r}", AGAIN)
    try:
        with (folder / file.name).open("rb") as there:
            found = hashlib.file_digest(there, "sha256").hexdigest()
    except OSError as error:
        reason = f"{file.name} cannot be read: {(error.strerror or str(error)).lower()}"
        raise NoExportError(str(folder), reason, AGAIN) from error
    if found != file.sha256:
        raise NoExportError(str(folder), f"{file.name} is not what was exported", AGAIN)
