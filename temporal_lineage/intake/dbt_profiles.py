"""dbt profiles: where a project's database is, and nothing else of what profiles.yml holds.

A profile holds passwords; only host, port, account, region and path leave this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapshots.errors import UnreadableError
from temporal_lineage.capture.dbt_names import dataset_namespace, glue_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FILE = "profiles.yml"
_PROJECT_FILE = "dbt_project.yml"
_ENV_VAR = re.compile(
    r"\{\{\s*env_var\(\s*['\"](?P<name>\w+)['\"]\s*"
    r"(?:,\s*['\"](?P<default>[^'\"]*)['\"]\s*)?\)\s*(?:\|\s*(?:as_number|int)\s*)?\}\}"
)
_NEEDED = frozenset(
    {
        "type",
        "host",
        "port",
        "account",
        "path",
        "server",
        "method",
        "region",
        "region_name",
        "account_id",
        "role_arn",
        "assume_role_arn",
        "software_host",
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where one target of a profile is: the namespace of its datasets, of Glue's behind Athena."""

    namespace: str
    glue: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The profile that is looked for; names are None where dbt was told none.

    `given` is the folder that the user named: a profile is expected there. `likely` are folders
    that dbt would look into.
    """

    adapter: str
    profile: str | None
    target: str | None
    given: Path | None
    likely: tuple[Path, ...]
    environment: Mapping[str, str]


def find_target(wanted: Wanted) -> Target | None:
    """Find where the database is; None where no profile tells.

    A profile of another adapter is another project's. Raises UnreadableError where the user named
    a folder that has no profile of the project.
    """
    for folder in (wanted.given,) if wanted.given else wanted.likely:
        found = _in_folder(folder, wanted)
        if found is not None:
            return found
    if wanted.given is not None:
        raise UnreadableError(
            str(wanted.given / _FILE),
            f"it has no profile {wanted.profile or 'of this project'} for {wanted.adapter}",
            "name the folder that dbt's --profiles-dir names, or say --namespace",
        )
    return None


def profile_named_in(project: Path, *, environment: Mapping[str, str]) -> str | None:
    """Give the profile that a project's dbt_project.yml names; None where it names none."""
    told = _yaml(project / _PROJECT_FILE)
    name = told.get("profile")
    return _rendered(name, environment) if isinstance(name, str) else None


def _in_folder(folder: Path, wanted: Wanted) -> Target | None:
    profiles = _yaml(folder / _FILE)
    for body in _profiles(profiles, wanted):
        outputs = body.get("outputs")
        name = wanted.target or body.get("target")
        name = _rendered(name, wanted.environment) if isinstance(name, str) else "default"
        told = outputs.get(name) if isinstance(outputs, dict) else None
        if not isinstance(told, dict):
            continue
        settings = {
            key: _rendered(value, wanted.environment) if isinstance(value, str) else value
            for key, value in told.items()
            if key in _NEEDED
        }
        if settings.get("type") != wanted.adapter:
            continue
        namespace = dataset_namespace(
            wanted.adapter, {key: value for key, value in settings.items() if value is not None}
        )
        if namespace is not None:
            return Target(namespace, glue_namespace(wanted.adapter, settings))
    return None


def _profiles(profiles: Mapping[str, Any], wanted: Wanted) -> Iterator[Mapping[str, Any]]:
    """Give the profile of that name; without a name, the only one there is."""
    named = {name: body for name, body in profiles.items() if isinstance(body, dict)}
    named.pop("config", None)
    if wanted.profile is not None:
        named = {name: body for name, body in named.items() if name == wanted.profile}
    if len(named) == 1:
        yield from named.values()


def _rendered(text: str, environment: Mapping[str, str]) -> str | None:
    """Put variables in; None where one is not set, or the text is a template of another kind."""
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        told = environment.get(found["name"], found["default"])
        missing = missing or told is None
        return told or ""

    rendered = _ENV_VAR.sub(value, text)
    return None if missing or "{{" in rendered or "{%" in rendered else rendered


def _yaml(file: Path) -> dict[str, Any]:
    """Read a file; empty where there is none. The error tells the place and not the text."""
    import yaml

    try:
        told = yaml.safe_load(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UnreadableError(str(file), reason, "make it readable, or say --namespace") from error
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise UnreadableError(
            str(file), f"it is no YAML{where}", "mend it, or say --namespace"
        ) from error
    return told if isinstance(told, dict) else {}
