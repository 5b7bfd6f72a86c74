"""The first bad state of a table or model, then the same upstream, up to the guilty commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.refs import MAIN
from temporal_lineage.addresses import AtInstant, AtRef
from temporal_lineage.bisection.candidates import find_candidates, find_ends
from temporal_lineage.bisection.climb import Climb
from temporal_lineage.bisection.search import Judging
from temporal_lineage.bisection.table_checks import TableChecks
from temporal_lineage.naming import Naming, find_dataset
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from temporal_lineage.addresses import At, DatasetAddress
    from temporal_lineage.bisection.answer import BisectAnswer
    from temporal_lineage.bisection.searching import Searching
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Bisected:
    """What is to be searched: the two ends, and the checks; `bad` is None for the newest state.

    `upstream` are checks of their own for tables upstream, by name.
    """

    good: At
    bad: At | None
    check: str
    upstream: Mapping[str, str]


def bisect(
    reader: Reader,
    address: DatasetAddress,
    question: Question,
    *,
    asked: Bisected,
    folder: Path,
    searching: Searching,
) -> BisectAnswer:
    """Answer `tl bisect`; the states are read from the tables as they lie there now.

    Raises UnknownNameError, BeforeHistoryError and EmptyPeriodError for the ends, BadCheckError
    and CheckFailedError for the checks.
    """
    as_of = question.as_of
    upstream = {find_dataset(reader, one, as_of=as_of): one for one in asked.upstream}
    checks = TableChecks(
        asked.check,
        {dataset_id: asked.upstream[name] for dataset_id, name in upstream.items()},
        searching,
    )
    dataset_id = find_dataset(reader, address.name, as_of=as_of)
    branch = address.at.ref if isinstance(address.at, AtRef) else MAIN
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    candidates = find_candidates(reader, dataset_id, name, as_of, branch=branch)
    newest = AtInstant(branch, as_of.valid)
    good, bad = find_ends(reader, candidates, asked.good, asked.bad or newest, as_of)
    judging = Judging(Tables(reader, folder), searching)
    climb = Climb(reader, checks, judging, as_of, depth_max=searching.depth_max)
    return climb.answer(question, candidates, good=good, bad=bad)
