"""A legal range of a parameter keeps every device with a computed size within the range of its models."""

from __future__ import annotations

import math
from collections.abc import Callable

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.pdk.stub_devices import stub_devices

POINTS = 60
"""Number of values at which a legal one is searched if the netlist's own is not legal."""
STEPS = 40
"""Bisections of the logarithm: one part in 10^9 of a range of three decades."""


def legal_range(draft: Draft, edit: Edit, low: float, high: float, start: float) -> tuple[float, float]:
    """The part of a range, around the netlist's own value, in which every device is legal.

    Args:
        draft: the circuit.
        edit: the place of the parameter.
        low, high, start: in the netlist's unit; low ≤ start ≤ high.

    Returns:
        (low, high), unchanged if nothing leaves the models, or if nothing in the range is legal.
    """
    scale = draft.pdk.scale if draft.pdk.subcircuits else 1.0
    elaboration = Elaboration(draft.netlist, draft.subckt, stub_devices(draft.pdk), [edit])

    def sizes(value: float) -> dict[str, tuple[str, float, float]]:
        """Label → model, finger's width and length."""
        return {
            device.label: (
                device.library or device.model,
                device.values["w"] / max(device.values.get("nf", 1.0), 1.0),
                device.values["l"],
            )
            for device in elaboration.devices({edit: value})
            if device.kind == "m" and {"w", "l"} <= device.values.keys()
        }

    # a device that does not follow the parameter may be illegal for itself
    now, then = sizes(start), sizes(1.5 * start)
    following = {label for label, found in now.items() if then.get(label) != found}

    def legal(value: float) -> bool:
        for label, (name, finger, length) in sizes(value).items():
            rule = draft.pdk.device(name) if label in following else None
            if rule is not None and not (_inside(finger, rule.width, scale) and _inside(length, rule.length, scale)):
                return False
        return True

    if start <= 0 or low <= 0:
        return low, high
    if not legal(start):
        tried = [low * (high / low) ** (place / POINTS) for place in range(POINTS + 1)]
        start = min(filter(legal, tried), key=lambda value: abs(math.log(value / start)), default=0.0)
        if not start:
            return low, high
    return _edge(legal, start, low), _edge(legal, start, high)


def _inside(found: float, allowed: tuple[float, float], scale: float) -> bool:
    return allowed[0] * (1 - 1e-9) <= found * scale <= allowed[1] * (1 + 1e-9)


def _edge(legal: Callable[[float], bool], good: float, bad: float) -> float:
    """The last legal value between a legal one and an illegal one."""
    if legal(bad):
        return bad
    inside, outside = math.log(good), math.log(bad)
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        if legal(math.exp(middle)):
            inside = middle
        else:
            outside = middle
    return math.exp(inside)
