"""A post-layout circuit is the extracted netlist for the run's testbenches: the schematic's ports, the layout's
transistors, its wires, and the schematic's devices that are not drawn.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.drawn import Transistors
from eda_agent.problem.extracted.matching import Groups, Match, channels, matched
from eda_agent.problem.extracted.reading import is_substrate, read_extracted, transistors
from eda_agent.problem.extracted.wires import Wires, grouped
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.netlist import Edit, Netlist, parse_netlist
from eda_agent.problem.source import logical_lines
from eda_agent.problem.space import DesignSpace, Parameter, Place, Sizing
from eda_agent.problem.spec import Problem
from eda_agent.units import parse_spice_number

SAME = 0.02
"""Sizes within this share are equal, because a layout has a grid."""
ALIKE = 0.3
"""A drawn resistor or capacitor of the schematic is identified by its value within this share."""
_KEPT = {".param", ".params", ".model", ".option", ".options", ".global", ".func"}


@dataclass(frozen=True)
class PostLayout:
    """`problem`: the spec's problem with the extracted circuit, whose parameters are factors on the wires between two
    nets (1 as extracted). `wires`: the wires in the schematic's nets, and `factors`: the parameter of each pair.
    `notes`: devices found, matched and taken from the schematic; `resistors`: of wires; `rails`: the supply nets.
    """

    problem: Problem
    wires: Wires
    factors: tuple[str, ...]
    notes: tuple[str, ...]
    resistors: int
    rails: frozenset[str]


def post_layout(problem: Problem, sizing: Sizing, path: Path, cell: str | None = None) -> PostLayout:
    """The extracted netlist of a file in a problem's testbenches. `sizing`: the drawn sizes, for resistors and
    capacitors that are not in the file.

    Raises `InputError` if the file is not a netlist of this circuit.
    """
    return _Builder(problem, sizing, path, cell).result()


class _Builder:
    def __init__(self, problem: Problem, sizing: Sizing, path: Path, cell: str | None):
        self.problem, self.path = problem, path
        self.notes: list[str] = []
        extracted = read_extracted(path, problem, cell)
        self.ports, found, self.bare = extracted.ports, extracted.devices, extracted.bare
        if extracted.left_out:
            self.notes.append(f"taken from the schematic, not from the layout: {', '.join(extracted.left_out[:6])}")
        schematic = self.schematic = Transistors(problem)
        self.edits = problem.space.edits(sizing)
        self.flat = schematic.flat(sizing)
        self.kinds = {fet.name: fet.type for fet in schematic.structure.fets}
        self.found = [replace(device, nodes=tuple(_short(net) for net in device.nodes)) for device in found]
        self.rails = frozenset(_short(net) for net in (schematic.structure.vdd, schematic.structure.vss))
        self.own_ports = tuple(problem.netlist.subcircuits[problem.subckt].ports)
        self.groups = Groups()
        self.drawn_resistors: dict[str, FlatDevice] = {}
        self._join_wires()
        self.match = self._match()
        self._match_resistors()

    def _join_wires(self) -> None:
        """Join the nets that wire resistors connect. A resistor of the schematic is identified by its value, and by
        ends without a common name.
        """
        left = {
            device.label: device.values.get("resistance", 0.0)
            for device in self.flat
            if device.kind == "r" and not device.library
        }
        for device in self.found:
            if device.kind != "r":
                continue
            value = device.values.get("resistance", 0.0)
            same_name = _base(device.nodes[0]) == _base(device.nodes[1])
            own = None if same_name else next((name for name, meant in left.items() if _alike(value, meant)), None)
            if own is None:
                self.groups.join(*device.nodes[:2])
            else:
                del left[own]
                self.drawn_resistors[own] = device

    def _match(self) -> Match:
        types = {name: rule.type for name, rule in self.problem.pdk.devices.items()}
        types |= {
            line.text.split()[1].lower(): line.text.split()[2].lower()[:4]
            for line in self.problem.netlist.lines
            if line.card == ".model"
        }
        every = transistors(self.found)
        # a channel between two points of one net carries no current
        idle = {id(device) for device in every if self.groups.of(device.nodes[0]) == self.groups.of(device.nodes[2])}
        self.fets = [device for device in every if id(device) not in idle]
        self.dummies = [device for device in every if id(device) in idle]
        unknown = sorted({device.model for device in every if device.model not in types})
        if unknown:
            raise InputError(
                Finding(
                    f"the models {', '.join(unknown[:5])} are not those of {self.problem.pdk.name}",
                    self.path,
                    fix="extract with the devices of the spec's PDK",
                )
            )
        if not self.fets:
            raise InputError(Finding("the extracted netlist has no transistor", self.path))
        rows = [
            (str(number), types[device.model], [self.groups.of(net) for net in device.nodes[:3]])
            for number, device in enumerate(self.fets)
        ]
        own = [
            device
            for device in transistors(self.flat)
            if device.label in self.kinds and device.nodes[0] != device.nodes[2]
        ]
        layout = channels(rows)
        schematic = channels(
            (device.label, self.kinds[device.label], [_short(net) for net in device.nodes[:3]]) for device in own
        )
        here = {net for channel in layout for net in (channel.gate, *channel.ends)}
        there = {net for channel in schematic for net in (channel.gate, *channel.ends)}
        missing = [port for port in self.own_ports if port in there and port not in here]
        if missing:
            seen = ", ".join(sorted(self.ports)[:12]) or "none"
            raise InputError(
                Finding(
                    f"the extracted netlist has no net {', '.join(missing)}; its ports are {seen}",
                    self.path,
                    fix="label the ports of the layout with the schematic's names",
                )
            )
        ports = {port: port for port in self.own_ports if port in here and port in there}
        names = {net: net for net in here & there}
        try:
            return matched(layout, schematic, names)
        except InputError:
            # a name inside may mean another net there
            return matched(layout, schematic, ports)

    def _match_resistors(self) -> None:
        """Match nets that only a resistor of the schematic reaches."""
        nets = dict(self.match.nets)
        for name, device in self.drawn_resistors.items():
            own = next(one for one in self.flat if one.label == name)
            mine, theirs = [self.groups.of(net) for net in device.nodes[:2]], [_short(net) for net in own.nodes[:2]]
            for one, other in ((0, 1), (1, 0)):
                if nets.get(mine[one]) in theirs and mine[other] not in nets:
                    nets[mine[other]] = theirs[1 - theirs.index(nets[mine[one]])]
        self.match = Match(nets, self.match.devices)

    def result(self) -> PostLayout:
        lines: list[str] = [f".subckt {self.problem.subckt} {' '.join(self.own_ports)}"]
        names: dict[str, list[str]] = defaultdict(list)
        bulks = self._bulks()
        for number, device in enumerate(self.fets):
            label = self.match.devices[str(number)]
            finger = f"{'x' if device.library else 'm'}{label.replace('.', '_')}_{len(names[label])}".replace(
                "xx", "x", 1
            )
            names[label].append(finger)
            nodes = [
                *(self._node(net) for net in device.nodes[:3]),
                bulks.get(device.nodes[3], self._node(device.nodes[3])),
            ]
            lines.append(f"{finger} {' '.join(nodes)} {self._model(device, label)} {_sizes(device)}")
        for number, device in enumerate(self.dummies):
            nodes = [
                *(self._node(net) for net in device.nodes[:3]),
                bulks.get(device.nodes[3], self._node(device.nodes[3])),
            ]
            lines.append(
                f"{'x' if device.library else 'm'}dummy{number} {' '.join(nodes)} {device.library or device.model}"
                f" {_sizes(device)}"
            )
        self._compare_sizes()
        own_capacitors = self._own_capacitors()
        capacitors = [
            (device, self._net(device.nodes[0], bulks), self._net(device.nodes[1], bulks))
            for device in self.found
            if device.kind == "c" and device.label not in own_capacitors
        ]
        pairs = grouped([(one, other, device.values.get("capacitance", 0.0)) for device, one, other in capacitors])
        factors = {pair[:2]: f"wire_{number}" for number, pair in enumerate(pairs)}
        for number, (device, one, other) in enumerate(capacitors):
            if one != other:
                factor = factors[min(one, other), max(one, other)]
                ends = " ".join(bulks.get(net, self._node(net)) for net in device.nodes[:2])
                lines.append(f"cwire{number} {ends} {{{device.values.get('capacitance', 0.0):.8g}*{factor}}}")
        resistors = [
            device for device in self.found if device.kind == "r" and device not in self.drawn_resistors.values()
        ]
        lines += [
            f"rwire{number} {self._node(device.nodes[0])} {self._node(device.nodes[1])}"
            f" {max(device.values.get('resistance', 0.0), 1e-6):.8g}"
            for number, device in enumerate(resistors)
        ]
        lines += self._from_schematic(own_capacitors)
        lines.append(".ends")
        kept = [line.text for line in self.problem.netlist.lines if line.card in _KEPT and not self._inside(line)]
        head = [f".param {name}=1" for name in factors.values()]
        netlist = parse_netlist(logical_lines("\n".join([*kept, *head, *lines]) + "\n", self.path))
        wires = Wires(tuple(pair for pair in pairs if self._known(pair[0]) and self._known(pair[1])), str(self.path))
        total, estimate = sum(value for _, _, value in pairs), wires.total
        self.notes += [
            f"{self.path.name}: {len(self.fets)} transistors (fingers) are {len(names)} of the schematic,"
            f" {len(capacitors)} capacitors of wires with {total * 1e15:.4g} fF in all, {len(resistors)} resistors of"
            " wires"
        ]
        if estimate < total * (1 - 1e-9):
            self.notes.append(
                f"{(total - estimate) * 1e15:.4g} fF are on nets that the schematic does not have, or has inside a cell"
            )
        return PostLayout(
            self._problem(netlist, names, factors),
            wires,
            tuple(factors[one, other] for one, other, _ in wires.pairs),
            tuple(self.notes),
            len(resistors),
            self.rails,
        )

    def _model(self, device: FlatDevice, label: str) -> str:
        """The model of a finger; if the layout gives polarities only, the schematic's."""
        own = next(one for one in self.flat if one.label == label)
        if self.bare and bool(own.library) == bool(device.library):
            return own.library or own.model
        return device.library or device.model

    def _compare_sizes(self) -> None:
        """Report transistors that are drawn with another width or length than in the schematic."""
        width: dict[str, float] = defaultdict(float)
        length: dict[str, float] = {}
        for number, device in enumerate(self.fets):
            label = self.match.devices[str(number)]
            width[label] += device.values.get("w", 0.0) * device.values.get("m", 1.0)
            length[label] = device.values.get("l", 0.0)
        other = []
        for own in self.flat:
            if own.label in width and {"w", "l"} <= own.values.keys():
                meant = own.values["w"] * own.values.get("m", 1.0)
                if (
                    abs(width[own.label] - meant) > SAME * meant
                    or abs(length[own.label] - own.values["l"]) > SAME * own.values["l"]
                ):
                    other.append(
                        f"{own.label} {width[own.label]:.4g}/{length[own.label]:.4g} for"
                        f" {meant:.4g}/{own.values['l']:.4g}"
                    )
        if other:
            self.notes.append(
                f"drawn with another W/L than the schematic's: {', '.join(other[:8])}{' …' if len(other) > 8 else ''}"
            )

    def _inside(self, line: object) -> bool:
        inside = False
        for one in self.problem.netlist.lines:
            inside = inside or one.card == ".subckt"
            if one is line:
                return inside
            inside = inside and one.card != ".ends"
        return False

    def _bulks(self) -> dict[str, str]:
        """Bulk nets with bulks only, and the substrate under its own names: they are mapped to the schematic's nets."""
        wired = {
            self.groups.of(net)
            for device in self.found
            for net in (device.nodes[:3] if device.kind == "m" else device.nodes[:2] if device.kind == "r" else ())
        }
        own = {device.label: _short(device.nodes[3]) for device in self.flat if device.kind == "m"}
        result: dict[str, str] = {}
        for number, device in enumerate(self.fets):
            net = device.nodes[3]
            if net not in self.own_ports and (self.groups.of(net) not in wired or is_substrate(net)):
                result.setdefault(net, own[self.match.devices[str(number)]])
        for device in self.found:
            for net in device.nodes[:2] if device.kind == "c" else ():
                if is_substrate(net) and net not in self.own_ports:
                    result.setdefault(
                        net, Counter(own.values()).most_common(1)[0][0] if not result else next(iter(result.values()))
                    )
        for net, meant in result.items():
            self.notes.append(f"{net} is taken for {meant}")
        return result

    def _own_capacitors(self) -> dict[str, str]:
        """Capacitors of the layout that the schematic has: between the same nets, of its value, or the largest there
        and a sufficient part of it.
        """
        found: dict[str, str] = {}
        nets = self.match.nets
        for own in self.flat:
            if own.kind != "c" or own.library:
                continue
            ends = {_short(net) for net in own.nodes[:2]}
            value = own.values.get("capacitance", 0.0)
            there = [
                device
                for device in self.found
                if device.kind == "c"
                and device.label not in found
                and {nets.get(self.groups.of(net), "") for net in device.nodes[:2]} == ends
            ]
            best = max(there, key=lambda device: device.values.get("capacitance", 0.0), default=None)
            if best is not None and best.values.get("capacitance", 0.0) >= 0.3 * value:
                found[best.label] = own.label
        return found

    def _from_schematic(self, own_capacitors: Mapping[str, str]) -> list[str]:
        """Lines of the resistors and capacitors that are not drawn."""
        drawn = {*self.drawn_resistors, *own_capacitors.values()}
        lines: list[str] = []
        names: list[str] = []
        back: dict[str, str] = {}
        for net, meant in self.match.nets.items():
            back.setdefault(meant, net)
        taken = [device for device in self.found if device.kind == "r" and device in self.drawn_resistors.values()]
        lines += [
            f"rdrawn{number} {self._node(device.nodes[0])} {self._node(device.nodes[1])}"
            f" {device.values['resistance']:.10g}"
            for number, device in enumerate(taken)
        ]
        taken = [device for device in self.found if device.kind == "c" and device.label in own_capacitors]
        lines += [
            f"cdrawn{number} {self._node(device.nodes[0])} {self._node(device.nodes[1])}"
            f" {device.values['capacitance']:.10g}"
            for number, device in enumerate(taken)
        ]
        for device in self.flat:
            if device.kind == "m" or device.label in drawn:
                continue
            if device.library:
                ends = [
                    (
                        self._node(back.get(_short(net), f"only_{_word(_short(net))}"))
                        if _short(net) not in self.own_ports
                        else _short(net)
                    )
                    for net in device.nodes
                ]
                lines.append(f"xmissing{len(names)} {' '.join(ends)} {self._call_of(device)}")
                names.append(device.label)
                continue
            value = next(
                (
                    device.values[key]
                    for key in ("resistance", "capacitance", "inductance", "dc")
                    if key in device.values
                ),
                None,
            )
            if value is None or device.kind not in "rclvi":
                raise InputError(
                    Finding(
                        f"{device.label} of the schematic is not in the extracted netlist",
                        self.path,
                        fix="extract it too, or leave it to the testbench",
                    )
                )
            nodes = [
                (
                    self._node(back.get(_short(net), f"only_{_word(_short(net))}"))
                    if _short(net) not in self.own_ports
                    else _short(net)
                )
                for net in device.nodes[:2]
            ]
            lines.append(
                f"{device.kind}missing{len(names)} {' '.join(nodes)} {'dc ' if device.kind in 'vi' else ''}{value:.10g}"
            )
            names.append(device.label)
        if names:
            self.notes.append(f"not in the layout, taken from the schematic: {', '.join(names)}")
        return lines

    def _call_of(self, device: FlatDevice) -> str:
        """The foundry's device with its sizes, as in the schematic. Raises `InputError` if a size is no number."""
        line = self.schematic.line(device)
        words = [self.schematic.device(line).value]
        for name, text in self.schematic.device(line).params.items():
            value = self.edits.get(Edit(*line, name), parse_spice_number(text))
            if value is None:
                raise InputError(
                    Finding(
                        f"{device.label} is not in the extracted netlist, and its {name} is no number",
                        self.path,
                        fix="write its sizes as numbers in the netlist of the spec",
                    )
                )
            words.append(f"{name}={value:.10g}")
        return " ".join(words)

    def _problem(
        self, netlist: Netlist, names: Mapping[str, Sequence[str]], factors: Mapping[tuple[str, str], str]
    ) -> Problem:
        problem = self.problem
        parameters = tuple(
            Parameter(
                name,
                0.0,
                2.0,
                "",
                "lin",
                None,
                f"wires between {one} and {other}",
                1.0,
                (Place(Edit("", "", name), 1.0, 1.0),),
            )
            for (one, other), name in factors.items()
        )
        labels = names
        specs = tuple(
            (
                replace(spec, devices=tuple(one for device in spec.devices for one in labels.get(device, ())))
                if spec.devices
                else spec
            )
            for spec in problem.specs
        )
        return replace(
            problem, netlist=netlist, space=DesignSpace(parameters), groups=(), specs=specs, layout=None, wires=None
        )

    def _node(self, net: str) -> str:
        return net if net in self.own_ports else f"n_{_word(net)}"

    def _net(self, net: str, bulks: Mapping[str, str]) -> str:
        """The schematic's name of a net, else the layout's."""
        group = self.groups.of(net)
        return (
            bulks.get(net) or self.match.nets.get(group) or (group if group in self.own_ports else f"{group} (layout)")
        )

    def _known(self, net: str) -> bool:
        return net in self.own_ports or (net in set(self.match.nets.values()) and "." not in net)


def _short(net: str) -> str:
    return net.removeprefix("xdut.")


def _sizes(device: FlatDevice) -> str:
    return " ".join(f"{key}={value:.10g}" for key, value in device.values.items())


def _word(net: str) -> str:
    return net.replace(".", "_")


def _base(net: str) -> str:
    """A net's name without the number of its piece: out.t3, out.n1."""
    head, dot, tail = net.rpartition(".")
    return head if dot and tail[:1] in "tn" and tail[1:].isdigit() else net


def _alike(value: float, meant: float) -> bool:
    return value > 0 and meant > 0 and abs(math.log(value / meant)) <= math.log(1 + ALIKE)
