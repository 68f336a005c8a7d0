"""Composition generates a circuit from a number: the same number gives the same circuit. Held-out circuits and
repetitions are
skipped.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.train.held_out import held_out_shapes
from eda_agent.train.topologies.amplifiers import amplifier
from eda_agent.train.topologies.bench import PORTS, bench_of
from eda_agent.train.topologies.cell import Cell
from eda_agent.train.topologies.others import comparator, oscillator, regulator, transimpedance
from eda_agent.train.topologies.sheet import Sheet
from eda_agent.train.topologies.technology import TECHNOLOGIES
from eda_agent.train.topologies.text import netlist_text, spec_text

VERSION = 1
"""Increased when a number gives another circuit than before."""
SHAPES = ("amplifier",) * 13 + ("regulator",) * 3 + ("transimpedance",) * 2 + ("comparator", "oscillator")


@dataclass(frozen=True)
class Topology:
    """`title`: its blocks in words. `netlist`, `spec`: its files, named after it."""

    name: str
    title: str
    netlist: str
    spec: str

    def write(self, folder: Path) -> Path:
        """Write the files into a new folder; returns the path of the spec."""
        place = folder / self.name
        place.mkdir(parents=True, exist_ok=True)
        write_text(place / f"{self.name}.spice", self.netlist)
        write_text(place / "spec.yaml", self.spec)
        return place / "spec.yaml"


def drawn(number: int) -> Topology:
    """The circuit of a number, without the check for held-out ones."""
    cell, title, draw = drawn_cell(number)
    bench = bench_of(cell.kind, cell.technology, draw, turned=cell.turned)
    name = f"t{number:05d}"
    return Topology(name, title, netlist_text(cell, title, bench.subckt), spec_text(cell, name, bench))


def drawn_cell(number: int) -> tuple[Cell, str, random.Random]:
    """The cell of a number, its blocks in words, and the generator that then draws its bench."""
    draw = random.Random(f"topology {VERSION} {number}")
    technology = draw.choice(TECHNOLOGIES)
    kind = draw.choice(SHAPES)
    turned = kind == "amplifier" and draw.random() < 0.5
    sheet = Sheet(technology, draw, turned=turned, one_length=draw.random() < 0.1)
    make = {
        "amplifier": amplifier,
        "regulator": regulator,
        "transimpedance": transimpedance,
        "comparator": comparator,
        "oscillator": oscillator,
    }[kind]
    title = f"{make(sheet)}{', PMOS input' if turned else ''}, {technology.pdk}"
    return sheet.cell(kind, PORTS[kind]), title, draw


def topologies(seed: int, folder: Path) -> Iterator[tuple[Path, Problem]]:
    """An endless sequence of different circuits, with their spec files in a folder, none with the structure of a
    held-out one.
    """
    refused = held_out_shapes()
    seen: set[str] = set()
    number = seed * 10_000
    while True:
        made = drawn(number)
        number += 1
        path = made.write(folder)
        problem = load_problem(path)
        # the same devices with other ranges are another training circuit, the same devices with the same specs are not
        shape = fingerprint(problem)
        key = f"{shape} {problem.pdk.name} {problem.space.names} {problem.spec_names}"
        if shape in refused or key in seen:
            continue
        seen.add(key)
        yield path, problem
