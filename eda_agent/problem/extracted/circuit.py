"""A post-layout circuit is the extracted netlist for the run's testbenches: the schematic's ports, the layout's
transistors, its wires, and the schematic's devices that are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eda_agent.problem.drawn import Transistors
from eda_agent.problem.extracted.cards import Pair, drawn_passives, fingers, wire_capacitors, wire_resistors
from eda_agent.problem.extracted.comparison import other_sizes
from eda_agent.problem.extracted.correspondence import Correspondence, correspond
from eda_agent.problem.extracted.missing import missing_devices
from eda_agent.problem.extracted.passives import short
from eda_agent.problem.extracted.reading import read_extracted
from eda_agent.problem.extracted.wires import Wires, grouped
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.space import DesignSpace, Parameter, Place, Sizing
from eda_agent.problem.spec import Problem, Spec

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
    extracted = read_extracted(path, problem, cell)
    schematic = Transistors(problem)
    flat = schematic.flat(sizing)
    found = correspond(problem, schematic, flat, extracted, path)
    transistors, names = fingers(found, flat, extracted.bare)
    pairs = grouped(
        [
            (found.net(device.nodes[0]), found.net(device.nodes[1]), device.values.get("capacitance", 0.0))
            for device in found.wire_capacitors
        ]
    )
    factors = {pair[:2]: f"wire_{number}" for number, pair in enumerate(pairs)}
    added, missing = missing_devices(found, schematic, flat, problem.space.edits(sizing), path)
    cards = [
        *transistors,
        *wire_capacitors(found, factors),
        *wire_resistors(found),
        *drawn_passives(found),
        *added,
    ]
    wires = Wires(tuple(pair for pair in pairs if found.known(pair[0]) and found.known(pair[1])), str(path))
    total = sum(value for _, _, value in pairs)
    notes = [
        *_taken_from_the_schematic(extracted.left_out),
        *(f"{net} is taken for {meant}" for net, meant in found.bulks.items()),
        *other_sizes(found, flat),
        *([f"not in the extracted netlist, taken from the schematic: {', '.join(missing)}"] if missing else []),
        *_counts(found, path, len(names), total, wires.total),
    ]
    structure = schematic.structure
    return PostLayout(
        _problem(problem, _netlist(problem, found.ports, factors.values(), cards, path), names, factors),
        wires,
        tuple(factors[one, other] for one, other, _ in wires.pairs),
        tuple(notes),
        len(found.wire_resistors),
        frozenset(short(net) for net in (structure.vdd, structure.vss)),
    )


def _taken_from_the_schematic(left_out: Sequence[str]) -> list[str]:
    return [f"taken from the schematic, not from the layout: {', '.join(left_out[:6])}"] if left_out else []


def _counts(found: Correspondence, path: Path, devices: int, total: float, estimate: float) -> list[str]:
    """How much was found, as text. `devices`: of the schematic; `total`, `estimate`: the wires' capacitance in F, all
    and between nets of the schematic.
    """
    counts = (
        f"{path.name}: {len(found.fets)} transistors (fingers) are {devices} of the schematic,"
        f" {len(found.wire_capacitors)} capacitors of wires with {total * 1e15:.4g} fF in all,"
        f" {len(found.wire_resistors)} resistors of wires"
    )
    if estimate >= total * (1 - 1e-9):
        return [counts]
    lost = (total - estimate) * 1e15
    return [counts, f"{lost:.4g} fF are on nets that the schematic does not have, or has inside a cell"]


def _netlist(
    problem: Problem, ports: Sequence[str], factors: Iterable[str], cards: Sequence[str], path: Path
) -> Netlist:
    """The netlist of the cards as the problem's circuit, with what its own netlist has outside of subcircuits."""
    lines = [
        *_outside(problem.netlist),
        *(f".param {name}=1" for name in factors),
        f".subckt {problem.subckt} {' '.join(ports)}",
        *cards,
        ".ends",
    ]
    return parse_netlist(logical_lines("\n".join(lines) + "\n", path))


def _outside(netlist: Netlist) -> list[str]:
    """Parameters, models and options outside of subcircuits."""
    kept, inside = [], False
    for line in netlist.lines:
        inside = inside or line.card == ".subckt"
        if line.card in _KEPT and not inside:
            kept.append(line.text)
        inside = inside and line.card != ".ends"
    return kept


def _problem(
    problem: Problem, netlist: Netlist, names: Mapping[str, Sequence[str]], factors: Mapping[Pair, str]
) -> Problem:
    """The problem with another netlist, whose parameters are the wires' factors. `names`: device → its fingers."""
    parameters = tuple(_factor(pair, name) for pair, name in factors.items())
    specs = tuple(_of_fingers(spec, names) for spec in problem.specs)
    space = DesignSpace(parameters)
    return replace(problem, netlist=netlist, space=space, groups=(), specs=specs, layout=None, wires=None)


def _factor(pair: Pair, name: str) -> Parameter:
    text = f"wires between {pair[0]} and {pair[1]}"
    return Parameter(name, 0.0, 2.0, "", "lin", None, text, 1.0, (Place(Edit("", "", name), 1.0, 1.0),))


def _of_fingers(spec: Spec, names: Mapping[str, Sequence[str]]) -> Spec:
    if not spec.devices:
        return spec
    return replace(spec, devices=tuple(finger for device in spec.devices for finger in names.get(device, ())))
