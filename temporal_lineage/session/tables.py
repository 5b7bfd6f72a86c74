"""Questions about tables: their states, snapshots and schemas, as the ledger remembers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from temporal_lineage.addresses import (
    DatasetAddress,
    JobAddress,
    ModelAddress,
    RunAddress,
)
from temporal_lineage.session.asking import Asking, When
from temporal_lineage.session.targets import (
    as_state,
    as_table,
    misfit,
    refuse_column,
    refuse_state,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.questions.runs.jobs import JobAnswer
    from temporal_lineage.questions.schemas.history import SchemaDiffAnswer, SchemaLogAnswer
    from temporal_lineage.questions.states.current import StateAnswer
    from temporal_lineage.questions.tables.log import TableLogAnswer
    from temporal_lineage.questions.tables.show import CatalogAnswer, TableAnswer
    from temporal_lineage.questions.tables.snapshots import LogAnswer


class TableQuestions(Asking):
    """Questions that the ledger alone answers, about one dataset or all."""

    def at(self, target: str, *, as_of: When = None, as_known: When = None) -> StateAnswer:
        """Tell which snapshot was current. DESIGN 4.1."""
        from temporal_lineage.questions.states.current import state_at

        address = as_state(target)
        return self._ask("at", target, (as_of, as_known), state_at, address)

    def log(self, target: str, *, as_of: When = None, as_known: When = None) -> LogAnswer:
        """List a table's snapshots, oldest first."""
        from temporal_lineage.questions.tables.snapshots import log

        address = as_table(target)
        return self._ask("log", target, (as_of, as_known), log, address)

    def show_job(self, target: str, *, as_of: When = None, as_known: When = None) -> JobAnswer:
        """Describe one job: its facets, code and SQL, its last runs, what it reads and writes."""
        from temporal_lineage.questions.runs.jobs import show_job

        address = typed(target)
        if not isinstance(address, JobAddress):
            raise misfit(address, target, "a job is asked for, as in job:shop/orders")
        return self._ask("show", target, (as_of, as_known), show_job, address)

    def show(self, target: str, *, as_of: When = None, as_known: When = None) -> TableAnswer:
        """Describe one dataset."""
        from temporal_lineage.questions.tables.show import show

        address = typed(target)
        refuse_state(address, target)
        refuse_column(address, target)
        if isinstance(address, ModelAddress):
            address = DatasetAddress(str(address), None, None)
        if isinstance(address, RunAddress):
            raise BadTargetError(target, f"`tl run show {target}` tells of a run")
        if not isinstance(address, DatasetAddress):
            raise misfit(address, target, "a dataset, a model or a job is asked for")
        return self._ask("show", target, (as_of, as_known), show, address)

    def show_all(self, *, as_of: When = None, as_known: When = None) -> CatalogAnswer:
        """List every dataset the ledger knows."""
        from temporal_lineage.questions.tables.show import show_all

        return self._ask("show", "", (as_of, as_known), show_all)

    def table_log(
        self,
        target: str,
        *,
        parts: Sequence[str] = (),
        as_of: When = None,
        as_known: When = None,
    ) -> TableLogAnswer:
        """List every change of what a table is, but for its rows; `parts` names some of PARTS."""
        from temporal_lineage.questions.tables.log import table_log

        address = as_table(target)
        return self._ask("table log", target, (as_of, as_known), table_log, address, parts=parts)

    def schema_log(
        self, target: str, *, as_of: When = None, as_known: When = None
    ) -> SchemaLogAnswer:
        """List the schemas a table has had, and what changed between them."""
        from temporal_lineage.questions.schemas.history import schema_log

        address = as_table(target)
        return self._ask("schema log", target, (as_of, as_known), schema_log, address)

    def schema_diff(
        self, before: str, after: str, *, as_of: When = None, as_known: When = None
    ) -> SchemaDiffAnswer:
        """Compare the schemas of two states of one table, by field id."""
        from temporal_lineage.questions.schemas.history import schema_diff

        old, new = as_state(before), as_state(after)
        target = f"{before} {after}"
        return self._ask("schema diff", target, (as_of, as_known), schema_diff, old, new)
