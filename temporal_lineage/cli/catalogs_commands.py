"""`tl init` and `tl catalog`: where the ledger is, and where tables live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from temporal_lineage.cli.layout import table
from temporal_lineage.workspace import make_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.configuration import CatalogEntry, Configuration
    from temporal_lineage.session import Session


@click.command(short_help="Make this folder a project with its own ledger.")
@click.argument(
    "folder",
    metavar="[FOLDER]",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    help="A folder; where it is absent, it is made. Default: here.",
)
def init(folder: Path) -> None:
    """Make FOLDER a project: its ledger and its list of catalogs lie in FOLDER/.temporal-lineage.

    `tl` looks for that folder here and upwards, as git does; without one it uses your own.

    \b
    tl init
    """
    click.echo(f"the ledger and the list of catalogs lie in {make_project(folder)}")


@click.group(short_help="Say where tables live.")
def catalog() -> None:
    """Keep the list of catalogs. Those of .pyiceberg.yaml and PYICEBERG_CATALOG__* are on it.

    \b
    tl catalog add lake ./warehouse
    tl catalog list
    """


@catalog.command("add", short_help="Put a catalog on the list.")
@click.argument("name", help="What its tables' addresses start with.")
@click.argument(
    "location",
    metavar="[FOLDER|FILE|URI]",
    required=False,
    help="A folder of tables, one metadata.json, or the URI of a REST catalog.",
)
@click.option(
    "--property",
    "-p",
    "properties",
    multiple=True,
    metavar="KEY=VALUE",
    help="A pyiceberg catalog property, for example type=rest; repeatable.",
)
@click.option(
    "--relocate",
    "relocations",
    multiple=True,
    metavar="OLD=NEW",
    help="Files that the tables' metadata has under OLD lie under NEW now; repeatable.",
)
@click.pass_obj
def catalog_add(
    session: Session,
    name: str,
    location: str | None,
    properties: tuple[str, ...],
    relocations: tuple[str, ...],
) -> None:
    """Put catalog NAME on the list: a warehouse folder, one metadata.json, or a pyiceberg catalog.

    \b
    tl catalog add delta ./lake/delta
    tl catalog add copy ./backup --relocate s3://lake/files=./backup/files
    tl catalog add lake -p type=sql -p uri=sqlite:///lake/catalog.db -p warehouse=lake/warehouse
    tl catalog add prod https://catalog.example.com -p credential=id:secret
    """
    pairs: dict[str, str] = {}
    for text in properties:
        key, mark, value = text.partition("=")
        if not mark:
            message = f"{text!r} is not KEY=VALUE"
            raise click.BadParameter(message, param_hint="--property")
        pairs[key] = _absolute(key, value)
    if relocations:
        from catalogs.moved import with_moved

        pairs = with_moved(pairs, _moved(relocations))
    entry = _entry(name, location, pairs)
    _configuration(session).add(entry)
    click.echo(f"catalog {name} ({entry.kind.value}) added; `tl harvest {name}` reads its tables")


@catalog.command("relocate", short_help="Say where moved files lie now, for all tables.")
@click.argument("old", help="A prefix of paths, as the tables' metadata has it.")
@click.argument("new", metavar="[NEW]", required=False, help="Where what lay under it lies now.")
@click.option("--forget", is_flag=True, help="Take OLD off the list instead.")
@click.pass_obj
def catalog_relocate(session: Session, old: str, new: str | None, *, forget: bool) -> None:
    """Say for every table of this project, in a catalog or not, that OLD lies at NEW now.

    A table that was copied whole is found without: its own folder tells where its files are.

    \b
    tl catalog relocate s3://lake/files /mnt/backup/files
    tl catalog relocate s3://lake/files --forget
    """
    if forget == (new is not None):
        message = "give NEW, or --forget" if not forget else "--forget takes no NEW"
        raise click.UsageError(message)
    if new is None:
        known = _configuration(session).moved()
        place = old if old in known or "://" in old else str(Path(old).resolve())
        _configuration(session).unmove(place)
        click.echo(f"what is recorded under {place} is looked for there again")
        return
    pairs = _moved([f"{old}={new}"])
    _configuration(session).move(pairs)
    for place, now in pairs.items():
        click.echo(f"what is recorded under {place} is looked for under {now}")


@catalog.command("list", short_help="Show the list.")
@click.pass_obj
def catalog_list(session: Session) -> None:
    """Show every catalog, where it was configured, and its properties without secrets.

    \b
    tl catalog list
    """
    from catalogs.credentials import masked

    for line in table(
        ["catalog", "kind", "configured in", "properties"],
        [
            [
                entry.name,
                entry.kind.value,
                _near(entry.origin),
                " ".join(f"{key}={value}" for key, value in masked(entry.properties).items()),
            ]
            for entry in _configuration(session).entries()
        ],
    ):
        click.echo(line)


@catalog.command("remove", short_help="Take a catalog off the list.")
@click.argument("name", help="A catalog on the list.")
@click.pass_obj
def catalog_remove(session: Session, name: str) -> None:
    """Take catalog NAME off the list; what was harvested from it stays in the ledger.

    \b
    tl catalog remove delta
    """
    _configuration(session).remove(name)
    click.echo(f"catalog {name} removed; what was harvested from it stays known")


@catalog.command("check", short_help="See whether a catalog can be reached.")
@click.argument("name", help="A catalog on the list.")
@click.pass_obj
def catalog_check(session: Session, name: str) -> None:
    """Reach catalog NAME and say what is there.

    \b
    tl catalog check lake
    """
    from catalogs.catalog import open_catalog

    click.echo(open_catalog(_configuration(session).entry(name)).check())


def _moved(texts: Sequence[str]) -> dict[str, str]:
    """Read pairs OLD=NEW, local places made absolute."""
    from catalogs.moved import pairs_of

    def whole(place: str) -> str:
        return place if "://" in place else str(Path(place).resolve())

    return {whole(old): whole(new) for old, new in pairs_of(texts).items()}


def _near(origin: str) -> str:
    """Write a file below this folder as people here would."""
    path = Path(origin)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else origin


def _absolute(key: str, value: str) -> str:
    """Make a place absolute: the list is read from other folders than this one."""
    if key == "uri" and value.startswith("sqlite:///") and not value.startswith("sqlite:////"):
        return f"sqlite:///{Path(value.removeprefix('sqlite:///')).resolve()}"
    if key == "warehouse" and "://" not in value and value:
        return str(Path(value).resolve())
    return value


def _entry(name: str, location: str | None, properties: dict[str, str]) -> CatalogEntry:
    """Tell the kind from the location: a server, a metadata file, a folder, or none at all."""
    from catalogs.configuration import CatalogEntry as Entry
    from catalogs.configuration import CatalogKind

    origin = "tl catalog add"
    if location is None:
        if not properties:
            message = "give a folder, a metadata file, a URI, or properties with -p"
            raise click.UsageError(message)
        return Entry(name, CatalogKind.PYICEBERG, properties, origin)
    if location.startswith(("http://", "https://")):
        return Entry(
            name, CatalogKind.PYICEBERG, {"type": "rest", "uri": location, **properties}, origin
        )
    place = location if "://" in location else str(Path(location).resolve())
    kind = CatalogKind.METADATA if ".metadata.json" in Path(place).name else CatalogKind.FOLDER
    return Entry(name, kind, {"location": place, **properties}, origin)


def _configuration(session: Session) -> Configuration:
    from catalogs.configuration import Configuration as Opened

    return Opened(session.workspace.folder)
