"""A held circuit has an ideal source at every net: at each instant of a transient it shows the circuit's small-signal
conductances and capacitances between all nets, and the noise current of each device.

An AC analysis with 1 V at one net gives the currents into all nets, G + jωC. A noise analysis of the sum of the
devices' currents gives the density of each, from the foundry's own model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from eda_agent.metrics.measurable import Complex, Real
from eda_agent.simulation.failure import SimulationFailed, classify
from eda_agent.simulation.flat_lines import FlatLine
from eda_agent.simulation.ngspice import Ngspice

LOWEST = 1.0
"""Hz: lowest frequency of noise; flicker noise of any MOSFET is far above its white noise there."""
_KEPT = frozenset("mrcdx")


class HeldCircuit:
    """`text` is its deck; `ngspice` has it as the current circuit.

    Args:
        head: title, options and model cards of the deck.
        elements: those of the circuit and of its testbench. Sources and inductors are left out.
        noisy: names of the devices whose noise is read.
        nets: the circuit's nets, in the order of all matrices; `driven`: those that a source of the testbench holds.
        frequency: Hz, of the AC analyses and the highest one of noise.
    """

    ngspice: Ngspice

    def __init__(
        self,
        head: str,
        elements: Sequence[FlatLine],
        noisy: Sequence[FlatLine],
        nets: Sequence[str],
        driven: Sequence[str],
        frequency: float,
    ):
        self.noisy, self.nets, self.frequency = noisy, nets, frequency
        lines = [f"vheld{place} {net} 0 dc 0 ac 0" for place, net in enumerate([*nets, *driven])]
        heard = {one.name for one in noisy}
        for one in elements:
            if one.kind not in _KEPT:
                continue
            nodes = list(one.nodes)
            if one.name in heard:
                number = len([line for line in lines if line.startswith("vheard")])
                lines += [f"vheard{number} {nodes[0]} heard{number} dc 0", f"fheard{number} 0 sum vheard{number} 1"]
                nodes[0] = f"heard{number}"
            lines.append(f"{one.name} {' '.join(nodes)} {one.rest}")
        lines += ["rsum sum 0 1", "isum 0 sum dc 0 ac 1"]
        self.text = head + "\n".join(lines) + "\n.end"

    def hold(self, volts: Sequence[float]) -> None:
        """Set the voltages of the nets and of the driven ones."""
        for place, value in enumerate(volts):
            self.ngspice.command(f"alter @vheld{place}[dc] = {float(value)!r}")

    def admittances(self) -> tuple[Real, Real]:
        """(G, C) in S and F, (nets, nets): current into the first net per voltage of the second."""
        count = len(self.nets)
        found = np.zeros((count, count), np.complex128)
        for place in range(count):
            self.ngspice.command(f"alter @vheld{place}[acmag] = 1")
            plot = self.ngspice.analyse(f"ac lin 1 {self.frequency!r} {self.frequency!r}")
            self.ngspice.command(f"alter @vheld{place}[acmag] = 0")
            # a source's branch current flows out of the circuit at its net
            found[:, place] = [-self._vector(f"{plot}.vheld{row}#branch")[0] for row in range(count)]
        self.ngspice.command("destroy all")
        return found.real.copy(), found.imag / (2 * np.pi * self.frequency)

    def densities(self) -> dict[str, tuple[float, float, float]]:
        """Device → (white A²/Hz, flicker A²/Hz at 1 Hz, its slope)."""
        plot = self.ngspice.analyse(f"noise v(sum) isum dec 1 {LOWEST!r} {self.frequency!r} 1")
        spectrum = f"noise{int(plot.removeprefix('noise')) - 1}"
        axis = np.real(self._vector(f"{spectrum}.frequency"))
        names = self.ngspice.vectors(spectrum)
        result = {}
        for one in self.noisy:
            rows = [np.real(self._vector(f"{spectrum}.{name}")) ** 2 for name in totals(names, one.name)]
            result[one.name] = parts(axis, np.sum(rows, axis=0) if rows else np.zeros_like(axis))
        self.ngspice.command("destroy all")
        return result

    def _vector(self, name: str) -> Complex:
        vector = self.ngspice.vector(name)
        if vector is None:
            raise SimulationFailed(classify(self.ngspice.log))
        return np.asarray(vector)


def totals(names: Sequence[str], device: str) -> list[str]:
    """The vectors of a noise plot with the whole noise of a device, or of each element of a subcircuit.

    ngspice calls them `onoise.NAME` or `onoise_NAME`, the parts with a further word.
    """
    if device[0] != "x":
        return [name for name in names if re.fullmatch(rf"onoise[._]{re.escape(device)}", name)]
    own = [name for name in names if re.match(rf"onoise[._]\w\.{re.escape(device)}\.", name)]
    return [
        name for name in own if not any(name != other and re.match(rf"{re.escape(other)}[._]", name) for other in own)
    ]


def parts(axis: Real, density: Real) -> tuple[float, float, float]:
    """White noise, flicker noise at 1 Hz and its slope, of a density over frequency (Hz) whose first points are at
    `LOWEST` and ten times that.
    """
    first, second, last = float(density[0]), float(density[1]), float(density[-1])
    white, flicker, slope = last, 0.0, 1.0
    for _ in range(3):
        if first <= 2 * white or second <= white:
            break
        slope = float(np.log((first - white) / (second - white)) / np.log(axis[1] / axis[0]))
        flicker = (first - white) * float(axis[0]) ** slope
        white = max(last - flicker * float(axis[-1]) ** -slope, 0.0)
    return white, flicker, slope
