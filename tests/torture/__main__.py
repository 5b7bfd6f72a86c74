"""`python -m torture kills` or `fuzz`: do it, and say what that came to."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from torture.decoders import DECODERS
from torture.fuzz import fuzz
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
    fuzz = commands.add_parser("fuzz", help="fuzz every decoder, guided by coverage")
    fuzz.add_argument("--decoder", action="append", choices=tuple(DECODERS))
    fuzz.add_argument("--seconds", type=float, default=60, help="for each decoder")
    fuzz.add_argument("--seed", type=int, default=None)
    fuzz.add_argument("--faults", type=Path, default=Path("build/faults"), help="keeps inputs")
    asked = parser.parse_args(arguments)
    if asked.seed is None:
        asked.seed = random.SystemRandom().randrange(1, 1_000_000)
    print(f"seed {asked.seed}", flush=True)
    return _kills(asked) if asked.command == "kills" else _fuzz(asked)


def _fuzz(asked: argparse.Namespace) -> int:
    names = asked.decoder or list(DECODERS)
    found = 0
    for one in fuzz(names, seconds=asked.seconds, seed=asked.seed, folder=asked.faults):
        print(f"{one.decoder:22} {one.tried:9,} inputs, {one.edges:5} edges", flush=True)
        for fault in one.faults:
            print(f"  ! {fault}", flush=True)
        found += len(one.faults)
    return 1 if found else 0


def _kills(asked: argparse.Namespace) -> int:
    tallies: list[Tally] = []
    for tally in torture(
        databases=asked.database or ["sqlite", "postgresql"],
        works=[WORKS[name] for name in asked.work or WORKS],
        kills=asked.kills,
        seed=asked.seed,
        seconds_max=asked.minutes * 60,
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
