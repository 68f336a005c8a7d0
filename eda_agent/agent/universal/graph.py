"""A circuit graph is the universal surrogate's view of a problem: devices, nets and specs as rows of numbers, and the
effect of parameters on sizes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_agent.agent.language.words import ROLES
from eda_agent.agent.universal.ports import deck_load, port_words
from eda_agent.agent.universal.spec_words import words_of
from eda_agent.errors import InputError
from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem, Spec
from eda_agent.problem.structure.circuit import Structure
from eda_agent.problem.structure.recognise import recognise
from eda_agent.units import base_unit, parse_quantity

Real = NDArray[Any]

KINDS = ("nmos", "pmos", "r", "c", "l")
PORTS = ("internal", "port", "vdd", "vss", "inp", "inn", "out", "ib", "in", "vref", "fb")
METRIC_NAMES = (
    "", "bandwidth", "cmrr", "compliance_range", "current_density", "dc_gain", "delay", "drain_current", "dropout",
    "gain_margin", "gate_area", "gbw", "gm_id", "input_noise", "input_noise_current", "input_offset", "input_range",
    "integrated_noise", "line_regulation", "line_sensitivity", "load_overshoot", "load_regulation",
    "load_undershoot", "oscillation_frequency", "output_current", "output_noise", "output_swing", "overdrive",
    "overshoot", "peaking", "period_jitter", "phase_margin", "power", "psrr_minus", "psrr_plus",
    "quiescent_current", "reference_voltage", "saturation_margin", "settling_time", "slew_rate_down",
    "slew_rate_up", "supply_current", "temperature_coefficient", "thd", "transimpedance", "vbd", "vbs", "vds",
    "vgd", "vgs", "voltage_gain", "level_shift", "output_resistance", "propagation_delay", "rise_time", "fall_time",
    "switching_threshold", "startup_time", "threshold_rising", "threshold_falling", "hysteresis", "decision_offset",
    "on_resistance", "off_leakage", "hold_step", "pumped_voltage", "pump_ripple", "settling_time_down",
    "overshoot_down",
    "cm_loop_gain", "cm_gbw", "cm_phase_margin", "output_cm_error", "output_balance",
    "trip_rising", "trip_falling", "trip_hysteresis", "reset_delay", "reset_glitch", "reset_glitch_slow",
    "hold_snm", "read_snm", "write_snm", "read_current", "cell_leakage",
    "inl", "dnl", "full_scale", "full_scale_current",
    "s11", "s21", "s12", "s22", "noise_figure", "stability_factor",
    "decision_energy", "kickback", "acquisition_time", "tracking_error", "pedestal", "hold_feedthrough", "droop",
    "tracking_resistance",
    "q_factor", "output_noise_rms", "switching_energy", "phase_noise", "decision_noise",
)  # fmt: skip
TEMPLATES = (
    "",
    "opamp_open_loop",
    "opamp_step",
    "opamp_swing",
    "opamp_cmrr",
    "opamp_psrr_plus",
    "opamp_psrr_minus",
    "opamp_icmr",
    "opamp_thd",
    "ldo_loop",
    "ldo_ac",
    "ldo_load",
    "ldo_line",
    "ldo_step",
    "transimpedance",
    "comparator",
    "vco",
    "oscillator",
    "reference",
    "reference_line",
    "current_reference",
    "current_reference_line",
    "current_reference_compliance",
)
VOCABULARY = {"kind": KINDS, "port": PORTS, "role": ROLES, "metric": METRIC_NAMES, "template": TEMPLATES}
"""Embedding → its words by id; the first word of a list replaces unknown ones. Weights depend on the order: append
only.
"""
QUANTITIES = 3
"""Quantities of a device: width (µm), length (µm) and copies; of a passive: value (kΩ, pF, nH), nothing, and copies."""
MAX_DEVICES, MAX_NETS, MAX_PARAMETERS, MAX_SPECS = 64, 64, 64, 24
UNITS = {"dB": 20 / math.log(10), "deg": 30.0, "%": 20.0, "V": 0.3, "1/V": 5.0}
"""Change of a linear metric that corresponds to a factor of e of a logarithmic one."""
_PASSIVE = {"r": ("resistance", 1e-3), "c": ("capacitance", 1e12), "l": ("inductance", 1e9)}
_SIZE_SCALE = np.array([2.0, 1.0, 1.5])
"""Typical spreads of the logarithms of the quantities."""


@dataclass(frozen=True)
class CircuitGraph:
    """A graph with devices d, nets n, specs k, parameters p. Integers are indices in the vocabulary.

    `terminals` (d, 3): the net of drain, gate and source, or of both ends and −1. `powers` (d, 3, p): ∂ ln quantity / ∂
    ln parameter. `sizes` (d, 3): logarithms at the `initial` (p) parameters, themselves logarithms. `labels`: of the
    devices. `scales` (k): factor from a transformed value to the metric, negative if the known metric is its negative.
    """

    labels: tuple[str, ...]
    kinds: NDArray[np.int64]
    roles: NDArray[np.int64]
    flags: Real
    terminals: NDArray[np.int64]
    powers: Real
    sizes: Real
    ports: NDArray[np.int64]
    net_features: Real
    metrics: NDArray[np.int64]
    templates: NDArray[np.int64]
    spec_features: Real
    scales: Real
    initial: Real
    supply: float

    def sizes_at(self, x: Real) -> Real:
        """Scaled logarithms of the quantities (d, 3) at logarithmic changes (p) of the parameters."""
        return np.asarray((self.sizes + self.powers @ x) / _SIZE_SCALE)


def circuit_graph(problem: Problem) -> CircuitGraph | None:
    """The graph of a problem; None if the circuit is too large, a parameter has no logarithm, or nothing is
    recognised.
    """
    space = problem.space
    if any(one.minimum <= 0 or one.initial <= 0 for one in space.parameters) or not space.parameters:
        return None
    if len(space.parameters) > MAX_PARAMETERS or not 0 < len(problem.specs) <= MAX_SPECS:
        return None
    try:
        structure = recognise(problem.netlist, problem.subckt, problem.pdk)
        measure = _Measure(problem, structure)
        powers, sizes = measure.powers()
    except InputError:
        return None
    nets = sorted({net for device in _devices(structure) for net in device[2]})
    if not 0 < len(measure.labels) <= MAX_DEVICES or len(nets) > MAX_NETS or not np.isfinite(powers).all():
        return None
    place = {net: number for number, net in enumerate(nets)}
    devices = _devices(structure)
    terminals = np.array([[place[net] for net in ends] + [-1] * (3 - len(ends)) for _, _, ends in devices])
    roles = [structure.roles.get(name, "device").removesuffix(" nmos").removesuffix(" pmos") for name in measure.labels]
    words, names = words_of(problem), port_words(problem, structure, PORTS)
    settings = [_settings(problem, spec, structure, names) for spec in problem.specs]
    return CircuitGraph(
        labels=measure.labels,
        kinds=np.array([KINDS.index(kind) for _, kind, _ in devices]),
        roles=np.array([ROLES.index(role) if role in ROLES else 0 for role in roles]),
        flags=_flags(problem, structure),
        terminals=terminals,
        powers=powers,
        sizes=sizes,
        ports=np.array([PORTS.index(_port(net, structure, names)) for net in nets]),
        net_features=_net_features(structure, nets, names, settings),
        metrics=np.array([METRIC_NAMES.index(one.metric) if one.metric in METRIC_NAMES else 0 for one in words]),
        templates=np.array([TEMPLATES.index(one.template) if one.template in TEMPLATES else 0 for one in words]),
        spec_features=np.array([_spec_features(found, problem.pdk.supply) for found in settings]),
        scales=np.array([one.sign * scale_of(spec) for spec, one in zip(problem.specs, words, strict=True)]),
        initial=np.log([space.initial[name] for name in space.names]),
        supply=problem.pdk.supply,
    )


def scale_of(spec: Spec) -> float:
    """Factor from a transformed value to one in which the margin is linear."""
    return 1.0 if spec.metric.ramp == "log" else UNITS.get(base_unit(spec.metric.unit), 1.0)


def transformed(spec: Spec, values: Real) -> Real:
    """Values on a common scale for all metrics: logarithms, or shares of `UNITS`; nan for missing ones."""
    values = np.asarray(values, float)
    if spec.metric.ramp == "log":
        return np.log(np.where(values > 0, values, np.nan))
    return values / scale_of(spec)


class _Measure:
    """The sizes of a problem's devices at its sizings."""

    def __init__(self, problem: Problem, structure: Structure):
        self.problem, self.space = problem, problem.space
        self.labels = tuple(name for name, _, _ in _devices(structure))
        self.elaboration = Elaboration(
            problem.netlist, problem.subckt, stub_devices(problem.pdk), list(self.space.edits(self.space.initial))
        )  # fmt: skip
        self.micro = problem.pdk.scale * 1e6

    def at(self, sizing: Mapping[str, float]) -> Real:
        """Logarithms (d, 3) of the quantities."""
        found = {}
        for device in self.elaboration.devices(self.space.edits(sizing)):
            values = device.values
            copies = values.get("m", values.get("mult", 1.0))
            if device.kind == "m":
                found[device.label] = (values.get("w", 0.0) * self.micro, values.get("l", 0.0) * self.micro, copies)
            elif device.kind in _PASSIVE:
                name, unit = _PASSIVE[device.kind]
                found[device.label] = (values.get(name, 0.0) * unit, 1.0, copies)
        return np.log(np.maximum([found[label] for label in self.labels], 1e-12))

    def powers(self) -> tuple[Real, Real]:
        """(d, 3, p) powers and the sizes (d, 3), from the initial sizing and the farther end of every parameter."""
        initial = self.space.initial
        sizes = self.at(initial)
        powers = np.zeros((*sizes.shape, len(self.space.parameters)))
        for place, one in enumerate(self.space.parameters):
            value = initial[one.name]
            other = one.maximum if one.maximum / value > value / one.minimum else one.minimum
            if other != value:
                powers[..., place] = (self.at({**initial, one.name: other}) - sizes) / math.log(other / value)
        return powers, sizes


def _devices(structure: Structure) -> list[tuple[str, str, tuple[str, ...]]]:
    """(label, kind, nets) of all devices, MOSFETs first."""
    return [(one.name, one.type, (one.drain, one.gate, one.source)) for one in structure.fets] + [
        (one.name, one.kind, one.nets) for one in structure.passives
    ]


def _flags(problem: Problem, structure: Structure) -> Real:
    """(d, 6): a diode, a mirror's reference, its copy, of the input pair's type, of the other type, and the supply."""
    references = {mirror.reference.name for mirror in structure.mirrors}
    copies = {one.name for mirror in structure.mirrors for one in mirror.copies}
    pair = structure.input_pair
    own = pair[0].type if pair is not None else "nmos"
    supply = problem.pdk.supply / 3.3
    rows = [
        [one.diode, one.name in references, one.name in copies, one.type == own, one.type != own, supply]
        for one in structure.fets
    ]
    rows += [[False, False, False, False, False, supply] for _ in structure.passives]
    return np.array(rows, float)


def _port(net: str, structure: Structure, names: Mapping[str, str]) -> str:
    if net == structure.vdd:
        return "vdd"
    if net in (structure.vss, "0"):
        return "vss"
    if net in structure.ports:
        net = names.get(net, net)
        return net if net in PORTS else "out" if net in ("outp", "outn") else "port"
    return "internal"


def _net_features(
    structure: Structure, nets: Sequence[str], names: Mapping[str, str], settings: Sequence[Mapping[str, float]]
) -> Real:
    """(n, 6): ln(1 + how many) drains, gates, sources, resistors and capacitors, and the load at the output in decades
    over 1 pF.
    """
    counts = {net: [0, 0, 0, 0, 0] for net in nets}
    for _, kind, ends in _devices(structure):
        for terminal, net in enumerate(ends):
            counts[net][terminal if kind in ("nmos", "pmos") else 3 if kind == "r" else 4] += 1
    loads = [load for found in settings if (load := found.get("load", 0.0)) > 0]
    rows = []
    for net in nets:
        at_output = bool(loads) and _port(net, structure, names) == "out"
        rows.append([*np.log1p(counts[net]), math.log10(loads[0] * 1e12) if at_output else 0.0])
    return np.array(rows, float)


def _settings(problem: Problem, spec: Spec, structure: Structure, names: Mapping[str, str]) -> dict[str, float]:
    """The settings of a spec's testbench that are plain numbers; of a user's deck the load."""
    bench = problem.testbenches.get(spec.testbench)
    if bench is not None and not bench.template:
        outputs = [number for number, port in enumerate(structure.ports) if _port(port, structure, names) == "out"]
        return {"load": deck_load(bench, problem.subckt, outputs[0])} if outputs else {}
    found = {}
    for name, text in (bench.settings if bench is not None else {}).items():
        try:
            found[name] = float(parse_quantity(str(text)))
        except ValueError:
            continue
    return found


def _spec_features(found: Mapping[str, float], supply: float) -> list[float]:
    """Load, resistive load, frequency and load current in decades, step and common mode in supplies."""

    def decades(name: str, unit: float) -> float:
        return math.log10(value / unit) if 0 < (value := found.get(name, 0.0)) < 1e11 else 0.0

    levels = [found.get(name, 0.0) / supply for name in ("step", "vcm")]
    return [
        decades("load", 1e-12),
        decades("resistive_load", 1e4),
        decades("at_frequency", 1e4),
        decades("load_current", 1e-3),
        *np.clip(levels, -2, 2),
    ]
