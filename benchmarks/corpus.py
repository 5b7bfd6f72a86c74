"""The scoreboard: tables of other projects, read right, refused with a reason, or wrong.

    python -m benchmarks.corpus --only 'delta.*' --quiet

The tables lie outside the repository, in ../shared/corpus or $TEMPORAL_LINEAGE_CORPUS; their
INDEX.json says what is known of each, and what peers did with it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from benchmarks.corpus_dbt import dbt_board
from benchmarks.corpus_delta import delta_marks
from benchmarks.corpus_engines import engine_board
from benchmarks.corpus_fingerprint import fingerprint_board
from benchmarks.corpus_iceberg import iceberg_marks
from benchmarks.corpus_marks import KNOWN_BAD, Column, Fixture, Mark, Marks, Outcome, one_mark
from benchmarks.corpus_metadata import EITHER, metadata_marks
from benchmarks.corpus_openlineage import openlineage_board
from benchmarks.corpus_peers import PeerOutcome, peer_outcome
from benchmarks.corpus_sql_board import sql_board

VARIABLE = "TEMPORAL_LINEAGE_CORPUS"

READERS: dict[str, Callable[[Fixture], Marks]] = {
    "delta": delta_marks,
    "iceberg": iceberg_marks,
    "iceberg-metadata-json": metadata_marks,
}
PEERS = {"delta": "deltalake", "iceberg": "pyiceberg", "iceberg-metadata-json": "pyiceberg"}

_NAME_WIDTH = 60
_WIDTH = 13


def main(arguments: Sequence[str]) -> int:
    """Print the scoreboard; 1 where anything is wrong, 2 where there is nothing to read."""
    asked = _parser().parse_args(arguments)
    corpus = corpus_folder()
    if not (corpus / "INDEX.json").is_file():
        print(f"no corpus in {corpus}: set ${VARIABLE} to the folder that has its INDEX.json")
        return 2
    entries = json.loads((corpus / "INDEX.json").read_text())
    fixtures = [Fixture.of(corpus, one) for one in entries if one["format"] in READERS]
    if asked.only:
        wanted = asked.only if any(mark in asked.only for mark in "*?[") else f"*{asked.only}*"
        fixtures = [one for one in fixtures if fnmatch(one.name, wanted)]
    every = [Fixture.of(corpus, one) for one in entries if one["format"] in READERS]
    boards: dict[str, Callable[[], int]] = {
        "fingerprint": partial(fingerprint_board, every, quiet=asked.quiet),
        "sql": partial(sql_board, corpus, quiet=asked.quiet),
        "openlineage": partial(openlineage_board, corpus, quiet=asked.quiet),
        "dbt": partial(dbt_board, corpus, quiet=asked.quiet),
    }
    if asked.engine:
        return 1 if engine_board(fixtures, asked.engine, quiet=asked.quiet) else 0
    if asked.only in boards:
        return 1 if boards[asked.only]() else 0
    if not fixtures:
        print(f"no table of {corpus} is called {asked.only}")
        return 2
    status = _board(fixtures, quiet=asked.quiet)
    wrong = 0 if asked.only else sum(board() for board in boards.values())
    return 1 if wrong else status


def _board(fixtures: Sequence[Fixture], *, quiet: bool) -> int:
    started = time.monotonic()
    print(_line("table", list(Column), "peer"))
    scored = []
    for fixture in fixtures:
        marks, peer = _marks(fixture), peer_outcome(fixture, either=fixture.name in EITHER)
        scored.append((fixture, marks, peer))
        if not quiet or not _is_right(fixture, marks):
            shown = [_shown(fixture, marks[column]) for column in Column]
            print(_line(fixture.name, shown, peer))
            for reason in dict.fromkeys(one for mark in marks.values() for one in mark.reasons):
                print(f"    {reason}")
            sys.stdout.flush()
    wrong = _totals(scored)
    print(f"\n{len(fixtures)} tables in {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


def _marks(fixture: Fixture) -> Marks:
    try:
        return READERS[fixture.format](fixture)
    except Exception as error:  # noqa: BLE001 - a bug must not end the scoreboard
        reason = f"{type(error).__name__}: {error}"
        return one_mark(Mark(Outcome.WRONG, 1, (reason,)))


def _refused_rightly(fixture: Fixture, mark: Mark) -> bool:
    """Tell whether refusing is the right answer: damaged on purpose, or no table at all."""
    no_table = fixture.category == KNOWN_BAD or "iceberg-view" in fixture.features
    return no_table and mark.outcome is Outcome.REFUSED


def _is_right(fixture: Fixture, marks: Marks) -> bool:
    good = {Outcome.RIGHT, Outcome.UNTOLD}
    return all(one.outcome in good or _refused_rightly(fixture, one) for one in marks.values())


def _shown(fixture: Fixture, mark: Mark) -> str:
    if _refused_rightly(fixture, mark):
        return "refused ok"
    if mark.outcome is Outcome.UNTOLD:
        return "-"
    return f"{mark.facts} {mark.outcome}" if mark.facts else mark.outcome


def _totals(scored: Sequence[tuple[Fixture, Marks, PeerOutcome]]) -> int:
    """Print the totals per format and column; give how many tables are wrong in anything."""
    for kind in READERS:
        of_kind = [one for one in scored if one[0].format == kind]
        if not of_kind:
            continue
        print(f"\n{_line(f'{kind}: {len(of_kind)} tables', list(Column), PEERS[kind])}")
        columns = {column: _counted(of_kind, column) for column in Column}
        peers = Counter(peer for _, _, peer in of_kind)
        rows = ("right", "known-bad, refused", "refused", "WRONG", "nothing told")
        theirs = (PeerOutcome.OK, PeerOutcome.REFUSED, PeerOutcome.FAIL, PeerOutcome.WRONG, None)
        for row, peer in zip(rows, theirs, strict=True):
            cells = [str(columns[column][row]) for column in Column]
            print(_line(f"  {row}", cells, str(peers[peer]) if peer else ""))
        whole = sum(_is_right(fixture, marks) for fixture, marks, _ in of_kind)
        print(f"  right in everything: {whole} of {len(of_kind)}")
    return sum(
        any(mark.outcome is Outcome.WRONG for mark in marks.values()) for _, marks, _ in scored
    )


def _counted(scored: Sequence[tuple[Fixture, Marks, PeerOutcome]], column: Column) -> Counter[str]:
    counted: Counter[str] = Counter()
    for fixture, marks, _ in scored:
        mark = marks[column]
        if _refused_rightly(fixture, mark):
            counted["known-bad, refused"] += 1
        else:
            names = {Outcome.UNTOLD: "nothing told"}
            counted[names.get(mark.outcome, mark.outcome.value)] += 1
    return counted


def _line(name: str, cells: Sequence[str], peer: str) -> str:
    width = max(_NAME_WIDTH, len(name))
    return f"{name:<{width}}{''.join(f'{one:>{_WIDTH}}' for one in (*cells, peer))}".rstrip()


def corpus_folder() -> Path:
    told = os.environ.get(VARIABLE)
    return Path(told) if told else Path(__file__).resolve().parents[2] / "shared" / "corpus"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--only",
        metavar="PATTERN",
        help="tables whose name has or matches this; sql, dbt or openlineage for that part",
    )
    parser.add_argument(
        "--engine", metavar="ENGINE", help="what this engine reads of it: sail, spark=sc://..."
    )
    parser.add_argument("--quiet", action="store_true", help="totals, and what is not right")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
