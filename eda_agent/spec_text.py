"""A spec text is a value, or the margin to its target, as a designer writes it: in the unit of the spec, with digits
enough to tell a miss from its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent.closeness import nearest_bound
from eda_agent.units import PLAIN, QuantityError, any_unit, format_quantity, plain_number, read_unit, shown_unit

_DIFFERENCES = frozenset({"dB", "deg", "degC", "%", "V"})
"""Units in which a margin is a difference. In all others it is a share of the target."""
_MOST_DIGITS = 9
_LEAST, _MOST = 1e-3, 1e5
"""Numbers outside these limits are written with a unit of their own."""
_NO_EFFECT = {"dB": 0.005, "deg": 0.05}
"""Changes below these, and below 0.05 %, read "≈ 0"."""


def value_text(
    spec: Mapping[str, Any], value: float | None, bound: str = "", digits: int = 3, inside: bool = False
) -> str:
    """A value in the unit of the spec; with more digits if a missed value would round to its target.

    Args:
        spec: a spec as event data.
        value: the value in SI units, None if it was not measured.
        bound: ">" or "<" of a censored value.
        digits: significant digits.
        inside: whether a value inside its target has more digits too.
    """
    unit = shown_unit(spec)
    text = format_quantity(value, unit, digits, bound)
    targets = _other_bounds(spec, value) if inside else _missed(spec, value)
    while not bound and digits < _MOST_DIGITS and any(text == format_quantity(end, unit, digits) for end in targets):
        digits += 1
        text = format_quantity(value, unit, digits)
    return text


def _other_bounds(spec: Mapping[str, Any], value: float | None) -> list[float]:
    """The bounds that a value does not equal."""
    ends = (spec.get("minimum"), spec.get("maximum"))
    return [end for end in ends if end is not None and value is not None and end != value]


def _missed(spec: Mapping[str, Any], value: float | None) -> list[float]:
    if value is None:
        return []
    low, high = spec.get("minimum"), spec.get("maximum")
    return [target for target, sign in ((low, 1), (high, -1)) if target is not None and sign * value < sign * target]


def plain_margin(spec: Mapping[str, Any], value: float | None, bound: str = "") -> dict[str, float | None]:
    """The margin for programs: `margin_value` in the spec's SI unit, `margin_percent` of the bound (None for a bound
    of 0). Of a censored value it is the least that the margin can be; None if that is unknown.
    """
    found = nearest_bound(spec, value)
    if (
        found is None
        or (bound == ">" and spec.get("maximum") is not None)
        or (bound == "<" and spec.get("minimum") is not None)
    ):
        return {"margin_value": None, "margin_percent": None}
    distance, target = found
    return {"margin_value": distance, "margin_percent": 100 * distance / abs(target) if target else None}


def margin_text(spec: Mapping[str, Any], value: float | None, bound: str = "") -> str:
    """How far a value is inside its target: `+3.2 dB`, `+34 mV`, `+7 %`; negative outside; `—` without a value.

    It is a difference in dB, degrees, percent and volts, and of a target of 0; else a share of the target. Of two
    bounds the nearer one counts. A censored value has a bound of its margin, such as `< -20 %`.
    """
    found = nearest_bound(spec, value)
    if found is None:
        return "—"
    distance, target = found
    unit = shown_unit(spec)
    if target == 0 or any_unit(unit).base in _DIFFERENCES:
        text = format_quantity(abs(distance), unit, 2 if abs(distance) < 100 else 3)
    else:
        text = f"{_percent(100 * abs(distance / target))} %"
    # a value above its bound has more margin to a minimum and less to a maximum
    side = {"": "", ">": "> ", "<": "< "}[bound]
    if bound and target == spec.get("maximum"):
        side = {">": "< ", "<": "> "}[bound]
    return f"{side}{'-' if distance < 0 else '+'}{text}"


def _percent(share: float) -> str:
    if share >= 1e6:
        return "over 1000000"
    return plain_number(share, 2 if share < 100 else 3) if share >= 1e-6 else "0"


def effect_text(spec: Mapping[str, Any], change: float | None, value: float | None) -> str:
    """The change of a value, in the unit of the spec or in percent of `value` (see `margin_text`).

    `—` if it is unknown, `≈ 0` if nobody would notice it.
    """
    if change is None or value is None:
        return "—"
    unit, sign = shown_unit(spec), "-" if change < 0 else "+"
    if value == 0 or any_unit(unit).base in _DIFFERENCES:
        if abs(change) <= _NO_EFFECT.get(unit, 0.0):
            return "≈ 0"
        return f"{sign}{format_quantity(abs(change), unit, 2 if abs(change) < 100 else 3)}"
    share = 100 * abs(change / value)
    return f"{sign}{_percent(share)} %" if share > 0.05 else "≈ 0"


def moved_texts(
    results: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]], specs: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Spec → `28.1 MHz → 31 MHz`, from (before, after) results as event data, in the order of `results`."""
    rows = {spec["name"]: spec for spec in specs}
    return {
        name: " → ".join(value_text(rows[name], one["value"], one.get("bound", "")) for one in pair)
        for name, pair in results.items()
    }


def result_margin(spec: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """`margin_text` of a result as event data."""
    return margin_text(spec, result.get("value"), result.get("bound", ""))


def in_one_unit(
    spec: Mapping[str, Any], found: Sequence[tuple[float | None, str]], digits: int = 3
) -> tuple[str, list[str]]:
    """(unit with its prefix, values as numbers in it). The unit is that of the target; a number that does not fit it
    has its own. `digits`: significant digits; `units.EXACT` for limits.
    """
    target = spec["minimum"] if spec["minimum"] is not None else spec["maximum"]
    reference = target or max((abs(value) for value, _ in found if value is not None), default=0.0)
    _, _, unit = format_quantity(reference, shown_unit(spec)).rpartition(" ")
    try:
        factor = float(read_unit(unit).factor) if unit else 0.0
    except QuantityError:
        factor = 0.0
    if not factor:
        return "", [value_text(spec, value, bound, digits) for value, bound in found]
    return unit, [_number(spec, value, bound, factor, digits) for value, bound in found]


def _number(spec: Mapping[str, Any], value: float | None, bound: str, factor: float, digits: int) -> str:
    if value is None:
        return "—"
    number = value / factor
    if number and not _LEAST <= abs(number) < _MOST:
        text = value_text(spec, value, bound, digits)
        # a unit without prefixes is that of the row already
        return text.removesuffix(f" {spec['unit']}") if spec["unit"] in PLAIN else text
    text = plain_number(number, digits)
    targets = [end / factor for end in (spec["minimum"], spec["maximum"]) if end is not None and end != value]
    while digits < 7 and any(text == plain_number(target, digits) for target in targets):
        # digits enough to tell a value from its target
        digits += 1
        text = plain_number(number, digits)
    return f"{bound} {text}".lstrip()


def sigmas_text(sigmas: float) -> str:
    """Standard deviations from the mean to the limit, as a number; samples say nothing beyond 10."""
    return "> 10" if sigmas > 10 else "< -10" if sigmas < -10 else plain_number(sigmas, 3)


def cpk_text(cpk: float) -> str:
    """A capability index, as a number; "> 10" where its digits would mean nothing."""
    return "> 10" if cpk > 10 else "< -10" if cpk < -10 else plain_number(cpk, 3)
