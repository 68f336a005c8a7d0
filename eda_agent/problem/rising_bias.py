"""A rising bias is a voltage that a transient begins with at another level, as an enable that starts a ring."""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.settings import read_setting


def rise(values: Mapping[str, LocatedNode], level: str) -> str:
    """The waveform of a source for a bias with `from`; "" without it. `level`: its DC value, as text."""
    if "from" not in values:
        return ""
    before = read_setting(values["from"], "from", "V", {"vdd", "temperature"})
    return f" pulse({{{before}}} {{{level}}} 0 1n 1n 1 2)"
