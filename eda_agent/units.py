"""A quantity is a number in SI units, written with an engineering prefix on screen and in files.

In spec.yaml, replies and options m is milli and M is mega (also Meg, MEG). Further prefixes are a, f, p, n, u or
µ, k, G and T. Netlists read the same text differently (`spice_numbers`).

`likely_mix_up` finds a value that is absurd as read and sensible with m and M exchanged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Any

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_SPEC = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*$", re.DOTALL)

PREFIXES = {
    "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "": 0,
    "k": 3, "K": 3, "M": 6, "Meg": 6, "MEG": 6, "meg": 6, "G": 9, "T": 12,
}  # fmt: skip
"""Prefix → power of ten, in the spec dialect."""
_ENGINEERING = dict(zip(range(-18, 13, 3), ["a", "f", "p", "n", "u", "m", "", "k", "M", "G", "T"], strict=True))
_LEAST_PLAIN, _MOST_PLAIN = 1e-9, 1e9
"""Limits of a number in a unit without prefix: it is 0 below and out of range above."""
_LEAST_SCALED, _MOST_SCALED = 1e-3, 1e6
"""Limits of a number in a scaled unit of the user's, such as mV or V/us."""

UNITS = {
    "Hz": "Hz",
    "s": "s",
    "V": "V",
    "A": "A",
    "W": "W",
    "F": "F",
    "H": "H",
    "Ohm": "Ohm",
    "ohm": "Ohm",
    "Ω": "Ohm",
    "S": "S",
    "m": "m",
    "m²": "m²",
    "m2": "m²",
    "m^2": "m²",
    "dB": "dB",
    "dBc/Hz": "dBc/Hz",
    "deg": "deg",
    "°": "deg",
    "degC": "degC",
    "C": "degC",
    "°C": "degC",
    "V/s": "V/s",
    "V/us": "V/us",
    "V/µs": "V/us",
    "V/ns": "V/ns",
    "V/ms": "V/ms",
    "V/√Hz": "V/√Hz",
    "V/sqrt(Hz)": "V/√Hz",
    "V/rtHz": "V/√Hz",
    "A/√Hz": "A/√Hz",
    "A/sqrt(Hz)": "A/√Hz",
    "A/rtHz": "A/√Hz",
    "A/m": "A/m",
    "A/um": "A/um",
    "A/µm": "A/um",
    "1/V": "1/V",
    "S/A": "1/V",
    "V/V": "V/V",
    "ppm": "ppm",
    "ppm/K": "ppm/K",
    "ppm/°C": "ppm/K",
    "%": "%",
    "%/V": "%/V",
    "": "",
    "1": "",
    "J": "J",
    "LSB": "LSB",
}
"""Accepted spellings → the unit's one name."""
PLAIN = frozenset({"dB", "dBc/Hz", "deg", "degC", "%", "%/V", "ppm", "ppm/K", "V/V", "1/V", "LSB"})
"""Units without prefix; mV/V is accepted as input."""

_COMPOUND = {
    "V/ns": ("V/s", Decimal(1_000_000_000)),
    "V/us": ("V/s", Decimal(1_000_000)),
    "V/ms": ("V/s", Decimal(1_000)),
    "A/um": ("A/m", Decimal(1_000_000)),
}
_PLAUSIBLE = {
    "Hz": (1.0, 1e12), "s": (1e-15, 1e3), "V": (1e-9, 1e4), "A": (1e-15, 1e3), "W": (1e-15, 1e4), "F": (1e-18, 1.0),
    "H": (1e-15, 1e3), "Ohm": (1e-2, 1e13), "m": (1e-9, 1e-1), "m²": (1e-18, 1e-2), "V/s": (1.0, 1e13),
    "V/√Hz": (1e-12, 1.0), "A/√Hz": (1e-18, 1e-3), "J": (1e-21, 1e3),
}  # fmt: skip
"""Plausible magnitudes of an on-chip circuit; used only to detect m written for M and the like."""


def counted(number: int, noun: str) -> str:
    """`1 turn`, `2 turns`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


class QuantityError(ValueError):
    """A text that is not a quantity; the message gives the correction."""


@dataclass(frozen=True)
class Unit:
    """A unit as the user spells it. `name` is shown, `stem` is the name without prefix, `base` the SI unit, `factor`
    the SI value of one unit.
    """

    name: str
    stem: str
    base: str
    factor: Decimal

    @property
    def prefixed(self) -> bool:
        return self.name != self.stem


@lru_cache(maxsize=1024)
def read_unit(text: str) -> Unit:
    """A unit such as V, mV, V/us or ppm/K. Raises `QuantityError`."""
    for prefix in sorted(PREFIXES, key=len):
        name = UNITS.get(text[len(prefix) :]) if text.startswith(prefix) else None
        if name is None or (prefix and (not name or (name in PLAIN and name != "V/V"))):
            continue
        base, factor = _COMPOUND.get(name, (name, Decimal(1)))
        # a prefix on a squared unit is squared too
        power = PREFIXES[prefix] * (2 if base == "m²" else 1)
        shown = _ENGINEERING[PREFIXES[prefix]]
        return Unit(f"{shown}{name}", name, base, factor * Decimal(10) ** power)
    raise QuantityError(f"unknown unit or prefix {text!r}; prefixes are a f p n u m k M G T")


def base_unit(unit: str) -> str:
    """The SI unit of a unit's numbers: V/s for V/us."""
    return read_unit(unit).base


def shown_unit(spec: Mapping[str, Any]) -> str:
    """The unit in which a spec is shown: the user's, if the journal has it."""
    return str(spec.get("shown", spec["unit"]))


def parse_quantity(value: object, unit: str = "") -> float:
    """Read a number of the spec dialect as an SI value.

    Args:
        value: a number in SI units, or a text such as "4.7u", "10M", "10 MHz", "1e-6".
        unit: the expected unit (see `read_unit`), optional after the prefix. A bare text is in this unit: "5" is 0.005
            for mV.

    Raises:
        QuantityError: the text is not a quantity of this unit.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise QuantityError("a number such as 4.7u or 10M is needed")
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            raise QuantityError("the number is beyond what any quantity has") from None
    else:
        match = _SPEC.match(value)
        if not match:
            raise QuantityError("not a number; write for example 4.7u or 10M")
        # decimal arithmetic: 200u is the float nearest to 0.0002, not 200 * 1e-6
        factor = _suffix_factor(match[2].replace(" ", ""), read_unit(unit))
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


def _suffix_factor(suffix: str, wanted: Unit) -> Decimal:
    if not suffix:
        return wanted.factor
    if suffix in PREFIXES and not (suffix == "m" and wanted.base == "m²"):
        # "10m" in metres is ten millimetres: a prefix takes precedence over a unit with the same letter
        if wanted.prefixed:
            raise QuantityError(
                f"prefix {suffix!r} on a number in {wanted.name}; write the number of {wanted.name} alone, or its unit"
                " in full"
            )
        return Decimal(10) ** PREFIXES[suffix] * wanted.factor
    found = read_unit(suffix)
    if found.base != wanted.base:
        raise QuantityError(f"unit {found.name!r} where {wanted.name or 'a plain number'!r} is expected")
    return found.factor


def likely_mix_up(text: str, number: float, unit: str) -> str | None:
    """A question for the user if `text`, read as `number` in `unit`, is absurd and would be sensible with m and M
    exchanged.
    """
    if unit not in _PLAUSIBLE or number == 0:
        return None
    low, high = _PLAUSIBLE[unit]
    magnitude = abs(number)
    for written, meant, factor in (("m", "M", 1e9), ("M", "m", 1e-9)):
        if low <= magnitude <= high or not re.search(rf"\d\s*{written}(?!eg|EG)", text):
            continue
        if low <= magnitude * factor <= high:
            name = {"m": "milli", "M": "mega"}[written]
            return (
                f"{text.strip()} is {format_quantity(number, unit)} ({written} is {name} here); did you mean"
                f" {re.sub(rf'{written}', meant, text.strip(), count=1)}?"
            )
    return None


EXACT = 12
"""Digits of a target: a limit is never rounded, and the last bits of a binary number are left out."""


def format_quantity(value: float | None, unit: str = "", digits: int = 4, bound: str = "") -> str:
    """Write an SI value with `digits` significant digits and no exponent; `None` and nan are an em dash.

    Args:
        value: the number in SI units.
        unit: the unit to show, such as V/us for a number in V/s. Units that accept one get an engineering prefix; a
            scaled unit (mV, V/us) stays.
        digits: significant digits.
        bound: ">" or "<" of a censored value, written "> 1 us".

    A value below the smallest prefix is 0; a value above the largest one is written as "over …".
    """
    if value is None or math.isnan(value):
        return "—"
    if bound:
        return f"{bound} {format_quantity(value, unit, digits)}"
    shown = any_unit(unit)
    number = value / float(shown.factor)
    if math.isinf(value):
        return f"{'-' if value < 0 else ''}inf {shown.name}".rstrip()
    scaled = shown.name != shown.base
    if scaled and number and not _LEAST_SCALED <= abs(number) < _MOST_SCALED:
        # another prefix, or the unit without one, fits better
        scaled, shown = False, read_unit(shown.stem)
        number = value / float(shown.factor)
    if scaled or shown.name in PLAIN or shown.name not in UNITS or not number:
        return _plain(number, shown.name, digits)
    powers = 2 if shown.base == "m²" else 1
    if abs(number) < 10.0 ** (powers * min(_ENGINEERING) - 3):
        return f"0 {shown.name}".rstrip()
    if abs(number) >= 10.0 ** (powers * max(_ENGINEERING) + 6):
        return f"{'under -' if value < 0 else 'over '}1000000 {_prefixed(max(_ENGINEERING), shown.name)}"
    # "5 m" would be read as milli
    exponent = _exponent(number, digits, powers, -3 if shown.name == "m" else max(_ENGINEERING))
    mantissa, written = plain_number(number / 10.0 ** (exponent * powers), digits), _prefixed(exponent, shown.name)
    return f"{mantissa}{' ' if shown.name else ''}{written}"


def any_unit(unit: str) -> Unit:
    """A unit; an unknown one (in a journal of another version) unchanged."""
    try:
        return read_unit(unit)
    except QuantityError:
        return Unit(unit, unit, unit, Decimal(1))


def _plain(number: float, name: str, digits: int) -> str:
    if abs(number) >= _MOST_PLAIN:
        return f"{'under -' if number < 0 else 'over '}1000000000 {name}"
    return f"{plain_number(number, digits) if abs(number) >= _LEAST_PLAIN else 0} {name}".rstrip()


def _exponent(number: float, digits: int, powers: int, most: int) -> int:
    """The power of ten of the prefix with which the rounded number has one to three digits before the point (up to six
    for a squared unit).
    """
    rounded = Decimal(f"{abs(number):.{digits - 1}e}")  # 999.96 rounds up into the next prefix
    exponent = 3 * math.floor(rounded.adjusted() / (3 * powers))
    return min(max(exponent, min(_ENGINEERING)), most)


def _prefixed(exponent: int, name: str) -> str:
    return f"{_ENGINEERING[exponent]}{name}"


def plain_number(number: float, digits: int = 4) -> str:
    """A number with `digits` significant digits, never with an exponent."""
    text = format(Decimal(f"{number:.{digits - 1}e}"), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def format_score(score: float) -> str:
    """A score with four digits, rounded down: 1.0000 means exactly that every spec is met."""
    return f"{math.floor(score * 1e4 + 1e-9) / 1e4:.4f}"
