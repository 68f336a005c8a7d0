"""Device ranges are the sizes that each foundry device of a problem can reach: its models must cover them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.errors import Finding, InputError
from eda_agent.problem.drawn import Drawn
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.pdk.bins import ANY, Box
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.reach import reach
from eda_agent.problem.spec import Problem
from eda_agent.simulation.beside import TOP
from eda_agent.units import format_quantity


def device_ranges(problem: Problem, drawn: Drawn, beside: Sequence[Netlist] = ()) -> dict[str, Box]:
    """Foundry device → its range; computed with a stub for its subcircuit, whose content does not matter.

    `beside`: netlists at whose top level a deck's other cells and devices stand.

    Raises `InputError` if the range exceeds the PDK's.
    """
    choices = [
        {
            place.edit: (parameter.minimum * place.ratio / place.scale, parameter.maximum * place.ratio / place.scale)
            for place in parameter.places
        }
        for parameter in problem.space.parameters
    ]
    stubs, sized = stub_devices(problem.pdk), [place for places in choices for place in places]
    elaboration = Elaboration(problem.netlist, problem.subckt, stubs, sized)
    others = [Elaboration(netlist, TOP, stubs, sized) for netlist in beside]
    _check_fixed(problem, elaboration, choices)
    called = {
        device.value.lower()
        for netlist in (problem.netlist, *beside)
        for scope in (netlist.top, *netlist.subcircuits.values())
        for device in scope.devices
        if device.kind == "x"
    }
    ranges: dict[str, Box] = {}
    reached_sizes = [(one, size) for one in (elaboration, *others) for size in reach(one, choices).items()]
    for of, (name, (width, finger, length)) in reached_sizes:
        if name in problem.netlist.models:
            continue  # the netlist brings its own model card
        rule = problem.pdk.device(name)
        scale = problem.pdk.scale if name in called else 1.0
        # ngspice bins by finger or by total width, depending on version and settings
        least = min(finger[0] * scale, drawn.least_finger(finger[1] * scale))
        widest = max(width[1], finger[1]) * scale
        box: Box = (
            (min(width[0] * scale, least), widest + drawn.slack(widest)),
            (length[0] * scale, length[1] * scale),
        )
        if rule is not None and of is elaboration:
            # the PDK's rule applies to the finger
            _check(problem, f"W of {name} (a finger)", (least, min(finger[1] * scale, drawn.widest_finger)), rule.width)
            _check(problem, f"L of {name}", box[1], rule.length)
        ranges[name] = _both(ranges.get(name, box), box)
    # what is no MOSFET has one model for every size
    reached = (
        device.library or (device.model if device.kind == "d" else "")
        for one in (elaboration, *others)
        for device in one.devices({place: ends[0] for places in choices for place, ends in places.items()})
    )
    ranges |= {
        name: (ANY, ANY)
        for name in reached
        if name not in problem.netlist.models and (rule := problem.pdk.device(name)) is not None and not rule.is_fet
    }
    return ranges


def _both(one: Box, other: Box) -> Box:
    """The smallest box with both."""
    (w0, w1), (l0, l1) = one
    return (min(w0, other[0][0]), max(w1, other[0][1])), (min(l0, other[1][0]), max(l1, other[1][1]))


def _check_fixed(
    problem: Problem, elaboration: Elaboration, choices: Sequence[Mapping[Edit, tuple[float, float]]]
) -> None:
    """Report every device below its models that no parameter sizes, by name and smallest size."""
    ends = [
        {
            device.label: device
            for device in elaboration.devices({place: found[end] for one in choices for place, found in one.items()})
        }
        for end in (0, 1)
    ]
    findings = []
    for label, device in ends[0].items():
        name = device.library or device.model
        rule = problem.pdk.device(name) if name not in problem.netlist.models else None
        if rule is None or not rule.is_fet or device.kind != "m" or ends[1][label].values != device.values:
            continue
        scale = problem.pdk.scale if device.library else 1.0
        fingers = max(device.values.get("nf", 1.0), 1.0)
        for side, size, least in (
            ("W of a finger" if fingers > 1 else "W", device.values.get("w", 0.0) / fingers, rule.width[0]),
            ("L", device.values.get("l", 0.0), rule.length[0]),
        ):
            if 0 < size * scale < least * (1 - 1e-6):
                now, smallest = (format_quantity(one, "m") for one in (size * scale, least))
                what = f"{side} of {label} is {now}; the smallest of {name} is {smallest}, and no parameter sizes it"
                findings.append(Finding(what, problem.path, where="circuit", fix=f"write {smallest} in the netlist"))
    if findings:
        raise InputError(findings)


def _check(problem: Problem, side: str, got: tuple[float, float], allowed: tuple[float, float]) -> None:
    if got[0] < allowed[0] * (1 - 1e-6) or got[1] > allowed[1] * (1 + 1e-6):
        raise InputError(
            Finding(
                f"{side} reaches from {_span(got)}; the models cover {_span(allowed)}",
                problem.path,
                where="parameters",
                fix="narrow the ranges (W and L in metres with a prefix: 4u); use m for wider devices",
            )
        )


def _span(ends: tuple[float, float]) -> str:
    return " to ".join(format_quantity(end, "m") for end in ends)
