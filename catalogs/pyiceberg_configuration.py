"""The user's own pyiceberg configuration: its file and its environment variables, as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from snapshots.errors import UnreadableError

_FILE = ".pyiceberg.yaml"
_VARIABLES = "PYICEBERG_CATALOG__"
_ADVICE = "see the section Configuration of pyiceberg's documentation"

Nested = Mapping[str, "str | Nested | list[str]"]
"""Properties as pyiceberg holds them: `auth` and `ssl` have properties of their own."""


@dataclass(frozen=True, slots=True)
class ConfiguredCatalog:
    """One catalog of that configuration; `origin` names the file, or the variables."""

    name: str
    properties: Mapping[str, str]
    origin: str


def configured_catalogs() -> Iterator[ConfiguredCatalog]:
    """Yield what pyiceberg itself would find: one file, amended by variables.

    pyiceberg writes names in lower case, with - for _. Nothing of it is imported where neither
    file nor variable exists. Raises UnreadableError for what pyiceberg refuses.
    """
    file = _file()
    variables = {name.upper() for name in os.environ if name.upper().startswith(_VARIABLES)}
    if file is None and not variables:
        return
    catalogs = _catalogs(file)
    for name, properties in catalogs.items():
        if not isinstance(properties, Mapping):
            where = str(file or _VARIABLES)
            raise UnreadableError(where, f"catalog {name} has no properties", _ADVICE)
        prefix = f"{_VARIABLES}{name.upper().replace('-', '_')}__"
        from_variables = any(one.startswith(prefix) for one in variables)
        origin = f"the environment variables {prefix}*" if from_variables else str(file)
        yield ConfiguredCatalog(name, flattened(properties), origin)


def flattened(properties: Nested) -> dict[str, str]:
    """Write nested properties with dots: `auth.basic.username`; lists with their places."""
    flat: dict[str, str] = {}
    for name, value in properties.items():
        if isinstance(value, Mapping):
            inner = flattened(value)
        elif isinstance(value, list):
            inner = {str(place): str(one) for place, one in enumerate(value)}
        else:
            flat[name] = str(value)
            continue
        flat.update({f"{name}.{key}": one for key, one in inner.items()})
    return flat


def nested(properties: Mapping[str, str]) -> dict[str, object]:
    """Undo `flattened` where pyiceberg wants it: below `auth` and `ssl`, nowhere else."""
    result: dict[str, object] = {}
    for name, value in properties.items():
        *folders, last = name.split(".") if name.startswith(("auth.", "ssl.")) else [name]
        place = result
        for folder in folders:
            inner = place.setdefault(folder, {})
            if not isinstance(inner, dict):
                reason = f"{folder} is both a value and a group"
                raise UnreadableError(f"the property {name}", reason, _ADVICE)
            place = inner
        place[last] = value
    return {name: _with_lists(value) for name, value in result.items()}


def _with_lists(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if value and list(value) == [str(place) for place in range(len(value))]:
        return list(value.values())
    return {name: _with_lists(one) for name, one in value.items()}


def _file() -> Path | None:
    """Find the file where pyiceberg looks: its own home, the user's home, the current folder."""
    places = (os.environ.get("PYICEBERG_HOME"), Path("~").expanduser(), Path.cwd())
    files = (Path(place) / _FILE for place in places if place)
    return next((file for file in files if file.is_file() and file.stat().st_size), None)


def _catalogs(file: Path | None) -> Mapping[str, object]:
    from pyiceberg.utils.config import Config
    from strictyaml import YAMLError  # type: ignore[import-untyped]

    where = str(file or f"the environment variables {_VARIABLES}*")
    try:
        found = Config().config.get("catalog", {})
    except YAMLError as error:
        # Its text quotes the file, which holds secrets.
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        problem = str(getattr(error, "problem", None) or "it is not the YAML pyiceberg reads")
        raise UnreadableError(where, line + problem.splitlines()[0], _ADVICE) from error
    except OSError as error:
        raise UnreadableError(where, error.strerror or "it cannot be opened", _ADVICE) from error
    except (AttributeError, TypeError, ValueError) as error:
        reason = "pyiceberg refuses it: a value stands where a group belongs, or the other way"
        raise UnreadableError(where, reason, _ADVICE) from error
    if not isinstance(found, Mapping):
        raise UnreadableError(where, "catalog is no group of catalogs", _ADVICE)
    return found
