"""What a lock says of the run behind its target: code, parameters, surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from temporal_lineage.addresses import RunAddress
from temporal_lineage.locks.lock import LockedRun, LockedWritten
from temporal_lineage.questions.runs.show import run_show
from temporal_lineage.replay.asked import asked_by, written_by
from temporal_lineage.replay.errors import NotReplayableError
from temporal_lineage.reproduce.look import witness_of
from temporal_lineage.reproduce.reaching import OutOfReach
from temporal_lineage.sdk.event import ENVIRONMENT_FACET

if TYPE_CHECKING:
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.tables import Tables
    from temporal_lineage.store.reader import Reader

_PRIVATE = frozenset({"host", "user", "packages"})
"""Who ran it, and on which machine, is no part of what ran."""


def told_run(reader: Reader, tables: Tables, run: str, question: Question) -> LockedRun:
    """Give what the events of a run tell of it. Raises what `tl run show` raises."""
    told = run_show(reader, RunAddress(run), question)
    own = _own_facet(reader, run, question)
    environment = {one.name: one.value for one in told.facets.application}
    environment |= {
        name: str(value)
        for name, value in own.items()
        if name not in _PRIVATE and not name.startswith("_")
    }
    if told.engine is not None:
        environment["engine"] = told.engine
    packages = own.get("packages")
    return LockedRun(
        code=told.code,
        queries=told.queries,
        dialect=asked_by(reader, run, question.as_of).dialect if told.queries else "",
        wrote=_wrote(reader, tables, run, question) if told.queries else None,
        parameters={one.name: one.value for one in sorted(told.facets.parameters)},
        environment=dict(sorted(environment.items())),
        packages=_texts(packages) if isinstance(packages, dict) else {},
        variables=tuple(sorted(told.facets.environment)),
    )


def _wrote(reader: Reader, tables: Tables, run: str, question: Question) -> LockedWritten | None:
    """Give the state that a run wrote; None where it is not one, or not known."""
    try:
        wrote = written_by(reader, tables, run, question.as_of)
    except NotReplayableError:
        return None
    reached = tables.reach(wrote.dataset_id)
    if isinstance(reached, OutOfReach):
        return None
    history = reached.history
    return LockedWritten(
        address=wrote.address,
        identity=str(history.identity),
        format=history.identity.format.value,
        location=history.location,
        version=str(wrote.version),
        before=None if wrote.before is None else str(wrote.before),
        metadata=witness_of(history, wrote.version),
    )


def _own_facet(reader: Reader, run: str, question: Question) -> dict[str, Any]:
    """Give what the last event says that `temporal_lineage.run` recorded; empty for other runs."""
    import msgspec

    found: dict[str, Any] = {}
    for one in reader.events(run_id=run):
        if one.recorded_at > question.as_of.system or one.run_id != run:
            continue
        facets = msgspec.json.decode(one.body).get("run", {}).get("facets") or {}
        told = facets.get(ENVIRONMENT_FACET)
        # The first events of a run do not know its packages yet.
        if isinstance(told, dict) and ("packages" in told or "packages" not in found):
            found = told
    return found


def _texts(told: dict[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in sorted(told.items())}
