"""A lake whose tables, jobs, models and columns have names that no format expects."""

from __future__ import annotations

from pathlib import Path

from told_tables import Shop, dataset, event

NAMES = (
    "it's",
    'say "so"',
    "back\\slash",
    "back\\u0041",
    "\\",
    "ü雪🦀",
    "hid\U000e0001den",
    "line\u2028end",
    "%%{init: {}}%%",
    "#35;",
    "<b>&amp;",
    "`tick`",
    "; RETURN 1 --",
    "${x}",
    "end",
    "a.b",
    "a@b",
    "a#b",
    " ",
    "\\N",
    "\\l",
)


def awkward_lake(folder: Path) -> Shop:
    """Tell of tables of these names, a job and a model of each, and a table made of all."""
    shop = Shop(folder)
    for name in NAMES:
        shop.table(name, "2026-09-01", "2026-09-02")
    shop.table("all", *(f"2026-09-03T{hour:02}:00Z" for hour in range(len(NAMES))))
    shop.harvest(at="2026-09-06")
    for number, name in enumerate(NAMES):
        model = dataset("model", f"m {name}", f"v {name}")
        table, whole = shop.told(name), shop.told("all", str(number))
        train, gather = number * 2 + 1, number * 2 + 2
        hour = f"2026-09-03T{number:02}"
        shop.tell(
            event("START", "2026-09-02T09:00Z", train, f"train {name}", reads=[table]),
            event("COMPLETE", "2026-09-02T11:00Z", train, f"train {name}", writes=[model]),
            event("START", f"{hour}:00Z", gather, f"gather {name}", reads=[table]),
            event("COMPLETE", f"{hour}:01Z", gather, f"gather {name}", writes=[whole]),
        )
    return shop
