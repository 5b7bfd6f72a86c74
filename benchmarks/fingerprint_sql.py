"""A third fingerprint: docs/fingerprint.md as SQL, computed by DuckDB over whatever it can read."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from benchmarks.fingerprint_reference import Named, key_of, mix

_64 = "18446744073709551616::UHUGEINT"
_LANE = f"{0xD1B54A32D192ED03}::UBIGINT"
_POWERS = ", ".join(f"{256**place}::UHUGEINT" for place in range(16))
_MACROS = f"""
CREATE OR REPLACE MACRO plus(a, b) AS ((a::UHUGEINT + b::UHUGEINT) % {_64})::UBIGINT;
CREATE OR REPLACE MACRO times(a, b) AS ((a::UHUGEINT * b::UHUGEINT) % {_64})::UBIGINT;
CREATE OR REPLACE MACRO mix(w) AS list_transform(list_transform(list_transform([w],
  lambda a: times(xor(a, a >> 30), {0xBF58476D1CE4E5B9}::UBIGINT)),
  lambda b: times(xor(b, b >> 27), {0x94D049BB133111EB}::UBIGINT)),
  lambda c: xor(c, c >> 31))[1];
CREATE OR REPLACE MACRO shut(sealed, s, r) AS list_transform([mix(xor(s, sealed))],
  lambda one: {{p: one, q: mix(plus(plus(one, r), {_LANE}))}})[1];
CREATE OR REPLACE MACRO total(words) AS
  coalesce(list_reduce(words, lambda a, b: plus(a, b), 0::UBIGINT), 0::UBIGINT);
CREATE OR REPLACE MACRO folded(sealed, parts, more) AS list_transform([parts],
  lambda ps: shut(sealed,
    plus(total(list_transform(ps, lambda d: d.p)), more),
    total(list_transform(ps, lambda d: d.q))))[1];
CREATE OR REPLACE MACRO key_at(place) AS mix(xor(place::UBIGINT, {0x9E3779B97F4A7C15}::UBIGINT));
CREATE OR REPLACE MACRO word_at(h, n) AS ('0x' || list_aggregate(list_transform(
  range(7, -1, -1), lambda b: rpad(substr(h, 16 * n + 2 * b + 1, 2), 2, '0')),
  'string_agg', ''))::UBIGINT;
CREATE OR REPLACE MACRO hexed(key, tag, h) AS folded(mix(plus(key, tag)), list_transform(
  range(0, (len(h) + 15) // 16),
  lambda n: shut(mix(plus(key_at(n + 1), 15)), word_at(h, n), 0::UBIGINT)), len(h) // 2);
CREATE OR REPLACE MACRO signed(n) AS
  ((n::HUGEINT + 18446744073709551616::HUGEINT) % 18446744073709551616::HUGEINT)::UBIGINT;
CREATE OR REPLACE MACRO whole(key, n) AS shut(mix(plus(key, 2)), signed(n), 0::UBIGINT);
CREATE OR REPLACE MACRO floating(key, x) AS CASE
  WHEN isnan(x) THEN shut(mix(plus(key, 4)), {0x7FF8000000000000}::UBIGINT, 0::UBIGINT)
  WHEN abs(x) < 9007199254740992 AND trunc(x) = x THEN whole(key, x::BIGINT)
  ELSE shut(mix(plus(key, 4)), ('0b' || (x::DOUBLE::BIT)::VARCHAR)::UBIGINT, 0::UBIGINT) END;
CREATE OR REPLACE MACRO wide_hex(m) AS list_transform([CASE WHEN m < 0
    THEN 340282366920938463463374607431768211455::UHUGEINT - (-(m + 1))::UHUGEINT
    ELSE m::UHUGEINT END],
  lambda u: list_aggregate(list_transform([{_POWERS}],
    lambda power: printf('%02X', (u // power % 256::UHUGEINT)::INTEGER)), 'string_agg', ''))[1];
CREATE OR REPLACE MACRO scaled(key, m, s) AS CASE
  WHEN m BETWEEN -9223372036854775808 AND 9223372036854775807
    THEN shut(mix(plus(key, 2 + 256 * s)), signed(m), 0::UBIGINT)
  ELSE hexed(key, 3 + 256 * s, wide_hex(m)) END;
CREATE OR REPLACE MACRO digits(key, t) AS list_transform(
  [CASE WHEN contains(t, '.') THEN rtrim(rtrim(t, '0'), '.') ELSE t END],
  lambda txt: scaled(key, replace(txt, '.', '')::HUGEINT,
    CASE WHEN contains(txt, '.') THEN len(txt) - strpos(txt, '.') ELSE 0 END))[1];
CREATE OR REPLACE MACRO ticked(key, tag, n) AS
  shut(mix(plus(key, tag)), signed(n), 0::UBIGINT);
CREATE OR REPLACE MACRO nanos(key, tag, n) AS list_transform([((n % 1000) + 1000) % 1000],
  lambda rest: shut(mix(plus(key, tag + 256 * rest)), signed((n - rest) // 1000), 0::UBIGINT))[1];
"""

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_MIDNIGHT = "({x} - DATE '1970-01-01')::HUGEINT * 86400000000"
_FLAT = {
    "boolean": "shut(mix(plus({k}, 1)), {x}::UBIGINT, 0::UBIGINT)",
    "float": "floating({k}, {x}::DOUBLE)",
    "double": "floating({k}, {x})",
    "ubigint": "digits({k}, {x}::VARCHAR)",
    "hugeint": "digits({k}, {x}::VARCHAR)",
    "decimal": "digits({k}, {x}::VARCHAR)",
    "varchar": "hexed({k}, 8, hex(encode({x})))",
    "blob": "hexed({k}, 9, hex({x}))",
    "uuid": "hexed({k}, 9, upper(replace({x}::VARCHAR, '-', '')))",
    "date": f"ticked({{k}}, 6, {_MIDNIGHT})",
    "time": "ticked({k}, 5, epoch_us({x}))",
    "time_ns": "nanos({k}, 5, epoch_ns({x}))",
    "timestamp_s": "ticked({k}, 6, epoch_us({x}))",
    "timestamp_ms": "ticked({k}, 6, epoch_us({x}))",
    "timestamp": "ticked({k}, 6, epoch_us({x}))",
    "timestamp_ns": "nanos({k}, 6, epoch_ns({x}))",
    "timestamp with time zone": "ticked({k}, 7, epoch_us({x}))",
}


def fingerprint_by_sql(
    connection: duckdb.DuckDBPyConnection, relation: str, named: Named | None = None
) -> str:
    """Give the fingerprint of what a relation holds, computed in DuckDB alone.

    `relation` is anything that stands after FROM; columns are their own names where none are given.
    """
    connection.execute(_MACROS)
    told = connection.sql(f"SELECT * FROM {relation}")
    columns = {
        name: kind for name, kind in zip(told.columns, told.types, strict=True) if kind.id != "null"
    }
    # Columns must not have the names of what lambdas bind.
    renamed = ", ".join(f'"{name}" AS "column {name}"' for name in columns) or "1"
    row = f"folded({mix(14)}::UBIGINT, {_beside(columns, '', '', named)}, 0)"
    found = connection.sql(
        f"SELECT count(*), coalesce(sum(d.p::HUGEINT) % 18446744073709551616, 0),"
        f" coalesce(sum(d.q::HUGEINT) % 18446744073709551616, 0)"
        f" FROM (SELECT {row} AS d FROM (SELECT {renamed} FROM {relation}))"
    ).fetchall()
    rows, first, second = (int(one) for one in found[0])
    return f"tlf1:{rows}:{first:016x}{second:016x}"


def _beside(columns: Mapping[str, object], of: str, above: str, named: Named | None) -> str:
    """Write the digests of values beside each other; nulls add nothing."""
    found = []
    for name, kind in columns.items():
        cell = f'{of}."{name}"' if of else f'"column {name}"'
        own = key_of(name if named is None else named[above + name])
        digest = _value(cell, kind, f"{own}::UBIGINT", above + name, named)
        found.append(
            f"CASE WHEN {cell} IS NULL THEN {{p: 0::UBIGINT, q: 0::UBIGINT}} ELSE {digest} END"
        )
    return f"[{', '.join(found) or '{p: 0::UBIGINT, q: 0::UBIGINT}'}]"


def _value(cell: str, kind: object, key: str, path: str, named: Named | None) -> str:
    """Write the digest of a value that is not null."""
    told = kind.id  # type: ignore[attr-defined]
    if told.upper() in _INTEGERS:
        return f"whole({key}, {cell})"
    if told in _FLAT:
        return _FLAT[told].format(k=key, x=cell)
    children = dict(kind.children)  # type: ignore[attr-defined]
    if told == "struct":
        return f"folded(mix(plus({key}, 12)), {_beside(children, cell, f'{path}.', named)}, 0)"
    depth = path.count(".")
    one, place = f"x{depth}", f"i{depth}"
    if told in {"list", "array"}:
        inside = children["child"]
        element = _nullable(one, inside, f"key_at({place})", f"{path}.element", named)
        parts = f"list_transform({cell}, lambda {one}, {place}: {element})"
        return f"folded(mix(plus({key}, 10)), {parts}, len({cell}))"
    if told == "map":
        first = _nullable(f"{one}.key", children["key"], "key_at(1)", f"{path}.key", named)
        second = _nullable(f"{one}.value", children["value"], "key_at(2)", f"{path}.value", named)
        entry = f"folded({mix(13)}::UBIGINT, [{first}, {second}], 0)"
        parts = f"list_transform(map_entries({cell}), lambda {one}: {entry})"
        return f"folded(mix(plus({key}, 11)), {parts}, len(map_entries({cell})))"
    msg = f"no SQL for {told}"
    raise NotImplementedError(msg)


def _nullable(cell: str, kind: object, key: str, path: str, named: Named | None) -> str:
    nothing = f"shut(mix({key}), 0::UBIGINT, 0::UBIGINT)"
    if kind.id == "null":  # type: ignore[attr-defined]
        return nothing
    return (
        f"CASE WHEN {cell} IS NULL THEN {nothing} ELSE {_value(cell, kind, key, path, named)} END"
    )
