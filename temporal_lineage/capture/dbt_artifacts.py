"""dbt artifacts: which of dbt's files a body is, of which version, and its text as typed values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Generic, TypeVar

import msgspec

from snapshots.errors import UnreadableError

Body = bytes | memoryview
"""A file's content; a map of a large file will do."""

A = TypeVar("A")

_SCHEMA = re.compile(r"/dbt/(?P<kind>[a-z-]+)/v(?P<version>\d+)\.json$")
_ADVICE = (
    "give the target folder of a dbt run, or its manifest.json with the run_results.json,"
    " catalog.json and sources.json that belong to it"
)


class ArtifactKind(StrEnum):
    """The files that dbt writes about a project and its runs."""

    MANIFEST = "manifest"
    CATALOG = "catalog"
    RUN_RESULTS = "run-results"
    SOURCES = "sources"

    @property
    def file_name(self) -> str:
        """What dbt calls the file."""
        return f"{self.value.replace('-', '_')}.json"


TESTED_VERSION_MAX = {
    ArtifactKind.MANIFEST: 12,
    ArtifactKind.CATALOG: 1,
    ArtifactKind.RUN_RESULTS: 6,
    ArtifactKind.SOURCES: 3,
}
"""Later versions are read as far as they are alike, and said to be later."""


class Metadata(msgspec.Struct, frozen=True):
    """The `metadata` of an artifact; what a version did not tell is None."""

    dbt_schema_version: str | None = None
    dbt_version: str | None = None
    generated_at: str | None = None
    invocation_id: str | None = None
    invocation_started_at: str | None = None
    adapter_type: str | None = None
    project_name: str | None = None
    project_id: str | None = None
    env: Any = None


class _Head(msgspec.Struct, frozen=True):
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Witness:
    """Which file told it: its place, its digest (SHA-256), its schema and who wrote it when."""

    source: str
    kind: ArtifactKind
    version: int
    digest: str
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class Artifact(Generic[A]):
    """An artifact's content beside its witness."""

    witness: Witness
    content: A


def witness_of(body: Body, *, source: str) -> Witness:
    """Say which artifact a body is. Raises UnreadableError for what is none."""
    head = _decoded(_Head, body, source=source)
    told = head.metadata.dbt_schema_version
    if told is None:
        raise UnreadableError(source, "it has no metadata.dbt_schema_version", _ADVICE)
    found = _SCHEMA.search(told)
    kinds = {kind.value: kind for kind in ArtifactKind}
    if found is None or found["kind"] not in kinds:
        known = ", ".join(kinds)
        raise UnreadableError(
            source, f"its schema {told!r} is none of dbt's {known}, v1 or later", _ADVICE
        )
    return Witness(
        source, kinds[found["kind"]], int(found["version"]), sha256(body).hexdigest(), head.metadata
    )


def read_artifact(body: Body, content: type[A], witness: Witness) -> Artifact[A]:
    """Read what is needed of an artifact. Raises UnreadableError where it is not as it must be."""
    return Artifact(witness, _decoded(content, body, source=witness.source))


def _decoded(content: type[A], body: Body, *, source: str) -> A:
    try:
        return msgspec.json.decode(body, type=content)
    except msgspec.ValidationError as error:
        raise UnreadableError(source, f"it is no dbt artifact: {error}", _ADVICE) from error
    except (msgspec.DecodeError, UnicodeError) as error:
        reason = "it is empty" if not len(body) else f"it is no whole JSON: {error}"
        raise UnreadableError(source, reason, _ADVICE) from error
    except RecursionError as error:
        raise UnreadableError(source, "it is nested too deeply", _ADVICE) from error
