"""Columns: the digests of the values of any type, nested ones included. docs/fingerprint.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from catalogs.fingerprint.decimals import as_decimals, decimal_digests
from catalogs.fingerprint.fixed import (
    boolean_digests,
    date_digests,
    float_digests,
    integer_digests,
    time_digests,
)
from catalogs.fingerprint.identities import Identity, is_any_list
from catalogs.fingerprint.mixing import (
    Digests,
    Key,
    Words,
    closed,
    position_keys,
    segment_sums,
    stored,
    tagged,
    valid_places,
)
from catalogs.fingerprint.texts import bytes_digests
from catalogs.fingerprint.variants import variant_digests
from snapshots.errors import UnsupportedError
from snapshots.fingerprint import Tag

Pair = tuple[Words, Words]

_ADVICE = "leave the column out"
_TEXTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_BYTES = (
    *(pa.types.is_binary, pa.types.is_large_binary),
    *(pa.types.is_binary_view, pa.types.is_fixed_size_binary),
)


def column_digests(array: Any, key: Key, identity: Identity) -> Digests:  # noqa: ANN401 - pyarrow has no types
    """Digest the values of a column under its key, or under a key for each of them.

    Raises UnsupportedError for a type that the specification leaves out.
    """
    kind, types = array.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return column_digests(array.storage, key, identity)
    if types.is_null(kind):
        nothing = np.zeros(len(array), np.uint64)
        return Digests(nothing, nothing, np.zeros(len(array), np.bool_))
    if types.is_dictionary(kind):
        return _of_dictionary(array, key, identity)
    if types.is_run_end_encoded(kind):
        return column_digests(pa.compute.run_end_decode(array), key, identity)
    valid = valid_places(array)
    return Digests(*_pair(array, key, identity, valid), valid)


def struct_sums(columns: Mapping[str, Any], identities: Mapping[str, Identity], count: int) -> Pair:
    """Add up the digests of the values that stand beside each other; a null adds nothing."""
    first, second = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    for name, array in columns.items():
        identity = identities[name]
        one, other = column_digests(array, identity.key, identity).without_nulls()
        first += one
        second += other
    return first, second


def _pair(
    array: Any,  # noqa: ANN401
    key: Key,
    identity: Identity,
    valid: npt.NDArray[np.bool_] | None,
) -> Pair:
    kind = array.type
    if identity.is_variant:
        return variant_digests(array, key)
    if kind == pa.uint64():
        array = as_decimals(array)
        kind = array.type
    if pa.types.is_decimal(kind):
        return decimal_digests(array, key, valid)
    for tells, digests in _FLAT:
        if any(tell(kind) for tell in tells):
            return digests(array, key)
    return _nested(array, key, identity)


def _nested(array: Any, key: Key, identity: Identity) -> Pair:  # noqa: ANN401
    kind, types = array.type, pa.types
    if types.is_struct(kind):
        children = {kind.field(n).name: array.field(n) for n in range(kind.num_fields)}
        return closed(tagged(key, Tag.STRUCT), *struct_sums(children, identity.parts, len(array)))
    if types.is_map(kind):
        return _map(array, key, identity)
    if is_any_list(kind):
        return _list(array, key, identity)
    raise UnsupportedError("a fingerprint", f"the Arrow type {kind}", _ADVICE)


def _list(array: Any, key: Key, identity: Identity) -> Pair:  # noqa: ANN401
    """Digest lists: each value under the key of its position, then the sums and the length."""
    kind = array.type
    plain = array if pa.types.is_large_list(kind) else array.cast(pa.large_list(kind.value_field))
    offsets, values = _spans(plain)
    sizes = np.diff(offsets)
    longest = int(sizes.max(initial=0))
    places = np.arange(len(values)) - np.repeat(offsets[:-1], sizes)
    keys: Words = position_keys(longest)[places]
    found = column_digests(values, keys, identity.parts["element"]).with_nulls(keys)
    return _gathered(key, Tag.LIST, offsets, *found)


def _map(array: Any, key: Key, identity: Identity) -> Pair:  # noqa: ANN401
    """Digest maps: entries are small structs, and their order means nothing."""
    kind = array.type
    entry = pa.struct([kind.key_field.with_name("key"), kind.item_field.with_name("value")])
    plain = array.cast(pa.map_(kind.key_type, kind.item_field))
    offsets, entries = _spans(plain.cast(pa.large_list(pa.field("entry", entry))))
    first = np.zeros(len(entries), np.uint64)
    second = np.zeros(len(entries), np.uint64)
    for place, name in enumerate(("key", "value"), start=1):
        own = int(position_keys(place)[-1])
        part = column_digests(entries.field(name), own, identity.parts[name])
        one, other = part.with_nulls(own)
        first += one
        second += other
    return _gathered(key, Tag.MAP, offsets, *closed(tagged(0, Tag.ENTRY), first, second))


def _gathered(
    key: Key, tag: Tag, offsets: npt.NDArray[np.int64], first: Words, second: Words
) -> Pair:
    total = segment_sums(first, offsets) + np.diff(offsets).astype(np.uint64)
    return closed(tagged(key, tag), total, segment_sums(second, offsets))


def _spans(array: Any) -> tuple[npt.NDArray[np.int64], Any]:  # noqa: ANN401
    """Give the offsets of lists counted from zero, and the values that are meant.

    A null may span values that nobody means: it has none here.
    """
    if array.null_count:
        array = pa.compute.if_else(array.is_valid(), array, pa.scalar([], array.type))
    if not len(array):
        return np.zeros(1, np.int64), array.values.slice(0, 0)
    offsets = stored(array.offsets, np.int64)
    values = array.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    return offsets - offsets[0], values


def _of_dictionary(array: Any, key: Key, identity: Identity) -> Digests:  # noqa: ANN401
    """Digest each distinct value once."""
    if not isinstance(key, int):
        return column_digests(array.dictionary_decode(), key, identity)
    values = column_digests(array.dictionary, key, identity)
    valid = valid_places(array)
    places = stored(array.indices.cast(pa.int64()), np.int64)
    if valid is not None:
        places = np.where(valid, places, 0)
    if not len(array.dictionary):
        nothing = np.zeros(len(array), np.uint64)
        return Digests(nothing, nothing, np.zeros(len(array), np.bool_))
    if values.valid is not None:
        inside = values.valid[places]
        valid = inside if valid is None else valid & inside
    return Digests(values.first[places], values.second[places], valid)


_FLAT: tuple[tuple[tuple[Callable[[Any], bool], ...], Callable[[Any, Key], Pair]], ...] = (
    ((pa.types.is_boolean,), boolean_digests),
    ((pa.types.is_integer,), integer_digests),
    ((pa.types.is_floating,), float_digests),
    ((pa.types.is_date,), date_digests),
    ((pa.types.is_time, pa.types.is_timestamp), time_digests),
    (_TEXTS, partial(bytes_digests, tag=Tag.TEXT)),
    (_BYTES, partial(bytes_digests, tag=Tag.BYTES)),
)
