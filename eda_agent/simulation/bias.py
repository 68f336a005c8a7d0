"""A bias measurement is a number of one MOSFET's operating point, from ngspice's values; a spec takes the worst of its
devices.

ngspice gives the voltages and vth of BSIM models as for an NMOS, whatever the type, with drain and source as in the
netlist. vdsat of levels 1 to 3 has the sign of the type. A foundry's device is symmetric: if vds is negative, its drain
acts as source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from eda_agent.problem.off_current import OFF
from eda_agent.problem.spec import Spec

Numbers = Mapping[str, float]
"""Values of a device: id (A), gm, gds (S), vth, vdsat, vgs, vds, vbs (V), and w (m), over all fingers and copies."""
Points = Mapping[str, Numbers]


def _overdrive(of: Numbers) -> float:
    # from the end of the channel that acts as source
    return of["vgs"] - min(of["vds"], 0.0) - of["vth"]


MEASURES: dict[str, Callable[[Numbers], float]] = {
    "saturation_margin": lambda of: abs(of["vds"]) - abs(of["vdsat"]),
    "overdrive": _overdrive,
    "gm_id": lambda of: of["gm"] / abs(of["id"]),
    "current_density": lambda of: abs(of["id"]) / of["w"],
    "drain_current": lambda of: abs(of["id"]),
    "vds": lambda of: abs(of["vds"]),
    "vgs": lambda of: abs(of["vgs"]),
    "vgd": lambda of: abs(of["vgs"] - of["vds"]),
    "vbs": lambda of: abs(of["vbs"]),
    "vbd": lambda of: abs(of["vbs"] - of["vds"]),
}
_CARRYING = {"saturation_margin", "gm_id"}
"""Metrics that a device has only while it carries current."""


def worst_device(spec: Spec, points: Points, widths: Mapping[str, float]) -> tuple[float | None, str]:
    """(value, device) of the spec's worst device, or (None, the reason). `widths`: device → W (m), over all fingers and
    copies.
    """
    found = {}
    for device in spec.devices:
        value, why = _measured(spec.metric.name, {**points.get(device, {}), "w": widths.get(device, math.nan)})
        if value is None:
            return None, f"{device} {why}"
        found[device] = value
    if not found:
        return None, "the spec names no device"
    device = (min if spec.maximum is None else max)(found, key=found.__getitem__)
    return found[device], device


def _measured(metric: str, numbers: Numbers) -> tuple[float | None, str]:
    if "id" not in numbers:
        return None, "has no operating point"
    if metric in _CARRYING and not abs(numbers["id"]) >= OFF:
        return None, "is off"
    value = MEASURES[metric](numbers)
    return (value, "") if math.isfinite(value) else (None, f"has no {metric}: its model does not give all values")
