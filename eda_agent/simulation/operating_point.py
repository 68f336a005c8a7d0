"""An operating point is the bias of one MOSFET, from ngspice's values.

Inputs per device: id (A), gm, gds (S), vth, vdsat, vgs, vds, vbs (V). Signs are dropped, so that PMOS reads like NMOS.
vth keeps its sign: ngspice gives it as for an NMOS, and it is negative for a device that conducts at vgs = 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from eda_agent.problem.off_current import is_off


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """`gm_id` in 1/V; `margin` is |vds| − vdsat in V, the margin of saturation."""

    id: float
    gm: float
    gds: float
    vth: float
    vdsat: float
    vgs: float
    vds: float
    gm_id: float
    margin: float

    @property
    def region(self) -> str:
        """off, triode or saturation."""
        off = is_off({"id": self.id, "vgs": self.vgs, "vth": self.vth})
        return "off" if off else "triode" if self.margin < 0 else "saturation"

    def data(self) -> dict[str, float]:
        """Field → number of five digits. A journal, a report and `show` then round the same number for people."""
        return {name: float(f"{getattr(self, name):.5g}") for name in FIELDS}

    @property
    def inversion(self) -> str:
        return inversion(self.gm_id)


FIELDS: tuple[str, ...] = tuple(field.name for field in fields(OperatingPoint))


def inversion(gm_id: float) -> str:
    """weak (gm/id above 20 /V), moderate, or strong (below 10 /V)."""
    return "weak" if gm_id > 20 else "moderate" if gm_id > 10 else "strong"


def operating_point(values: Mapping[str, float]) -> OperatingPoint:
    """From the simulator's numbers of one device."""
    size = {name: abs(values.get(name, float("nan"))) for name in ("id", "gm", "gds", "vth", "vdsat", "vgs", "vds")}
    size["vth"] = values.get("vth", float("nan"))
    return OperatingPoint(
        **size, gm_id=size["gm"] / size["id"] if size["id"] > 0 else 0.0, margin=size["vds"] - size["vdsat"]
    )
