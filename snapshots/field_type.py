"""Field types: which change of a primitive type keeps every value. Iceberg and Delta specs."""

from __future__ import annotations

import re

# Type names of both formats, as each spec writes them; no name means two things.
_WIDER: dict[str, frozenset[str]] = {
    "byte": frozenset({"short", "int", "integer", "long", "double"}),
    "short": frozenset({"int", "integer", "long", "double"}),
    "int": frozenset({"long", "double"}),
    "integer": frozenset({"long", "double"}),
    "float": frozenset({"double"}),
    # Iceberg v3; a date has no zone, so the types with one are no wider.
    "date": frozenset({"timestamp", "timestamp_ns", "timestamp_ntz"}),
}
# The most digits that a whole number of the type can need.
_DIGITS = {"byte": 10, "short": 10, "int": 10, "integer": 10, "long": 20}
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")


def is_widening(old: str, new: str) -> bool:
    """Tell whether every value of the old type is one of the new type too, and reads the same.

    Iceberg: int to long, float to double, a decimal of more precision, from v3 on date to
    timestamp and unknown to anything. Delta type widening: also byte, short and integer upwards,
    whole numbers to double and decimal, and a decimal that gains at least as many digits before
    the point as after it. DESIGN 4.2.
    """
    if old == "unknown" or new in _WIDER.get(old, ()):
        return True
    target = _DECIMAL.fullmatch(new)
    if target is None:
        return False
    precision, scale = int(target[1]), int(target[2])
    if old in _DIGITS:
        return precision - scale >= _DIGITS[old]
    source = _DECIMAL.fullmatch(old)
    if source is None:
        return False
    old_precision, old_scale = int(source[1]), int(source[2])
    return 0 <= scale - old_scale <= precision - old_precision
