"""dbt folders: from what the user named to the artifacts that belong together."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from snapshots.errors import UnreadableError
from temporal_lineage.capture.dbt_artifacts import (
    Artifact,
    ArtifactKind,
    Body,
    Witness,
    read_artifact,
    witness_of,
)
from temporal_lineage.capture.dbt_catalog import Catalog
from temporal_lineage.capture.dbt_manifest import Manifest
from temporal_lineage.capture.dbt_run_results import RunResults, SourceFreshness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

A = TypeVar("A")

_ADVICE = (
    "give the target folder of a dbt run, or its manifest.json with the run_results.json,"
    " catalog.json and sources.json that belong to it"
)
_MAPPED_BYTES_MIN = 1024 * 1024
_TARGET = "target"


@dataclass(frozen=True, slots=True)
class ArtifactSet:
    """Artifacts that belong together, read; each but the manifest None where it is not there.

    `folder` is the one that the manifest lies in.
    """

    folder: Path
    manifest: Artifact[Manifest]
    catalog: Artifact[Catalog] | None
    results: Artifact[RunResults] | None
    freshness: Artifact[SourceFreshness] | None


def read_sets(sources: Sequence[str], *, any_manifest: bool) -> Iterator[ArtifactSet]:
    """Read the artifacts that were named: folders, or files of which each belongs to one manifest.

    `any_manifest` takes a manifest of another invocation than the run results'. Raises
    UnreadableError for what is missing, broken, or does not belong together.
    """
    for files in _grouped(sources):
        yield _read(files, any_manifest=any_manifest)


def _grouped(sources: Sequence[str]) -> Iterator[Mapping[ArtifactKind, Path]]:
    """Give the files of each set; loose files gather around the manifest among them."""
    loose: dict[ArtifactKind, Path] = {}
    for source in sources:
        if not source:
            raise UnreadableError("an empty name", "it names nothing", _ADVICE)
        path = Path(source)
        if path.is_dir():
            yield _in_folder(path)
            continue
        kind = _opened(path, lambda body, name: witness_of(body, source=name)).kind
        if kind in loose:
            yield _with_manifest(loose)
            loose = {}
        loose[kind] = path
    if loose:
        yield _with_manifest(loose)


def _in_folder(folder: Path) -> Mapping[ArtifactKind, Path]:
    manifest = ArtifactKind.MANIFEST.file_name
    if not (folder / manifest).is_file() and (folder / _TARGET / manifest).is_file():
        folder = folder / _TARGET
    found = {kind: folder / kind.file_name for kind in ArtifactKind}
    found = {kind: path for kind, path in found.items() if path.is_file()}
    return _with_manifest(found, folder=folder)


def _with_manifest(
    files: Mapping[ArtifactKind, Path], *, folder: Path | None = None
) -> Mapping[ArtifactKind, Path]:
    if ArtifactKind.MANIFEST in files:
        return files
    named = folder or next(iter(files.values()))
    reason = "there is no manifest.json in it" if folder else "there is no manifest beside it"
    raise UnreadableError(str(named), reason, _ADVICE)


def _read(files: Mapping[ArtifactKind, Path], *, any_manifest: bool) -> ArtifactSet:
    manifest = _artifact(files, ArtifactKind.MANIFEST, Manifest)
    if manifest is None:
        raise KeyError(files)  # it was looked for before
    results = _artifact(files, ArtifactKind.RUN_RESULTS, RunResults)
    if results is not None and results.content.has_executed and not any_manifest:
        _check_together(manifest.witness, results.witness)
    return ArtifactSet(
        folder=files[ArtifactKind.MANIFEST].absolute().parent,
        manifest=manifest,
        catalog=_artifact(files, ArtifactKind.CATALOG, Catalog),
        results=results,
        freshness=_artifact(files, ArtifactKind.SOURCES, SourceFreshness),
    )


def _check_together(manifest: Witness, results: Witness) -> None:
    one, other = manifest.metadata.invocation_id, results.metadata.invocation_id
    if one == other:
        return
    raise UnreadableError(
        results.source,
        f"it is of invocation {other}, and {manifest.source} of {one}",
        "give the manifest that the same command wrote, or say --any-manifest"
        " where the project did not change in between",
    )


def _artifact(
    files: Mapping[ArtifactKind, Path], kind: ArtifactKind, content: type[A]
) -> Artifact[A] | None:
    path = files.get(kind)
    if path is None:
        return None

    def read(body: Body, name: str) -> Artifact[A]:
        witness = witness_of(body, source=name)
        if witness.kind is not kind:
            raise UnreadableError(name, f"it is a {witness.kind}, not a {kind}", _ADVICE)
        return read_artifact(body, content, witness)

    return _opened(path, read)


def _opened(path: Path, read: Callable[[Body, str], A]) -> A:
    """Read a file; large ones are mapped, so that their text is never in memory as a whole."""
    try:
        with path.open("rb") as file:
            if path.stat().st_size < _MAPPED_BYTES_MIN:
                return read(file.read(), str(path))
            with (
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
                memoryview(mapped) as body,
            ):
                return read(body, str(path))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UnreadableError(str(path), reason, _ADVICE) from error
