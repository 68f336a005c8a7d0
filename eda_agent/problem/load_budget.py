"""A budget says how many simulations a run may take, how long one may last, and when the run ends."""

from __future__ import annotations

from typing import Literal, cast

from eda_agent.problem.located_node import LocatedNode, read_quantity
from eda_agent.problem.spec import Budget

KEYS = ("simulations", "timeout", "patience", "until")
MAX_SECONDS = 86_400
"""Maximum time limit of one simulation: a day."""
MAX_SIMULATIONS = 1_000_000_000


def load_budget(node: LocatedNode | None) -> Budget:
    """The budget of a spec; faults are reported to the node."""
    if node is None:
        return Budget()
    values = node.mapping("budget")
    node.only(*KEYS)
    simulations = read_quantity(values["simulations"], "", "simulations", 100) if "simulations" in values else 100
    timeout = read_quantity(values["timeout"], "s", "timeout", 30) if "timeout" in values else 30.0
    patience = read_quantity(values["patience"], "", "patience", 1) if "patience" in values else None
    until = values["until"].text("until") if "until" in values else "met"
    for key, value in (("simulations", simulations), ("patience", patience)):
        if value is not None and (not 1 <= value <= MAX_SIMULATIONS or value != int(value)):
            values[key].wrong(f"{key} is a whole number above 0, and at most {MAX_SIMULATIONS:,}")
    if not 0 < timeout <= MAX_SECONDS:
        values["timeout"].wrong(f"the timeout is above 0 s, and at most {MAX_SECONDS:,} s")
    if until not in {"met", "spent"}:
        values["until"].wrong("until is met or spent")
    return Budget(int(simulations), timeout, int(patience) if patience else None, cast(Literal["met", "spent"], until))
