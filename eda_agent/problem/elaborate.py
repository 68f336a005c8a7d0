"""Elaboration flattens a subcircuit into primitive devices whose values are functions of the sizing.

It allows a loaded circuit to change without a re-parse (which device parameter gets which number), finds the bins that
a range can reach, and measures area. ngspice elaborates too when it loads a deck; the two results are compared at run
time before this one is used (`eda_agent.simulation.worker`).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from eda_agent.errors import Finding, InputError
from eda_agent.problem import expression
from eda_agent.problem.allow_list import IGNORED_CARDS
from eda_agent.problem.element import Device
from eda_agent.problem.expression import Call, ExpressionError, Name, Number
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.names import STANDARD_CELL
from eda_agent.problem.netlist import Netlist, Subcircuit
from eda_agent.problem.variables import Symbols, Variables

_ALTERABLE = {
    "m": frozenset(["w", "l", "m", "ad", "as", "pd", "ps", "nrd", "nrs", "sa", "sb", "sd"]),
    "r": frozenset(["resistance", "m"]),
    "c": frozenset(["capacitance", "m"]),
    "l": frozenset(["inductance"]),
    "v": frozenset(["dc"]),
    "i": frozenset(["dc", "m"]),
    "x": frozenset(),
    "d": frozenset(),
}
"""Parameters that ngspice's `alter` changes correctly (tested against a fresh load); anything else is re-parsed."""
_VALUE_NAME = {"r": "resistance", "c": "capacitance", "l": "inductance", "v": "dc", "i": "dc"}
_PLAIN_CARDS = IGNORED_CARDS | {".param", ".params", ".subckt", ".ends", ".end", ".option", ".options", ".model"}
_MAX_DEPTH = 30
_MAX_SIZE = 50_000


class Elaboration:
    """The devices of subcircuit `name` as instance `instance`, at any values of `places`.

    The hierarchy is walked once, with a variable for every place; a sizing then only executes the resulting
    assignments.
    """

    def __init__(
        self,
        netlist: Netlist,
        name: str,
        library: Mapping[str, Subcircuit],
        places: Sequence[Edit] = (),
        instance: str = "xdut",
        whole: Collection[str] = (),
    ):
        """Elaborate. `whole`: subcircuits of the library that stay one device.

        Raises `InputError` for a subcircuit that is not defined or that contains itself.
        """
        self.netlist, self.library, self.instance, self._whole = netlist, library, instance, whole
        self.places = {place: f"p{number}" for number, place in enumerate(places)}
        top = netlist.scope(name)
        if top is None:
            raise InputError(
                f"the netlist has no subcircuit {name!r}; it has {', '.join(netlist.subcircuits) or 'none'}"
            )
        self.subcircuit = top
        self._variables = Variables(self.places.values())
        self._walked = 0
        self._multipliers: dict[tuple[str, str], list[Number | Name]] = {}
        outer = self._parameters(netlist.top, {}, {})
        ports = {port: port for port in top.ports}
        walked = self._expand(top, (instance,), ports, {}, outer, Number(1.0), "")
        self._symbolic = [(replace(device, index=index), values) for index, (device, values) in enumerate(walked)]
        # values that depend on no place are the same in every sizing
        self._changing = [
            (device.flat_name, [key for key, value in values.items() if isinstance(value, Name)])
            for device, values in self._symbolic
        ]
        self._variables.compile()

    def devices(self, edits: Mapping[Edit, float]) -> list[FlatDevice]:
        """The devices with every place at its number in `edits` (in the netlist's own units)."""
        numbers = self._numbers_at(edits)
        result = []
        for device, values in self._symbolic:
            known = {
                name: value.value if isinstance(value, Number) else numbers[value.name]
                for name, value in values.items()
                if isinstance(value, Number) or value.name in numbers
            }
            result.append(replace(device, values=known))
        return result

    def multipliers(self, edits: Mapping[Edit, float]) -> dict[tuple[str, str], set[float]]:
        """The multiplier of each X line: (subcircuit, device) → one number for every value that it has in the circuit's
        instances, NaN for one that cannot be computed.
        """
        numbers = self._numbers_at(edits)
        return {
            line: {value.value if isinstance(value, Number) else numbers.get(value.name, math.nan) for value in values}
            for line, values in self._multipliers.items()
        }

    def _numbers_at(self, edits: Mapping[Edit, float]) -> dict[str, float]:
        """Every variable with the places at these numbers."""
        return self._variables.at({name: edits[place] for place, name in self.places.items()})

    def alterations(
        self, devices: Sequence[FlatDevice]
    ) -> tuple[dict[tuple[str, str], float] | None, list[tuple[str, str, float]]]:
        """The changes of a sizing in these devices: those that can be altered in a loaded circuit, and the others.

        The first is (device in a flat deck, parameter) → number, or None if a fresh load is needed anyway: ngspice's
        `alter` bins a device with nf > 1 by its total width. The second lists the rest: sizings that differ there need
        a fresh load.
        """
        alterable: dict[tuple[str, str], float] = {}
        fixed = []
        for device, (name, changing) in zip(devices, self._changing, strict=True):
            if device.kind == "m" and device.values.get("nf", 1.0) != 1.0:
                return None, []
            allowed = _ALTERABLE.get(device.kind, frozenset())
            for parameter in changing:
                if parameter in device.values:
                    if parameter in allowed:
                        alterable[name, parameter] = device.values[parameter]
                    else:
                        fixed.append((name, parameter, device.values[parameter]))
        return alterable, fixed

    def unflattened(self) -> str:
        """Why this circuit cannot be written without its hierarchy, or "".

        Only a completely understood circuit can be. A parameter that is not arithmetic, a card inside a subcircuit, or
        a device other than M, R, C, L, V, I, D or a foundry's leaves elaboration to ngspice.
        """
        inside = False
        for line in self.netlist.lines:
            inside = (inside or line.card == ".subckt") and line.card != ".ends"
            if line.card.startswith(".") and line.card not in (
                {".subckt", ".param", ".params"} if inside else _PLAIN_CARDS
            ):
                return f"card {line.card}"
        for device, values in self._symbolic:
            source = self._source(device)
            if source is None or device.kind not in _ALTERABLE or not source.params.keys() <= values.keys():
                return f"device {device.label}"
            if device.kind in _VALUE_NAME and _VALUE_NAME[device.kind] not in values:
                return f"value of {device.label}"
        return ""

    def _source(self, flat: FlatDevice) -> Device | None:
        """The line of the netlist or library from which a flat device comes."""
        scope: Subcircuit | None = self.subcircuit
        for name in flat.path[1:-1]:
            call = scope.device(name) if scope else None
            scope = (
                (self.netlist.subcircuits.get(call.value.lower()) or self.library.get(call.value.lower()))
                if call
                else None
            )
        return scope.device(flat.path[-1]) if scope else None

    def _parameters(self, scope: Subcircuit, outer: Symbols, call: Symbols) -> dict[str, Number | Name]:
        values = dict(outer)
        texts = {**scope.defaults, **scope.params}
        for name, text in texts.items():
            place = self.places.get(Edit(scope.name, "", name))
            if place is not None:
                values[name] = Name(place)
            elif name in call:
                values[name] = call[name]
            else:
                try:
                    values[name] = self._variables.value(text, values)
                except ExpressionError:
                    values.pop(name, None)
        return {**values, **{name: value for name, value in call.items() if name not in texts}}

    def _expand(
        self, scope: Subcircuit, path: tuple[str, ...], nodes: Mapping[str, str], call: Symbols, outer: Symbols,
        multiplier: Number | Name, library: str,
    ) -> Iterator[tuple[FlatDevice, dict[str, Number | Name]]]:  # fmt: skip
        if len(path) > _MAX_DEPTH:
            where = (scope.line.file, scope.line.number) if scope.line else (None, None)
            raise InputError(Finding(f"subcircuit {scope.name!r} contains itself", *where))
        values = self._parameters(scope, outer, call)
        for device in scope.devices:
            self._walked += 1
            if max(self._walked, len(self._variables)) > _MAX_SIZE:
                raise InputError(
                    device.line.finding(
                        f"the circuit has more than {_MAX_SIZE} devices or values", "size a smaller block"
                    )
                )
            numbers = self._numbers(scope, device, values)
            outside = tuple(
                nodes.get(node, node if node == "0" else f"{'.'.join(path)}.{node}") for node in device.nodes
            )
            times = self._variables.define(expression.fold(Call("*", (multiplier, numbers.get("m", Number(1.0)))), {}))
            if device.kind != "x":
                # always present for a MOSFET: a ratio that is 1 in this sizing may be 3 in the next
                if device.kind == "m" or times != Number(1.0) or "m" in numbers:
                    numbers["m"] = times
                yield FlatDevice((*path, device.name), device.kind, outside, device.value.lower(), library, {}), numbers
                continue
            name = device.value.lower()
            inner = self.netlist.subcircuits.get(name) or self.library.get(name)
            if inner is None:
                fix = (
                    "define it in the netlist, or check `pdk:`. A device that the PDK file does not have can be written"
                    " as R or C with a value"
                )
                if STANDARD_CELL.search(name):
                    fix = "it is a standard cell: put its netlist beside this one, with a line  .include FILE"
                elif near := difflib.get_close_matches(name, [*self.netlist.subcircuits, *self.library], 3, 0.8):
                    fix += f" (near it: {', '.join(near)})"
                raise InputError(device.line.finding(f"subcircuit or device {device.value!r} is not defined", fix))
            if len(inner.ports) != len(outside):
                raise InputError(
                    device.line.finding(f"{device.value} has {len(inner.ports)} ports and gets {len(outside)} nodes")
                )
            if name in self._whole and name not in self.netlist.subcircuits:
                if times != Number(1.0) or "m" in numbers:
                    numbers["m"] = times
                yield FlatDevice((*path, device.name), "x", outside, name, name, {}, whole=True), numbers
                continue
            if "m" in inner.defaults:
                # an ordinary parameter: the cell defines its meaning
                times = multiplier
            else:
                # m multiplies every device inside; it must not be visible as a name in the called cell
                own = numbers.pop("m", Number(math.nan) if "m" in device.params else Number(1.0))
                self._multipliers.setdefault((scope.name, device.name), []).append(own)
            yield from self._expand(
                inner, (*path, device.name), dict(zip(inner.ports, outside, strict=True)), numbers,
                values, times, name if name in self.library and name not in self.netlist.subcircuits else library,
            )  # fmt: skip

    def _numbers(self, scope: Subcircuit, device: Device, values: Symbols) -> dict[str, Number | Name]:
        texts = dict(device.params)
        if device.kind in _VALUE_NAME:
            texts[_VALUE_NAME[device.kind]] = device.value
        numbers: dict[str, Number | Name] = {}
        for name, text in texts.items():
            place = self.places.get(
                Edit(scope.name, device.name, "value" if _VALUE_NAME.get(device.kind) == name else name)
            )
            if place is not None:
                numbers[name] = Name(place)
                continue
            try:
                # an instance line may refer to its own earlier parameters (xschem writes ad='W*0.29')
                numbers[name] = self._variables.value(text, {**values, **numbers} if device.kind == "x" else values)
            except ExpressionError:
                continue
        return numbers
