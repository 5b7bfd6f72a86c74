"""Pins: the states that a query or a read option asks for by number, time or name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from snapshots.dataset import Dataset
from temporal_lineage.capture.openlineage_events import ReadOption
from temporal_lineage.evidence.pin_values import (
    MILLISECONDS,
    SECONDS,
    NumberPin,
    Pin,
    RefPin,
    compact_pin,
    suffix_pin,
    time_pin,
    version_pin,
)
from temporal_lineage.evidence.runs import RunRecord
from temporal_lineage.evidence.sql_reads import SqlRead, reads_of, spoken

QUERY_CHARS_MAX = 1_000_000

# Each of these starts at a boundary and never goes back over what it took, so that a query of any
# length is read once.
_PART = r'(?:`[^`]{1,200}+`|"[^"]{1,200}+"|\[[^\]]{1,200}+\]|[\w$-]++)'
_NAME = rf"(?<![\w$.-]){_PART}(?:\s*+\.\s*+{_PART}){{0,4}}+"
_VALUE = r"(?:'(?P<quoted>[^']{0,200}+)'|\"(?P<double>[^\"]{0,200}+)\"|(?P<bare>[\w.:-]++(?:\()?))"
_AS_OF = re.compile(
    rf"(?P<table>{_NAME})\s++(?:FOR\s++)?(?:SYSTEM_)?(?P<kind>VERSION|TIMESTAMP|TIME)\s++AS\s++OF\s++"
    rf"(?:TIMESTAMP\s++|DATE\s++)?{_VALUE}",
    re.IGNORECASE,
)
_AT = re.compile(rf"(?P<table>{_NAME})@(?:[vV](?P<version>\d{{1,18}})|(?P<stamp>\d{{17}}))(?!\w)")
_TABLE_READ = re.compile(rf"\b(?:FROM|JOIN|USING)\s++(?P<table>{_NAME})", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)")
_MAY_PIN = re.compile(
    r"\bAS\s++OF\b|@|\b(?:AT|BEFORE)\s*+\(|\bAT\s++SNAPSHOT\b"
    r"|branch_|tag_|snapshot_id_|at_timestamp_",
    re.IGNORECASE,
)
_KEYWORDS = {"for", "system_version", "system_time"}
_OF_PROJECTS = {"as_of_version", "as_of_datetime", "snapshot_id"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the queries and read options of a run ask of one dataset.

    `newest` tells whether a query reads its newest state as well.
    """

    pins: tuple[Pin, ...]
    newest: bool


def asked_of(names: Iterable[Dataset], *, run: RunRecord, options: Sequence[ReadOption]) -> Asked:
    """Find the pins on the dataset of these names, each once, queries before options.

    A query is parsed where it has what may be a pin. What does not parse is searched for
    patterns, so that a word sqlglot does not know hides no pin; everything that is no pattern is
    passed over then. A table is recognised by the parts of its name that the query gives. A source
    that a project pins is pinned wherever a query names it.
    """
    tails = {_parts(name.name) for name in names}
    found: list[Pin] = [pin for tail in sorted(tails) for pin in _suffix_pin(tail[-1:], tail)]
    newest = False
    for query in run.queries:
        for table, pin in _reads(query, run):
            if not _same(table, tails):
                continue
            if pin is None:
                newest = True
            else:
                found.append(pin)
    mine = [one for one in options if one.table is None or _same(_parts(one.table), tails)]
    found += [_option_pin(option) for option in mine]
    if any(option.name in _OF_PROJECTS for option in mine):
        newest = False
    return Asked(tuple(dict.fromkeys(found)), newest)


def numbers_asked_of(names: Iterable[Dataset], *, run: RunRecord) -> frozenset[int]:
    """Give the snapshot ids and versions by which the queries of a run pin a dataset."""
    if not any(_MAY_PIN.search(query) for query in run.queries):
        return frozenset()
    pins = asked_of(names, run=run, options=()).pins
    return frozenset(pin.number for pin in pins if isinstance(pin, NumberPin))


def _reads(query: str, run: RunRecord) -> Iterator[tuple[tuple[str, ...], Pin | None]]:
    reads: Sequence[SqlRead] | None = None
    if len(query) <= QUERY_CHARS_MAX and _MAY_PIN.search(query):
        reads = reads_of(query, spoken(run)[0].name)
    if reads is not None:
        yield from ((_parts(name), pin) for name, pin in reads)
        return
    yield from _in_query(query)
    yield from ((table, None) for table in _without_pin(query))


def _without_pin(query: str) -> Iterator[tuple[str, ...]]:
    """Give the tables that a query reads at their newest state."""
    text = _COMMENT.sub(" ", query[:QUERY_CHARS_MAX])
    pinned = {match.start("table") for match in (*_AS_OF.finditer(text), *_AT.finditer(text))}
    for match in _TABLE_READ.finditer(text):
        if match.start("table") not in pinned:
            yield _parts(match["table"])


def _in_query(query: str) -> Iterator[tuple[tuple[str, ...], Pin]]:
    text = _COMMENT.sub(" ", query[:QUERY_CHARS_MAX])
    for match in _AS_OF.finditer(text):
        value = match["quoted"] or match["double"] or match["bare"] or ""
        shown = " ".join(match[0].split())
        table = tuple(part for part in _parts(match["table"]) if part not in _KEYWORDS)
        if match["kind"].upper() == "VERSION":
            yield table, version_pin(value, shown)
        else:
            yield table, time_pin(value, shown, unit=SECONDS)
    for match in _AT.finditer(text):
        if match["version"]:
            yield _parts(match["table"]), NumberPin(int(match["version"]), match[0])
        else:
            yield _parts(match["table"]), compact_pin(match["stamp"], match[0])
    for match in _TABLE_READ.finditer(text):
        parts = _parts(match["table"])
        for pin in _suffix_pin(parts[-1:], parts):
            yield parts[:-1], pin


def _suffix_pin(last: tuple[str, ...], parts: tuple[str, ...]) -> Iterator[Pin]:
    """Read Iceberg's `t.branch_x` and its like, where a table's name stands before it."""
    pin = suffix_pin(last[0], ".".join(parts)) if last and len(parts) > 1 else None
    if pin is not None:
        yield pin


def _option_pin(option: ReadOption) -> Pin:
    shown = f"{option.name}={option.value}"
    match option.name:
        case "versionAsOf" | "snapshot-id" | "as_of_version" | "snapshot_id":
            return version_pin(option.value, shown)
        case "timestampAsOf" | "as_of_datetime":
            return time_pin(option.value, shown, unit=SECONDS)
        case "as-of-timestamp":
            return time_pin(option.value, shown, unit=MILLISECONDS)
        case _:
            return RefPin(option.value, shown)


def _parts(name: str) -> tuple[str, ...]:
    """Cut a name into its parts, whatever cuts it: dots, slashes, quotes."""
    text = name.strip().rstrip("/")
    if "/" in text:
        quoted = re.findall(r"`([^`]+)`", text)
        text = (quoted[-1] if quoted else text).rstrip("/")
        return tuple(part.casefold() for part in text.split("/") if part)
    found = re.findall(_PART, text)
    return tuple(part.strip('`"[]').casefold() for part in found) or (text.casefold(),)


def _same(parts: tuple[str, ...], tails: Iterable[tuple[str, ...]]) -> bool:
    """Tell whether the shorter of two names is the end of the longer one."""
    for tail in tails:
        shared = min(len(parts), len(tail))
        if shared and parts[-shared:] == tail[-shared:]:
            return True
    return False
