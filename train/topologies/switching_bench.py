"""The measurement setups of the kinds in `switching`."""

from __future__ import annotations

import random
from collections.abc import Callable

from eda_agent.train.topologies.bench_data import Bench
from eda_agent.train.topologies.technology import Technology

Make = Callable[[Technology, bool, random.Random, tuple[str, ...]], Bench]
PORTS = {
    "buffer": ("in", "out", "vdd", "vss", "ib"),
    "gate": ("in", "out", "vdd", "vss"),
    "Schmitt trigger": ("in", "out", "vdd", "vss"),
    "level shifter": ("in", "out", "vdd", "vddl", "vss"),
    "open comparator": ("inp", "inn", "out", "vdd", "vss", "ib"),
    "own divider": ("vdd", "vss", "vref", "out", "ib"),
}
_SWITCHED = {
    "propagation_delay": "{testbench: switch, unit: s, maximum: 1n}",
    "power": "{testbench: switch, unit: W, maximum: 1m, objective: minimize}",
    "rise_time": "{testbench: switch, unit: s, maximum: 1n}",
    "fall_time": "{testbench: switch, unit: s, maximum: 1n}",
}
_AREA = "{unit: m², maximum: 100p}"


def _buffer(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del whole
    low = draw.uniform(0.25, 0.45)
    vcm = round(technology.supply * (low if turned else 1 - low), 2)
    load = draw.choice(("200f", "1p", "5p"))
    benches = {
        "drive": f"{{template: buffer, load: {load}, vcm: {vcm}}}",
        "output": f"{{template: buffer_output, vcm: {vcm}}}",
    }
    specs = {
        "bandwidth": "{testbench: drive, unit: Hz, minimum: 50M}",
        "voltage_gain": "{testbench: drive, unit: V/V, minimum: 0.7}",
        "power": "{testbench: drive, unit: W, maximum: 1m, objective: minimize}",
        "level_shift": "{testbench: drive, unit: V, maximum: 1}",
        "input_noise": "{testbench: drive, unit: V/√Hz, maximum: 50n}",
        "output_resistance": "{testbench: output, unit: Ohm, maximum: 1k}",
        "gate_area": "{unit: m², maximum: 500p}",
    }
    return Bench("buffer", benches, specs, _bias(draw, turned))


def _gate(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del technology, turned, whole
    benches = {
        "switch": f"{{template: logic, load: {draw.choice(('5f', '20f', '100f', '500f'))}}}",
        "transfer": "{template: logic_transfer}",
    }
    threshold = {"switching_threshold": "{testbench: transfer, unit: V, minimum: 0.3}"}
    return Bench("gate", benches, {**_SWITCHED, **threshold, "gate_area": _AREA})


def _schmitt(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del technology, turned, whole
    benches = {
        "thresholds": "{template: hysteresis}",
        "switch": f"{{template: logic, load: {draw.choice(('5f', '20f', '100f'))}}}",
    }
    thresholds = {
        "hysteresis": "{testbench: thresholds, unit: V, minimum: 100m}",
        "threshold_rising": "{testbench: thresholds, unit: V, maximum: 3}",
        "threshold_falling": "{testbench: thresholds, unit: V, minimum: 0.1}",
    }
    return Bench("trigger", benches, {**thresholds, **_SWITCHED, "gate_area": _AREA})


def _level_shifter(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del turned, whole
    low = round(technology.supply * draw.uniform(0.45, 0.7), 2)
    benches = {"switch": f"{{template: level_shifter, low: {low}, load: {draw.choice(('5f', '20f', '100f'))}}}"}
    return Bench("shifter", benches, {**_SWITCHED, "gate_area": _AREA})


def _open_comparator(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del whole
    vcm = round(technology.supply * (draw.uniform(0.3, 0.45) if turned else draw.uniform(0.5, 0.62)), 2)
    over, load = draw.choice(("10m", "20m", "50m")), draw.choice(("10f", "50f"))
    benches = {"switch": f"{{template: comparator_open, vcm: {vcm}, overdrive: {over}, load: {load}}}"}
    specs = {name: text.replace("1n}", "100n}") for name, text in _SWITCHED.items()}
    return Bench("comparator", benches, {**specs, "gate_area": "{unit: m², maximum: 500p}"}, _bias(draw, turned))


def _own_divider(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del turned, whole
    most = draw.choice(("2m", "5m", "10m"))
    load = draw.choice(("20p", "100p", "500p"))
    benches = {
        "ac": f"{{template: regulator_ac, load_current: {most}, load: {load}, at_frequency: 10k}}",
        "load": f"{{template: regulator_load, load_current: {most}}}",
        "line": f"{{template: regulator_line, load_current: {most}}}",
        "step": f"{{template: regulator_step, load_current: {most}, load: {load}}}",
    }
    specs = {
        "psrr_plus": "{testbench: ac, unit: dB, minimum: 30}",
        "quiescent_current": "{testbench: ac, unit: A, maximum: 200u, objective: minimize}",
        "load_regulation": "{testbench: load, unit: Ohm, maximum: 5}",
        "line_regulation": "{testbench: line, unit: V/V, maximum: 50m}",
        "dropout": "{testbench: line, unit: V, maximum: 300m}",
        "load_undershoot": "{testbench: step, unit: V, maximum: 400m}",
        "gate_area": "{unit: m², maximum: 2000p}",
    }
    bias = f"{{ib: {{current: 5u}}, vref: {{voltage: {0.8 if technology.supply < 3 else 1.2}}}}}"
    return Bench("regulator", benches, specs, bias)


def _bias(draw: random.Random, turned: bool) -> str:
    return f"{{ib: {{current: {'-' if turned else ''}{draw.choice((3, 5, 5, 10))}u}}}}"


KINDS: dict[str, Make] = {
    "buffer": _buffer,
    "gate": _gate,
    "Schmitt trigger": _schmitt,
    "level shifter": _level_shifter,
    "open comparator": _open_comparator,
    "own divider": _own_divider,
}
