"""The check of a charge pump: its output leaves the voltage that it has while the clock stands."""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

PUMPS = 0.02
"""Share of the supply: one stage gives most of a supply, and a divider behind the pump a tenth of that."""


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the clock does not change the output."""
    wave = seen.wave("tran", "out")
    if "pumped_voltage" not in seen.metrics or wave is None:
        return
    out = wave.real("out")
    late = out[wave.axis >= 0.75 * wave.axis[-1]]
    moved = float(abs(late.mean() - out[0]))
    if moved < PUMPS * seen.vdd:
        did = f"it does not pump: the clock moves out by {format_quantity(moved, 'V', 2)}"
        look = "which port is the clock (clk, clkb), its frequency, and the load current"
        yield Symptom("does not pump", seen.testbench, seen.corner, did, look)
