"""A correspondence says which net and which device of a layout is which of the schematic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.drawn import Transistors
from eda_agent.problem.extracted.matching import Groups, Match, channels, matched
from eda_agent.problem.extracted.passives import drawn_capacitors, drawn_resistors, short, with_nets_of_resistors
from eda_agent.problem.extracted.reading import Extracted, is_substrate, transistors
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.spec import Problem


@dataclass(frozen=True)
class Correspondence:
    """A layout beside its schematic.

    Attributes:
        ports: of the schematic's cell; the layout has the same names.
        found: every device of the layout.
        fets: its transistors; `names` has the schematic's label of each, in the same order.
        dummies: its transistors whose channel is between two points of one net.
        resistors: label in the schematic → resistor of the layout.
        capacitors: label in the layout → label in the schematic.
        groups: nets of the layout that its wires' resistors join.
        nets: group → net of the schematic.
        bulks: nets of the layout that have bulks only, and the substrate → net of the schematic.
    """

    ports: tuple[str, ...]
    found: Sequence[FlatDevice]
    fets: Sequence[FlatDevice]
    names: Sequence[str]
    dummies: Sequence[FlatDevice]
    resistors: Mapping[str, FlatDevice]
    capacitors: Mapping[str, str]
    groups: Groups
    nets: Mapping[str, str]
    bulks: Mapping[str, str]

    @property
    def wire_resistors(self) -> list[FlatDevice]:
        """The resistors of wires."""
        drawn = list(self.resistors.values())
        return [device for device in self.found if device.kind == "r" and device not in drawn]

    @property
    def wire_capacitors(self) -> list[FlatDevice]:
        """The capacitors of wires."""
        return [device for device in self.found if device.kind == "c" and device.label not in self.capacitors]

    def net(self, net: str) -> str:
        """The schematic's name of a net, else the layout's."""
        group = self.groups.of(net)
        return self.bulks.get(net) or self.nets.get(group) or (group if group in self.ports else f"{group} (layout)")

    def known(self, net: str) -> bool:
        """Whether a net of the schematic has a counterpart in the layout, and is not inside a cell."""
        return net in self.ports or (net in set(self.nets.values()) and "." not in net)


def correspond(
    problem: Problem, schematic: Transistors, flat: Sequence[FlatDevice], extracted: Extracted, path: Path
) -> Correspondence:
    """The correspondence of an extracted cell and the circuit of a problem.

    Args:
        problem: the spec's problem.
        schematic: its transistors.
        flat: the schematic's devices at the drawn sizes.
        extracted: what was read of `path`.
        path: the file's name, for messages.

    Raises:
        InputError: the file is not a layout of this circuit.
    """
    found = [replace(device, nodes=tuple(short(net) for net in device.nodes)) for device in extracted.devices]
    resistors, groups = drawn_resistors(found, flat)
    every = transistors(found)
    types = _types(problem)
    _check_models(every, types, problem, path)
    fets = [device for device in every if not _is_dummy(device, groups)]
    if not fets:
        raise InputError(Finding("the extracted netlist has no transistor", path))
    ports = tuple(problem.netlist.subcircuits[problem.subckt].ports)
    match = _match(fets, types, groups, schematic, flat, ports, extracted.ports, path)
    match = with_nets_of_resistors(match, resistors, flat, groups)
    names = [match.devices[str(number)] for number in range(len(fets))]
    return Correspondence(
        ports=ports,
        found=found,
        fets=fets,
        names=names,
        dummies=[device for device in every if _is_dummy(device, groups)],
        resistors=resistors,
        capacitors=drawn_capacitors(found, flat, groups, match.nets),
        groups=groups,
        nets=match.nets,
        bulks=_bulks(found, fets, names, flat, groups, ports),
    )


def _types(problem: Problem) -> dict[str, str]:
    """Model → nmos, pmos or another type, of the PDK and of the netlist's own models."""
    types = {name: rule.type for name, rule in problem.pdk.devices.items()}
    return types | {
        line.text.split()[1].lower(): line.text.split()[2].lower()[:4]
        for line in problem.netlist.lines
        if line.card == ".model"
    }


def _check_models(every: Sequence[FlatDevice], types: Mapping[str, str], problem: Problem, path: Path) -> None:
    unknown = sorted({device.model for device in every if device.model not in types})
    if unknown:
        raise InputError(
            Finding(
                f"the models {', '.join(unknown[:5])} are not those of {problem.pdk.name}",
                path,
                fix="extract with the devices of the spec's PDK",
            )
        )


def _is_dummy(device: FlatDevice, groups: Groups) -> bool:
    """Whether a channel carries no current, because both ends are one net."""
    return groups.of(device.nodes[0]) == groups.of(device.nodes[2])


def _match(
    fets: Sequence[FlatDevice],
    types: Mapping[str, str],
    groups: Groups,
    schematic: Transistors,
    flat: Sequence[FlatDevice],
    ports: Sequence[str],
    drawn_ports: Sequence[str],
    path: Path,
) -> Match:
    """The match of the transistors, by the names of nets that both have if possible, else by the ports'."""
    kinds = {fet.name: fet.type for fet in schematic.structure.fets}
    layout = channels(
        (str(number), types[device.model], [groups.of(net) for net in device.nodes[:3]])
        for number, device in enumerate(fets)
    )
    # a dummy that is off stands in a layout, and the structure leaves it out
    own = channels(
        (device.label, kind, [short(net) for net in device.nodes[:3]])
        for device in transistors(flat)
        if (kind := kinds.get(device.label) or types.get(device.model)) and device.nodes[0] != device.nodes[2]
    )
    here = {net for channel in layout for net in (channel.gate, *channel.ends)}
    there = {net for channel in own for net in (channel.gate, *channel.ends)}
    missing = [port for port in ports if port in there and port not in here]
    if missing:
        seen = ", ".join(sorted(drawn_ports)[:12]) or "none"
        raise InputError(
            Finding(
                f"the extracted netlist has no net {', '.join(missing)}; its ports are {seen}",
                path,
                fix="label the ports of the layout with the schematic's names",
            )
        )
    try:
        return matched(layout, own, {net: net for net in here & there})
    except InputError:
        # a name inside may mean another net there
        return matched(layout, own, {port: port for port in ports if port in here and port in there})


def _bulks(
    found: Sequence[FlatDevice],
    fets: Sequence[FlatDevice],
    names: Sequence[str],
    flat: Sequence[FlatDevice],
    groups: Groups,
    ports: Sequence[str],
) -> dict[str, str]:
    """Nets with bulks only, and the substrate under its own names → net of the schematic."""
    terminals = {"m": 3, "r": 2}
    wired = {groups.of(net) for device in found for net in device.nodes[: terminals.get(device.kind, 0)]}
    own = {device.label: short(device.nodes[3]) for device in flat if device.kind == "m"}
    result: dict[str, str] = {}
    for device, name in zip(fets, names, strict=True):
        net = device.nodes[3]
        if net not in ports and (groups.of(net) not in wired or is_substrate(net)):
            result.setdefault(net, own[name])
    usual = next(iter(result.values()), None) or Counter(own.values()).most_common(1)[0][0]
    for device in found:
        for net in device.nodes[:2] if device.kind == "c" else ():
            if is_substrate(net) and net not in ports:
                result.setdefault(net, usual)
    return result
