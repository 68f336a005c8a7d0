"""The measurement setups of op-amps, regulators, transimpedance amplifiers, clocked comparators, oscillators and
references, and the table of all kinds.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from eda_agent.train.topologies import switching_bench
from eda_agent.train.topologies.bench_data import Bench as Bench
from eda_agent.train.topologies.technology import Technology

PORTS = {
    "amplifier": ("inp", "inn", "out", "vdd", "vss", "ib"),
    "regulator": ("vdd", "vss", "vref", "fb", "out", "ib"),
    "transimpedance": ("in", "out", "vdd", "vss"),
    "comparator": ("inp", "inn", "outp", "outn", "clk", "vdd", "vss"),
    "oscillator": ("out", "vctrl", "vdd", "vss"),
    "reference": ("out", "vdd", "vss"),
    "current reference": ("out", "vdd", "vss"),
    "ring": ("out", "vdd", "vss"),
    **switching_bench.PORTS,
}
"""Ports of a kind, in the order of its subcircuit."""


def bench_of(
    kind: str, technology: Technology, draw: random.Random, *, turned: bool = False, whole: tuple[str, ...] = ()
) -> Bench:
    """A bench for a circuit of a kind. `turned`: it has a PMOS pair. `whole`: testbenches from which every spec is
    used.
    """
    return KINDS[kind](technology, turned, draw, whole)


def _some(
    draw: random.Random, specs: dict[str, str], always: int, share: float, whole: tuple[str, ...]
) -> dict[str, str]:
    """The first `always` specs, those of whole testbenches (and those without a testbench), and a share of the
    others.
    """
    return {
        name: text
        for place, (name, text) in enumerate(specs.items())
        if place < always
        or draw.random() < share
        or any(f"testbench: {bench}," in text for bench in whole)
        or (whole and "testbench" not in text)
    }


def _used(benches: dict[str, str], specs: dict[str, str]) -> dict[str, str]:
    return {
        name: text for name, text in benches.items() if any(f"testbench: {name}," in spec for spec in specs.values())
    }


def _amplifier(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    supply = technology.supply
    vcm = round(supply * (draw.uniform(0.3, 0.45) if turned else draw.uniform(0.5, 0.62)), 2)
    load = float(f"{10 ** draw.uniform(-12.3, -11):.2g}")
    step = round(draw.uniform(0.08, 0.18) * supply, 2)
    settings = f"load: {load:g}, vcm: {vcm}"
    benches = {
        "loop": f"{{template: opamp_open_loop, {settings}}}",
        "step": f"{{template: opamp_step, {settings}, step: {step}, hold: {4e5 * load + 5e-7:.2g}}}",
        "swing": f"{{template: opamp_swing, vcm: {vcm}, linearity: 0.8}}",
        "common": f"{{template: opamp_cmrr, {settings}}}",
        "supply": f"{{template: opamp_psrr_plus, {settings}, at_frequency: 10k}}",
    }
    specs = _some(
        draw,
        {
            "dc_gain": "{testbench: loop, unit: dB, minimum: 50}",
            "gbw": "{testbench: loop, unit: Hz, minimum: 5M}",
            "phase_margin": "{testbench: loop, unit: deg, minimum: 55}",
            "power": "{testbench: loop, unit: W, maximum: 1m, objective: minimize}",
            "input_noise": "{testbench: loop, unit: V/√Hz, maximum: 100n}",
            "slew_rate_up": "{testbench: step, unit: V/us, minimum: 3}",
            "slew_rate_down": "{testbench: step, unit: V/us, minimum: 3}",
            "settling_time": "{testbench: step, unit: s, maximum: 500n}",
            "gate_area": "{unit: m², maximum: 1000p}",
            "gain_margin": "{testbench: loop, unit: dB, minimum: 6}",
            "input_offset": "{testbench: loop, unit: V, maximum: 10m}",
            "output_swing": "{testbench: swing, unit: V, minimum: 0.5}",
            "cmrr": "{testbench: common, unit: dB, minimum: 50}",
            "psrr_plus": "{testbench: supply, unit: dB, minimum: 40}",
        },
        4,
        0.35,
        whole,
    )
    bias = f"{{ib: {{current: {'-' if turned else ''}{draw.choice((3, 5, 5, 10))}u}}}}"
    return Bench("amplifier", _used(benches, specs), specs, bias)


def _regulator(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    vref = 0.8 if technology.supply < 3 else 1.2
    most, least = draw.choice(("2m", "5m", "10m")), draw.choice(("20u", "50u", "100u"))
    common = f"vref: {vref}, r_top: 100k, r_bottom: {draw.choice(('150k', '200k'))}"
    load = draw.choice(("20p", "100p", "500p"))
    benches = {
        "full": f"{{template: ldo_loop, load_current: {most}, load: {load}, {common}}}",
        "light": f"{{template: ldo_loop, load_current: {least}, load: {load}, {common}}}",
        "ac": f"{{template: ldo_ac, load_current: {most}, load: {load}, at_frequency: 10k, {common}}}",
        "load": f"{{template: ldo_load, load_current: {most}, load_low: {least}, {common}}}",
        "line": f"{{template: ldo_line, load_current: {most}, {common}}}",
        "step": (
            f"{{template: ldo_step, load_current: {most}, load_low: {least}, load: {load}, hold: 4u, edge: 100n,"
            f" {common}}}"
        ),
    }
    specs = _some(
        draw,
        {
            "phase_margin": "{testbench: full, unit: deg, minimum: 45}",
            "quiescent_current": "{testbench: ac, unit: A, maximum: 200u, objective: minimize}",
            "load_regulation": "{testbench: load, unit: Ohm, maximum: 5}",
            "phase_margin_light": "{metric: phase_margin, testbench: light, unit: deg, minimum: 40}",
            "psrr_plus": "{testbench: ac, unit: dB, minimum: 30}",
            "output_noise": "{testbench: ac, unit: V/√Hz, maximum: 1u}",
            "dropout": "{testbench: line, unit: V, maximum: 300m}",
            "line_regulation": "{testbench: line, unit: V/V, maximum: 50m}",
            "load_undershoot": "{testbench: step, unit: V, maximum: 400m}",
            "load_overshoot": "{testbench: step, unit: V, maximum: 400m}",
            "gate_area": "{unit: m², maximum: 2000p}",
        },
        3,
        0.4,
        whole,
    )
    return Bench("regulator", _used(benches, specs), specs, "{ib: {current: 5u}}")


def _transimpedance(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    benches = {
        "main": (
            f"{{template: transimpedance, source: {draw.choice(('50f', '100f', '200f'))}, load:"
            f" {draw.choice(('10f', '20f', '50f'))}}}"
        )
    }
    specs = _some(
        draw,
        {
            "transimpedance": "{testbench: main, unit: Ohm, minimum: 2k}",
            "bandwidth": "{testbench: main, unit: Hz, minimum: 300M}",
            "power": "{testbench: main, unit: W, maximum: 10m, objective: minimize}",
            "peaking": "{testbench: main, unit: dB, maximum: 3}",
            "input_noise_current": "{testbench: main, unit: A/√Hz, maximum: 10p}",
            "gate_area": "{unit: m², maximum: 100p}",
        },
        3,
        0.6,
        whole,
    )
    return Bench("tia", benches, specs)


def _comparator(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    supply = technology.supply
    clock = draw.choice((200, 300, 500) if supply < 3 else (100, 200))
    benches = {
        "small": (
            f"{{template: comparator, load: {draw.choice(('10f', '30f'))}, vcm: {supply / 2:.2f}, vdiff:"
            f" {draw.choice(('1m', '2m', '5m'))}, frequency: {clock}M}}"
        ),
        "large": f"{{template: comparator, load: 30f, vcm: {supply / 2:.2f}, vdiff: 0.4, frequency: {clock}M}}",
    }
    specs = _some(
        draw,
        {
            "delay": "{testbench: small, unit: s, maximum: 800p}",
            "power": "{testbench: small, unit: W, maximum: 500u, objective: minimize}",
            "gate_area": "{unit: m², maximum: 20p}",
            "large_delay": "{metric: delay, testbench: large, unit: s, maximum: 600p}",
        },
        2,
        0.6,
        whole,
    )
    return Bench("comparator", _used(benches, specs), specs)


def _oscillator(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    supply = technology.supply
    low, high = round(0.42 * supply, 2), round(0.7 * supply, 2)
    benches = {
        "low": f"{{template: vco, control: {low}, frequency: 300M, load: 20f}}",
        "high": f"{{template: vco, control: {high}, frequency: 800M, load: 20f, ripple: 10m}}",
    }
    specs = _some(
        draw,
        {
            "high_frequency": "{metric: oscillation_frequency, testbench: high, unit: Hz, minimum: 300M}",
            "power": "{testbench: high, unit: W, maximum: 2m, objective: minimize}",
            "low_frequency": "{metric: oscillation_frequency, testbench: low, unit: Hz, maximum: 300M}",
            "period_jitter": "{testbench: high, unit: s, maximum: 50p}", "gate_area": "{unit: m², maximum: 50p}",
        },
        2, 0.6, whole,
    )  # fmt: skip
    return Bench("oscillator", _used(benches, specs), specs)


def _reference(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del technology, turned, draw, whole
    benches = {"main": "{template: reference}", "line": "{template: reference_line}"}
    specs = {
        "reference_voltage": "{testbench: main, unit: V, minimum: 0.4}",
        "temperature_coefficient": "{testbench: main, unit: ppm/K, maximum: 500}",
        "power": "{testbench: main, unit: W, maximum: 100u, objective: minimize}",
        "line_regulation": "{testbench: line, unit: V/V, maximum: 50m}",
        "gate_area": "{unit: m², maximum: 1000p}",
    }
    return Bench("reference", benches, specs)


def _current_reference(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del turned, draw, whole
    held = f"compliance: {technology.supply / 2:g}"
    benches = {
        "main": f"{{template: current_reference, {held}}}", "line": f"{{template: current_reference_line, {held}}}",
        "range": f"{{template: current_reference_compliance, {held}}}",
    }  # fmt: skip
    specs = {
        "output_current": "{testbench: main, unit: A, minimum: 2u}",
        "temperature_coefficient": "{testbench: main, unit: ppm/K, maximum: 2000}",
        "power": "{testbench: main, unit: W, maximum: 100u, objective: minimize}",
        "line_sensitivity": "{testbench: line, unit: '%/V', maximum: 10}",
        "compliance_range": "{testbench: range, unit: V, minimum: 0.5}",
        "gate_area": "{unit: m², maximum: 1000p}",
    }
    return Bench("reference", benches, specs)


def _ring(technology: Technology, turned: bool, draw: random.Random, whole: tuple[str, ...]) -> Bench:
    del technology, turned, whole
    benches = {"main": f"{{template: oscillator, frequency: {draw.choice((200, 500))}M, load: 20f, ripple: 10m}}"}
    specs = {
        "oscillation_frequency": "{testbench: main, unit: Hz, minimum: 300M}",
        "power": "{testbench: main, unit: W, maximum: 2m, objective: minimize}",
        "period_jitter": "{testbench: main, unit: s, maximum: 50p}",
        "gate_area": "{unit: m², maximum: 50p}",
    }
    return Bench("oscillator", benches, specs)


KINDS: dict[str, Callable[[Technology, bool, random.Random, tuple[str, ...]], Bench]] = {
    "amplifier": _amplifier,
    "regulator": _regulator,
    "transimpedance": _transimpedance,
    "comparator": _comparator,
    "oscillator": _oscillator,
    "reference": _reference,
    "current reference": _current_reference,
    "ring": _ring,
    **switching_bench.KINDS,
}
