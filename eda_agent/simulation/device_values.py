"""Device values are ngspice's values of each MOSFET at the operating point: currents, conductances, voltages."""

from __future__ import annotations

import math
from collections.abc import Sequence

from eda_agent.simulation.circuit_state import LoadedDeck
from eda_agent.simulation.ngspice import Ngspice

OPERATING_POINT = ("id", "gm", "gds", "vth", "vdsat", "vgs", "vds", "vbs")
"""Parameters that are read for each device (A, S, V)."""
CAPACITANCES = ("cgg", "cgs", "cgd", "capbd")
"""Capacitances that a closer look reads (F): the gate's in all, to source, to drain, and the drain's junction."""
COMPILED = {"id": "ids", "vdsat": "vdss", "vbs": "vsb", "capbd": "cjd"}
"""Their names in PSP 103, where they differ; vsb is −vbs, and signs are dropped."""


def read_devices(
    ngspice: Ngspice, deck: LoadedDeck, parameters: Sequence[str] = OPERATING_POINT
) -> dict[str, dict[str, float]]:
    """Label → parameter → value of a deck's MOSFETs; NaN for missing ones."""
    if deck.loaded is None or not deck.loaded.flat:
        return {label: _read_device(ngspice, name, parameters) for _, name, label in deck.devices}
    # one `show` takes 0.2 ms, reading the vectors one by one takes 2 ms; it cuts long names, but flat names are short
    # enough
    start = len(ngspice.log)
    shown = [name for name, _, _ in deck.devices if name[0] != "n"]
    if shown:
        ngspice.command(f"show {' '.join(shown)} : {' '.join(parameters)}")
    found: dict[str, dict[str, float]] = {}
    names: list[str] = []
    for line in ngspice.log[start:]:
        words = line.split()[1:]
        if words[:1] == ["device"]:
            names = words[1:]
        elif len(words) == len(names) + 1 and words[0] in parameters:
            for name, word in zip(names, words[1:], strict=True):
                found.setdefault(name, {})[words[0]] = _number(word)
    return {
        label: found[name] if name in found else _read_device(ngspice, name, parameters)
        for name, _, label in deck.devices
    }


def _read_device(ngspice: Ngspice, name: str, parameters: Sequence[str]) -> dict[str, float]:
    values = {}
    for parameter in parameters:
        wanted = COMPILED.get(parameter, parameter) if name[0] == "n" else parameter
        vector = ngspice.vector(f"@{name}[{wanted}]")
        values[parameter] = float(vector[0]) if vector is not None else math.nan
    return values


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
