"""The specification's own schemas, from the corpus, and events held against them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

_SPEC = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "ol" / "spec-schema" / "spec"


class Specification:
    """All schemas of the specification; where the corpus is absent, the test is skipped."""

    def __init__(self) -> None:
        """Read the schemas."""
        if not _SPEC.is_dir():
            pytest.skip("the corpus of specifications does not lie beside this checkout")
        schemas = {
            body["$id"]: body
            for path in _SPEC.rglob("*.json")
            if "$id" in (body := json.loads(path.read_text()))
        }
        self._registry: Registry[Any] = Registry().with_resources(
            (name, Resource.from_contents(body)) for name, body in schemas.items()
        )
        self._by_file = {name.rpartition("/")[2]: name for name in schemas}

    def check(self, event: dict[str, Any]) -> set[str]:
        """Hold an event and its facets against the schemas they name; give the facets' names."""
        self._validate(event["schemaURL"], event)
        names = set()
        for name, facet in _facets(event):
            self._validate(facet["_schemaURL"], facet)
            names.add(name)
        return names

    def _validate(self, schema: str, body: dict[str, Any]) -> None:
        url, _, pointer = schema.partition("#")
        # Each facet has a version of its own; the corpus holds the newest, and names it so.
        known = self._by_file[url.rpartition("/")[2]]
        Draft202012Validator(
            {"$ref": f"{known}#{pointer}"},
            registry=self._registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        ).validate(body)


def _facets(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from event.get("run", {}).get("facets", {}).items()
    yield from event["job"].get("facets", {}).items()
    for dataset in (*event.get("inputs", ()), *event.get("outputs", ())):
        for bag in ("facets", "inputFacets", "outputFacets"):
            yield from dataset.get(bag, {}).items()
