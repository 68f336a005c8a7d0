"""A technology is what a generator of circuits needs of a PDK: device names, supply, minimum sizes, and the unit of a
width.
"""

from __future__ import annotations

from dataclasses import dataclass

from eda_agent.problem.pdk import Pdk, find_pdk, pdk_names
from eda_agent.units import parse_quantity


@dataclass(frozen=True)
class Technology:
    """`supply` in V; minimum `width` and `length`, and the length of drains (`diffusion`), in µm. `micro`: the netlist
    has metres.

    `card`: the first letter of a transistor's name, X if the foundry's model is a subcircuit. `scale`: factor by which
    lengths and
    widths are smaller than usual.
    """

    pdk: str
    nmos: str
    pmos: str
    supply: float
    width: float
    length: float
    diffusion: float
    micro: bool
    card: str = "X"
    scale: float = 1.0


def technology_of(pdk: Pdk) -> Technology:
    """The technology that a PDK file describes under `training:`."""
    told = pdk.training
    width, length, diffusion = (round(parse_quantity(told[key], "m") * 1e6, 6) for key in ("w", "l", "diffusion"))
    return Technology(
        pdk.name, told["nmos"], told["pmos"], pdk.supply, width, length, diffusion,
        micro=pdk.scale == 1.0, card="X" if pdk.subcircuits else "", scale=told.get("shrink", 1.0),
    )  # fmt: skip


_NUMBERED = sorted(
    (pdk for pdk in map(find_pdk, pdk_names()) if pdk.training), key=lambda pdk: int(pdk.training["number"])
)
EVERY = tuple(map(technology_of, _NUMBERED))
"""The technologies between which a mutation moves a circuit, by number."""
TECHNOLOGIES = tuple(technology_of(pdk) for pdk in _NUMBERED if pdk.training.get("composed", True))
"""The technologies of composed circuits."""
