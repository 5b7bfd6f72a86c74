"""Stories for the questions about use: a shop of a few tables, and runs that read and write."""

from __future__ import annotations

from collections.abc import Sequence

from told_tables import Json, Shop, dataset, event

FACET: Json = {"_producer": "p", "_schemaURL": "s"}


class UseShop(Shop):
    """A shop whose runs are told in one line each."""

    def ran(
        self,
        number: int,
        job: str,
        start: str,
        end: str | None,
        *,
        reads: Sequence[str | Json] = (),
        writes: Sequence[str | Json] = (),
        kind: str = "COMPLETE",
        owners: Sequence[str] = (),
    ) -> None:
        """Tell of a run from one time to another, on days of September 2026; None: no end."""
        given, made = ([self._named(one) for one in many] for many in (reads, writes))
        events = [event("START", f"2026-09-{start}Z", number, job, reads=given, writes=made)]
        if end is not None:
            at = f"2026-09-{end}Z"
            events.append(event(kind, at, number, job, reads=given, writes=made))
        if owners:
            told = [{"name": one} for one in owners]
            for one in events:
                one["job"]["facets"] = {"ownership": FACET | {"owners": told}}
        self.tell(*events)

    def made_of(self, name: str, **columns: tuple[str, str]) -> Json:
        """Name a table as an output, its columns made of columns of other tables."""
        fields = {
            column: {
                "inputFields": [
                    {"namespace": "file", "name": str(self.path(source)), "field": field}
                ]
            }
            for column, (source, field) in columns.items()
        }
        return self.told(name, columnLineage=FACET | {"fields": fields})

    def _named(self, one: str | Json) -> Json:
        if not isinstance(one, str):
            return one
        if one.startswith("model:"):
            name, _, version = one.removeprefix("model:").partition("@")
            return dataset("model", name, version or None)
        return self.told(one)
