"""Fuzz: every decoder for a time, guided by coverage, and a line of figures for each."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from torture.children import run_child
from torture.decoders import DECODERS
from torture.seeds import seeds

_STARTING_SECONDS_MAX = 120
_DONE = re.compile(rb"#(\d+)\s+(?:DONE|pulse|NEW|REDUCE|RELOAD|INITED)\s+cov: (\d+) ft: (\d+)")


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What one decoder took: inputs tried, edges of our code reached, and faults in words."""

    decoder: str
    seconds: float
    tried: int
    edges: int
    faults: tuple[str, ...]


def fuzz(names: Sequence[str], *, seconds: float, seed: int, folder: Path) -> Iterator[Fuzzed]:
    """Fuzz decoders, so many seconds each; inputs that are faults are kept in `folder`."""
    if find_spec("atheris") is None:
        msg = "guided fuzzing needs atheris, which `make fuzz` installs"
        raise SystemExit(msg)
    corpora = Path(tempfile.mkdtemp(prefix="tl-corpora-"))
    run_child(lambda: _write_seeds(corpora))
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        yield _fuzzed(name, seconds, seed, corpora / name, folder)


def _write_seeds(corpora: Path) -> None:
    found = seeds()
    for name in DECODERS:
        (corpora / name).mkdir(parents=True)
        for number, body in enumerate(found[name]):
            (corpora / name / f"seed-{number}").write_bytes(body)


def _fuzzed(name: str, seconds: float, seed: int, corpus: Path, folder: Path) -> Fuzzed:
    arguments = [name, str(max(1, int(seconds))), str(corpus), str(folder), str(seed)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "torture.guided", *arguments],
            capture_output=True,
            check=False,
            timeout=seconds + _STARTING_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        return Fuzzed(name, seconds, 0, 0, ("it hangs, or does not start",))
    lines = _DONE.findall(done.stderr)
    tried, edges, _ = map(int, lines[-1]) if lines else (0, 0, 0)
    told = [json.loads(one.read_text()) for one in sorted(folder.glob(f"{name}-*.json"))]
    faults = [f"{one['error']} at {', '.join(one['where'])}" for one in told]
    if done.returncode != 0:
        tail = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        faults.append(f"it ended with {done.returncode}: {' / '.join(tail)}")
    return Fuzzed(name, seconds, tried, edges, tuple(faults))
