"""Evolution generates a circuit from a number: a composed circuit or one of `SEEDS`, changed by mutations. The same
number gives the same circuit.
"""

from __future__ import annotations

import random
from dataclasses import replace

from eda_agent.train.topologies.bench import PORTS, Bench, bench_of
from eda_agent.train.topologies.cell import Cell
from eda_agent.train.topologies.compose import Topology, drawn_cell
from eda_agent.train.topologies.mutations import mutated
from eda_agent.train.topologies.references import current_reference, ring, voltage_reference
from eda_agent.train.topologies.sheet import Sheet
from eda_agent.train.topologies.switching import SWITCHING
from eda_agent.train.topologies.technology import TECHNOLOGIES
from eda_agent.train.topologies.text import netlist_text, spec_text

VERSION = 2
"""Increased when a number gives another circuit than before."""
STEPS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 6)
"""Numbers of mutations to draw from."""
WHOLE = ("loop", "step", "main")
"""Testbenches from which every spec is used, because one simulation measures all of them."""
EXTRA = 0.25
"""Share of circuits with specs of other testbenches."""
STILL = 0.5
"""Share of amplifiers without the step response, which takes three quarters of the simulator's time."""
PARENTS = 1_000_000
OTHERS = 5
"""One number in `OTHERS` starts from a kind in `SEEDS`, the others from a composed circuit."""
SEEDS = {"reference": voltage_reference, "current reference": current_reference, "ring": ring, **SWITCHING}
TURNED = frozenset({"buffer", "open comparator"})
"""Kinds of `SEEDS` that are also drawn upside down."""


def evolved_cell(number: int) -> tuple[Cell, random.Random]:
    """The cell of a number, and the generator that then draws its bench."""
    draw = random.Random(f"evolved {VERSION} {number}")
    cell = _other(draw) if number % OTHERS == OTHERS - 1 else drawn_cell(draw.randrange(PARENTS))[0]
    for _ in range(draw.choice(STEPS)):
        cell = mutated(cell, draw) or cell
    return cell, draw


def _other(draw: random.Random) -> Cell:
    """A cell of a kind that the composer does not draw."""
    kind = draw.choice(tuple(SEEDS))
    sheet = Sheet(draw.choice(TECHNOLOGIES), draw, turned=kind in TURNED and draw.random() < 0.5)
    SEEDS[kind](sheet)
    return sheet.cell(kind, PORTS[kind])


def evolved(number: int) -> tuple[Cell, Topology]:
    """The circuit of a number with its files. It keeps the rules; whether it works is not known."""
    cell, draw = evolved_cell(number)
    bench = evolved_bench(cell, draw)
    name = f"e{VERSION}_{number:06d}"
    title = f"{cell.kind}, {len(cell.devices)} devices, {', '.join(cell.made) or 'as composed'}, {cell.technology.pdk}"
    return cell, Topology(name, title, netlist_text(cell, title, bench.subckt), spec_text(cell, name, bench))


def evolved_bench(cell: Cell, draw: random.Random) -> Bench:
    """Every spec of the main testbenches, sometimes some of the others, and sometimes the operating point."""
    bench = bench_of(cell.kind, cell.technology, draw, turned=_below(cell), whole=WHOLE)
    if cell.kind == "amplifier":
        bench = bench if draw.random() < EXTRA else _only(bench, WHOLE)
        bench = replace(bench, bias=f"{{ib: {{current: {'-' if cell.turned else ''}{draw.choice((3, 5, 5, 10))}u}}}}")
    if cell.kind in ("amplifier", "regulator") and draw.random() < 0.3:
        saturated = '{metric: saturation_margin, devices: "*", unit: V, minimum: 50m}'
        bench = replace(bench, specs={**bench.specs, "saturation": saturated})
    if cell.kind == "amplifier" and draw.random() < STILL:
        bench = _only(bench, tuple(name for name in bench.testbenches if name != "step"))
    return bench


def _only(bench: Bench, names: tuple[str, ...]) -> Bench:
    """The bench with the specs of some testbenches and those without a testbench."""
    specs = {
        name: text
        for name, text in bench.specs.items()
        if "testbench" not in text or any(f"testbench: {one}," in text for one in names)
    }
    return replace(
        bench, specs=specs, testbenches={name: text for name, text in bench.testbenches.items() if name in names}
    )


def _below(cell: Cell) -> bool:
    """Whether the input common mode is nearer to the lower rail: a PMOS pair."""
    pair = cell.structure.input_pair
    return cell.turned if pair is None else pair[0].type == "pmos"
