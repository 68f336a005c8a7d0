"""What stands beside the circuit in a designer's deck are other cells and single devices, which need models too."""

from __future__ import annotations

from pathlib import Path

from eda_agent.errors import InputError
from eda_agent.problem.fill import fill, parameters_filled
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.netlist import Netlist, parse_netlist
from eda_agent.problem.settings import work_out
from eda_agent.problem.spec import Problem

TOP = ""
"""The name of a netlist's outermost level."""
_DEVICES = frozenset("xmdqj")


def netlists_beside(problem: Problem, netlist: Netlist) -> tuple[Netlist, ...]:
    """For each deck that has transistors or cells beside its circuit, the netlist with these at its top level.

    Args:
        problem: its testbenches and corners, which decide the parameters of a deck.
        netlist: the problem's, as it is simulated.
    """
    found: dict[str, Netlist] = {}
    for bench in problem.testbenches.values():
        if bench.template or bench.nets:
            continue
        for corner in problem.corners:
            settings = work_out(bench.settings, corner)
            filled = fill(bench.deck, settings) if bench.program is None else parameters_filled(bench.deck, settings)
            text = _devices_of(filled, problem.subckt)
            if not text or text in found:
                continue
            lines = [*netlist.lines, *logical_lines(text, Path(f"{bench.name} testbench"))]
            try:
                found[text] = parse_netlist(lines)
            except InputError:
                # what we cannot read is ngspice's: it says what it lacks
                continue
    return tuple(found.values())


def _devices_of(deck: str, circuit: str) -> str:
    """The lines of cells, parameters and devices of a deck; "" if only its circuit is called."""
    kept: list[str] = []
    inside = some = False
    for line in logical_lines(deck, Path("testbench")):
        inside = inside or line.card == ".subckt"
        device = line.card[:1] in _DEVICES and not inside
        called = device and circuit in line.text.lower().split()
        if inside or line.card in {".param", ".params"} or (device and not called):
            kept.append(line.text)
            some = some or device
        inside = inside and line.card != ".ends"
    return "\n".join(kept) + "\n" if some else ""
