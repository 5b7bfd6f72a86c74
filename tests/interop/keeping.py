"""What is written through a real catalog: a tag that keeps a promise, a table of a past state."""

from __future__ import annotations

from pyiceberg.catalog import Catalog

from interop.project import Project
from temporal_lineage.promises.keeping import KeptBy
from temporal_lineage.reproduce.answer import Reproducible


def check_promise(project: Project, catalog: Catalog, address: str, snapshot_id: int) -> None:
    """Promise a state and enforce it; the tag stands in the table, and goes with the promise."""
    session, name = project.session, address.partition(".")[2]
    report = session.pin(
        f"{address}@{snapshot_id}", until="2999-01-01", reason="audit", who="ada", enforce=True
    )
    (held,) = report.states
    assert isinstance(held.kept, KeptBy), held.kept
    refs = catalog.load_table(name).metadata.refs
    assert refs[held.kept.tag].snapshot_id == snapshot_id
    again = project.tl("available", f"{address}@{snapshot_id}")
    assert "protected" in again
    (let_go,) = session.unpin(report.promise, who="ada", drop_tags=True).tags
    assert (let_go.dropped, let_go.why) == (True, None)
    assert held.kept.tag not in catalog.load_table(name).metadata.refs


def check_copy(project: Project, catalog: Catalog, address: str, snapshot_id: int) -> None:
    """Make a table of a past state in the catalog, with its field ids; never over another one."""
    (name, _, rest), session = address.partition("."), project.session
    target = f"{address}@{snapshot_id}"
    outcome = session.reproduce(target, into=f"{name}.again").outcome
    assert isinstance(outcome, Reproducible)
    (made,) = outcome.tables
    table = catalog.load_table(made.table.partition(".")[2])
    source = catalog.load_table(rest)
    state = next(one for one in source.snapshots() if one.snapshot_id == snapshot_id)
    schema = source.schemas()[state.schema_id or 0]
    assert table.schema().as_struct() == schema.as_struct()
    rows = table.scan().to_arrow().sort_by("id").to_pylist()
    assert rows == source.scan(snapshot_id=snapshot_id).to_arrow().sort_by("id").to_pylist()
    outcome = session.reproduce(target, into=f"{name}.again").outcome
    assert isinstance(outcome, Reproducible)
    assert [one.made for one in outcome.tables] == [False]
    assert len(table.refresh().snapshots()) == 1
