"""A plot is the result of one analysis: its vectors in ngspice, and those that the script adds.

A script names plots as ngspice would in a fresh process (`ac1`, `tran2`). A worker's ngspice has run other decks
before, so the names are counted here, by the rule of `plot_alloc` of ngspice 39: one number for all kinds, raised if
the name is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.script.vector import FormulaError, Vector, number

AXES = {
    "ac": ("frequency",),
    "sp": ("frequency",),
    "noise": ("frequency",),
    "tran": ("time",),
    "dc": ("v-sweep", "i-sweep", "temp-sweep", "res-sweep", "sweep"),
}
CONSTANTS = {
    "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0, "pi": 3.14159265358979323846, "e": 2.71828182844590452354,
    "c": 299792458.0, "kelvin": -273.15, "echarge": 1.602176634e-19, "boltz": 1.38064852e-23, "planck": 6.626070150e-34,
}  # fmt: skip
_OF_DEVICE = (
    (r"g(m|ds|mb|mbs|on|bd|bs)?", "S"),
    (r"i[a-z]?|i[a-z]{2}|id|current", "A"),
    (r"v[a-z]+\d?|von|vdsat", "V"),
    (r"c[a-z]{1,3}|capacitance", "F"),
    (r"p|power", "W"),
    (r"resistance|r", "Ohm"),
    (r"[wl]", "m"),
)


@dataclass
class Plot:
    """`name`: as the script knows it. `real`: its name in this process's ngspice, "" for the plot of constants. `own`:
    vectors that the script made; `read`: the simulated ones that were read; `names`: all simulated ones, once asked
    for. `scale`: the axis that the script gave all of its vectors, None for its own.
    """

    name: str
    real: str
    own: dict[str, Vector] = field(default_factory=dict)
    read: dict[str, Vector | None] = field(default_factory=dict)
    names: frozenset[str] | None = None
    scale: NDArray[np.float64] | None = None

    @property
    def kind(self) -> str:
        return re.sub(r"\d+$", "", self.name)


class Plots:
    """The plots of a script, the newest first."""

    def __init__(self, ngspice: Ngspice):
        self.ngspice = ngspice
        self.constants = Plot("const", "", {name: number(value) for name, value in CONSTANTS.items()})
        self.constants.own["i"] = Vector(np.array([1j]))
        self.plots = [self.constants]
        self.current = self.constants
        self._number = 1

    def _free(self, real: str) -> str:
        kind = re.sub(r"\d+$", "", real)
        if kind == "const":
            return "const"
        taken = {plot.name for plot in self.plots}
        while f"{kind}{self._number}" in taken:
            self._number += 1
        return f"{kind}{self._number}"

    def add(self, plot: Plot) -> None:
        self.plots.insert(0, plot)
        self.current = plot

    def take(self) -> list[Plot]:
        """The new plots of ngspice, oldest first, each added."""
        known = {plot.real for plot in self.plots}
        new = []
        for real in reversed(self.ngspice.plots()):
            if real not in known and real != "const":
                plot = Plot(self._free(real), real)
                self.add(plot)
                new.append(plot)
        return new

    def choose(self, name: str) -> None:
        """Make a plot the current one. Raises `FormulaError`."""
        place = self.plots.index(self.current)
        if name == "previous" and place + 1 < len(self.plots):
            self.current = self.plots[place + 1]
        elif name == "next" and place > 0:
            self.current = self.plots[place - 1]
        elif name == "new":
            self.add(Plot(self._free("unknown"), ""))
        else:
            self.current = self.named(name)

    def named(self, name: str) -> Plot:
        """The plot with a name, or the newest whose name begins with it (`ac` for `ac2`). Raises `FormulaError`."""
        for plot in self.plots:
            if plot.name == name:
                return plot
        found = self._prefixed(name)
        if found is None:
            raise FormulaError(f"there is no plot {name}; there are {', '.join(plot.name for plot in self.plots)}")
        return found

    def _prefixed(self, text: str) -> Plot | None:
        for plot in self.plots:
            rest = plot.name[len(text) :]
            if plot.name.startswith(text) and text and not (rest and rest[0].isdigit() and text[-1].isdigit()):
                return plot
        return None

    def drop(self, names: list[str]) -> None:
        """Forget plots; `all` begins to count anew."""
        gone = [plot for plot in self.plots if plot is not self.constants]
        if not names:
            gone = [self.current] if self.current is not self.constants else []
        elif names != ["all"]:
            gone = [self.named(name) for name in names if name != "const"]
        for plot in gone:
            self.plots.remove(plot)
            if plot.real:
                self.ngspice.command(f"destroy {plot.real}")
        if names == ["all"]:
            self._number = 1
        if self.current not in self.plots:
            self.current = self.plots[0]

    def axis(self, plot: Plot) -> NDArray[np.float64] | None:
        """The axis of a plot; None for an operating point."""
        for name in AXES.get(plot.kind, ()):
            found = self._of_plot(plot, name, axis=False)
            if found is not None and not (plot.kind == "noise" and found.data.size == 0):
                return np.real(found.data).astype(np.float64)
        return None

    def axis_unit(self, plot: Plot) -> str:
        """The unit of the axis of a plot, such as `degC` of a sweep of the temperature."""
        return next((unit_of(name) for name in AXES.get(plot.kind, ()) if self.has(plot, name)), "")

    def vector(self, name: str) -> Vector:
        """A vector of the current plot, of `plot.name`, of the constants, or of a device. Raises `FormulaError`."""
        plot, rest = self.current, name
        head, dot, tail = name.partition(".")
        if dot and (found := self._prefixed(head)) is not None:
            plot, rest = found, tail
        for place in (plot, self.constants):
            vector = self._of_plot(place, rest)
            if vector is not None:
                return vector
        if rest.startswith("@"):
            data = self.ngspice.vector(rest)
            if data is not None:
                return Vector(data, unit_of(rest))
        raise FormulaError(f"{name} is not known{f' in plot {plot.name}' if plot is not self.constants else ''}")

    def target(self, name: str) -> tuple[Plot, str]:
        """(the plot in which `let` changes a vector, its name there): the current one, that of `plot.name`, or the
        constants. Raises `FormulaError` for a new vector of another plot: ngspice makes one that no name finds.
        """
        head, dot, rest = name.partition(".")
        if dot and (plot := self._prefixed(head)) is not None:
            if self._of_plot(plot, rest) is None:
                raise FormulaError(
                    f"let {name} has no effect: plot {plot.name} has no vector {rest}; write  setplot {plot.name}"
                    f"  and  let {rest} = …"
                )
            return plot, rest
        if name in self.constants.own and name not in self.current.own:
            # ngspice finds the constant first and changes it in its place
            return self.constants, name
        return self.current, name

    def rescale(self, name: str) -> None:
        """Give the vectors of the current plot another axis, which slopes and integrals use. Raises `FormulaError`."""
        self.current.scale = np.real(self.vector(name).data).astype(np.float64)

    def _of_plot(self, plot: Plot, name: str, *, axis: bool = True) -> Vector | None:
        found = self._stored(plot, name, axis=axis)
        return found if found is None or plot.scale is None else replace(found, scale=plot.scale)

    def _stored(self, plot: Plot, name: str, *, axis: bool) -> Vector | None:
        for spelled in _spellings(name):
            if spelled in plot.own:
                return plot.own[spelled]
        if not plot.real:
            return None
        if name not in plot.read:
            # a name of another plot or of a device would be found too: only what the plot has
            data = self.ngspice.vector(f"{plot.real}.{name}") if self.has(plot, name) else None
            scale = self.axis(plot) if axis and data is not None else None
            plot.read[name] = None if data is None else Vector(data, unit_of(name, plot.kind), scale)
        return plot.read[name]

    def has(self, plot: Plot, name: str) -> bool:
        """Whether an analysis gave a vector of this name."""
        return any(spelled in self._names(plot) for spelled in _spellings(name))

    def _names(self, plot: Plot) -> frozenset[str]:
        if plot.names is None:
            plot.names = frozenset(one.lower() for one in self.ngspice.vectors(plot.real))
        return plot.names

    def all(self) -> Iterator[tuple[str, Vector]]:
        """Every vector of the current plot with its name, without nodes inside devices."""
        names = dict.fromkeys([*self.current.own, *(self._names(self.current) if self.current.real else ())])
        for name in sorted(names):
            if "#" in name and not name.endswith(("#branch", "impedance")):
                continue
            found = self._of_plot(self.current, name)
            if found is not None:
                yield name, found


def _spellings(name: str) -> tuple[str, ...]:
    """The names under which ngspice stores a vector: `v(out)` is `out`, `i(v1)` is `v1#branch`."""
    found = re.fullmatch(r"(\w+)\((.*)\)", name)
    if found is None:
        return (name, f"v({name})")
    if found[1] == "i":
        return (name, f"{found[2]}#branch")
    return (name, found[2])


def unit_of(name: str, kind: str = "") -> str:
    """The unit of a simulated vector, by its name."""
    if name.endswith("#branch") or name.startswith("i("):
        return "A"
    if name.startswith("@"):
        parameter = name.partition("[")[2].rstrip("]")
        return next((unit for pattern, unit in _OF_DEVICE if re.fullmatch(pattern, parameter)), "")
    plain = {"frequency": "Hz", "time": "s", "temp-sweep": "degC", "v-sweep": "V", "i-sweep": "A", "res-sweep": "Ohm"}
    if name in plain:
        return plain[name]
    if kind == "noise":
        return "V/√Hz" if name.endswith("spectrum") else "V"
    if kind == "tf":
        return "Ohm" if "impedance" in name else ""
    return "" if kind in {"pz", "sens", "disto"} else "V"
