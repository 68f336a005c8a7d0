"""A drawn circuit is a netlist with the fingers, the widths on the grid and the junctions of its layout, so that the
simulation agrees with the drawing.

The rule is that of the drawing (`eda_agent.klayout.fold`). Each transistor's line gets its own numbers for w, l, the
fingers, ad, as, pd and ps. If the model has no parameter for fingers, the line becomes that many copies of one finger.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from eda_agent.errors import Finding
from eda_agent.klayout.fold import UNFOLDED, Junctions, drawn_junctions, folded
from eda_agent.klayout.table import Device as Transistor
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.element import Device
from eda_agent.problem.expression import strip_quotes
from eda_agent.problem.extracted.wires import with_wires
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.line_edit import Edit, assignments
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.size_places import FINGERS, own_value
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.circuit import Structure
from eda_agent.problem.structure.recognise import recognise
from eda_agent.problem.through_parameters import through_parameters
from eda_agent.spice_numbers import parse_spice_number

JUNCTIONS = ("ad", "as", "pd", "ps")
SQUARES = ("nrd", "nrs")
"""Squares of the drain's and the source's resistance: a length of diffusion over the width."""
_BSIM4 = frozenset({"14", "54"})
"""Levels of models that accept fingers, by ngspice's numbers."""

Line = tuple[str, str]
"""(subcircuit, device) of the netlist."""


class Transistors:
    """The transistors of a problem for a layout, at any sizing."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self.structure: Structure = recognise(problem.netlist, problem.subckt, problem.pdk)
        self._kinds = {fet.name: fet for fet in self.structure.fets}
        self._blocks = {name: number for number, group in enumerate(self.structure.matched) for name in group}
        edits = problem.space.edits(problem.space.initial)
        # a resistor or capacitor of the process stays a call: its sizes are in it
        whole = {name.lower() for name, rule in problem.pdk.devices.items() if not rule.is_fet}
        self.elaboration = Elaboration(
            problem.netlist, problem.subckt, stub_devices(problem.pdk), tuple(edits), whole=whole
        )

    def flat(self, sizing: Sizing) -> list[FlatDevice]:
        """Every device as in the schematic."""
        return self.elaboration.devices(self.problem.space.edits(sizing))

    def of(self, flat: Sequence[FlatDevice]) -> list[Transistor]:
        """The transistors among flat devices, in SI units."""
        scale = self.problem.pdk.scale
        return [
            Transistor(
                device.label,
                self._kinds[device.label].type,
                device.values["w"] * scale,
                device.values["l"] * scale,
                round(device.values.get("nf", 1.0)),
                round(device.values.get("m", device.values.get("mult", 1.0))),
                _four(device),
                self._blocks.get(device.label),
                self.structure.roles.get(device.label, ""),
                device.library or device.model,
                self._span(device),
            )
            for device in flat
            if self.drawn(device)
        ]

    @cached_property
    def _ends(self) -> list[dict[str, FlatDevice]]:
        """The devices with every free parameter at its minimum, and at its maximum."""
        free = {one.name: (one.minimum, one.maximum) for one in self.problem.space.parameters if not one.locked}
        result = []
        for end in (0, 1):
            sizing = {**self.problem.space.initial, **{name: ends[end] for name, ends in free.items()}}
            result.append({device.label: device for device in self.flat(sizing)})
        return result

    def _span(self, device: FlatDevice) -> tuple[tuple[float, float], tuple[float, float]]:
        """The ranges of width and length in m that the parameters allow; they include the present sizes."""
        low, high = (
            [pick(one[device.label].values[name] for one in ({device.label: device}, *self._ends)) for name in "wl"]
            for pick in (min, max)
        )
        scale = self.problem.pdk.scale
        return (low[0] * scale, high[0] * scale), (low[1] * scale, high[1] * scale)

    def drawn(self, device: FlatDevice) -> bool:
        """Whether a device is a transistor with a size."""
        return device.label in self._kinds and {"w", "l"} <= device.values.keys()

    def line(self, device: FlatDevice) -> Line:
        """The line of the user's netlist that a flat device comes from."""
        path = device.path[1:-1] if device.library and not device.whole else device.path[1:]
        scope = self.problem.netlist.subcircuits[self.problem.subckt]
        for name in path[:-1]:
            call = scope.device(name)
            assert call is not None, device.path
            scope = self.problem.netlist.subcircuits[call.value.lower()]
        return scope.name, path[-1]

    def device(self, line: Line) -> Device:
        """The device on a line."""
        scope = self.problem.netlist.scope(line[0])
        device = scope.device(line[1]) if scope else None
        assert device is not None, line
        return device


def _four(device: FlatDevice) -> tuple[str, str, str, str]:
    drain, gate, source, bulk = (net.removeprefix("xdut.") for net in device.nodes[:4])
    return drain, gate, source, bulk


class Drawn:
    """The netlist of a problem as it is drawn, and its numbers at any sizing. Of a problem without a layout, the
    netlist and numbers as they are. The capacitances of wires are added to either.

    `notes`: devices that are simulated as in the schematic, with the reason.
    """

    def __init__(self, problem: Problem, *, added: bool = True):
        """`added`: with what the drawing adds; without it the fingers are the netlist's, and so are the lines that have
        junctions.
        """
        self.problem, self.layout, self._added = problem, problem.layout, added
        if self.layout is not None and not added:
            self.layout = replace(self.layout, rule=replace(UNFOLDED, grid=self.layout.rule.grid))
        self.netlist: Netlist = problem.netlist
        self.notes: tuple[Finding, ...] = ()
        self._fingers: dict[Line, str] = {}
        if self.layout is not None:
            self._transistors = Transistors(problem)
            flat = self._transistors.flat(problem.space.initial)
            self._lines = self._lines_of(flat)
            self._lengths = self._lengths_of(flat)
            self.netlist = self._with_places()
        if problem.wires is not None:
            self.netlist = with_wires(self.netlist, problem.subckt, problem.wires)

    @property
    def labels(self) -> frozenset[str]:
        """The transistors that the layout folds and puts on its grid."""
        lines = self._lines.values() if self.layout is not None else ()
        return frozenset(label for labels in lines for label in labels)

    def edits(self, sizing: Sizing) -> dict[Edit, float]:
        """Place → number, in the netlist's units, for the simulation."""
        edits = self.problem.space.edits(sizing)
        return edits if self.layout is None else {**edits, **self._drawn(self._transistors.flat(sizing))}

    def written(self, sizing: Sizing) -> dict[Edit, float]:
        """The same without values that follow from the sizes alone: a width on the grid keeps its expression in the
        netlist.
        """
        edits = self.problem.space.edits(sizing)
        if self.layout is None:
            return edits
        flat = self._transistors.flat(sizing)
        own = {
            Edit(*self._transistors.line(device), name): device.values[name]
            for device in flat
            if self._transistors.drawn(device)
            for name in ("w", "l")
        }
        changed = {
            edit: value
            for edit, value in self._drawn(flat).items()
            if edit not in own or not math.isclose(value, own[edit], rel_tol=1e-9)
        }
        return through_parameters(self.problem.netlist, self.problem.subckt, edits, changed, JUNCTIONS)

    def least_finger(self, width: float) -> float:
        """The narrowest finger (m) of a device of at most `width`."""
        rule = self.layout.rule if self.layout is not None else None
        return (
            width if rule is None or width < min(rule.widest, 2 * rule.narrowest) else max(min(rule.least, width), 0.0)
        )

    @property
    def widest_finger(self) -> float:
        """The widest finger in m of a folded device."""
        return self.layout.rule.widest if self.layout is not None else math.inf

    def slack(self, width: float) -> float:
        """How much wider than `width` (m) a device may be drawn, each finger on the grid."""
        if self.layout is None:
            return 0.0
        return self.layout.rule.grid / 2 * (width / self.layout.rule.least + 2)

    def _lines_of(self, flat: Sequence[FlatDevice]) -> dict[Line, list[str]]:
        """Line → labels of its transistors. A line whose instances have different sizes, or that cannot be folded,
        stays unchanged.
        """
        found: dict[Line, list[str]] = defaultdict(list)
        for device in flat:
            if self._transistors.drawn(device):
                found[self._transistors.line(device)].append(device.label)
        sizes = {one.name: (one.width, one.length, one.nf, one.m) for one in self._transistors.of(flat)}
        notes = []
        for line, labels in list(found.items()):
            own = self._transistors.device(line)
            fingers = _parameter_of_fingers(own, self.problem)
            why = ""
            if len({sizes[label] for label in labels}) > 1:
                why = "the instances of its cell have different sizes"
            elif not fingers and any(sizes[label][3] != 1 for label in labels) and _called_with_m(self.problem.netlist):
                why = "its model has no parameter for fingers, and a cell is called with m="
            if why:
                notes.append(
                    own.line.finding(f"{own.name} is simulated with the fingers and junctions of the netlist: {why}")
                )
                del found[line]
            else:
                self._fingers[line] = fingers
        self.notes = tuple(notes)
        return dict(found)

    def _lengths_of(self, flat: Sequence[FlatDevice]) -> dict[Line, dict[str, float]]:
        """Line → lengths of diffusion, in the netlist's unit, of the squares that it has as plain numbers."""
        widths = {self._transistors.line(one): one.values["w"] for one in flat if self._transistors.drawn(one)}
        result: dict[Line, dict[str, float]] = {}
        for line in self._lines:
            params = self._transistors.device(line).params
            own = own_value(Edit(*line, "w"), self.problem.netlist, self.problem.subckt) or widths[line]
            numbers = {name: parse_spice_number(strip_quotes(params.get(name, ""))) for name in SQUARES}
            result[line] = {name: number * own for name, number in numbers.items() if number is not None}
        return result

    def _places_of(self, line: Line) -> list[str]:
        """The parameters that a drawing determines on a line."""
        areas = JUNCTIONS if self.layout is not None and self.layout.diffusion is not None else ()
        own = self._transistors.device(line).params
        places = ("w", "l", self._fingers[line] or "m", *areas, *self._lengths[line])
        return [name for name in places if self._added or name in own]

    def _with_places(self) -> Netlist:
        """The netlist with a place for everything that the drawing determines."""
        wanted = {id(self._transistors.device(line).line): self._places_of(line) for line in self._lines}
        lines = []
        for one in self.problem.netlist.lines:
            missing = [name for name in wanted.get(id(one), ()) if name not in assignments(one.text)]
            lines.append(
                replace(one, text=" ".join([one.text, *(f"{name}=1" for name in missing)])) if missing else one
            )
        return parse_netlist(lines)

    def _drawn(self, flat: Sequence[FlatDevice]) -> dict[Edit, float]:
        assert self.layout is not None
        scale = self.problem.pdk.scale
        devices = {device.name: device for device in folded(self._transistors.of(flat), self.layout.rule)}
        diffusion = self.layout.diffusion
        found = drawn_junctions(list(devices.values()), diffusion) if diffusion is not None else {}
        result: dict[Edit, float] = {}
        for line, labels in self._lines.items():
            device, fingers = devices[labels[0]], self._fingers[line]
            copies = device.m if fingers else device.fingers
            numbers = {"w": device.width if fingers else device.finger, "l": device.length}
            if found:
                # instances of one cell share different junctions with their neighbours: use their mean
                mean = Junctions(0.0, 0.0, 0.0, 0.0)
                for label in labels:
                    mean = mean.plus(found[label].scaled(1 / (copies * len(labels))))
                numbers |= {"ad": mean.ad / scale, "as": mean.as_ / scale, "pd": mean.pd, "ps": mean.ps}
            values = {name: float(f"{value / scale:.12g}") for name, value in numbers.items()}
            values[fingers or "m"] = float(device.nf if fingers else device.fingers)
            values |= {name: float(f"{length / values['w']:.12g}") for name, length in self._lengths[line].items()}
            places = self._places_of(line)
            result |= {Edit(*line, name): value for name, value in values.items() if name in places}
        return result


def _parameter_of_fingers(device: Device, problem: Problem) -> str:
    """The name of the number of fingers: that of the foundry's device, else nf or ng; "" for a model that has none."""
    rule = problem.pdk.device(device.value) if device.kind == "x" else None
    if rule is not None:
        return rule.fingers
    own = next((name for name in FINGERS if name in device.params), "")
    if own or device.kind == "x":
        return own or "nf"
    levels = {
        line.text.split()[1].lower(): assignments(line.text).get("level", "1")
        for line in problem.netlist.lines
        if line.card == ".model"
    }
    return "nf" if levels.get(device.value.lower().split()[0], "") in _BSIM4 else ""


def _called_with_m(netlist: Netlist) -> bool:
    """Whether a cell of the user's is called with a multiplier: a copy's number is then not that of its line."""
    return any(
        device.kind == "x" and "m" in device.params and device.value.lower() in netlist.subcircuits
        for scope in (netlist.top, *netlist.subcircuits.values())
        for device in scope.devices
    )
