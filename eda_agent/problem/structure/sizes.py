"""Effective sizes are the physical sizes of a circuit's devices, independent of the netlist's parameters: width over
all copies, length, R, C, L.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_agent.errors import InputError
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import colours
from eda_agent.problem.structure.recognise import recognise

EXACT = 0.02
"""Maximum distance of the logarithm of a size from the plane; larger distances mean that the size is not a product of
powers.
"""
TRIED = 4
"""Number of sizings per parameter through which the plane is fitted."""

COPIES = "copies"
"""The quantity that says how a width is split; it matters little once the total width is known."""

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Sizes:
    """`keys` (k): colour of the devices (`fingerprint.colours`) and quantity. The logarithm of each in the netlist's
    units, averaged over the devices of
    that colour, is `matrix` (k, parameters) times the logarithms of the parameters' values (SI units) plus `offset`
    (k).
    """

    keys: tuple[tuple[str, str], ...]
    matrix: Real
    offset: Real


def sizes(problem: Problem) -> Sizes | None:
    """The effective sizes; None if a size is not a product of powers of the parameters, or a parameter has no
    logarithm.
    """
    space = problem.space
    if any(one.minimum <= 0 for one in space.parameters):
        return None
    try:
        structure = recognise(problem.netlist, problem.subckt, problem.pdk)
        elaboration = Elaboration(
            problem.netlist, problem.subckt, stub_devices(problem.pdk), list(space.edits(space.initial))
        )
    except InputError:
        return None
    places = colours(structure)
    draw = np.random.default_rng(0)
    sizings = [
        space.from_unit(row)
        for row in draw.random((TRIED * (len(space.parameters) + 1), len(space.parameters))).tolist()
    ]
    rows = [_measured(elaboration.devices(space.edits(sizing)), places) for sizing in (space.initial, *sizings)]
    keys = tuple(sorted(rows[0]))
    if not keys or any(row.keys() != rows[0].keys() for row in rows):
        return None
    values = np.array([[row[key] for key in keys] for row in rows])
    given = np.array([[np.log(sizing[name]) for name in space.names] + [1.0] for sizing in (space.initial, *sizings)])
    plane, *_ = np.linalg.lstsq(given, values, rcond=None)
    if not np.abs(given @ plane - values).max() < EXACT:
        return None
    return Sizes(keys, plane[:-1].T, plane[-1])


def _measured(devices: list[FlatDevice], places: Mapping[str, str]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for device in devices:
        if (colour := places.get(device.label)) is None:
            continue
        values = device.values
        if (copies := values.get("m", values.get("mult", 1.0))) <= 0:
            continue
        if device.kind == "m":
            sized = {"width": values.get("w", 0.0) * copies, "length": values.get("l", 0.0), COPIES: copies}
        else:
            value = values.get({"r": "resistance", "c": "capacitance", "l": "inductance"}.get(device.kind, ""), 0.0)
            sized = {device.kind: value * copies if device.kind == "c" else value / copies}
        for quantity, value in sized.items():
            if value > 0:
                found[colour, quantity].append(float(np.log(value)))
    return {key: float(np.mean(logarithms)) for key, logarithms in found.items()}
