"""What people said that names mean: `tl alias list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.records import dataclass
from temporal_lineage.claims import SettledClaim, decode
from temporal_lineage.keys import BY_HAND, AttributeKind, NodeKind, split_name_key
from temporal_lineage.naming import Naming

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class AliasLine:
    """A name, the dataset that somebody said it means, over which period, who, when, and why."""

    name: str
    dataset: str
    holds: Period
    who: str
    why: str
    said_at: Instant


@dataclass(frozen=True, slots=True)
class AliasesAnswer:
    """The aliases that were settled by hand and hold at the point asked for, by name."""

    ROWS: ClassVar[str | None] = "aliases"

    question: Question
    aliases: tuple[AliasLine, ...]
    doubts: tuple[str, ...]


def aliases(reader: Reader, question: Question) -> AliasesAnswer:
    """Answer `tl alias list`."""
    as_of = question.as_of
    naming = Naming(reader, as_of=as_of)
    rows = reader.by_attribute(kind=AttributeKind.ALIAS, name=BY_HAND, as_of=as_of)
    names = reader.named(node_ids=[one.node_id for one in rows])
    lines = []
    for one in rows:
        claim = decode(SettledClaim, one.claim)
        dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=claim.identity)
        dataset = claim.identity if dataset_id is None else naming.dataset(dataset_id)
        name = "/".join(split_name_key(names[one.node_id].name))
        lines.append(AliasLine(name, dataset, one.valid, claim.who, claim.why, one.recorded_at))
    return AliasesAnswer(question, tuple(sorted(lines, key=lambda line: line.name)), ())
