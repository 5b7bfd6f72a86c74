"""dbt for real on Spark, its models Iceberg tables: each run and the snapshots it read and made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from interop.dbt_lakehouse import MODELS, Lakehouse
from interop.project import Project
from temporal_lineage.capture.dbt_run_ids import node_run_id
from temporal_lineage.questions.runs.show import RunLink

pytestmark = pytest.mark.interop


def _invocation(target: Path) -> str:
    found: str = json.loads((target / "run_results.json").read_text())["metadata"]["invocation_id"]
    return found


def _is_true(links: Sequence[RunLink], truth: Mapping[str, int]) -> bool:
    """Tell whether links are of these sides and snapshots, or of candidates that hold them.

    Models follow each other within the time by which clocks may differ.
    """
    found = {one.side: [int(state.rpartition("@")[2]) for state in one.states] for one in links}
    sure = {one.side for one in links if one.grade == "inferred"}
    assert {one.grade for one in links} <= {"inferred", "candidates"}, "dbt names no snapshots"
    return found.keys() == truth.keys() and all(
        found[side] == [one] if side in sure else one in found[side] for side, one in truth.items()
    )


def test_each_model_is_linked_to_the_snapshots_that_it_read_and_made(tmp_path: Path) -> None:
    lakehouse = Lakehouse.begun(tmp_path / "shop")
    project = Project.begun(tmp_path / "project")
    project.tl("catalog", "add", "lake", str(lakehouse.lake))
    made: dict[str, dict[str, int]] = {}
    targets: list[Path] = []
    for last in (2, 3):
        targets.append(lakehouse.run(last))
        made[_invocation(targets[-1])] = lakehouse.states()
        project.tl("harvest")
    for target in reversed(targets):
        assert "ran 3 nodes" in project.tl("ingest", "dbt", str(target), "--catalog", "lake")

    for invocation, truth in made.items():
        for model in MODELS:
            told = project.session.run_show(node_run_id(invocation, f"model.shop.{model}"))
            read = {} if model == "orders" else {"read": truth["orders"]}
            assert _is_true(told.links, {**read, "wrote": truth[model]}), told.links
    first, last_made = made.values()
    assert set(first.values()).isdisjoint(last_made.values()), "every model was made anew"
    coverage = project.session.coverage()
    assert (coverage.orphans, coverage.phantoms) == ((), ())
    above = project.session.upstream(f"lake.shop.revenue@{last_made['revenue']}")
    assert f"lake.shop.orders@{last_made['orders']}" in {edge.source for edge in above.edges}
    columns = project.session.upstream("lake.shop.revenue#revenue")
    assert "lake.shop.orders#amount" in {edge.source for edge in columns.edges}
