"""A workbench builds the decks of a problem, one per testbench and corner, and the part of them that changes with the
sizing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from eda_agent.metrics.geometry import gate_area
from eda_agent.metrics.waveform import LOOP
from eda_agent.problem.drawn import Drawn
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.fill import fill, parameters_filled
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.loop_probe import injection
from eda_agent.problem.pdk import cut_library
from eda_agent.problem.pdk.verilog import compiled_models
from eda_agent.problem.script.shortened import WANTED, shortened
from eda_agent.problem.settings import work_out
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Corner, Problem, Testbench
from eda_agent.simulation.beside import TOP, netlists_beside
from eda_agent.simulation.circuit_text import CircuitText
from eda_agent.simulation.deck import Deck
from eda_agent.simulation.device_ranges import device_ranges
from eda_agent.simulation.foundry_cells import is_fet, library_cells, spice_names
from eda_agent.simulation.instance import Elaborated, Instance, flat_values
from eda_agent.simulation.varied_cell import local_head


class Workbench:
    """The decks of a problem. `cache`: folder for cut model libraries.

    Raises `InputError` if the circuit does not elaborate or reaches sizes that the PDK does not allow.
    """

    def __init__(self, problem: Problem, cache: Path):
        self.problem, self.cache = problem, cache
        self.drawn = Drawn(problem)
        self._wider: dict[tuple[str, str, int], Deck] = {}
        beside = netlists_beside(problem, self.drawn.netlist)
        ranges = device_ranges(problem, self.drawn, beside)
        processes = sorted({corner.process for corner in problem.corners})
        self.libraries = {process: cut_library(problem.pdk, process, ranges, cache) for process in processes}
        self.compiled = compiled_models(problem.pdk, ranges, cache / "osdi")
        """Files of the compiled Verilog-A models that its decks need."""
        initial = self.drawn.edits(problem.space.initial)
        any_library = next(iter(self.libraries.values()))
        whole = any_library.whole
        self.elaboration = Elaboration(
            self.drawn.netlist, problem.subckt, library_cells(any_library), list(initial), whole=whole.keys()
        )
        self._beside = [
            Elaboration(netlist, TOP, library_cells(any_library), list(initial), whole=whole.keys())
            for netlist in beside
        ]
        first = self.elaboration.devices(initial)
        self._fets = frozenset(device.label for device in first if is_fet(device, problem.pdk))
        self.mosfets = tuple(
            (*spice_names(device, whole), device.label) for device in first if device.label in self._fets
        )
        self.hierarchical = self.elaboration.unflattened()
        self._text = CircuitText(self.drawn.netlist, list(initial))
        self._flat_cards = "".join(
            f"{line.text}\n" for line in problem.netlist.lines if line.card in {".model", ".option", ".options"}
        )
        heads = {bench.name: self._flat_heads(bench, first) for bench in problem.testbenches.values()}
        nominal = problem.corners[0].name
        self.decks = tuple(
            self._deck(bench, corner, heads[bench.name])
            for corner in problem.corners
            for bench in problem.testbenches.values()
            # every testbench runs in the first corner, whose operating points are shown
            if corner.name == nominal
            or any(spec.testbench == bench.name and spec.counts_in(corner.name) for spec in problem.specs)
        )

    def _deck(self, bench: Testbench, corner: Corner, flat_heads: tuple[str, ...], level: int = 0) -> Deck:
        problem = self.problem
        library = self.libraries[corner.process]
        settings = narrow = work_out(bench.settings, corner)
        if level:
            # other settings computed from them stay the same: edges, and the time step without its own factor
            settings = {**narrow, **{key: narrow[key] * factors[level - 1] for key, factors in bench.grows.items()}}
        call, bench_cards = self._call(bench)
        filled = fill(bench_cards, settings) if bench.program is None else parameters_filled(bench_cards, settings)
        tail = f"{filled}.option temp={corner.temperature!r} noacct\n"
        title = f"* {problem.name} {bench.name} {corner.name}\n"
        wanted = {spec.metric.name for spec in problem.specs if spec.testbench == bench.name and not spec.devices}
        if bench.script is not None:
            # what a script computes, it computes from these
            wanted = (wanted - {*bench.script.results}) | {*bench.script.inputs.values()}
        metrics = tuple((metric, bench.sources[metric]) for metric in sorted(wanted))
        analyses = tuple((analysis.kind, fill(analysis.command, settings)) for analysis in bench.analyses)
        if level:
            analyses = tuple(
                pair
                for pair, analysis in zip(analyses, bench.analyses, strict=True)
                if pair[1] != fill(analysis.command, narrow)
            )
            metrics = tuple(
                (metric, kind) for metric, kind in metrics if kind in dict(analyses) and metric not in bench.measures
            )
        measures = {name: how for name, how in bench.measures.items() if name in wanted}
        measured = sorted((name, how, _stamp(how)) for name, how in measures.items())
        program = None
        if bench.program is not None:
            shorter = None if any(kind == "dc" for _, kind in metrics) else shortened(bench.program, wanted)
            program = bench.program.wire(settings) | ({WANTED: shorter} if shorter else {})
        content = repr(
            (
                *(() if program is None else (program,)),
                library.digest,
                call,
                tail,
                analyses,
                sorted(bench.probes.items()),
                sorted(settings.items()),
                metrics,
                measured,
            )
        )
        return Deck(
            key=hashlib.sha256(content.encode()).hexdigest()[:24],
            testbench=bench.name,
            corner=corner.name,
            title=title,
            call=call,
            tail=tail,
            analyses=analyses,
            probes=bench.probes,
            settings=settings,
            metrics=metrics,
            devices=self._devices(bench),
            library=library,
            flat_heads=flat_heads,
            flat_cards=self._flat_cards,
            cell="" if bench.program is None else problem.subckt,
            scale=problem.pdk.scale,
            measures=measures,
            injection=injection(tail, bench.probes[LOOP]) if LOOP in bench.probes else None,
            level=level,
            program=program,
            widths=_widths(bench),
            widen=lambda level: self._wide(bench, corner, flat_heads, level),
        )

    def _devices(self, bench: Testbench) -> tuple[tuple[str, str, str], ...]:
        """The MOSFETs, named as in this testbench."""
        if bench.program is None:
            return self.mosfets
        return tuple(
            (flat, re.sub(r"\bxdut\b", bench.instance, inner, count=1), label) for flat, inner, label in self.mosfets
        )

    def _wide(self, bench: Testbench, corner: Corner, flat_heads: tuple[str, ...], level: int) -> Deck:
        """A deck with a wider window, created when it is first needed."""
        key = bench.name, corner.name, level
        if key not in self._wider:
            self._wider[key] = self._deck(bench, corner, flat_heads, level)
        return self._wider[key]

    def _call(self, bench: Testbench) -> tuple[str, str]:
        """The line that instantiates the circuit, and the testbench's other cards; a user's deck contains the line."""
        if bench.program is not None:
            return "", bench.deck
        if bench.nets:
            nets = " ".join(bench.nets[port] for port in self.elaboration.subcircuit.ports)
            return f"Xdut {nets} {self.problem.subckt}\n", bench.deck
        lines = bench.deck.splitlines(keepends=True)
        call = next(line for line in lines if line.lower().startswith("xdut "))
        return call, "".join(line for line in lines if line is not call)

    def _flat_heads(self, bench: Testbench, devices: Sequence[FlatDevice]) -> tuple[str, ...]:
        """The name and nodes of each device in this testbench, the beginning of a flat line."""
        if bench.program is not None:
            return tuple(local_head(device) for device in devices)
        nets = dict(zip(self.elaboration.subcircuit.ports, self._call(bench)[0].lower().split()[1:-1], strict=True))
        return tuple(
            " ".join([device.flat_name, *(nets.get(node, node) for node in device.nodes)]) for device in devices
        )

    def instance(self, sizing: Sizing) -> Instance:
        """The circuit at a (legal) sizing."""
        edits = self.drawn.edits(sizing)
        return Instance(self._text.render(edits), partial(self._elaborate, edits))

    def _elaborate(self, edits: Mapping[Edit, float]) -> Elaborated:
        devices = self.elaboration.devices(edits)
        alterations, fixed = self.elaboration.alterations(devices)
        return Elaborated(
            devices=tuple(devices),
            flat_values=() if self.hierarchical else tuple(flat_values(device) for device in devices),
            alterations=(
                tuple((device, parameter, value) for (device, parameter), value in alterations.items())
                if alterations is not None
                else None
            ),
            fixed=hashlib.sha256(repr(fixed).encode()).hexdigest()[:16],
            gate_area=gate_area(
                device.values for device in devices if device.label in self._fets and {"w", "l"} <= device.values.keys()
            ),
            fets=self._fets,
            beside=tuple(device for one in self._beside for device in one.devices(edits)),
        )


def _widths(bench: Testbench) -> tuple[float, ...]:
    """The relative widths of a testbench's windows, the first being 1: of several growing settings the fastest
    counts.
    """
    return 1.0, *(max(max(factor, 1 / factor) for factor in step) for step in zip(*bench.grows.values(), strict=True))


def _stamp(how: str) -> str:
    """Part of a deck's key: the content of a measurement that is a program."""
    kind, _, rest = how.partition(" ")
    return hashlib.sha256(Path(rest).read_bytes()).hexdigest() if kind == "python" else ""
