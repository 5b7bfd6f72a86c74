"""W3C PROV: entities, activities and agents, as PROV-JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from temporal_lineage.capture.openlineage_written import OUR_URN
from temporal_lineage.questions.question import value_as_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.questions.walks.answer import (
        LineageAnswer,
        LineageEdge,
        LineageNode,
        LineageRun,
    )

_PREFIXES = {
    "tl": f"{OUR_URN}:",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "prov": "http://www.w3.org/ns/prov#",
}

Record = dict[str, Any]


def written(answer: LineageAnswer, states: Mapping[str, str]) -> str:
    """Write a PROV document: states are entities, runs activities, engines agents, code plans.

    The question is an entity too, with its two times and its doubts.
    """
    document = _Document()
    document.question(answer)
    # A job or run is no entity, and nothing is derived from it: what it moves is an edge beyond.
    job = answer.root if answer.root.startswith(("job:", "run:")) else None
    for node in answer.nodes:
        if node.address == job:
            continue
        is_root = node.address == answer.root
        document.state(node, states.get(node.address), is_root=is_root)
    for run in answer.runs:
        document.run(run)
    for edge in answer.edges:
        if job in (edge.source, edge.target):
            document.link(edge, root=answer.root)
            continue
        facts = {"tl:edge": edge.edge, "tl:grade": edge.grade, "tl:job": edge.job}
        document.derived(edge.source, edge.target, edge.run, facts | {"tl:how": list(edge.how)})
    for one in answer.contributions:
        if one.commit is not None and one.commit != one.state:
            facts = {"prov:type": "tl:contribution", "tl:certainty": one.certainty}
            document.derived(one.commit, one.state, "", facts)
    whole = {"prefix": _PREFIXES} | document.records
    return json.dumps(whole, indent=2, ensure_ascii=True) + "\n"


class _Document:
    """The records so far, by kind and identifier."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Record]] = {}
        self._related: set[str] = set()

    def question(self, answer: LineageAnswer) -> None:
        point = answer.question.as_of
        facts = {
            "prov:type": "tl:question",
            "prov:label": f"{answer.question.verb} {answer.question.target}",
            "tl:asOf": point.valid.isoformat(),
            "tl:asKnown": point.system.isoformat(),
            "tl:knownUntil": value_as_json(answer.question.known_until),
            "tl:doubt": list(answer.doubts),
            "tl:cut": [f"{one.address}: {one.why}" for one in answer.cuts],
        }
        self._add("entity", "tl:question", facts)

    def state(self, node: LineageNode, now: str | None, *, is_root: bool) -> None:
        facts = {
            "prov:label": node.address,
            "tl:dataset": node.dataset,
            "tl:version": node.version,
            "tl:column": node.column,
            "tl:now": now,
            "prov:type": "tl:root" if is_root else None,
        }
        self._add("entity", _name("state", node.address), facts)

    def run(self, run: LineageRun) -> None:
        activity = _name("run", run.run)
        facts: Record = {"prov:label": run.job, "tl:state": run.state, "tl:producer": run.producer}
        facts["prov:startTime"] = run.started.isoformat() if run.started else None
        facts["prov:endTime"] = run.ended.isoformat() if run.ended else None
        self._add("activity", activity, facts)
        association: Record = {"prov:activity": activity}
        if run.engine:
            association["prov:agent"] = agent = _name("agent", run.engine)
            kind = {"prov:type": "prov:SoftwareAgent", "prov:label": run.engine}
            self._add("agent", agent, kind)
        if run.code:
            association["prov:plan"] = plan = _name("code", run.code)
            self._add("entity", plan, {"prov:type": "prov:Plan", "prov:label": run.code})
        self._relate("wasAssociatedWith", association)
        # Who owns a job is not known to have had a part in its runs.
        if run.actor and run.actor_told_by != "ownership":
            agent = _name("user", run.actor)
            self._add("agent", agent, {"prov:label": run.actor, "tl:toldBy": run.actor_told_by})
            self._relate("wasAssociatedWith", {"prov:activity": activity, "prov:agent": agent})

    def link(self, edge: LineageEdge, *, root: str) -> None:
        """Say what a run that was asked about read or wrote itself; of a job, its runs tell."""
        activity = _name("run", edge.run)
        if edge.run and activity in self.records.get("activity", {}):
            if edge.target == root:
                entity = _name("state", edge.source)
                self._relate("used", {"prov:activity": activity, "prov:entity": entity})
            else:
                entity = _name("state", edge.target)
                self._relate("wasGeneratedBy", {"prov:entity": entity, "prov:activity": activity})

    def derived(self, source: str, target: str, run: str, facts: Record) -> None:
        used, made = _name("state", source), _name("state", target)
        derivation: Record = {"prov:generatedEntity": made, "prov:usedEntity": used}
        activity = _name("run", run) if run else None
        if activity in self.records.get("activity", {}):
            derivation["prov:activity"] = activity
            self._relate("used", {"prov:activity": activity, "prov:entity": used})
            self._relate("wasGeneratedBy", {"prov:entity": made, "prov:activity": activity})
        self._relate("wasDerivedFrom", derivation | _told(facts))

    def _add(self, kind: str, name: str, facts: Record) -> None:
        self.records.setdefault(kind, {})[name] = _told(facts)

    def _relate(self, kind: str, record: Record) -> None:
        said = f"{kind} {json.dumps(record, sort_keys=True)}"
        if said not in self._related:
            self._related.add(said)
            known = self.records.setdefault(kind, {})
            known[f"_:{kind}{len(known)}"] = record


def _told(facts: Record) -> Record:
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


def _name(kind: str, text: str) -> str:
    """Write a qualified name: what XML names cannot hold is percent-encoded."""
    return f"tl:{kind}/{quote(text, safe='')}"
