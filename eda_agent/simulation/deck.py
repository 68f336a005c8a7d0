"""A deck is what ngspice loads: models, the circuit at one sizing, and a testbench, in one corner.

`Workbench` builds the decks of a problem (one a testbench and corner) and the part that changes with the sizing. The netlist
keeps its hierarchy in the deck: what ngspice reads is what the designer wrote, with other numbers.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from eda_agent.errors import Finding, InputError
from eda_agent.problem.elaborate import Elaboration, reach
from eda_agent.problem.fill import fill
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.load_testbench import work_out
from eda_agent.problem.loop_probe import LOOP, Injection, injection
from eda_agent.problem.multiplied import explicit, multiplied_cells, multiplied_value
from eda_agent.problem.netlist import Edit, Subcircuit, parse_netlist
from eda_agent.problem.pdk import CutLibrary, cut_library, plain_card
from eda_agent.problem.pdk.bins import Box
from eda_agent.problem.pdk.mismatch import Spread, deviation, symbols
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.source import IGNORED_CARDS, logical_lines
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Corner, Problem, Testbench
from eda_agent.simulation.measurements import gate_area
from eda_agent.units import format_quantity, spice_number

_KEPT_AT_TOP = {".param", ".params", ".model", ".global", ".func", ".ic", ".option", ".options", ".subckt", ".ends", ".nodeset"}


@dataclass(frozen=True, eq=False)
class Deck:
    """A testbench in a corner.

    Its text is, in order: `title`, model cards, the foundry's subcircuits (those of `library`), the circuit, `call` (the instance
    under test), `tail` (the testbench); a flat circuit needs neither subcircuits nor call. `metrics`: (metric, analysis kind) to
    measure. `devices`: (name in a flat deck, name under the hierarchy, label) of the MOSFETs. `flat_heads`: how each line of the
    flat circuit begins, `flat_cards` its other lines. `scale`: metres per unit of W and L in the netlist. `measures`:
    metric of the user's own → how. `injection`: where the loop gain is measured, if it is. `widths`: of its windows, the first 1, of which
    this deck has number `level`; `widen(level)` is the same deck with another window, and only what that changes is analysed in it.
    """

    key: str
    testbench: str
    corner: str
    title: str
    call: str
    tail: str
    analyses: tuple[tuple[str, str], ...]
    probes: Mapping[str, str]
    settings: Mapping[str, float]
    metrics: tuple[tuple[str, str], ...]
    devices: tuple[tuple[str, str, str], ...]
    library: CutLibrary
    flat_heads: tuple[str, ...]
    flat_cards: str
    scale: float = 1.0
    measures: Mapping[str, str] = field(default_factory=dict)
    injection: Injection | None = None
    level: int = 0
    widths: tuple[float, ...] = (1.0,)
    widen: Callable[[int], Deck] | None = None

    def wire(self) -> dict[str, Any]:
        """What a worker is told about the deck."""
        return {
            "key": self.key, "models": self.models_name, "title": self.title, "blocks": self.library.devices, "call": self.call, "tail": self.tail,
            "analyses": self.analyses, "probes": dict(self.probes), "settings": dict(self.settings), "metrics": self.metrics, "devices": self.devices,
            "injection": asdict(self.injection) if self.injection else None,
            "measures": dict(self.measures), "programs": {path: Path(path).read_text(encoding="utf-8") for path in self._programs},
        }  # fmt: skip

    @property
    def _programs(self) -> list[str]:
        return [how.partition(" ")[2] for how in self.measures.values() if how.startswith("python ")]

    @property
    def models_name(self) -> str:
        return str(self.library.models)

    @property
    def models(self) -> str:
        """Text of the model cards that the deck takes its own from: a worker is told them once, and reads no file."""
        return _read(self.library.models)


@dataclass(frozen=True)
class Elaborated:
    """The circuit at one sizing, taken apart.

    `devices`: the primitive devices. `flat_values`: the numbers of each flat line, empty where only ngspice can elaborate the
    circuit. `alterations`: what of the flat circuit a sizing changes, as device parameters, None where a loaded circuit cannot be
    altered. `fixed`: what altering leaves out.
    """

    devices: tuple[FlatDevice, ...] = ()
    flat_values: tuple[str, ...] = ()
    alterations: tuple[tuple[str, str, float], ...] | None = None
    fixed: str = ""
    gate_area: float = 0.0

    @property
    def widths(self) -> dict[str, float]:
        """MOSFET → W in m, over all fingers and copies."""
        result: dict[str, float] = {}
        for device in self.devices:
            if device.kind == "m" and "w" in device.values:
                result[device.label] = result.get(device.label, 0.0) + device.values["w"] * device.values.get("m", 1.0)
        return result


@dataclass(frozen=True, eq=False)
class Instance:
    """The circuit at one sizing: the netlist's own `circuit` text, and `elaborate` for the rest.

    A sizing whose result is known needs no more than its text.
    """

    circuit: str
    elaborate: Callable[[], Elaborated] = Elaborated
    _assigned: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def parts(self) -> Elaborated:
        return self.elaborate()

    def wire(self, deck: Deck, *, flat: bool) -> dict[str, Any]:
        """What a worker is told about the sizing, for one deck."""
        if not (flat and self.parts.flat_values):
            cards = deck.library.needed(self.parts.devices)
            return {"circuit": self.circuit, "flat": False, "alterations": None, "fixed": self.parts.fixed, "cards": cards}
        chosen = self.cards(deck.library)
        return {
            "circuit": self.flat(deck), "flat": True, "alterations": self.parts.alterations, "fixed": f"{self.parts.fixed} {' '.join(chosen)}",
            "cards": sorted({card for card in chosen if card}),
        }  # fmt: skip

    def varied(self, deck: Deck, seed: int, sample: int) -> dict[str, Any]:
        """The same with the mismatch of one Monte Carlo sample: each device has a card or parameters of its own."""
        parts, chosen, scale = self.parts, self.cards(deck.library), deck.scale
        lines, variants = [], []
        for head, card, device, values in zip(deck.flat_heads, chosen, parts.devices, parts.flat_values, strict=True):
            name, extra = plain_card(card) or (device.model if device.kind == "m" else ""), ""
            spread = deck.library.spreads.get(card) or deck.library.spreads.get(device.library, {})
            if spread:
                draws = _draws(spread, seed, sample, device.label)
                size = (device.values["w"] / scale, device.values["l"] / scale, device.values.get("m", 1.0))
                added = {parameter: deviation(text, *size, draws) for parameter, text in spread.items()}
                if card in deck.library.spreads:
                    name = f"{name}_x{device.index}"
                    variants.append((name, card, added))
                else:
                    extra = "".join(f" {parameter}={value!r}" for parameter, value in added.items())
            lines.append(f"{head} {name} {values}{extra}\n")
        return {
            "circuit": deck.flat_cards + "".join(lines), "flat": True, "alterations": None, "fixed": f"sample {seed} {sample}",
            "cards": sorted({card for card in chosen if card}), "variants": variants,
        }  # fmt: skip

    def flat(self, deck: Deck) -> str:
        """The circuit without hierarchy, each MOSFET with the card of its own bin."""
        models = (
            plain_card(card) or (device.model if device.kind == "m" else "")
            for card, device in zip(self.cards(deck.library), self.parts.devices, strict=True)
        )
        lines = zip(deck.flat_heads, models, self.parts.flat_values, strict=True)
        return deck.flat_cards + "".join(f"{head} {model} {values}\n" for head, model, values in lines)

    def cards(self, library: CutLibrary) -> tuple[str, ...]:
        """The model card of each device in a process corner; worked out once, most testbenches share a library."""
        if library.digest not in self._assigned:
            self._assigned[library.digest] = library.assigned(self.parts.devices)
        return self._assigned[library.digest]


def _span(ends: tuple[float, float]) -> str:
    return " to ".join(format_quantity(end, "m") for end in ends)


def _draws(spread: Spread, seed: int, sample: int, label: str) -> dict[str, float]:
    """The normal draws of one device in one sample: they depend on its name, so that a changed sizing meets the same chip."""
    rng = np.random.default_rng([seed, sample, zlib.crc32(label.encode())])
    names = list(symbols(spread))
    return dict(zip(names, rng.standard_normal(len(names)).tolist(), strict=True))


class Workbench:
    """The decks of a problem. `cache`: folder for cut model libraries.

    Raises `InputError` when the circuit does not elaborate or reaches sizes that the PDK does not allow.
    """

    def __init__(self, problem: Problem, cache: Path):
        self.problem = problem
        self.libraries: dict[str, CutLibrary] = {}
        self._wider: dict[tuple[str, str, int], Deck] = {}
        boxes = self._boxes()
        for process in sorted({corner.process for corner in problem.corners}):
            self.libraries[process] = cut_library(problem.pdk, process, boxes, cache)
        places = list(problem.space.edits(problem.space.initial))
        any_library = next(iter(self.libraries.values()))
        self.elaboration = Elaboration(problem.netlist, problem.subckt, _blocks(any_library.devices), places)
        first = self.elaboration.devices(problem.space.edits(problem.space.initial))
        self.mosfets = tuple((device.flat_name, device.spice_name, device.label) for device in first if device.kind == "m")
        self.hierarchical = self.elaboration.unflattened()
        self._multiplied = multiplied_cells(problem.netlist)
        self._netlist = explicit(problem.netlist, self._multiplied) if self._multiplied else problem.netlist
        self._template, self._edits = self._make_template()
        self._flat_cards = "".join(f"{line.text}\n" for line in problem.netlist.lines if line.card in {".model", ".option", ".options"})
        heads = {bench.name: self._flat_heads(bench, first) for bench in problem.testbenches.values()}
        nominal = problem.corners[0].name
        self.decks = tuple(
            self._deck(bench, corner, heads[bench.name])
            for corner in problem.corners
            for bench in problem.testbenches.values()
            # every testbench runs in the first corner, whose operating points are shown
            if corner.name == nominal or any(spec.testbench == bench.name and spec.counts_in(corner.name) for spec in problem.specs)
        )

    def _boxes(self) -> dict[str, Box]:
        """What each foundry device can reach; found with a stand-in for its subcircuit, whose inside does not matter."""
        problem = self.problem
        choices = [
            {
                place.edit: (parameter.minimum * place.ratio / place.scale, parameter.maximum * place.ratio / place.scale)
                for place in parameter.places
            }
            for parameter in problem.space.parameters
        ]
        elaboration = Elaboration(
            problem.netlist, problem.subckt, stub_devices(problem.pdk), [place for places in choices for place in places]
        )
        boxes: dict[str, Box] = {}
        for name, (width, finger, length) in reach(elaboration, choices).items():
            if name in problem.netlist.models:
                continue  # the netlist brings its own model card
            rule = problem.pdk.device(name)
            used_as_device = any(
                device.kind == "x" and device.value.lower() == name
                for scope in problem.netlist.subcircuits.values()
                for device in scope.devices
            )
            scale = problem.pdk.scale if used_as_device else 1.0
            # ngspice bins by finger or by total width, depending on version and settings
            box: Box = ((min(width[0], finger[0]) * scale, max(width[1], finger[1]) * scale), (length[0] * scale, length[1] * scale))
            if rule is not None:
                # the PDK's rule is for the finger
                self._check(name, "W", (finger[0] * scale, finger[1] * scale), rule.width)
                self._check(name, "L", box[1], rule.length)
            boxes[name] = box
        return boxes

    def _check(self, name: str, side: str, got: tuple[float, float], allowed: tuple[float, float]) -> None:
        if got[0] < allowed[0] * (1 - 1e-6) or got[1] > allowed[1] * (1 + 1e-6):
            raise InputError(
                Finding(
                    f"{side} of {name}{' (a finger)' if side == 'W' else ''} reaches from {_span(got)}; the models cover {_span(allowed)}",
                    self.problem.path, where="parameters", fix="narrow the ranges (W and L in metres with a prefix: 4u); use m for wider devices",
                )
            )  # fmt: skip

    def _circuit_lines(self) -> frozenset[int]:
        """Lines (by identity) that go into a deck: subcircuits whole, and from outside them only definitions."""
        kept, inside = set(), False
        for line in self._netlist.lines:
            inside = inside or line.card == ".subckt"
            if (inside and line.card not in IGNORED_CARDS) or line.card in _KEPT_AT_TOP:
                kept.add(id(line))
            if line.card == ".ends":
                inside = False
        return frozenset(kept)

    def _deck(self, bench: Testbench, corner: Corner, flat_heads: tuple[str, ...], level: int = 0) -> Deck:
        problem = self.problem
        library = self.libraries[corner.process]
        settings = narrow = work_out(bench.settings, corner)
        if level:
            # what else is worked out from them stays as it is: edges, and the time step where it has no factor of its own
            settings = {**narrow, **{key: narrow[key] * factors[level - 1] for key, factors in bench.grows.items()}}
        call, bench_cards = self._call(bench)
        tail = f"{fill(bench_cards, settings)}.option temp={corner.temperature!r} noacct\n"
        title = f"* {problem.name} {bench.name} {corner.name}\n"
        wanted = {spec.metric.name for spec in problem.specs if spec.testbench == bench.name and not spec.devices}
        metrics = tuple((metric, bench.sources[metric]) for metric in sorted(wanted))
        analyses = tuple((analysis.kind, fill(analysis.command, settings)) for analysis in bench.analyses)
        if level:
            analyses = tuple(
                pair for pair, analysis in zip(analyses, bench.analyses, strict=True) if pair[1] != fill(analysis.command, narrow)
            )
            metrics = tuple((metric, kind) for metric, kind in metrics if kind in dict(analyses) and metric not in bench.measures)
        measures = {name: how for name, how in bench.measures.items() if name in wanted}
        measured = sorted((name, how, _stamp(how)) for name, how in measures.items())
        content = repr((library.digest, call, tail, analyses, sorted(bench.probes.items()), sorted(settings.items()), metrics, measured))
        return Deck(
            key=hashlib.sha256(content.encode()).hexdigest()[:24], testbench=bench.name, corner=corner.name, title=title,
            call=call, tail=tail, analyses=analyses, probes=bench.probes, settings=settings, metrics=metrics, devices=self.mosfets,
            library=library, flat_heads=flat_heads, flat_cards=self._flat_cards,
            scale=problem.pdk.scale,
            measures=measures, injection=injection(tail, bench.probes[LOOP]) if LOOP in bench.probes else None,
            level=level, widths=_widths(bench), widen=lambda level: self._wide(bench, corner, flat_heads, level),
        )  # fmt: skip

    def _wide(self, bench: Testbench, corner: Corner, flat_heads: tuple[str, ...], level: int) -> Deck:
        """A deck with a wider window; made when it is first asked for."""
        key = bench.name, corner.name, level
        if key not in self._wider:
            self._wider[key] = self._deck(bench, corner, flat_heads, level)
        return self._wider[key]

    def _call(self, bench: Testbench) -> tuple[str, str]:
        """The line that instantiates the circuit, and the testbench's other cards; a user's own deck has the line in it."""
        if bench.nets:
            nets = " ".join(bench.nets[port] for port in self.elaboration.subcircuit.ports)
            return f"Xdut {nets} {self.problem.subckt}\n", bench.deck
        lines = bench.deck.splitlines(keepends=True)
        call = next(line for line in lines if line.lower().startswith("xdut "))
        return call, "".join(line for line in lines if line is not call)

    def _flat_heads(self, bench: Testbench, devices: Sequence[FlatDevice]) -> tuple[str, ...]:
        """For each device its name and its nodes in this testbench, as a flat line begins."""
        nets = dict(zip(self.elaboration.subcircuit.ports, self._call(bench)[0].lower().split()[1:-1], strict=True))
        return tuple(" ".join([device.flat_name, *(nets.get(node, node) for node in device.nodes)]) for device in devices)

    def instance(self, sizing: Sizing) -> Instance:
        """The circuit at a (legal) sizing."""
        edits = self.problem.space.edits(sizing)
        return Instance(self._text(edits), partial(self._elaborate, edits))

    def _elaborate(self, edits: Mapping[Edit, float]) -> Elaborated:
        devices = self.elaboration.devices(edits)
        alterations, fixed = self.elaboration.alterations(devices)
        return Elaborated(
            devices=tuple(devices),
            flat_values=() if self.hierarchical else tuple(flat_values(device) for device in devices),
            alterations=tuple((device, parameter, value) for (device, parameter), value in alterations.items())
            if alterations is not None
            else None,
            fixed=hashlib.sha256(repr(fixed).encode()).hexdigest()[:16],
            gate_area=gate_area(device.values for device in devices if device.kind == "m" and {"w", "l"} <= device.values.keys()),
        )

    def _make_template(self) -> tuple[list[str], list[Edit]]:
        """The circuit's text cut at the places that a sizing fills: rendering it is then one join."""
        edits = list(self.problem.space.edits(self.problem.space.initial))
        marks = {edit: f"\0{number}\0" for number, edit in enumerate(edits)}
        marks |= {
            edit: multiplied_value(mark)
            for edit, mark in marks.items()
            if edit.attribute == "m" and edit.device and edit.scope in self._multiplied
        }
        parts = self._netlist.text(marks, comments=False, only=self._circuit_lines()).split("\0")
        return parts[::2], [edits[int(number)] for number in parts[1::2]]

    def _text(self, edits: Mapping[Edit, float]) -> str:
        parts = [text for edit, text in zip(self._edits, self._template, strict=False) for text in (text, repr(edits[edit]))]
        return "".join(parts) + self._template[-1]


def _widths(bench: Testbench) -> tuple[float, ...]:
    """How wide the windows of a testbench are, the first being 1: of several settings that grow the one that grows most counts."""
    return 1.0, *(max(max(factor, 1 / factor) for factor in step) for step in zip(*bench.grows.values(), strict=True))


def flat_values(device: FlatDevice) -> str:
    """The numbers of a flat line, written as `alter` is told them (see `spice_number`)."""
    plain = {"r": "resistance", "c": "capacitance", "l": "inductance", "v": "dc", "i": "dc"}.get(device.kind)
    first = f"{'dc ' if plain == 'dc' else ''}{spice_number(device.values[plain])} " if plain else ""
    return first + " ".join(f"{name}={spice_number(value)}" for name, value in device.values.items() if name != plain)


@lru_cache(maxsize=64)
def _read(models: Path) -> str:
    return models.read_text(encoding="utf-8")


def _stamp(how: str) -> str:
    """Part of a deck's key: the content of a measurement that is a program."""
    kind, _, rest = how.partition(" ")
    return hashlib.sha256(Path(rest).read_bytes()).hexdigest() if kind == "python" else ""


def _blocks(text: str) -> Mapping[str, Subcircuit]:
    return parse_netlist(logical_lines(text, Path("library"))).subcircuits
