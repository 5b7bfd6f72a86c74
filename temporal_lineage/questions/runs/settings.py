"""Settings of runs: code and parameters, and what two runs have otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.credentials import without_user_info
from temporal_lineage.capture.told_facets import told_facets
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Reader

_SHOWN_LETTERS_MAX = 80


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run was started with, as its events tell: `code` is None where none tells it."""

    code: str | None
    parameters: Mapping[str, str]


def run_settings(reader: Reader, run_id: str, *, system: Instant) -> RunSettings:
    """Give the settings of a run as known then; nothing for one that nobody knew."""
    parameters = run_parameters(reader, run_id, system=system)
    node_id = reader.node(kind=NodeKind.RUN, parent_id=0, name=run_id)
    point = AsOf(valid=LAST, system=system)
    claims = (
        reader.attributes(node_id=node_id, kind=AttributeKind.RUN, as_of=point)
        if node_id is not None
        else []
    )
    code = decode(RunClaim, claims[0].claim).code if claims else None
    return RunSettings(without_user_info(code) if code else None, parameters)


def run_parameters(reader: Reader, run_id: str, *, system: Instant) -> dict[str, str]:
    """Give the parameters of a run as known then, secrets masked; none where none were told."""
    kept = [
        one.body
        for one in reader.events(run_id=run_id)
        if one.recorded_at <= system and one.run_id == run_id
    ]
    return {one.name: one.value for one in told_facets(kept).run.parameters}


def settings_changed(before: RunSettings, after: RunSettings) -> tuple[str, ...]:
    """Say in words what two runs were given otherwise."""
    code = code_changed(before.code, after.code)
    changed = parameters_changed(before.parameters, after.parameters)
    return (*((f"code {code}",) if code else ()), *(f"parameter {one}" for one in changed))


def parameters_changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield what is otherwise, in words, by name.

    >>> list(parameters_changed({"days": "7", "seed": "1"}, {"days": "30", "seed": "1"}))
    ['days is 30 instead of 7']
    """
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if new is None:
            yield f"{name} is no longer given, which was {shown(old)}"
        elif old is None:
            yield f"{name} is {shown(new)}, which was not given before"
        else:
            yield f"{name} is {shown(new)} instead of {shown(old)}"


def code_changed(before: str | None, after: str | None) -> str | None:
    """Say in words that the code is otherwise; None where it is not, or one is not known."""
    if before is None or after is None or before == after:
        return None
    return f"{short_code(after)} instead of {short_code(before)}"


def short_code(code: str) -> str:
    """Name code by its file and the first digits of its version.

    >>> short_code("https://git.example/blob/0123456789abcdef/ml/train.py@0123456789abcdef")
    'train.py@0123456789ab'
    """
    place, at, version = code.rpartition("@")
    return f"{place.rstrip('/').rpartition('/')[2]}@{version[:12]}" if at else code


def shown(value: str | None) -> str:
    """Write a value on one line, cut where it is long."""
    text = without_user_info(value or "")
    return text if len(text) <= _SHOWN_LETTERS_MAX else f"{text[: _SHOWN_LETTERS_MAX - 1]}…"
