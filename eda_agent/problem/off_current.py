"""The off current is the drain current below which a device is off, unless its gate turns it on.

It stands alone: fronts need no PDK for it.
"""

from __future__ import annotations

from collections.abc import Mapping

OFF = 1e-9
"""A device with less current (A) is off."""
LEAST = 1e-12
"""Least current (A) of a device that its gate turns on: ngspice adds a gmin of 1e-12 S across junctions."""


def is_off(point: Mapping[str, float | None]) -> bool:
    """Whether a device is off. One that its gate turns on conducts, however small its current is.

    Args:
        point: `id` (A), and if known `vgs` and `vth` (V), as in an operating point.
    """
    current = abs(point.get("id") or 0.0)
    vgs, vth = point.get("vgs"), point.get("vth")
    driven = vgs is not None and vth is not None and abs(vgs) > vth / 2 and current > LEAST
    return current < OFF and not driven
