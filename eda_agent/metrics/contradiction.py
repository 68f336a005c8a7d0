"""A contradiction is a margin of a loop beside another analysis of the same design that oscillates: the margin proves
nothing and is withheld.

A margin is that of one loop. Another loop, or large signals, may oscillate all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

MARGINS = frozenset({"phase_margin", "gain_margin", "cm_phase_margin"})


def tells_of_instability(why: str) -> bool:
    """Whether the reason why a metric has no value is that the circuit does not come to rest."""
    return "leaves its operating point" in why or ("oscillates" in why and "unknown" not in why)


def same_conditions(one: Mapping[str, float], other: Mapping[str, float], windows: frozenset[str]) -> bool:
    """Whether two testbenches with these settings show the circuit under the same conditions: loads and levels that
    both state are equal, and so is the share of the output that is fed back; `windows` are settings of simulated
    ranges.
    """
    return one.get("feedback", 1.0) == other.get("feedback", 1.0) and all(
        one[key] == other[key] for key in one.keys() & other.keys() - windows
    )


def withheld(testbench: str) -> str:
    """The reason why a margin has no value."""
    return f"testbench {testbench} shows that the circuit oscillates: this margin proves nothing"
