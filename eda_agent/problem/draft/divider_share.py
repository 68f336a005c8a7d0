"""A divider's share is the voltage of its tap over that of its output, with no current into the tap.

An extracted divider is many equal units in series and in parallel, so the network is solved.
"""

from __future__ import annotations

from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.own_divider import OwnDivider
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.size_places import own_value

_LENGTH, _WIDTH, _COPIES = ("l", "r_length"), ("w", "r_width"), ("m", "mult")


def divider_share(draft: Draft, divider: OwnDivider) -> float | None:
    """The share; None where a resistance is unknown, the resistors are of several models, or a transistor stands in the
    divider.
    """
    import numpy as np

    structure = draft.structure
    ends = {divider.out: 1.0, structure.vss: 0.0, "0": 0.0}
    resistors = [one for one in structure.passives if one.kind == "r"]
    nets, waiting = {divider.tap: 0}, [divider.tap]
    used = {}
    while waiting:
        net = waiting.pop()
        for one in resistors:
            if net in one.nets:
                used[one.name] = one
                for other in one.nets:
                    if other not in ends and other not in nets:
                        nets[other] = len(nets)
                        waiting.append(other)
    held = {net for fet in structure.fets for net in (fet.drain, fet.source)} | {*structure.ports} - {divider.tap}
    found = [_resistance(draft, name) for name in used]
    if held & nets.keys() or not found or None in found or len({model for model, _ in filter(None, found)}) > 1:
        return None
    matrix, right = np.zeros((len(nets), len(nets))), np.zeros(len(nets))
    for one, (_, resistance) in zip(used.values(), filter(None, found), strict=True):
        for net, other in (one.nets, one.nets[::-1]):
            if net in nets and net != other:
                matrix[nets[net], nets[net]] += 1 / resistance
                if other in nets:
                    matrix[nets[net], nets[other]] -= 1 / resistance
                else:
                    right[nets[net]] += ends[other] / resistance
    try:
        return float(np.linalg.solve(matrix, right)[0])
    except np.linalg.LinAlgError:
        return None


def _resistance(draft: Draft, name: str) -> tuple[str, float] | None:
    """(model, resistance): in Ohm for a resistor without a model, else in squares."""
    cell = draft.netlist.subcircuits[draft.subckt]
    device = cell.device(name)
    if device is None:
        return None

    def value(sides: tuple[str, ...]) -> float | None:
        found = (own_value(Edit(cell.name, name, side), draft.netlist, draft.subckt) for side in sides)
        return next((one for one in found if one), None)

    if device.kind == "r":
        ohms = value(("value",))
        return None if ohms is None or ohms < 0 else ("", ohms)
    length, width = value(_LENGTH), value(_WIDTH)
    return None if not length or not width else (device.value.lower(), length / width / (value(_COPIES) or 1.0))
