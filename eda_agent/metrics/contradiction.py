"""A contradiction is a margin or a response in time beside another analysis of the same design that oscillates: the
value proves nothing and is withheld.

A margin is that of one loop. Another loop, or large signals, may oscillate all the same. A step may not excite what
oscillates, such as a common-mode loop.
"""

from __future__ import annotations

from collections.abc import Mapping

MARGINS = frozenset({"phase_margin", "gain_margin", "cm_phase_margin"})
RESPONSES = frozenset({"settling_time", "settling_time_down", "slew_rate_up", "slew_rate_down", "overshoot",
                       "overshoot_down", "load_undershoot", "load_overshoot", "startup_time", "thd"})  # fmt: skip


def proves_stability(metric: str, value: float | None) -> bool:
    """Whether a value says that the circuit comes to rest: one of a response in time, or a positive margin."""
    return value is not None and (metric in RESPONSES or (metric in MARGINS and value > 0))


def tells_of_instability(why: str) -> bool:
    """Whether the reason why a metric has no value is that the circuit does not come to rest."""
    return "leaves its operating point" in why or ("oscillates" in why and "unknown" not in why)


def proves_instability(metric: str, value: float | None) -> bool:
    """Whether a value says that the circuit does not come to rest: a negative margin, by Nyquist's criterion."""
    return metric in MARGINS and value is not None and value < 0


def same_conditions(one: Mapping[str, float], other: Mapping[str, float], windows: frozenset[str]) -> bool:
    """Whether two testbenches with these settings show the circuit under the same conditions: loads and levels that
    both state are equal, and so is the share of the output that is fed back; `windows` are settings of simulated
    ranges.
    """
    return one.get("feedback", 1.0) == other.get("feedback", 1.0) and all(
        one[key] == other[key] for key in one.keys() & other.keys() - windows
    )


def withheld(metric: str, testbench: str) -> str:
    """The reason why a metric has no value."""
    kind = "margin" if metric in MARGINS else "value"
    return f"testbench {testbench} shows that the circuit oscillates: this {kind} proves nothing"
