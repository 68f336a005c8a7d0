"""Elaboration flattens a subcircuit into primitive devices whose values are functions of the sizing.

It is what lets a loaded circuit change without a re-parse (which device parameter gets which number), what finds the bins
that a range can reach, and what measures area. ngspice does the same when it loads a deck; the two are compared at run time
before this one is trusted (`eda_agent.simulation.worker`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from eda_agent.errors import Finding, InputError
from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.netlist import Device, Edit, Netlist, Subcircuit

_ALTERABLE = {
    "m": frozenset(["w", "l", "m", "ad", "as", "pd", "ps", "nrd", "nrs", "sa", "sb", "sd"]), "r": frozenset(["resistance", "m"]), "c": frozenset(["capacitance", "m"]),
    "l": frozenset(["inductance"]), "v": frozenset(["dc"]), "i": frozenset(["dc", "m"]),
}  # fmt: skip
"""What ngspice's `alter` changes correctly (tested against a fresh load); anything else is re-parsed."""
_VALUE_NAME = {"r": "resistance", "c": "capacitance", "l": "inductance", "v": "dc", "i": "dc"}
_MAX_DEPTH = 30


class Elaboration:
    """The devices of subcircuit `name` as instance `instance`, at any sizing."""

    def __init__(self, netlist: Netlist, name: str, library: Mapping[str, Subcircuit], instance: str = "xdut"):
        self.netlist, self.library, self.instance = netlist, library, instance
        top = netlist.scope(name)
        if top is None:
            raise InputError(f"the netlist has no subcircuit {name!r}; it has {', '.join(netlist.subcircuits) or 'none'}")
        self.subcircuit = top

    def devices(self, edits: Mapping[Edit, float] | None = None) -> list[FlatDevice]:
        """Flatten with the netlist values in `edits` replaced by numbers (in the netlist's own units).

        Raises `InputError` for a subcircuit that is defined nowhere or contains itself.
        """
        edits = edits or {}
        values = self._parameters(self.netlist.top, {}, {}, edits)
        return list(
            self._expand(self.subcircuit, (self.instance,), {port: port for port in self.subcircuit.ports}, {}, values, edits, 1.0, "")
        )

    @staticmethod
    def alterations(devices: Sequence[FlatDevice]) -> tuple[dict[tuple[str, str], float] | None, list[tuple[str, str, float]]]:
        """What of these devices can be altered in a loaded circuit, and what cannot.

        The first is (ngspice device, parameter) → number, or None when a fresh load is needed anyway: ngspice's `alter` bins a
        device with nf > 1 by its total width. The second lists the rest: sizings that differ there need a fresh load.
        """
        alterable: dict[tuple[str, str], float] = {}
        fixed = []
        fingers = False
        for device in devices:
            allowed = _ALTERABLE.get(device.kind, frozenset())
            fingers = fingers or (device.kind == "m" and device.values.get("nf", 1.0) != 1.0)
            for parameter, value in device.values.items():
                if parameter in allowed:
                    alterable[device.spice_name, parameter] = value
                else:
                    fixed.append((device.spice_name, parameter, value))
        return (None if fingers else alterable), fixed

    def _parameters(
        self, scope: Subcircuit, outer: Mapping[str, float], call: Mapping[str, float], edits: Mapping[Edit, float]
    ) -> dict[str, float]:
        values = dict(outer)
        texts = {**scope.defaults, **scope.params}
        for name, text in texts.items():
            edit = Edit(scope.name, "", name)
            if edit in edits:
                values[name] = edits[edit]
            elif name in call:
                values[name] = call[name]
            else:
                try:
                    values[name] = expression.evaluate(expression.parse(text), values)
                except ExpressionError:
                    values.pop(name, None)
        return {**values, **{name: value for name, value in call.items() if name not in texts}}

    def _expand(
        self, scope: Subcircuit, path: tuple[str, ...], nodes: Mapping[str, str], call: Mapping[str, float],
        outer: Mapping[str, float], edits: Mapping[Edit, float], multiplier: float, library: str,
    ) -> Iterator[FlatDevice]:  # fmt: skip
        if len(path) > _MAX_DEPTH:
            raise InputError(
                Finding(
                    f"subcircuit {scope.name!r} contains itself",
                    scope.line.file if scope.line else None,
                    scope.line.number if scope.line else None,
                )
            )
        values = self._parameters(scope, outer, call, edits)
        for device in scope.devices:
            numbers = self._numbers(scope, device, values, edits)
            outside = tuple(nodes.get(node, node if node == "0" else f"{'.'.join(path)}.{node}") for node in device.nodes)
            times = multiplier * numbers.get("m", 1.0)
            if device.kind != "x":
                # always there for a MOSFET: a ratio that is 1 in this sizing is 3 in the next
                if device.kind == "m" or times != 1.0 or "m" in numbers:
                    numbers["m"] = times
                yield FlatDevice((*path, device.name), device.kind, outside, device.value.lower(), library, numbers)
                continue
            name = device.value.lower()
            inner = self.netlist.subcircuits.get(name) or self.library.get(name)
            if inner is None:
                raise InputError(
                    device.line.finding(
                        f"subcircuit or device {device.value!r} is defined nowhere", "define it in the netlist, or check `pdk:`"
                    )
                )
            if len(inner.ports) != len(outside):
                raise InputError(device.line.finding(f"{device.value} has {len(inner.ports)} ports and gets {len(outside)} nodes"))
            # m multiplies every device inside; with a factor of its own it must not reach the callee's scope as a name twice
            numbers.pop("m", None)
            yield from self._expand(
                inner, (*path, device.name), dict(zip(inner.ports, outside, strict=True)), numbers,
                values, edits, times, name if name in self.library and name not in self.netlist.subcircuits else library,
            )  # fmt: skip

    @staticmethod
    def _numbers(scope: Subcircuit, device: Device, values: Mapping[str, float], edits: Mapping[Edit, float]) -> dict[str, float]:
        texts = dict(device.params)
        if device.kind in _VALUE_NAME:
            texts[_VALUE_NAME[device.kind]] = device.value
        numbers: dict[str, float] = {}
        # an instance line may refer to its own earlier parameters (xschem writes ad='W*0.29')
        known = dict(values) if device.kind == "x" else values
        for name, text in texts.items():
            edit = Edit(scope.name, device.name, "value" if _VALUE_NAME.get(device.kind) == name else name)
            if edit in edits:
                numbers[name] = edits[edit]
            else:
                try:
                    numbers[name] = expression.evaluate(expression.parse(text), known)
                except ExpressionError:
                    continue
            if isinstance(known, dict) and device.kind == "x":
                known[name] = numbers[name]
        return numbers


def reach(
    elaboration: Elaboration, choices: Sequence[Mapping[Edit, tuple[float, float]]]
) -> dict[str, tuple[tuple[float, float], tuple[float, float]]]:
    """The box ((W min, W max), (L min, L max)) in metres that each foundry device or model can reach.

    `choices`: one entry a parameter, place → (value at its minimum, value at its maximum). Sizes are monotone in almost every
    circuit, so the extremes of each parameter alone and of all together span the box; a product of parameters that moves
    against it is caught by trying all combinations where there are few.
    """
    patterns: set[tuple[int, ...]]
    if len(choices) <= 6:
        patterns = set(itertools.product((0, 1), repeat=len(choices)))
    else:
        patterns = {(0,) * len(choices), (1,) * len(choices)}
        for index in range(len(choices)):
            patterns.add(tuple(int(other == index) for other in range(len(choices))))
            patterns.add(tuple(int(other != index) for other in range(len(choices))))
    boxes: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {}
    for pattern in sorted(patterns):
        edits = {edit: bounds[side] for side, places in zip(pattern, choices, strict=True) for edit, bounds in places.items()}
        for device in elaboration.devices(edits):
            if device.kind != "m":
                continue
            name = device.library or device.model
            width, length = device.values.get("w"), device.values.get("l")
            if width is None or length is None:
                continue
            fingers = max(device.values.get("nf", 1.0), 1.0)
            widths = (width, width / fingers)
            (w0, w1), (l0, l1) = boxes.get(name, ((math.inf, -math.inf), (math.inf, -math.inf)))
            boxes[name] = ((min(w0, *widths), max(w1, *widths)), (min(l0, length), max(l1, length)))
    return boxes
