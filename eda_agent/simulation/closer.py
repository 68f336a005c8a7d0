"""A closer look at a simulated circuit reads what an evaluation leaves out: node voltages, capacitances, and the noise
of each device.

It runs the deck's own analyses, so it agrees with the evaluation; the noise analysis also stores each device's share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.noise import integrated_noise, spot_noise
from eda_agent.simulation.circuit_state import LoadedDeck
from eda_agent.simulation.device_values import CAPACITANCES, read_devices
from eda_agent.simulation.ngspice import Ngspice

SPOT = "noise_frequency"
"""The setting of a testbench that holds its spot frequency."""


def with_shares(kind: str, command: str) -> str:
    """The command of an analysis; a noise analysis also stores the share of each device at every frequency."""
    return f"{command} 1" if kind == "noise" else command


@dataclass
class Closer:
    """What a closer look found.

    Attributes:
        nodes: node → V at the operating point.
        capacitances: device → name (`CAPACITANCES`) → F; nan where the model has none.
        noise: device's name in ngspice → [output density at the spot frequency (V/√Hz; nan without one), output rms
            over the band (V)].
    """

    nodes: dict[str, float] = field(default_factory=dict)
    capacitances: dict[str, dict[str, float]] = field(default_factory=dict)
    noise: dict[str, list[float]] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """For a reply (`reply.sound`)."""
        return {"nodes": self.nodes, "capacitances": self.capacitances, "noise": self.noise}

    def look(self, ngspice: Ngspice, deck: LoadedDeck, kind: str, plot: str) -> None:
        """Read what the plot of an analysis has; call it directly after the analysis."""
        shared = kind == "ac" and deck.shares_bias
        if (kind == "op" or shared) and not self.nodes:
            self.nodes = _node_voltages(ngspice, f"op{plot.removeprefix('ac')}" if shared else plot)
            self.capacitances = read_devices(ngspice, deck, CAPACITANCES)
        if kind == "noise":
            # the spectrum is one plot before the integrated totals, which are current
            self.noise = _shares(ngspice, f"noise{int(plot.removeprefix('noise')) - 1}", deck.settings.get(SPOT))


def _node_voltages(ngspice: Ngspice, plot: str) -> dict[str, float]:
    names = [name for name in ngspice.vectors(plot) if "#" not in name and "@" not in name]
    found = {name: ngspice.vector(f"{plot}.{name}") for name in names}
    return {name: float(vector[0].real) for name, vector in found.items() if vector is not None}


def _shares(ngspice: Ngspice, plot: str, spot: float | None) -> dict[str, list[float]]:
    """Device → its output noise. ngspice names a device's whole share `onoise.NAME` or `onoise_NAME`, and its parts
    with one more word, which match no device later.
    """
    axis = ngspice.vector(f"{plot}.frequency")
    result: dict[str, list[float]] = {}
    for vector in ngspice.vectors(plot):
        name = vector.removeprefix("onoise")[1:]
        density = ngspice.vector(f"{plot}.{vector}") if vector.startswith("onoise") and name != "spectrum" else None
        if axis is None or density is None or density.size != axis.size:
            continue
        try:
            at = math.nan if spot is None else spot_noise(axis.real, density.real, spot)
        except Unmeasurable:
            at = math.nan
        result[name] = [at, integrated_noise(axis.real, density.real)]
    return result
