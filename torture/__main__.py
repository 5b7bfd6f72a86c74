"""`python -m torture kills`: kill the ledger's work at random, and say what that came to."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

from torture.kills import Tally, torture
from torture.works import WORKS

_HITS_SHOWN = 40


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; returns 1 where something did not survive."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    kills = commands.add_parser("kills", help="kill works at random, and let them go on")
    kills.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    kills.add_argument("--work", action="append", choices=tuple(WORKS))
    kills.add_argument("--kills", type=int, default=120, help="of each work on each database")
    kills.add_argument("--seed", type=int, default=None, help="draws the same kills again")
    kills.add_argument("--minutes", type=float, default=60, help="at most, for all of it")
    return _kills(parser.parse_args(arguments))


def _kills(asked: argparse.Namespace) -> int:
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    databases = asked.database or ["sqlite", "postgresql"]
    print(f"seed {seed}", flush=True)
    tallies: list[Tally] = []
    for database in databases:
        for tally in torture(
            database=database,
            works=[WORKS[name] for name in asked.work or WORKS],
            kills=asked.kills,
            seed=seed,
            seconds_max=asked.minutes * 60 / len(databases),
        ):
            tallies.append(tally)
            print(_line(tally), flush=True)
            for fault in tally.faults:
                print(f"  ! {fault}", flush=True)
    _print_hits(tallies)
    return 1 if any(one.faults for one in tallies) else 0


def _line(tally: Tally) -> str:
    return (
        f"{tally.work:10} {tally.database:11} {tally.kills:5} kills"
        f" ({tally.by_step} at a step), {tally.endings} endings compared,"
        f" {len(tally.faults)} faults, {tally.seconds:.0f} s"
    )


def _print_hits(tallies: Iterable[Tally]) -> None:
    """Say where the kills hit, so that nobody has to believe that they hit work."""
    for work in WORKS:
        hits: Counter[str] = Counter()
        for one in tallies:
            if one.work == work:
                hits += one.hits
        if hits:
            told = ", ".join(f"{step} {times}" for step, times in hits.most_common(_HITS_SHOWN))
            print(f"{work}, where it was killed: {told}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
