"""Links beside the truth: what each run is said to have read and written, and whether it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from interop.spark_story import Truth
from snapshots.instant import Instant
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import LinkClaim
from temporal_lineage.naming import Naming
from temporal_lineage.store.reader import Reader, open_reader


class Side(StrEnum):
    """Which way a link goes."""

    READ = "read"
    WROTE = "wrote"


class Verdict(StrEnum):
    """How a link stands to the truth."""

    RIGHT = "right"
    WRONG = "wrong"
    HELD = "held"
    """One of several candidates, the truth among them."""
    MISSING = "missing"
    """It happened, and no run says so."""


@dataclass(frozen=True)
class Line:
    """One link, or one thing that happened and has none."""

    step: str
    job: str
    side: Side
    table: str
    truth: tuple[str, ...]
    told: tuple[str, ...]
    grade: str
    method: str
    verdict: Verdict

    def __str__(self) -> str:
        told, truth = ",".join(self.told) or "-", ",".join(self.truth) or "-"
        return (
            f"{self.verdict:8} {self.grade:10} {self.side:6} {self.table:18} {self.method:24}"
            f" told {told}, truth {truth}, {self.job}"
        )


@dataclass(frozen=True)
class _Run:
    run_id: str
    job: str
    started: Instant
    links: tuple[tuple[Side, str, LinkClaim], ...]


def report(ledger: str, truths: Sequence[Truth]) -> list[Line]:
    """Compare every link of the ledger with what the steps really did."""
    with open_reader(ledger) as reader:
        runs = list(_runs(reader))
    lines: list[Line] = []
    for truth in truths:
        inside = [run for run in runs if truth.started <= run.started < truth.ended]
        lines += _of_step(truth, inside)
    return lines


def summary(lines: Iterable[Line]) -> str:
    """Count links by grade and verdict."""
    counts = Counter((one.grade, one.verdict) for one in lines)
    rows = sorted(counts.items())
    return "\n".join(f"{number:4} {grade:12} {verdict}" for (grade, verdict), number in rows)


def _of_step(truth: Truth, runs: Sequence[_Run]) -> Iterator[Line]:
    step = truth.step.sql
    seen: set[tuple[Side, str]] = set()
    told = {(side, table) for run in runs for side, table, claim in run.links if claim.versions}
    for run in runs:
        for side, table, claim in run.links:
            happened = _happened(truth, side, table)
            # A statement may be several runs, of which one did the work.
            elsewhere = not claim.versions and (side, table) in told
            verdict = Verdict.RIGHT if elsewhere else _verdict(happened, claim)
            seen.add((side, table))
            evidence = claim.evidence
            yield Line(
                *(step, run.job, side, table, happened, claim.versions),
                *(evidence.grade.value, evidence.method, verdict),
            )
    wanted = [(Side.READ, table) for table in truth.reads]
    wanted += [(Side.WROTE, truth.step.writes)] if truth.step.writes and truth.commits else []
    for side, table in wanted:
        if (side, table) not in seen:
            happened = _happened(truth, side, table)
            yield Line(step, "-", side, table, happened, (), "-", "-", Verdict.MISSING)


def _happened(truth: Truth, side: Side, table: str) -> tuple[str, ...]:
    if side is Side.READ:
        return (truth.reads[table],) if table in truth.reads else ()
    return truth.commits if table == truth.step.writes else ()


def _verdict(happened: tuple[str, ...], claim: LinkClaim) -> Verdict:
    grade = claim.evidence.grade.value
    if not claim.versions:
        return Verdict.MISSING if happened else Verdict.RIGHT
    if grade == "candidates":
        return Verdict.HELD if set(happened) <= set(claim.versions) else Verdict.WRONG
    return Verdict.RIGHT if set(claim.versions) == set(happened) else Verdict.WRONG


def _runs(reader: Reader) -> Iterator[_Run]:
    point = AsOf(valid=LAST, system=LAST)
    naming = Naming(reader, as_of=point)
    for node in reader.nodes(kind=NodeKind.RUN):
        known = reader.attribute(node_id=node.node_id, kind=AttributeKind.RUN, name="", as_of=point)
        claim = decode(RunClaim, known.claim) if known else None
        if claim is None or claim.started is None:
            continue
        links = []
        for side, kind in ((Side.READ, AttributeKind.READS), (Side.WROTE, AttributeKind.WRITES)):
            for one in reader.attributes(node_id=node.node_id, kind=kind, as_of=point):
                link = decode(LinkClaim, one.claim)
                dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=link.identity)
                if dataset_id is not None:
                    links.append((side, naming.dataset(dataset_id), link))
        yield _Run(node.name, claim.job, claim.started, tuple(links))
