"""The SQL of runs: read against the schemas that held when each run started."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING

from snapshots.refs import MAIN
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.evidence.flow_sightings import coverage_of
from temporal_lineage.evidence.flows import Coverage, FlowSighting
from temporal_lineage.evidence.input_pins import Meant, meant_by
from temporal_lineage.evidence.pin_values import RefPin
from temporal_lineage.evidence.sql_flows import Places, SqlFlows, flows_of
from temporal_lineage.evidence.sql_reads import spoken
from temporal_lineage.evidence.windows import SKEW_MS_MAX, window_of
from temporal_lineage.linking.meant import MeantByRun
from temporal_lineage.sql.scripts import analyse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.dataset import Dataset
    from temporal_lineage.evidence.flow_sightings import ColumnFlow, ColumnSighting
    from temporal_lineage.evidence.pin_values import Pin
    from temporal_lineage.evidence.runs import Observation, RunRecord
    from temporal_lineage.linking.meant import Meaning
    from temporal_lineage.linking.resolving import Resolver
    from temporal_lineage.sql.dialects import Dialect
    from temporal_lineage.sql.names import Read
    from temporal_lineage.sql.statements import Script

SCRIPTS_MAX = 512
KEPT_CHARS_MAX = 50_000
QUERIES_MAX = 50


def sql_sightings(
    record: RunRecord, outputs: Sequence[Dataset], resolver: Resolver
) -> tuple[ColumnSighting, ...]:
    """Say which columns feed the columns of these outputs, by the SQL of the run.

    Names of columns are resolved against the schemas as of the run's START, those that a later
    harvest brought too; where none is known, against those that the events tell.
    """
    names = {one.dataset: _names(one) for one in (*record.inputs, *record.outputs)}
    reads = Places(names)
    writes = Places({one.dataset: names[one.dataset] for one in record.outputs})
    schemas = RunSchemas(record, reads, resolver)
    dialect, _ = spoken(record)
    found: dict[Dataset, set[ColumnFlow]] = {}
    whole = len(record.queries) <= QUERIES_MAX
    for query in record.queries[:QUERIES_MAX]:
        script = _SCRIPTS.analysed(query, dialect, schemas)
        told: SqlFlows = flows_of(
            script, reads=reads, writes=writes, schema_ids=schemas.ids_of(script)
        )
        whole = whole and told.whole
        for output, flows in told.into.items():
            found.setdefault(output, set()).update(flows)
    coverage = coverage_of(record) if whole else Coverage.PART
    at = record.last_at if record.ended_at is None else record.ended_at
    return tuple(
        FlowSighting(record.job, output, at, record.run_id, frozenset(found[output]), coverage)
        for output in outputs
        if found.get(output)
    )


class RunSchemas:
    """The columns of a run's datasets as they were when it started."""

    def __init__(self, record: RunRecord, places: Places, resolver: Resolver) -> None:
        """Look at histories through this resolver."""
        self._record = record
        self._places = places
        self._observations = {one.dataset: one for one in (*record.outputs, *record.inputs)}
        self._meant = MeantByRun(record, resolver)

    def columns(self, read: Read) -> Sequence[str] | None:
        """Give the top-level columns; None where neither a history nor an event tells them."""
        dataset = self._places.find(read.place)
        if dataset is None:
            return None
        meant = self._meant.read(dataset)
        table, schema_id = meant.resolved.table, self._schema_id(meant, read.pin)
        schema = (
            table.table.schema(schema_id=schema_id) if table and schema_id is not None else None
        )
        if schema is not None:
            return [field.name for field in schema.columns()]
        return _told_by_events(self._observations[dataset])

    def ids_of(self, script: Script) -> Mapping[object, int | None]:
        """Give the schema of each read that is pinned; None for that of the run's START."""
        return {
            read: self.schema_of(read)
            for statement in script.read
            for read in statement.reads
            if read.pin is not None
        }

    def schema_of(self, read: Read) -> int | None:
        """Give the id of the schema a read sees; None where no history tells it."""
        dataset = self._places.find(read.place)
        return None if dataset is None else self._schema_id(self._meant.read(dataset), read.pin)

    def signature(self) -> str:
        """Tell runs with other schemas apart: what SQL means depends on nothing else."""
        told = []
        for dataset, one in sorted(self._observations.items()):
            meant = self._meant.read(dataset)
            current = self._schema_id(meant, None)
            names = sorted(str(name) for name in _names(one))
            told.append(
                (str(dataset), names, meant.resolved.identity, current, _told_by_events(one))
            )
        return repr(told)

    def _schema_id(self, of: Meaning, pin: Pin | None) -> int | None:
        table = of.resolved.table
        if table is None:
            return None
        if pin is None or isinstance(pin, RefPin):
            entry = table.at(MAIN if pin is None else pin.name, of.at)
            if entry is not None or pin is None:
                return entry.schema_id if entry else None
        window = window_of(self._record, skew_ms_max=SKEW_MS_MAX)
        meant = meant_by(pin, table=table, window=window)
        if not isinstance(meant, Meant):
            return None
        known = [table.by_id[one].schema_id for one in meant.snapshot_ids if one in table.by_id]
        return known[0] if known and len(set(known)) == 1 else None


class _Scripts:
    """Scripts that were analysed, so that a job's hundred runs cost one reading of its SQL."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Script] = OrderedDict()

    def analysed(self, query: str, dialect: Dialect, schemas: RunSchemas) -> Script:
        if _may_be_pinned(query) or len(query) > KEPT_CHARS_MAX:
            # What a pin means depends on the history as well; what is long takes much room.
            return analyse(query, dialect, schemas)
        text = f"{query}\0{dialect.name}\0{schemas.signature()}"
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if digest not in self._kept:
            self._kept[digest] = analyse(query, dialect, schemas)
            if len(self._kept) > SCRIPTS_MAX:
                self._kept.popitem(last=False)
        return self._kept[digest]


_SCRIPTS = _Scripts()


def _may_be_pinned(query: str) -> bool:
    lowered = query.lower()
    return any(mark in lowered for mark in ("as of", "@", "at(", "at (", "branch_", "tag_", "_id_"))


def _names(observation: Observation) -> tuple[Dataset, ...]:
    found = [canonical(observation.dataset)]
    for mention in observation.mentions():
        found += [mention.dataset, *mention.symlinks]
    return tuple(dict.fromkeys(found))


def _told_by_events(observation: Observation) -> list[str] | None:
    """Give the columns that events tell, the first word counting: what a run found, not made."""
    for mention in observation.mentions():
        if mention.fields is not None:
            return _top_level(name for name, _ in mention.fields)
    return None


def _top_level(names: Iterable[str]) -> list[str]:
    # Fields inside structs are told after the struct, by dotted names.
    told = list(names)
    return [name for name in told if "." not in name or name.split(".", 1)[0] not in told]
