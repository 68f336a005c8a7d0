"""A quantity is a number in SI units; on screen and in files it is written with an engineering prefix.

Two dialects read the same text differently:

    spec.yaml, replies of a model, options     m = milli, M = mega (also Meg, MEG), k, u or µ, G, T, f, p, n, a
    inside a netlist (SPICE)                   upper and lower case are equal: m = M = milli, meg = mega, mil = 25.4e-6;
                                               letters after the prefix are ignored

Because the two differ in M, `likely_mix_up` recognises a value that is absurd as read and sensible with m and M exchanged.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal, DecimalException
from functools import lru_cache

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SPEC = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*$", re.DOTALL)
_SPICE = re.compile(rf"\s*({_NUMBER})([a-zA-Zµ]*)\s*$")

PREFIXES = {
    "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "": 0,
    "k": 3, "K": 3, "M": 6, "Meg": 6, "MEG": 6, "meg": 6, "G": 9, "T": 12,
}  # fmt: skip
"""Prefix → power of ten, in the spec dialect."""
_SPICE_PREFIXES = {"f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "k": 3, "g": 9, "t": 12, "a": -18}
_ENGINEERING = dict(zip(range(-18, 13, 3), ["a", "f", "p", "n", "u", "m", "", "k", "M", "G", "T"], strict=True))

UNITS = {
    "Hz": "Hz", "s": "s", "V": "V", "A": "A", "W": "W", "F": "F", "H": "H", "Ohm": "Ohm", "ohm": "Ohm", "Ω": "Ohm",
    "m": "m", "m²": "m²", "m2": "m²", "m^2": "m²", "dB": "dB", "deg": "deg", "°": "deg", "degC": "degC", "C": "degC", "°C": "degC",
    "V/s": "V/s", "V/us": "V/us", "V/µs": "V/us", "V/√Hz": "V/√Hz", "V/sqrt(Hz)": "V/√Hz", "V/rtHz": "V/√Hz",
    "A/√Hz": "A/√Hz", "A/sqrt(Hz)": "A/√Hz", "A/rtHz": "A/√Hz", "V/V": "V/V", "ppm/K": "ppm/K", "ppm/°C": "ppm/K",
    "%": "%", "": "", "1": "", "J": "J",
}  # fmt: skip
"""Accepted spellings → the unit's one name."""

_SCALED_UNITS = {"V/us": ("V/s", Decimal(1_000_000))}
_PLAUSIBLE = {
    "Hz": (1.0, 1e12), "s": (1e-15, 1e3), "V": (1e-9, 1e4), "A": (1e-15, 1e3), "W": (1e-15, 1e4), "F": (1e-18, 1.0),
    "H": (1e-15, 1e3), "Ohm": (1e-2, 1e13), "m": (1e-9, 1e-1), "m²": (1e-18, 1e-2), "V/s": (1.0, 1e13),
    "V/√Hz": (1e-12, 1.0), "A/√Hz": (1e-18, 1e-3), "J": (1e-21, 1e3),
}  # fmt: skip
"""What a magnitude of an on-chip circuit can be; only used to catch m written for M and the like."""


def counted(number: int, noun: str) -> str:
    """`1 turn`, `2 turns`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class QuantityError(ValueError):
    """A text that is no quantity; the message says what to write instead."""


def parse_quantity(value: object, unit: str = "") -> float:
    """Read a number of the spec dialect, in SI units.

    `value` is a number or a text such as "4.7u", "10M", "10 MHz", "1e-6"; `unit` is the unit expected (a name of `UNITS`),
    which may stand after the prefix. Raises `QuantityError`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise QuantityError("a number such as 4.7u or 10M is needed")
    if isinstance(value, (int, float)):
        number = float(value)
    else:
        match = _SPEC.match(value)
        if not match:
            raise QuantityError("not a number; write for example 4.7u or 10M")
        # decimal arithmetic: 200u is the float nearest to 0.0002, not 200 * 1e-6
        factor = _suffix_factor(match[2].replace(" ", ""), unit)
        try:
            number = float(Decimal(match[1]) * factor)
        except (DecimalException, OverflowError):
            raise QuantityError("the number is beyond what any quantity has") from None
    if not math.isfinite(number):
        raise QuantityError("the number must be finite")
    mix_up = likely_mix_up(value, number, unit) if isinstance(value, str) else None
    if mix_up:
        raise QuantityError(mix_up)
    return number


def _suffix_factor(suffix: str, unit: str) -> Decimal:
    wanted, factor = _SCALED_UNITS.get(unit, (unit, Decimal(1)))
    if suffix in PREFIXES and not (suffix == "m" and unit == "m²"):
        # "10m" with unit metre is ten millimetres: a prefix wins over a unit of the same letter
        return Decimal(10) ** PREFIXES[suffix]
    for prefix in sorted(PREFIXES, key=len, reverse=True):
        if suffix.startswith(prefix) and suffix[len(prefix) :] in UNITS:
            found = UNITS[suffix[len(prefix) :]]
            found, found_factor = _SCALED_UNITS.get(found, (found, Decimal(1)))
            if found not in {wanted, ""}:
                raise QuantityError(f"unit {found!r} where {unit or 'a plain number'!r} is expected")
            return Decimal(10) ** PREFIXES[prefix] * (found_factor / factor if found else 1)
    raise QuantityError(f"unknown unit or prefix {suffix!r}; prefixes are a f p n u m k M G T")


def likely_mix_up(text: str, number: float, unit: str) -> str | None:
    """Say so when `text`, read as `number` in `unit`, is absurd and would be sensible with m and M exchanged."""
    if unit not in _PLAUSIBLE or number == 0:
        return None
    low, high = _PLAUSIBLE[unit]
    magnitude = abs(number)
    for written, meant, factor in (("m", "M", 1e9), ("M", "m", 1e-9)):
        if low <= magnitude <= high or not re.search(rf"\d\s*{written}(?!eg|EG)", text):
            continue
        if low <= magnitude * factor <= high:
            name = {"m": "milli", "M": "mega"}[written]
            return f"{text.strip()} is {format_quantity(number)} {unit} ({written} is {name} here); did you mean {re.sub(rf'{written}', meant, text.strip(), count=1)}?"
    return None


def parse_spice_number(text: str) -> float | None:
    """Read a number as SPICE does (case-blind prefixes, trailing letters ignored); None when it is not a number that can be held."""
    match = _SPICE.match(text)
    if not match:
        return None
    suffix = match[2].lower()
    if suffix.startswith("meg"):
        factor = Decimal(1_000_000)
    elif suffix.startswith("mil"):
        factor = Decimal("25.4e-6")
    else:
        factor = Decimal(10) ** _SPICE_PREFIXES.get(suffix[:1], 0)
    try:
        return float(Decimal(match[1]) * factor)
    except (DecimalException, OverflowError):
        return None  # an exponent beyond what a decimal can hold


@lru_cache(maxsize=4096)
def spice_number(value: float) -> str:
    """Write a number so that everything in ngspice reads the same bits: twelve digits as a whole mantissa, such as `317e-8`.

    ngspice's deck reader and its `alter` each have a number parser of their own, which round a mantissa with a decimal point
    differently in its last bit (119 of 300 random numbers); on whole mantissas below 2⁵³ they agree.
    """
    mantissa, _, exponent = f"{value:.11e}".partition("e")
    sign, digits = ("-" if mantissa[0] == "-" else ""), mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    return f"{sign}{digits}e{int(exponent) - len(digits) + 1}"


def format_quantity(value: float | None, unit: str = "", digits: int = 4, bound: str = "") -> str:
    """Write a number with an engineering prefix and `digits` significant digits; `None` and nan are an em dash.

    `bound`: ">" or "<" of a censored value, which is written "> 1 us".
    """
    if value is None or math.isnan(value):
        return "—"
    if bound:
        return f"{bound} {format_quantity(value, unit, digits)}"
    if value == 0 or math.isinf(value) or unit in {"dB", "deg", "degC", "%"}:
        return f"{value:.{digits}g}{' ' + unit if unit else ''}"
    exponent = min(max(math.floor(math.log10(abs(value)) / 3) * 3, -18), 12)
    if unit == "m²":
        # a prefix on a squared unit is squared too
        return f"{value * 1e12:.{digits}g} µm²"
    mantissa = f"{value / 10.0**exponent:.{digits}g}"
    if abs(float(mantissa)) >= 1000 and exponent < 12:  # 999.96 rounds up into the next prefix
        exponent += 3
        mantissa = f"{value / 10.0**exponent:.{digits}g}"
    prefix = _ENGINEERING[exponent]
    return f"{mantissa}{' ' if unit else ''}{prefix}{unit}"


def format_score(score: float) -> str:
    """Four digits, rounded down: 1.0000 is a met spec and nothing else."""
    return f"{math.floor(score * 1e4 + 1e-9) / 1e4:.4f}"
