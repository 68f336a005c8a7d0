"""A failing sizing is one that cannot be simulated or measured: why, in words for the dock and the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .units import format_quantity
from .wording import printable, score


def failures(evaluation: Mapping[str, Any]) -> str:
    """The first simulation that failed, with its reason, and how many did; "" if none did."""
    found = evaluation.get("failures") or []
    if not found:
        return ""
    testbench, corner, kind, words = (str(word) for word in found[0])
    count, jobs = len(found), evaluation.get("jobs") or 0
    more = f" ({count} of {jobs} simulations fail)" if jobs >= count > 1 else ""
    return f"{testbench} in {corner}: {printable(words) or kind}{more}"


FAR = 1000.0
"""A target that many times above or below the measured value may lack a prefix."""


def far(target: float | None, measured: float | None, unit: str) -> str:
    """The doubt about a target that is far from the value of the netlist's own sizes, in the same unit; "" if near."""
    if not target or not measured or unit == "dB":
        return ""
    ratio = abs(target / measured)
    return f"far from the measured {format_quantity(measured, unit)}" if not 1 / FAR <= ratio <= FAR else ""


def outside(own: float | None, text: str, low: float | None, high: float | None) -> str:
    """The doubt about a range, or about a locked value (both ends the same), without the netlist's value `own`, shown
    as `text`; "" where the range has it, or an end is missing.
    """
    if own is None or low is None or high is None:
        return ""
    slack = 1e-6 * abs(own)
    if low - slack <= own <= high + slack:
        return ""
    return f"the netlist's {text} {'is another' if low == high else 'lies outside'}; only turn 0 has it"


def summary(texts: Sequence[str], most: int = 2) -> str:
    """The first messages in a line, each once, and how many more there are."""
    found = list(dict.fromkeys(texts))
    left = len(found) - most
    return "; ".join(found[:most]) + (f"; and {left} more" if left > 0 else "")


def _meets(row: Mapping[str, Any], target: tuple[float | None, float | None] | None) -> bool:
    """Whether a measured value meets another target than that of the spec; what is known only to lie beyond a bound
    meets nothing on its other side.
    """
    value, bound = row.get("value"), row.get("bound", "")
    if value is None or target is None:
        return False
    low, high = target
    return (low is None or (value >= low and bound != "<")) and (high is None or (value <= high and bound != ">"))


def own_sizes(
    result: Mapping[str, Any], targets: Mapping[str, tuple[float | None, float | None] | None] | None = None
) -> str:
    """What `eda-agent sim SPEC --json` says about the netlist's own sizes. `targets`: those that were changed since,
    spec → (minimum, maximum), or None for an invalid target, which nothing meets.
    """
    changed = targets or {}
    specs = result["specs"]
    missing = [(name, row) for name, row in specs.items() if row.get("value") is None]
    why = failures(result)
    if not why and missing:
        name, row = missing[0]
        why = f"{name} in {row.get('corner') or 'every corner'}: {printable(str(row.get('why') or 'it has no value'))}"
    if specs and len(missing) == len(specs):
        return f"The netlist's own sizes cannot be simulated: {why}"
    met = sum(_meets(row, changed[name]) if name in changed else bool(row.get("met")) for name, row in specs.items())
    invalid = [name for name, target in changed.items() if target is None]
    # the score is of the targets in the spec
    reached = "" if changed else f"score {score(result['score'])}, "
    words = f"At the netlist's own sizes: {reached}{met} of {len(specs)} specs met"
    if invalid:
        words += f" ({', '.join(invalid)}: no valid target)"
    return f"{words}. Without a value: {why}" if why else words
