"""A technology is what differs between PDKs for who draws a circuit: names, supply, smallest sizes, and how a width is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Technology:
    """`supply` in V; smallest `width` and `length`, and how far drains reach (`diffusion`), in µm. `micro`: the netlist has metres.

    `card`: what a transistor's name begins with: X where the foundry wraps it in a subcircuit. `scale`: by which lengths and widths are smaller than usual.
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


SKY130 = Technology("sky130A", "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8", 1.8, 0.42, 0.15, 0.29, False)
GF180 = Technology("gf180mcuD", "nmos_3p3", "pmos_3p3", 3.3, 0.3, 0.28, 0.44, True)
PTM45 = Technology("ptm45", "nmos", "pmos", 1.0, 0.1, 0.045, 0.1, True, "", 0.25)
TECHNOLOGIES = (SKY130, GF180)
"""Those that the composer draws in."""
EVERY = (SKY130, GF180, PTM45)
"""Those that a mutation moves a circuit to."""
