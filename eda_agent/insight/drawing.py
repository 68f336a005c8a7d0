"""A drawing shows a circuit as text: its branches from supply to ground side by side, each device with its gate's net,
role and size.

A branch is a path through channels and resistors from one rail to the other. A device shared by several branches, such
as a tail source, is drawn in the first and named in the others. Devices that bridge nets outside the branches, such as
a compensation capacitor, are listed below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from eda_agent.problem.structure.recognise import recognise
from eda_agent.units import format_quantity

COLUMN = 30
"""Width of a branch in cells."""
GATE = 7
"""Width of the gate's net in cells."""
_MOST_PATHS = 60
_FIRST = ("input pair", "inner pair", "latch", "output device", "gain device", "follower", "inverter")
_LAST = ("bias diode", "bias source")


@dataclass(frozen=True)
class Branch:
    """`steps`: (device, net below it), from net `top` down: the upper rail, or a port that supplies current. It ends at
    the lower rail, or at a port that it feeds.
    """

    top: str
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Parts:
    """What a drawing shows: `sizes` by device as texts; `bridges` and `others` are the passives and MOSFETs outside the
    branches.
    """

    structure: Structure
    sizes: Mapping[str, str]
    branches: Sequence[Branch]

    @property
    def bridges(self) -> list[Passive]:
        return [one for one in self.structure.passives if one.name not in self._drawn]

    @property
    def others(self) -> list[Fet]:
        return [fet for fet in self.structure.fets if fet.name not in self._drawn]

    @property
    def _drawn(self) -> set[str]:
        return {name for branch in self.branches for name, _ in branch.steps}


def parts(problem: Problem, sizing: Mapping[str, float]) -> Parts:
    """The parts of a problem's circuit. Raises `InputError` if its structure cannot be recognised."""
    space = problem.space
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    elaboration = Elaboration(
        problem.netlist, problem.subckt, stub_devices(problem.pdk), list(space.edits(space.initial))
    )
    devices = {device.label: device for device in elaboration.devices(space.edits(sizing))}
    sizes = {label: size_of(device, problem.pdk.scale) for label, device in devices.items()}
    return Parts(structure, sizes, branches_of(structure))


def drawing(problem: Problem, sizing: Mapping[str, float], width: int = 100) -> list[str]:
    """Lines of at most `width` cells (at least one column of `COLUMN`)."""
    found = parts(problem, sizing)
    structure, sizes = found.structure, found.sizes
    columns = []
    drawn: set[str] = set()
    for branch in found.branches:
        columns.append(_column(structure, branch, sizes, drawn))
        drawn |= {name for name, _ in branch.steps}
    lines = []
    beside = max(1, width // COLUMN)
    for start in range(0, len(columns), beside):
        lines += _beside(columns[start : start + beside], structure) + [""]
    lines += outside(found)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def outside(found: Parts) -> list[str]:
    """A line for each device outside the branches."""
    structure, sizes = found.structure, found.sizes
    return [
        f"{plain_net(one.nets[0])} ─ {device_name(one.name)} {sizes.get(one.name, '')} ─ {plain_net(one.nets[1])}  "
        f" {structure.roles.get(one.name, '')}"
        for one in found.bridges
    ] + [
        f"{device_name(fet.name)} {fet.type}: d {plain_net(fet.drain)} g {plain_net(fet.gate)} s"
        f" {plain_net(fet.source)}   {structure.roles.get(fet.name, '')} {sizes.get(fet.name, '')}"
        for fet in found.others
    ]


def branches_of(structure: Structure) -> list[Branch]:
    """Paths from rail to rail that together hold every device of any path, signal before bias. Each adds a device that
    no earlier path has.
    """
    below: dict[str, list[tuple[str, str]]] = {}
    for fet in structure.fets:
        # current flows from source to drain in a PMOS, from drain to source in an NMOS
        upper, lower = (fet.source, fet.drain) if fet.type == "pmos" else (fet.drain, fet.source)
        below.setdefault(upper, []).append((fet.name, lower))
    for passive in structure.passives:
        if passive.kind == "r":
            one, other = passive.nets
            below.setdefault(one, []).append((passive.name, other))
            below.setdefault(other, []).append((passive.name, one))
    paths: list[Branch] = []

    def walk(top: str, net: str, steps: tuple[tuple[str, str], ...]) -> None:
        if steps and (net == structure.vss or (net in structure.ports and not below.get(net))):
            paths.append(Branch(top, steps))
            return
        for name, lower in below.get(net, ()):
            seen = {top, *(one for _, one in steps)}
            if len(paths) < _MOST_PATHS and lower not in seen and name not in {one for one, _ in steps}:
                walk(top, lower, (*steps, (name, lower)))

    walk(structure.vdd, structure.vdd, ())
    reached = {name for path in paths for name, _ in path.steps}
    for port in structure.ports:
        if port not in (structure.vdd, structure.vss) and any(name not in reached for name, _ in below.get(port, ())):
            walk(port, port, ())
    chosen: list[Branch] = []
    held: set[str] = set()
    # short paths first: a path through a resistor to another part explains less
    for branch in sorted(paths, key=lambda path: (_rank(structure, path), len(path.steps))):
        names = {name for name, _ in branch.steps}
        if names - held:
            chosen.append(branch)
            held |= names
    return chosen


def _rank(structure: Structure, branch: Branch) -> int:
    roles = [structure.roles.get(name, "") for name, _ in branch.steps]
    if any(role.startswith(_FIRST) for role in roles):
        return 0 if any(role.startswith("input pair") for role in roles) else 1
    return 3 if all(role.startswith(_LAST) for role in roles) else 2


def size_of(device: FlatDevice, scale: float) -> str:
    """2 µm / 500 nm ×4; or the value of a resistor or capacitor. `scale`: metres per unit of the netlist."""
    values = device.values
    if device.kind == "r":
        return format_quantity(values.get("resistance"), "Ohm", 3)
    if device.kind == "c":
        return format_quantity(values.get("capacitance"), "F", 3)
    if "w" not in values or "l" not in values:
        return ""
    copies = values.get("m", 1.0)
    size = "/".join(format_quantity(values[side] * scale, "m", 3) for side in ("w", "l"))
    return f"{size} ×{copies:g}" if copies != 1 else size


def _column(structure: Structure, branch: Branch, sizes: Mapping[str, str], drawn: set[str]) -> list[str]:
    fets = {fet.name: fet for fet in structure.fets}
    lines = [f"{'':>{GATE}} ● {plain_net(branch.top)}"] if branch.top != structure.vdd else []
    last = max(number for number, (name, _) in enumerate(branch.steps) if name not in drawn)
    for number, (name, lower) in enumerate(branch.steps):
        role = structure.roles.get(name, "")
        if number > last + 1:
            # after a shared device has been named, the rest is the same as before
            break
        if name in drawn:
            lines += [f"{'':>{GATE}} │ {device_name(name)} as before", f"{'':>{GATE}} │"]
        elif name in fets:
            fet = fets[name]
            arrow = "○┤" if fet.type == "pmos" else "─┤"
            lines += [
                f"{plain_net(fet.gate)[:GATE]:>{GATE}}{arrow} {device_name(name)} {short_role(role)}",
                f"{'':>{GATE}} │ {sizes.get(name, '')}",
            ]
        else:
            lines += [f"{'':>{GATE}} ▯ {device_name(name)} {short_role(role)}", f"{'':>{GATE}} ▯ {sizes.get(name, '')}"]
        if number < min(len(branch.steps) - 1, last + 1):
            lines.append(f"{'':>{GATE}} ├ {plain_net(lower)}")
    end = branch.steps[-1][1]
    if last + 1 >= len(branch.steps) - 1 and end != structure.vss:
        lines.append(f"{'':>{GATE}} ○ {plain_net(end)}")
    return lines


def _beside(columns: Sequence[list[str]], structure: Structure) -> list[str]:
    """Columns between two rails; a shorter one starts at the upper rail and is extended to the lower."""
    height = max(len(column) for column in columns)
    wire = f"{'':>{GATE}} │"
    full = [column + [wire if "○" not in column[-1] else ""] * (height - len(column)) for column in columns]
    rail = "═" * (COLUMN * len(columns) - 1)
    rows = [f"{plain_net(structure.vdd)} {rail}"[: len(rail)]]
    rows += ["".join(f"{line[: COLUMN - 1]:<{COLUMN}}" for line in row).rstrip() for row in zip(*full, strict=True)]
    return [*rows, f"{plain_net(structure.vss)} {rail}"[: len(rail)]]


def plain_net(net: str) -> str:
    """The net as in the netlist."""
    return net.removeprefix("xdut.")


def device_name(device: str) -> str:
    """The name as in the netlist, without the X of a foundry's device."""
    return device.upper().removeprefix("X") if device.upper().startswith("XM") else device.upper()


def short_role(role: str) -> str:
    """The role without what the symbol shows."""
    return (
        {"compensation capacitor": "compensation", "current source": "source"}.get(role, role)
        .removesuffix(" nmos")
        .removesuffix(" pmos")
    )
