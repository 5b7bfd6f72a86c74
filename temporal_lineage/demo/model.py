"""The fraud model: how much each column differs between fraud and the rest. A toy, but trained."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

Row = Mapping[str, Any]


def train(rows: Sequence[Row], *, label: str, columns: Sequence[str]) -> dict[str, float]:
    """Give for each column the mean among rows with a true label, divided by the mean of all."""
    fraud = [row for row in rows if row[label]]
    return {
        column: round(_mean(fraud, column) / (_mean(rows, column) or 1.0), 6) for column in columns
    }


def score(weights: Mapping[str, float], row: Row) -> float:
    """Give a number from 0 to 1, greater where fraud is likelier."""
    signal = sum(
        weight * float(row[column] or 0) for column, weight in weights.items() if column in row
    )
    return round(signal / (signal + 100.0), 4)


def save(path: Path, weights: Mapping[str, float], *, rows: int) -> None:
    """Write the weights, and how many rows they were trained on, as JSON."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"rows": rows, "weights": weights}, indent=1), encoding="utf-8")


def load(path: Path) -> dict[str, float]:
    """Read the weights."""
    weights: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))["weights"]
    return weights


def _mean(rows: Sequence[Row], column: str) -> float:
    return fmean(float(row[column]) for row in rows) if rows else 0.0
