"""The SQL part of the scoreboard: sources, verdicts, conventions, refusals, and the peers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.corpus_sql import Judged, Verdict, board, cases_of, counted
from benchmarks.corpus_sql_peers import judge_peer, peers, told
from benchmarks.corpus_sql_rewrites import board_of_rewrites, conventions
from benchmarks.corpus_sql_texts import board_of_texts

_NAME_WIDTH = 40
_WIDTH = 12
_SHOWN_CHARS_MAX = 110


def sql_board(corpus: Path, *, quiet: bool) -> int:
    """Print the verdicts on all SQL of the corpus; give how many are wrong."""
    sources = [*board(corpus / "sql"), *_others(corpus)]
    heads = "".join(f"{verdict:>{_WIDTH}}" for verdict in Verdict)
    print(f"\n{'SQL lineage, by source':<{_NAME_WIDTH}}{heads}")
    for name, judged in sources:
        counts = counted(judged)
        cells = "".join(f"{counts[verdict]:>{_WIDTH}}" for verdict in Verdict)
        print(f"  {name:<{_NAME_WIDTH - 2}}{cells}")
        for one in judged:
            loud = one.verdict is Verdict.WRONG or not quiet
            if loud and one.verdict in (Verdict.WRONG, Verdict.REFUSED):
                print(f"    {one.verdict} {_short(one.name)}: {one.why}")
    print("\n  conventions met:")
    for rule in conventions([one for _, judged in sources for one in judged]):
        print(f"    {rule}")
    _peers(corpus)
    return sum(counted(judged)[Verdict.WRONG] for _, judged in sources)


def _others(corpus: Path) -> Iterator[tuple[str, list[Judged]]]:
    yield from board_of_rewrites(corpus / "sql")
    yield from board_of_texts(corpus)


def _peers(corpus: Path) -> None:
    cases = [
        case
        for path in sorted((corpus / "sql").glob("sqllineage*/*.json"))
        for case in cases_of(path)
        if "columns" in case.expected
    ]
    if cases:
        print(f"\n  peers, on the {len(cases)} column cases of sqllineage:")
    for name, peer in peers().items() if cases else ():
        print(f"    {name}: {told(judge_peer(cases, peer))}")


def _short(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _SHOWN_CHARS_MAX else line[:_SHOWN_CHARS_MAX] + "..."
