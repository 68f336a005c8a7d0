"""An outside resistor sets a current of the circuit from a port to a rail, in a testbench."""

from __future__ import annotations

from collections.abc import Mapping

from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.settings import read_setting


def resistor_card(net: str, values: Mapping[str, LocatedNode]) -> str:
    """The card of a resistor outside the circuit, between a net and a rail."""
    rail = values["to"].text("to").lower() if "to" in values else "vss"
    if rail not in {"vdd", "vss"}:
        values["to"].wrong(f"a resistor does not lead to {rail!r}", "to: vdd or to: vss")
        return ""
    amount = read_setting(values["resistance"], "resistance", "Ohm", {"vdd", "temperature"})
    return f"R{net} {net} {rail} {{{amount}}}\n"
