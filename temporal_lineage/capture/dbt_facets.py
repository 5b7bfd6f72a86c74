"""Facets of dbt's events: the standard ones, and our own with the witness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from temporal_lineage.capture.openlineage_written import (
    OUR_URN,
    Facet,
    facet_schema,
    is_standard,
    written_facet,
)

PRODUCER = f"{OUR_URN}:dbt"
WITNESS_FACET = "temporalLineage_dbt"

# The facets that the openlineage-dbt wrapper has beside the standard ones.
_WRAPPERS = "https://github.com/OpenLineage/OpenLineage/tree/main/integration/common"


def facet(name: str, /, **body: object) -> Facet:
    """Make a facet; parts that are None are left out."""
    if name == WITNESS_FACET:
        schema = f"{PRODUCER}:witness:1"
    elif is_standard(name):
        schema = facet_schema(name)
    else:
        schema = f"{_WRAPPERS}/{name}.json"
    return written_facet(PRODUCER, schema, body)


def facets(**named: Facet | None) -> dict[str, Facet]:
    """Gather facets by name, those that are None left out."""
    return {name: body for name, body in named.items() if body is not None}


def documentation(description: str | None) -> Facet | None:
    """Make the `documentation` facet; None without a description."""
    return facet("documentation", description=description) if description else None


def tags(told: object, *, source: str = "DBT") -> Facet | None:
    """Make the `tags` facet of dbt's tags, which are a list or one text; None without any."""
    found = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    keys = dict.fromkeys(one for one in found if isinstance(one, str) and one)
    if not keys:
        return None
    return facet("tags", tags=[{"key": key, "value": "true", "source": source} for key in keys])


def ownership(owners: Iterable[str]) -> Facet | None:
    """Make the `ownership` facet; None without an owner."""
    names = list(dict.fromkeys(owners))
    return facet("ownership", owners=[{"name": name} for name in names]) if names else None


def owner_names(told: object) -> list[str]:
    """Read an owner as dbt has them: a name, several, or a mapping with name and email."""
    match told:
        case str():
            return [told] if told else []
        case list():
            return [name for one in told for name in owner_names(one)]
        case Mapping():
            found = [told.get("name"), told.get("email")]
            names = [one for one in found if isinstance(one, str) and one]
            return [" ".join(names[:1])] if names else []
        case _:
            return []
