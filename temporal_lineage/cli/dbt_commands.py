"""`tl ingest dbt`: what dbt's artifacts tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.left_open import strange
from temporal_lineage.cli.options import output_option, print_report
from temporal_lineage.session.intake import DBT_JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.intake.ingest_dbt import DbtProjectReport, DbtReport
    from temporal_lineage.session import Session

_EVERY = "*"


@click.command("dbt", short_help="Take in the artifacts of dbt runs.")
@click.argument(
    "sources",
    metavar="TARGET_DIR|FILE...",
    nargs=-1,
    required=True,
    help="dbt's target folders, or a manifest.json with the other artifacts of its run.",
)
@click.option(
    "--namespace",
    metavar="NAME",
    help="What the tables' names begin with, such as postgres://db:5432. Default: as the"
    " project's profile tells.",
)
@click.option(
    "--job-namespace",
    metavar="NAME",
    envvar="OPENLINEAGE_NAMESPACE",
    default=DBT_JOBS,
    show_default=True,
    show_envvar=True,
    help="The namespace of the jobs, as the openlineage-dbt wrapper is told it.",
)
@click.option(
    "--profiles-dir",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where profiles.yml is. Default: where dbt looks for it.",
)
@click.option(
    "--catalog",
    "catalogs",
    metavar="[DATABASE=]CATALOG",
    multiple=True,
    help="The harvested catalog that a database of dbt's is; without DATABASE, of all others.",
)
@click.option(
    "--any-manifest",
    is_flag=True,
    help="Take a manifest that another command wrote than the one that wrote the run results.",
)
@output_option
@click.pass_obj
def ingest_dbt(
    session: Session,
    sources: tuple[str, ...],
    namespace: str | None,
    job_namespace: str,
    profiles_dir: Path | None,
    catalogs: tuple[str, ...],
    output: str,
    *,
    any_manifest: bool,
) -> int:
    """Take in dbt artifacts: manifest, run results, catalog and source freshness.

    What was executed becomes runs, the rest of the project the design of its jobs. What the
    openlineage-dbt wrapper told of the same runs is recognised. Nothing is kept unless all of it
    can be read.

    \b
    tl ingest dbt target/
    tl ingest dbt target/ --catalog analytics=lake
    tl ingest dbt manifest.json run_results.json --namespace snowflake://org-account
    """
    report = session.ingest_dbt(
        sources,
        namespace=namespace,
        job_namespace=job_namespace,
        profiles=profiles_dir,
        catalogs=dict(_catalog(one) for one in catalogs),
        any_manifest=any_manifest,
    )
    print_report(report, output, text=_ingested, rows="projects")
    return 1 if report.refused or report.strangers else 0


def _catalog(told: str) -> tuple[str, str]:
    database, equals, catalog = told.partition("=")
    if not (database and (catalog or not equals)):
        raise click.BadParameter(f"{told!r} is not DATABASE=CATALOG", param_hint="'--catalog'")
    return (database, catalog) if equals else (_EVERY, database)


def _ingested(report: DbtReport) -> Iterator[str]:
    for one in report.projects:
        yield _project(one)
        for doubt in one.doubts:
            yield click.style(f"! {doubt}", fg="yellow")
    yield (
        f"{report.events} events: {report.new} new of {report.runs} runs,"
        f" {report.repeated} known already"
    )
    if report.refused:
        told = f"{report.refused} events are ahead of this clock: see tl quarantine"
        yield click.style(f"! {told}", fg="red")
    yield from strange(report.strangers)
    for name in report.unresolved:
        yield click.style(f"! known from events only: {name}", fg="yellow")


def _project(one: DbtProjectReport) -> str:
    ran = f"dbt {one.command} ran {one.ran} nodes" if one.command else "nothing was executed"
    passed = f", passed over {one.passed_over}" if one.passed_over else ""
    return (
        f"{one.project} on {one.namespace}: {ran}{passed}; {one.designed} jobs told by their design"
    )
