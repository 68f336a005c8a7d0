"""A SPICE number is a number in a netlist: case does not matter, so that m = M = milli and meg = mega; mil = 25.4e-6;
letters after the prefix are ignored.
"""

from __future__ import annotations

import re
from decimal import Decimal, DecimalException
from functools import lru_cache

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Zµ]*)\s*$")
_PREFIXES = {"f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "k": 3, "g": 9, "t": 12, "a": -18}


def parse_spice_number(text: str) -> float | None:
    """Read a number as SPICE does (case-insensitive prefixes, trailing letters ignored); None if it is not a
    representable number.
    """
    match = _NUMBER.match(text)
    if not match:
        return None
    suffix = match[2].lower()
    if suffix.startswith("meg"):
        factor = Decimal(1_000_000)
    elif suffix.startswith("mil"):
        factor = Decimal("25.4e-6")
    else:
        factor = Decimal(10) ** _PREFIXES.get(suffix[:1], 0)
    try:
        return float(Decimal(match[1]) * factor)
    except (DecimalException, OverflowError):
        return None  # an exponent that a decimal cannot hold


@lru_cache(maxsize=4096)
def spice_number(value: float) -> str:
    """Write a number so that every parser of ngspice reads the same bits: twelve digits as an integer mantissa, such as
    `317e-8`.

    ngspice's deck reader and its `alter` have different number parsers. They round a mantissa with a decimal point
    differently in the last bit (119 of 300 random numbers). For integer mantissas below 2⁵³ they agree.
    """
    mantissa, _, exponent = f"{value:.11e}".partition("e")
    sign, digits = ("-" if mantissa[0] == "-" else ""), mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    return f"{sign}{digits}e{int(exponent) - len(digits) + 1}"
