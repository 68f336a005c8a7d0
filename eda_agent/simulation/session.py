"""A session is the circuits loaded in one ngspice, and how a sizing gets into them and results out.

A circuit is loaded once, without its hierarchy; after that its device parameters are altered in place. Whether that equals what
ngspice itself makes of the netlist is not assumed but compared (`prepare`), once a deck; where it does not, the netlist is loaded
anew for every sizing. Runs in a worker process; knows nothing of netlists or specs.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from eda_agent.problem.bias import OFF
from eda_agent.problem.loop_probe import LOOP, Injection
from eda_agent.problem.pdk.cut import plain_card, read_cards
from eda_agent.simulation import metrics
from eda_agent.simulation.failure import Failure, SimulationFailed, classify
from eda_agent.simulation.loop_gain import measure_loop
from eda_agent.simulation.measurements import Unmeasurable
from eda_agent.simulation.ngspice import Ngspice
from eda_agent.simulation.waveform import CURRENTS, Waveform
from eda_agent.units import format_quantity, spice_number

MAX_CIRCUITS = 64
EQUAL = {"op": 1e-6, "dc": 1e-6, "ac": 1e-6, "tran": 1e-6, "noise": 1e-5}
"""The flat circuit is trusted when every vector deviates by less than this from the netlist's own, relative to its largest value.

The arithmetic is the same but its order is not, and a node held by leakage alone settles within the solver's tolerance: 1e-7 was
seen there, 1e-12 elsewhere. A wrong parameter shows as 1e-3 and more.
"""
OPERATING_POINT = ("id", "gm", "gds", "vth", "vdsat", "vgs", "vds", "vbs")
PRECISE = ".option reltol=1e-5\n"
"""What a deck without a transient says first, so that its own options win.

With ngspice's 1e-3 an operating point that is found from a nodeset ends early: on shipped circuits phase margins were off by 3°, an input offset by 40 %, a line
regulation by 12 %; with 1e-4 an offset still by 1.3 %. 1e-5 takes as long (at most 6 % more, at random sizes of folded_cascode). A transient's time steps hang on it too.
"""
_AXES = {"ac": ["frequency"], "tran": ["time"], "dc": ["v-sweep", "i-sweep", "temp-sweep"]}
"""Analysis → names that its axis may have: ngspice calls a DC sweep's after what is swept."""
_ABSURD_VOLT, _ABSURD_AMPERE = 1e3, 1e3


@dataclass(frozen=True)
class Sizing:
    """A circuit at one sizing as the parent sends it.

    `circuit`: its text, `flat` when without hierarchy. `alterations`: (device, parameter, value), None where only a fresh load
    will do. `fixed`: what cannot be altered, the card of each flat device among it. `cards`: names of the model cards that it needs,
    `variants`: (name, card, parameter → what is added) of those made from them for one device.
    """

    circuit: str
    flat: bool
    alterations: Sequence[tuple[str, str, float]] | None
    fixed: str
    cards: Sequence[str]
    variants: Sequence[tuple[str, str, Mapping[str, float]]] = ()


@dataclass
class LoadedDeck:
    """A deck as the parent described it (see `deck.Deck`), and what it is loaded with now (`loaded` None: not at all)."""

    models: str
    title: str
    blocks: str
    call: str
    tail: str
    analyses: Sequence[tuple[str, str]]
    probes: Mapping[str, str]
    settings: Mapping[str, float]
    metrics: Sequence[tuple[str, str]]
    devices: Sequence[tuple[str, str, str]]
    measures: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    injection: Mapping[str, Any] | None = None
    nodeset: Mapping[str, float] = field(default_factory=dict)
    loaded: Sizing | None = None
    values: dict[tuple[str, str], float] = field(default_factory=dict)

    def text(self, sizing: Sizing, cards: str) -> str:
        """The whole deck at a sizing."""
        nodes = "".join(f".nodeset v({name})={value!r}\n" for name, value in self.nodeset.items())
        circuit = sizing.circuit if sizing.flat else f"{self.blocks}{sizing.circuit}{self.call}"
        keep = ".option keepopinfo\n" if self.shares_bias else ""
        precise = "" if any(kind == "tran" for kind, _ in self.analyses) else PRECISE
        return f"{self.title}{precise}{cards}{circuit}{self.tail}{keep}{nodes}.end"

    @property
    def shares_bias(self) -> bool:
        """Whether the AC analysis gives the operating point as well, so that it is solved once.

        With `keepopinfo` ngspice leaves the point that AC starts from as a plot, equal to that of `op` to the last bit.
        """
        return {"op", "ac"} <= {kind for kind, _ in self.analyses}


class Session:
    def __init__(self, ngspice: Ngspice):
        self.ngspice = ngspice
        self.decks: dict[str, LoadedDeck] = {}
        self.cards: dict[str, dict[str, str]] = {}
        self.own: dict[str, float | None] = {}  # what `.meas` lines gave in this run
        self.order: list[str] = []  # loaded circuits, newest first: `setcirc` counts that way

    def models(self, name: str, text: str) -> None:
        """Know a library's model cards; decks name it."""
        self.cards[name] = read_cards(text)

    def define(self, key: str, deck: LoadedDeck) -> None:
        self.forget(key)
        self.decks[key] = deck

    def forget(self, key: str) -> None:
        """Unload a deck's circuit."""
        if key in self.order:
            self.ngspice.command(f"setcirc {self.order.index(key) + 1}")
            self.ngspice.command("remcirc")
            self.order.remove(key)
        if key in self.decks:
            self.decks[key].loaded = None

    def run(self, key: str, sizing: Sizing, *, operating_point: bool, waveforms: bool) -> dict[str, Any]:
        """Simulate and measure. The reply has metrics, operating point and seconds, or a failure."""
        start = time.perf_counter()
        deck = self.decks[key]
        self.ngspice.log.clear()
        try:
            self.apply(key, sizing)
            self.own.clear()
            waves, devices = self.simulate(deck, operating_point)
            measured = {metric: self._measured(deck, metric, waves[kind]) for metric, kind in deck.metrics}
            reply: dict[str, Any] = {"metrics": {metric: [found.value, found.why, found.bound] for metric, found in measured.items()}}
            if wanted := {metric: found.wanted for metric, found in measured.items() if found.wanted > 1}:
                reply["wanted"] = wanted
            if operating_point:
                reply["operating_point"] = devices
            if waveforms:
                reply["waveforms"] = {kind: _wave_to_json(wave) for kind, wave in waves.items()}
        except SimulationFailed as failed:
            # after a failure the circuit's state is not to be trusted
            self.forget(key)
            reply = {"failure": {"kind": failed.failure.kind, "words": failed.failure.words}}
        self.ngspice.command("destroy all")
        reply["seconds"] = time.perf_counter() - start
        return reply

    def prepare(self, key: str, start: Sizing, first: Sizing, second: Sizing, reference: Sizing) -> dict[str, Any]:
        """Find the nodeset at `start`, and whether the flat circuit altered from `first` to `second` equals `reference`.

        `start` and `reference` are the netlist's own text at the same two sizings. Deterministic: the same deck and sizings give
        the same reply in every worker.
        """
        deck = self.decks[key]
        deck.nodeset = {}
        deviation: dict[str, float] | None = None
        try:
            self.apply(key, start)
            deck.nodeset = self.node_voltages()
            if first.flat:
                deviation = self.deviation(key, first, second, reference)
        except SimulationFailed:
            pass
        self.forget(key)
        self.ngspice.command("destroy all")
        flat = deviation is not None and all(value <= EQUAL[kind] for kind, value in deviation.items())
        return {"flat": flat, "nodeset": dict(deck.nodeset), "deviation": deviation}

    def deviation(self, key: str, first: Sizing, second: Sizing, reference: Sizing) -> dict[str, float]:
        """Analysis → largest relative difference between flat, altered from `first` to `second`, and `reference` loaded anew."""
        deck = self.decks[key]
        self.apply(key, second)
        # there and back: every change is made twice, also where the two sizings lie in different bins and would be loaded anew
        self.alter(deck, first.alterations or ())
        self.apply(key, second)
        flat, flat_devices = self.simulate(deck, True)
        self.apply(key, reference)
        fresh, fresh_devices = self.simulate(deck, True)
        result = {}
        for kind, wave in fresh.items():
            if wave.axis.shape != flat[kind].axis.shape:
                return {kind: math.inf}
            result[kind] = max(_relative(array, flat[kind].probes[role]) for role, array in wave.probes.items())
        for label, values in fresh_devices.items():
            for name in ("id", "gm", "gds"):
                # `show` gives six digits
                if abs(values[name] - flat_devices[label][name]) <= 1e-5 * abs(values[name]):
                    continue
                result["op"] = max(result["op"], abs(values[name] - flat_devices[label][name]) / max(abs(values[name]), OFF))
        return result

    def apply(self, key: str, sizing: Sizing) -> None:
        """Bring a deck's circuit to a sizing and make it current: altered where that is possible, else loaded.

        Both give the same device parameters to the last bit (see `spice_number`), so that a result depends on the sizing alone and
        never on what this worker did before.
        """
        deck = self.decks[key]
        changes = self._changes(deck, sizing)
        if changes is None:
            self._load(key, sizing)
            return
        self.ngspice.command(f"setcirc {self.order.index(key) + 1}")
        self.alter(deck, changes)

    def alter(self, deck: LoadedDeck, changes: Sequence[tuple[str, str, float]]) -> None:
        """Change device parameters of the current circuit, which is that of `deck`."""
        for device, parameter, value in changes:
            self.ngspice.command(f"alter @{device}[{parameter}]={spice_number(value)}")
            deck.values[device, parameter] = value

    @staticmethod
    def _changes(deck: LoadedDeck, sizing: Sizing) -> list[tuple[str, str, float]] | None:
        """What must be altered to reach a sizing; None where a fresh load is needed: another netlist text, or a device in another bin."""
        loaded = deck.loaded
        if loaded is None or not (loaded.flat and sizing.flat) or sizing.alterations is None or loaded.fixed != sizing.fixed:
            return None
        return [
            (device, parameter, value) for device, parameter, value in sizing.alterations if deck.values.get((device, parameter)) != value
        ]

    def _load(self, key: str, sizing: Sizing) -> None:
        self.forget(key)
        while len(self.order) >= MAX_CIRCUITS:
            self.forget(self.order[-1])
        deck = self.decks[key]
        cards = "".join(self._card(deck.models, name, sizing.flat) for name in sizing.cards)
        cards += "".join(self._variant(deck.models, *variant) for variant in sizing.variants)
        self.ngspice.load(deck.text(sizing, cards).split("\n"))
        self.order.insert(0, key)
        deck.loaded = sizing
        deck.values = {(device, parameter): value for device, parameter, value in sizing.alterations or ()}

    def _card(self, models: str, name: str, flat: bool) -> str:
        card = self.cards[models][name].rstrip("\n") + "\n"
        return card.replace(name, plain_card(name), 1) if flat else card

    def _variant(self, models: str, name: str, card: str, added: Mapping[str, float]) -> str:
        text = self.cards[models][card].rstrip("\n").replace(card, name, 1)
        for parameter, value in added.items():
            found = re.search(rf"\s{re.escape(parameter)}=(\S+)", text)
            if found is not None:
                text = f"{text[: found.start(1)]}{float(found[1]) + value!r}{text[found.end(1) :]}"
        return text + "\n"

    def node_voltages(self) -> dict[str, float]:
        """All node voltages (V) of the operating point of the current circuit."""
        self._analyse("op")
        names = [name for name in self.ngspice.vectors(self.ngspice.plot()) if "#" not in name and "@" not in name]
        voltages = {name: self.ngspice.vector(name) for name in names}
        return {
            name: float(f"{vector[0]:.6g}") for name, vector in voltages.items() if vector is not None and abs(vector[0]) < _ABSURD_VOLT
        }

    def simulate(self, deck: LoadedDeck, operating_point: bool) -> tuple[dict[str, Waveform], dict[str, dict[str, float]]]:
        """Run the deck's analyses on the current circuit."""
        waves: dict[str, Waveform] = {}
        devices: dict[str, dict[str, float]] = {}
        commands = dict(deck.analyses)
        shared = deck.shares_bias
        if len(commands) > 1 and not (operating_point or shared or any(kind == "op" for _, kind in deck.metrics)):
            commands.pop("op", None)  # nobody asks for it
        for kind in sorted(commands, key=lambda kind: kind != "ac") if shared else commands:
            if kind == "op" and "ac" in waves:
                continue
            plot, loop = self._excited(deck, kind, commands[kind])
            if kind == "ac" and shared:
                before = f"op{plot.removeprefix('ac')}"
                waves["op"] = self._read("op", before, deck.probes)
            waves[kind] = self._read(kind, plot, deck.probes) if loop is None else Waveform(kind, self._axis(kind, plot), {LOOP: loop})
            self._meas(deck, kind)
            if operating_point and "op" in waves and not devices:
                devices = self._operating_points(deck)
        return waves, devices

    def _meas(self, deck: LoadedDeck, kind: str) -> None:
        """Run the `.meas` lines of an analysis on its plot, which is the current one."""
        for metric, of in deck.metrics:
            how, _, text = deck.measures.get(metric, "").partition(" ")
            if of == kind and how == "meas":
                self.ngspice.command(f"meas {kind} {metric} {text}")
                vector = self.ngspice.vector(metric)
                self.own[metric] = float(vector[0].real) if vector is not None else None

    def _measured(self, deck: LoadedDeck, metric: str, wave: Waveform) -> metrics.Measured:
        how, _, text = deck.measures.get(metric, "").partition(" ")
        if how == "meas":
            value = self.own.get(metric)
            if value is not None and math.isfinite(value):
                return metrics.Measured(value)
            return metrics.Measured(None, "the .meas line found nothing" if value is None else "the number is not finite")
        if how == "python":
            return metrics.measure_with(own_function(text, deck.programs[text], metric), wave, deck.settings)
        return metrics.measure(metric, wave, deck.settings)

    def _excited(self, deck: LoadedDeck, kind: str, command: str) -> tuple[str, np.ndarray[Any, Any] | None]:
        """Run an analysis: its plot, and the loop gain where the deck has a loop probe."""
        if kind != "ac" or deck.injection is None:
            return self._analyse(command), None

        def alter(source: str, magnitude: float) -> None:
            self.ngspice.command(f"alter @{source}[acmag]={magnitude!r}")

        return measure_loop(Injection(**deck.injection), alter, lambda: self._analyse(command), self._vector)

    def _analyse(self, command: str) -> str:
        before = self.ngspice.plot()
        self.ngspice.command(command)
        plot = self.ngspice.plot()
        if plot in {before, "const"}:
            raise SimulationFailed(classify(self.ngspice.log))
        return plot

    def _read(self, kind: str, plot: str, probes: Mapping[str, str]) -> Waveform:
        if kind == "noise":
            # the spectrum is one plot before the integrated totals, which become current
            spectrum = f"noise{int(plot.removeprefix('noise')) - 1}"
            axis = self._vector(f"{spectrum}.frequency")
            return Waveform(
                kind, axis, {"input": self._vector(f"{spectrum}.inoise_spectrum"), "output": self._vector(f"{spectrum}.onoise_spectrum")}
            )
        nodes = {role: f"{probe}#branch" if role in CURRENTS else probe for role, probe in probes.items() if role != LOOP}
        arrays = {role: self._vector(f"{plot}.{node}") * (-1.0 if role == "supply" else 1.0) for role, node in nodes.items()}
        for role, array in arrays.items():
            peak = float(np.max(np.abs(array)))
            # an AC transfer may be large, and a broken solution is anything
            if not np.isfinite(peak) or (kind != "ac" and peak > (_ABSURD_AMPERE if role in CURRENTS else _ABSURD_VOLT)):
                raise SimulationFailed(
                    Failure("absurd", f"{role} reaches {format_quantity(peak, 'A' if role in CURRENTS else 'V', 3)} in {kind}")
                )
        return Waveform(kind, self._axis(kind, plot), arrays)

    def _axis(self, kind: str, plot: str) -> np.ndarray[Any, Any]:
        axis = np.empty(0)
        for name in _AXES.get(kind, ()):
            found = self.ngspice.vector(f"{plot}.{name}")
            if found is not None:
                axis = np.real(found).astype(np.float64)
        if kind in _AXES and not axis.size:
            raise SimulationFailed(Failure("unknown", f"the {kind} analysis has no axis"))
        return axis

    def _vector(self, name: str) -> np.ndarray[Any, Any]:
        vector = self.ngspice.vector(name)
        if vector is None:
            failure = classify(self.ngspice.log)
            raise SimulationFailed(Failure(failure.kind, failure.words or f"no vector {name}"))
        return vector

    def _operating_points(self, deck: LoadedDeck) -> dict[str, dict[str, float]]:
        if deck.loaded is None or not deck.loaded.flat:
            return {label: self._device(name) for _, name, label in deck.devices}
        # one `show` takes 0.2 ms where reading the vectors one by one takes 2; it cuts names off, which flat ones are too short for
        start = len(self.ngspice.log)
        self.ngspice.command(f"show {' '.join(name for name, _, _ in deck.devices)} : {' '.join(OPERATING_POINT)}")
        found: dict[str, dict[str, float]] = {}
        names: list[str] = []
        for line in self.ngspice.log[start:]:
            words = line.split()[1:]
            if words[:1] == ["device"]:
                names = words[1:]
            elif len(words) == len(names) + 1 and words[0] in OPERATING_POINT:
                for name, word in zip(names, words[1:], strict=True):
                    found.setdefault(name, {})[words[0]] = _number(word)
        return {label: found[name] if name in found else self._device(name) for name, _, label in deck.devices}

    def _device(self, name: str) -> dict[str, float]:
        values = {}
        for parameter in OPERATING_POINT:
            vector = self.ngspice.vector(f"@{name}[{parameter}]")
            values[parameter] = float(vector[0]) if vector is not None else float("nan")
        return values


@lru_cache
def _program(path: str, text: str) -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": Path(path).stem, "__file__": path}
    exec(compile(text, path, "exec"), scope)  # noqa: S102  # a file that the user allowed by name, in a process that is confined
    return scope


def own_function(path: str, text: str, name: str) -> metrics.Measure:
    """The user's function in a file of theirs, for files that the user has allowed (`load_measures`); it only ever raises `Unmeasurable`."""

    def call(wave: Waveform, settings: Mapping[str, float]) -> float:
        try:
            return float(_program(path, text)[name](wave, settings))
        except Unmeasurable:
            raise
        except Exception as error:  # a file of the user's may fail in any way, on loading as on calling
            raise Unmeasurable(f"{Path(path).name}: {type(error).__name__}: {error}") from error

    return call


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def _relative(expected: np.ndarray[Any, Any], got: np.ndarray[Any, Any]) -> float:
    return float(np.max(np.abs(expected - got)) / max(float(np.max(np.abs(expected))), 1e-30))


def _wave_to_json(wave: Waveform) -> dict[str, Any]:
    """A waveform for the reply; complex arrays travel as [real parts, imaginary parts]."""
    probes: dict[str, Any] = {}
    for role, array in wave.probes.items():
        probes[role] = [array.real.tolist(), array.imag.tolist()] if np.iscomplexobj(array) else array.tolist()
    return {"axis": wave.axis.tolist(), "probes": probes}
