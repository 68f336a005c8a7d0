"""Equivalence means that a flat circuit, altered in place, gives the same results as the netlist itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from eda_agent.problem.off_current import OFF
from eda_agent.simulation.analyses import Simulated

EQUAL = {"op": 1e-6, "dc": 1e-6, "ac": 1e-6, "tran": 1e-6, "noise": 1e-5}
"""The flat circuit is used if every vector deviates by less than this from the netlist's own, relative to its largest
value.

The arithmetic is the same but in another order, and a node held by leakage alone settles within the solver's tolerance:
1e-7 was seen there, 1e-12 elsewhere. A wrong parameter gives 1e-3 and more.
"""


def equivalent(deviation: Mapping[str, float] | None) -> bool:
    """Whether every analysis deviates by less than `EQUAL`; False if nothing could be compared (None)."""
    return deviation is not None and all(value <= EQUAL[kind] for kind, value in deviation.items())


def deviation_of(flat: Simulated, fresh: Simulated) -> dict[str, float]:
    """Analysis → largest relative difference between the flat circuit's results and those of the freshly loaded
    netlist.
    """
    result = {}
    for kind, wave in fresh.waves.items():
        if wave.axis.shape != flat.waves[kind].axis.shape:
            return {kind: math.inf}
        result[kind] = max(_relative(array, flat.waves[kind].probes[role]) for role, array in wave.probes.items())
    for label, values in fresh.devices.items():
        for name in ("id", "gm", "gds"):
            difference = abs(values[name] - flat.devices[label][name])
            # `show` gives six digits
            if difference <= 1e-5 * abs(values[name]):
                continue
            result["op"] = max(result["op"], difference / max(abs(values[name]), OFF))
    return result


def _relative(expected: np.ndarray[Any, Any], got: np.ndarray[Any, Any]) -> float:
    return float(np.max(np.abs(expected - got)) / max(float(np.max(np.abs(expected))), 1e-30))
