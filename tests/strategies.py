"""Strategies: the values of the vocabulary, generated for properties."""

from hypothesis import strategies as st

from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from snapshots.refs import MAIN, Branch, SnapshotRef, Tag
from snapshots.schema import Field, SchemaVersion
from snapshots.snapshot import CommitCounts, Effect, InstantSource, Snapshot

NO_COUNTS = CommitCounts(
    added_rows=None,
    removed_rows=None,
    added_files=None,
    removed_files=None,
    added_bytes=None,
    removed_bytes=None,
)

YEAR_1_MICROS = -62_135_596_800_000_000
YEAR_10000_MICROS = 253_402_300_800_000_000


def instants() -> st.SearchStrategy[Instant]:
    """Any 64-bit instant, those that people write more often than those only clocks make."""
    written = st.integers(YEAR_1_MICROS, YEAR_10000_MICROS - 1)
    whole = st.integers(YEAR_1_MICROS // 1_000_000, YEAR_10000_MICROS // 1_000_000 - 1)
    odd = st.integers(-(2**63), 2**63 - 1)
    return st.one_of(written, whole.map(lambda seconds: seconds * 1_000_000), odd).map(Instant)


def close_instants() -> st.SearchStrategy[Instant]:
    """Instants so near each other that ties and touching periods are frequent."""
    return st.integers(0, 12).map(Instant)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Short periods that often touch, overlap or hold each other; some are open."""
    start, end = sorted(draw(st.sets(st.integers(0, 12), min_size=2, max_size=2)))
    return Period(Instant(start), draw(st.sampled_from([Instant(end), FOREVER])))


def snapshot(  # a whole snapshot from the few things that a test is about
    snapshot_id: int,
    *,
    parent_id: int | None = None,
    sequence: int = 0,
    at: int = 0,
    effect: Effect = Effect.APPEND,
    schema_id: int | None = 0,
) -> Snapshot:
    """Make a snapshot whose instant is `at` microseconds after the epoch."""
    return Snapshot(
        snapshot_id=snapshot_id,
        parent_id=parent_id,
        sequence_number=sequence,
        committed_at=Instant(at),
        operation=effect.value,
        effect=effect,
        schema_id=schema_id,
        counts=NO_COUNTS,
        summary={},
    )


def point(
    position: int,
    at: int,
    snapshot_id: int | None,
    *,
    source: InstantSource = InstantSource.METADATA_LOG,
    schema_id: int | None = 0,
    refs: tuple[SnapshotRef, ...] = (),
) -> CommitPoint:
    """Make a commit point; main is added where there is a snapshot."""
    main = (branch(MAIN, snapshot_id),) if snapshot_id is not None else ()
    return CommitPoint(
        position=position,
        at=Instant(at),
        source=source,
        witness=f"{position:05d}.json",
        snapshot_id=snapshot_id,
        schema_id=schema_id,
        refs=(*main, *refs),
        properties={},
        definition=None,
    )


def lost(position: int, at: int) -> LostPoint:
    """Make a point whose metadata cannot be read."""
    return LostPoint(position=position, at=Instant(at), witness=f"{position:05d}.json")


def branch(
    name: str,
    snapshot_id: int,
    *,
    keep: int | None = None,
    age_ms: int | None = None,
    ref_age_ms: int | None = None,
) -> Branch:
    """Make a branch; a limit that is not given is the table's."""
    return Branch(
        name=name,
        snapshot_id=snapshot_id,
        min_snapshots_to_keep=keep,
        max_snapshot_age_ms=age_ms,
        max_ref_age_ms=ref_age_ms,
    )


def tag(name: str, snapshot_id: int, *, ref_age_ms: int | None = None) -> Tag:
    """Make a tag; a limit that is not given is the table's."""
    return Tag(name=name, snapshot_id=snapshot_id, max_ref_age_ms=ref_age_ms)


@st.composite
def chains(draw: st.DrawFn) -> tuple[ChainPoint, ...]:
    """Chains of up to 12 commits, some of them lost, on clocks that stand still and step back.

    With a switch drawn, points from some position on have in-commit instants, as in a Delta
    table where they were enabled midway; those strictly increase, as the protocol wants.
    """
    length = draw(st.integers(0, 12))
    switch = draw(st.none() | st.integers(0, length))
    ticks = draw(st.integers(0, 15))
    chain: list[ChainPoint] = []
    for position in range(length):
        in_commit = switch is not None and position >= switch
        ticks = (
            ticks + draw(st.integers(1, 4))
            if in_commit and position != switch
            else draw(st.integers(0, 15))
        )
        if draw(st.integers(0, 5)) == 0:
            chain.append(lost(position, ticks))
            continue
        head = draw(st.none() | st.integers(1, 6))
        others = draw(st.dictionaries(st.sampled_from(["audit", "v1"]), st.integers(1, 6)))
        chain.append(
            point(
                position,
                ticks,
                head,
                source=InstantSource.IN_COMMIT if in_commit else InstantSource.METADATA_LOG,
                schema_id=draw(st.none() | st.integers(0, 1)),
                refs=tuple(tag(name, of) for name, of in sorted(others.items())),
            )
        )
    return tuple(chain)


def field(
    field_id: int,
    name: str,
    *,
    within: Field | None = None,
    type: str = "string",  # noqa: A002
    required: bool = False,
    doc: str | None = None,
    initial_default: str | None = None,
    write_default: str | None = None,
    physical_name: str | None = None,
) -> Field:
    """Make a field, by default an optional string; the path follows from where it stands."""
    return Field(
        field_id=field_id,
        name=name,
        path=f"{within.path}.{name}" if within else name,
        parent_id=within.field_id if within else None,
        type=type,
        required=required,
        doc=doc,
        initial_default=initial_default,
        write_default=write_default,
        physical_name=physical_name,
    )


@st.composite
def schemas(draw: st.DrawFn) -> SchemaVersion:
    """Small schemas over the same few ids, so that two of them share, miss and move some."""
    structs: list[Field] = []
    fields: list[Field] = []
    for field_id in draw(st.permutations(range(7)))[: draw(st.integers(0, 7))]:
        made = field(
            field_id,
            draw(st.sampled_from("abcd")) + str(field_id),
            within=draw(st.none() | st.sampled_from(structs)) if structs else None,
            type=draw(st.sampled_from(["struct", "int", "long"])),
            required=draw(st.booleans()),
            doc=draw(st.none() | st.just("what it is")),
            initial_default=draw(st.none() | st.just("7")),
            write_default=draw(st.none() | st.just("8")),
        )
        fields.append(made)
        if made.type == "struct":
            structs.append(made)
    return SchemaVersion(draw(st.integers(0, 3)), tuple(fields))
