"""A SPICE number is a number in a netlist: case does not matter, so that m = M = milli and meg = mega; mil = 25.4e-6;
letters after the prefix are ignored.
"""

from __future__ import annotations

import re
from decimal import Decimal, DecimalException
from functools import lru_cache

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Zµ]*)\s*$")
_MOST_DIGITS = 200
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


def command_number(text: str) -> float | None:
    """Read a number as ngspice's commands and `.meas` lines do: as `parse_spice_number`, with the last bit of
    `ft_numparse` of ngspice 39.

    There 11n is 11 · 10⁻⁹ = 1.1000000000000001e-08, which is where a waveform has a point at 11 ns.
    """
    match, plain = _NUMBER.match(text), parse_spice_number(text)
    if not match or plain is None:
        return None
    mantissa, _, exponent = match[1].lower().partition("e")
    if abs(int(exponent or "0")) > _MOST_DIGITS or len(mantissa) > _MOST_DIGITS:
        return plain
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    value = float(int(whole or "0"))
    if fraction:
        value += float(int(fraction)) * 10.0 ** -len(fraction)
    suffix, power = match[2].lower(), int(exponent or "0")
    # letters behind an exponent are ignored
    if not exponent and suffix.startswith("mil"):
        value, power = value * 25.4, -6
    elif not exponent:
        power = 6 if suffix.startswith("meg") else _PREFIXES.get(suffix[:1], 0)
    value *= 10.0**power if power else 1.0
    return -value if mantissa.startswith("-") else value


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
