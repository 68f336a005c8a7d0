"""An own bench is the deck that a designer brings: the draft keeps it as its testbench and takes its conditions."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from eda_agent.errors import Finding, InputError
from eda_agent.problem.bench import BenchText, circuit_of_deck, circuit_part, read_bench
from eda_agent.problem.bench.cards import supply_of
from eda_agent.problem.bench.program_of import program_of
from eda_agent.problem.bench.reading import bench_part, outside
from eda_agent.problem.deck_numbers import parameters, valued
from eda_agent.problem.draft.flat import FlatConditions, has_own_transistors, held_nets, is_ring_of_cells
from eda_agent.problem.draft.pulse import middle_of, period_of
from eda_agent.problem.netlist import Netlist, Subcircuit
from eda_agent.problem.script import Program, all_steps
from eda_agent.spice_numbers import parse_spice_number

NAME = "tb"
"""Name of its testbench, if there is one deck."""
_BENCH = re.compile(r"^\s*(?:\.(?:control|meas|measure|tran|ac|dc|op|noise|tf|pz|sens)\b|[vi]\w*\s+\S+\s+\S+)",
                    re.IGNORECASE | re.MULTILINE)  # fmt: skip
_CALL = re.compile(r"^\s*x\S*\s+\S", re.IGNORECASE | re.MULTILINE)
_GROUNDS = frozenset(["0", "gnd"])


@dataclass(frozen=True)
class OwnBench:
    """What a designer's deck says.

    Attributes:
        text: its lines.
        netlist: its circuit.
        subckt: the subcircuit to size.
        program: what it measures; None if it has no results of its own.
    """

    text: BenchText
    netlist: Netlist
    subckt: str
    program: Program | None

    @property
    def conditions(self) -> FlatConditions:
        """Sources and loads at the ports of the circuit, for templates."""
        scope = self.netlist.subcircuits[self.subckt]
        calls = self.text.instances(self.subckt)
        nets = [net.lower() for net in calls[0][1:-1]] if calls else []
        ports = dict(zip(nets, scope.ports, strict=False))
        volts: dict[str, float] = {}
        amps: dict[str, float] = {}
        loads: dict[str, float] = {}
        periods: dict[str, float] = {}
        middles: dict[str, float] = {}
        resistances: dict[str, float] = {}
        cards = [line.text for line in outside(self.text.lines) if line.card.startswith(("v", "i", "c", "r"))]
        held, known = held_nets(cards), parameters(line.text for line in self.text.lines)
        for card in (valued(card, known) for card in cards):
            words = card.split()
            kind = words[0][0].lower()
            if len(words) < 4:
                continue
            value = _level(card)
            plus, minus = words[1].lower(), words[2].lower()
            fixed = _GROUNDS | held if kind == "i" else _GROUNDS
            if (plus in fixed) == (minus in fixed):
                continue
            port = ports.get(minus if plus in fixed else plus)
            if port is not None and kind == "v" and (period := period_of(words[3:])):
                periods[port] = period
            if port is not None and kind == "v" and (middle := middle_of(words[3:])) is not None:
                middles[port] = middle if minus in fixed else -middle
            if port is None or value is None:
                continue
            sign = 1.0 if (minus in fixed) == (kind == "v") else -1.0
            if kind == "c":
                loads[port] = loads.get(port, 0.0) + value
            elif kind == "r":
                resistances[port] = value
            else:
                (volts if kind == "v" else amps)[port] = sign * value
        return FlatConditions(volts, amps, loads, periods=periods, middles=middles, resistances=resistances)


def read_own_bench(
    path: Path,
    raw: str,
    subckt: str | None,
    library_files: Collection[str],
    *,
    of_cells: bool = False,
    notes: list[str] | None = None,
) -> OwnBench | None:
    """The bench in a file; None if the file is a circuit without one.

    Args:
        path: the deck.
        raw: its text.
        subckt: the circuit that the user names.
        library_files: names of the PDKs' library files.
        of_cells: whether its top level is a circuit of cells, unless it tests one of them.
        notes: receives what is left out.

    Raises:
        InputError: the deck has several circuits to size, or a line that cannot be read.
    """
    if not _BENCH.search(raw) or not _CALL.search(raw):
        return None
    text = read_bench(path, [path.parent], library_files)
    netlist = circuit_of_deck(text)
    called = [name for name in text.called() if name in netlist.subcircuits]
    if not called:
        return None
    able = [name for name in called if _sizable(netlist, name)] or called
    around = of_cells and has_own_transistors(raw.splitlines())
    chosen = (subckt or (able[0] if len(able) == 1 and not around else "")).lower()
    if not chosen and of_cells:
        measures = _measures(text)
        closed = measures and (around or is_ring_of_cells(raw.splitlines()))
        if closed and notes is not None:
            form = "have transistors around them" if around else "form a loop"
            notes.append(
                f"the deck's cells {', '.join(able)} {form}, so they are one circuit, and the deck's measurements"
                f" are left out (--subckt {' or '.join(able)} sizes one cell with them)"
            )
        if closed or not measures:
            return None
    if not chosen:
        fix = f"--subckt {' or '.join(able)}" + ("; without its measurements all are one circuit" if of_cells else "")
        raise InputError(Finding(f"the deck calls several circuits: {', '.join(able)}", path, fix=fix))
    if chosen not in called:
        raise InputError(
            Finding(f"the deck does not call a subcircuit {chosen!r}", path, fix=f"--subckt {' or '.join(called)}")
        )
    program = compiled(text)
    return None if of_cells and program is None else OwnBench(text, netlist, chosen, program)


def _measures(text: BenchText) -> bool:
    """Whether a deck has results that can be read."""
    try:
        return compiled(text) is not None
    except InputError:
        return False


def compiled(text: BenchText) -> Program | None:
    """The program of a deck; None if it measures nothing. Raises `InputError` with every line that cannot be read."""
    findings: list[Finding] = []
    program = program_of(text, findings)
    if findings:
        raise InputError(findings)
    return program if program.steps and _has_results(program) else None


def supplied(bench: OwnBench, port: str) -> tuple[str, float | None]:
    """(the source or parameter of the supply, its volts) for the circuit's positive rail."""
    scope: Subcircuit = bench.netlist.subcircuits[bench.subckt]
    calls = bench.text.instances(bench.subckt)
    nets = dict(zip(scope.ports, calls[0][1:-1], strict=False)) if calls else {}
    lines = bench_part(bench.text.lines, bench.netlist.subcircuits, (), bench.netlist.top.params)
    return supply_of(lines, nets.get(port, port), bench.netlist.top.params)


def circuit_text(bench: OwnBench) -> str:
    """The circuit alone, as text: for templates, where the deck measures nothing."""
    kept = [line for line in circuit_part(bench.text.lines) if line.text]
    return "* the circuit of a testbench\n" + "".join(f"{raw}\n" for line in kept for raw in line.raw)


def _level(text: str) -> float | None:
    """The DC value of a source or the value of a capacitor; of a source with a waveform alone, where it begins."""
    found = re.match(
        r"\s*\S+\s+\S+\s+\S+\s+(?:dc\s*=?\s*)?(?:(?:pulse|sin|exp|pwl\s*\(?\s*\S+)\s*\(?\s*)?([^\s(),]+)",
        text,
        re.IGNORECASE,
    )
    return parse_spice_number(found[1]) if found else None


def _sizable(netlist: Netlist, name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a subcircuit has transistors, also inside its cells."""
    scope = netlist.subcircuits.get(name)
    if scope is None:
        # a device of the PDK
        return "fet" in name or "mos" in name or "npn" in name or "pnp" in name
    return any(
        device.kind in "mqj"
        or (
            device.kind == "x"
            and device.value.lower() not in seen
            and _sizable(netlist, device.value.lower(), seen | {name})
        )
        for device in scope.devices
    )


def _has_results(program: Program) -> bool:
    """Whether a deck measures or prints a number: one that only draws has none."""
    return bool(program.results) or any(step["do"] == "print_all" for step in all_steps(program.steps))
