"""Datasets that no harvest knows: of models and files, what events say is all there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.evidence.grades import Evidence, Grade, Method
from temporal_lineage.keys import name_key
from temporal_lineage.link_claims import LinkClaim
from temporal_lineage.linking.links import Link
from temporal_lineage.linking.taken import taken_of

if TYPE_CHECKING:
    from temporal_lineage.evidence.runs import Observation, RunRecord
    from temporal_lineage.linking.resolving import Resolved

_UNCHECKED = "no harvested history to check it against"


def told_input(observation: Observation, resolved: Resolved) -> Link:
    """Take an input's version as the run told it; without one only the dataset is known."""
    # What was read is what was there at START; the end of a run may see a newer one.
    told = [one.version for one in observation.mentions() if one.version]
    version = told[0] if told else None
    versions: tuple[str, ...]
    pinned = [one.read.version for one in observation.mentions() if one.read is not None]
    if pinned:
        versions = tuple(dict.fromkeys(pinned))
        witness = f"pinned and recorded by the reader: {', '.join(versions)}"
        evidence = Evidence(Method.INPUT_RECORDED, Grade.EXACT, witness, ())
    elif version is None:
        evidence = Evidence(
            Method.INPUT_HEAD, Grade.NONE, f"no event tells a version, and {_UNCHECKED}", ()
        )
        versions = ()
    else:
        witness = f"version facet {version}; {_UNCHECKED}"
        evidence = Evidence(Method.INPUT_START_VERSION, Grade.INFERRED, witness, ())
        versions = (version,)
    claim = LinkClaim(resolved.identity, versions, evidence)
    taken = taken_of(observation)
    return Link(name_key(observation.dataset), resolved.dataset_id, claim, {}, taken, None)


def told_output(record: RunRecord, observation: Observation, resolved: Resolved) -> Link:
    """Take an output's version as the run told it; without one the run itself names it."""
    # A run may name what it made only when it ends.
    told = [one.version for one in observation.mentions() if one.version]
    made = [version for one in observation.mentions() for version in one.written or ()]
    versions = tuple(dict.fromkeys(made or told[-1:]))
    if made:
        witness = f"recorded by the run that wrote it: {', '.join(versions)}"
        evidence = Evidence(Method.OUTPUT_RECORDED, Grade.EXACT, witness, ())
    elif not versions:
        versions = (f"run:{record.run_id}",)
        witness = f"the run says that it wrote this, and names no version; {_UNCHECKED}"
        evidence = Evidence(Method.OUTPUT_WINDOW, Grade.INFERRED, witness, ())
    else:
        witness = f"version facet {versions[0]} of the run that wrote it"
        evidence = Evidence(Method.OUTPUT_COMPLETE_VERSION, Grade.HIGH, witness, ())
    claim = LinkClaim(resolved.identity, versions, evidence)
    since = dict.fromkeys(versions, record.ended_at or record.last_at)
    return Link(name_key(observation.dataset), resolved.dataset_id, claim, since, {}, None)
