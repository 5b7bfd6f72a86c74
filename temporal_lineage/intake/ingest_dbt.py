"""Ingesting dbt: take in the artifacts of dbt projects as the events they amount to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from temporal_lineage.capture.dbt import Translated, translate
from temporal_lineage.capture.dbt_artifacts import TESTED_VERSION_MAX, Witness
from temporal_lineage.capture.dbt_names import dataset_namespace, project_name
from temporal_lineage.capture.dbt_places import EVERY_DATABASE, Place
from temporal_lineage.capture.dbt_projects import DbtProject
from temporal_lineage.intake.dbt_folders import ArtifactSet, read_sets
from temporal_lineage.intake.dbt_profiles import Wanted, find_target, profile_named_in
from temporal_lineage.intake.ingest import keep_and_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from temporal_lineage.capture.openlineage_events import CapturedEvent
    from temporal_lineage.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class DbtNaming:
    """How the user wants things named; None where dbt's own profile decides.

    `catalogs` says which harvested catalog a database is. `any_manifest` takes a manifest of
    another invocation than the run results'.
    """

    job_namespace: str
    namespace: str | None
    profiles: Path | None
    catalogs: Mapping[str, str]
    any_manifest: bool


@dataclass(frozen=True, slots=True)
class DbtProjectReport:
    """What one set of artifacts brought. `command` is None where nothing was executed."""

    manifest: str
    project: str
    adapter: str
    namespace: str
    command: str | None
    invocation: str | None
    ran: int
    designed: int
    passed_over: int
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DbtReport:
    """What an ingest brought: `repeated` events were known already.

    `refused` are of a time yet to come, which a clock must be wrong for: `tl quarantine` has them.
    `unresolved` are addresses of datasets in these events that no harvest knows. `strangers` say
    of events why they tell of another run than that whose id they carry.
    """

    events: int
    new: int
    repeated: int
    refused: int
    runs: int
    projects: tuple[DbtProjectReport, ...]
    unresolved: tuple[str, ...]
    strangers: tuple[str, ...]


def ingest_dbt(ledger: Ledger, sources: Sequence[str], naming: DbtNaming) -> DbtReport:
    """Take in the artifacts of dbt runs. Nothing is kept unless all of them can be read.

    Raises UnreadableError for what is missing, broken or does not belong together.
    """
    projects: list[DbtProjectReport] = []
    captured: list[CapturedEvent] = []
    for found in read_sets(sources, any_manifest=naming.any_manifest):
        project, doubts = _named(found, naming)
        told = translate(project)
        captured += told.events
        projects.append(_report(project, told, doubts))
    taken = keep_and_link(ledger, captured, source="ingest dbt")
    return DbtReport(
        events=len(captured),
        new=taken.new,
        repeated=len(captured) - taken.new - taken.refused,
        refused=taken.refused,
        runs=taken.runs,
        projects=tuple(projects),
        unresolved=taken.unresolved,
        strangers=taken.strangers,
    )


def _named(found: ArtifactSet, naming: DbtNaming) -> tuple[DbtProject, tuple[str, ...]]:
    adapter = found.manifest.witness.metadata.adapter_type or "dbt"
    arguments = found.results.content.args if found.results else {}
    root = _project_folder(found, arguments)
    doubts = list(_later(found))
    target = None
    if naming.namespace is None and adapter != "bigquery":
        target = find_target(_wanted(adapter, arguments, root, naming))
    namespace = naming.namespace or (target.namespace if target else None)
    if namespace is None:
        namespace = dataset_namespace(adapter, {}) if adapter == "bigquery" else None
    if namespace is None:
        namespace = adapter
        if EVERY_DATABASE not in naming.catalogs:
            doubts.append(
                f"no profile tells where this {adapter} is, so its tables are named {adapter}/...:"
                " say --namespace or --profiles-dir"
            )
    place = Place(
        adapter=adapter,
        namespace=namespace,
        glue=target.glue if target else None,
        root=str(root) if root else None,
        catalogs=naming.catalogs,
    )
    project = DbtProject(
        name=project_name(found.manifest.content),
        manifest=found.manifest,
        catalog=found.catalog,
        results=found.results,
        freshness=found.freshness,
        job_namespace=naming.job_namespace,
        place=place,
    )
    return project, tuple(doubts)


def _wanted(
    adapter: str, arguments: Mapping[str, Any], root: Path | None, naming: DbtNaming
) -> Wanted:
    profile = _text(arguments, "profile")
    if profile is None and root is not None:
        profile = profile_named_in(root, environment=os.environ)
    told = [_text(arguments, "profiles_dir"), os.environ.get("DBT_PROFILES_DIR")]
    folders = [Path(one) for one in told if one]
    folders += [root] if root else []
    # The user's own profiles hold many projects: without its name, none of them is meant.
    folders += [Path.home() / ".dbt"] if profile else []
    return Wanted(
        adapter=adapter,
        profile=profile,
        target=_text(arguments, "target"),
        given=naming.profiles,
        likely=tuple(folders),
        environment=os.environ,
    )


def _project_folder(found: ArtifactSet, arguments: Mapping[str, Any]) -> Path | None:
    """Give the project's folder: above the artifacts, else where dbt says that it ran."""
    told = _text(arguments, "project_dir")
    for folder in (found.folder.parent, found.folder, Path(told) if told else None):
        if folder is not None and (folder / "dbt_project.yml").is_file():
            return folder
    return Path(told) if told and Path(told).is_absolute() else None


def _later(found: ArtifactSet) -> Iterator[str]:
    witnesses: list[Witness] = [found.manifest.witness]
    others = (found.catalog, found.results, found.freshness)
    witnesses += [one.witness for one in others if one is not None]
    for one in witnesses:
        tested = TESTED_VERSION_MAX[one.kind]
        if one.version > tested:
            yield (
                f"{one.source} is of v{one.version}, later than v{tested}:"
                " read as far as the two are alike"
            )


def _report(project: DbtProject, told: Translated, doubts: tuple[str, ...]) -> DbtProjectReport:
    results = project.results
    executed = results is not None and results.content.has_executed
    witness = results.witness if results is not None and executed else project.manifest.witness
    return DbtProjectReport(
        manifest=project.manifest.witness.source,
        project=project.name,
        adapter=project.place.adapter,
        namespace=project.place.namespace,
        command=results.content.command if results is not None and executed else None,
        invocation=witness.metadata.invocation_id,
        ran=told.ran,
        designed=told.designed,
        passed_over=told.passed_over,
        doubts=doubts,
    )


def _text(arguments: Mapping[str, Any], key: str) -> str | None:
    found = arguments.get(key)
    return found if isinstance(found, str) and found else None
