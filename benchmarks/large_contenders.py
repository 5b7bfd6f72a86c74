"""One large table harvested in a process of its own, so that its peak memory is its own.

Run as `python -m benchmarks.large_contenders TABLE FOLDER`; prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.harvest_contenders import peak_bytes


def main() -> None:
    """Harvest a table twice, then ask for the verdicts on all its states."""
    from temporal_lineage.session import Session, wall_clock
    from temporal_lineage.workspace import Workspace

    table, folder = sys.argv[1], Path(sys.argv[2])
    session = Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)
    seconds: list[float] = []
    address = ""
    for expected in ("new", "unchanged"):
        start = time.perf_counter()
        (told,) = session.harvest([table]).tables
        seconds.append(time.perf_counter() - start)
        address = told.address
        assert (told.error, told.outcome) == (None, expected), told
    peak = peak_bytes()
    start = time.perf_counter()
    states = session.available(address).states
    seconds.append(time.perf_counter() - start)
    answer = {
        "seconds": seconds,
        "peak_bytes": peak,
        "ledger_bytes": (folder / "ledger.db").stat().st_size,
        "states": len(states),
        "live_files": states[-1].files,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
