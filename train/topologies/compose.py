"""Composition draws a circuit from a number: the same number gives the same circuit. What is held out, or was drawn before, is drawn again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.fingerprint import fingerprint
from eda_agent.train.tasks import held_out_shapes
from eda_agent.train.topologies.amplifiers import amplifier
from eda_agent.train.topologies.others import comparator, oscillator, regulator, transimpedance
from eda_agent.train.topologies.sheet import TECHNOLOGIES, Sheet, spec_text

VERSION = 1
"""Raised when a number draws another circuit than before."""
SHAPES = ("amplifier",) * 13 + ("regulator",) * 3 + ("transimpedance",) * 2 + ("comparator", "oscillator")


@dataclass(frozen=True)
class Topology:
    """`title`: what it is made of. `netlist`, `spec`: its files, named after it."""

    name: str
    title: str
    netlist: str
    spec: str

    def write(self, folder: Path) -> Path:
        """Its spec file in a folder of its own."""
        place = folder / self.name
        place.mkdir(parents=True, exist_ok=True)
        write_text(place / f"{self.name}.spice", self.netlist)
        write_text(place / "spec.yaml", self.spec)
        return place / "spec.yaml"


def drawn(number: int) -> Topology:
    """The circuit of a number; it may be any."""
    draw = random.Random(f"topology {VERSION} {number}")
    technology = draw.choice(TECHNOLOGIES)
    shape = draw.choice(SHAPES)
    turned = shape == "amplifier" and draw.random() < 0.5
    sheet = Sheet(technology, draw, turned=turned, one_length=draw.random() < 0.1)
    name = f"t{number:05d}"
    make = {"amplifier": _amplifier, "regulator": _regulator, "transimpedance": _transimpedance, "comparator": _comparator, "oscillator": _oscillator}[shape]  # fmt: skip
    title, subckt, ports, benches, specs, bias = make(sheet, draw)
    title = f"{title}{', PMOS input' if turned else ''}, {technology.pdk}"
    return Topology(name, title, sheet.netlist(title, subckt, ports), spec_text(sheet, name, subckt, benches, specs, bias))


def topologies(seed: int, folder: Path) -> Iterator[tuple[Path, Problem]]:
    """Different circuits without end, with their spec files in a folder, none with the structure of a held-out one."""
    refused = held_out_shapes()
    seen: set[str] = set()
    number = seed * 10_000
    while True:
        made = drawn(number)
        number += 1
        path = made.write(folder)
        problem = load_problem(path)
        # the same devices in other ranges are another exercise, the same devices and specs are not
        shape = fingerprint(problem)
        key = f"{shape} {problem.pdk.name} {problem.space.names} {problem.spec_names}"
        if shape in refused or key in seen:
            continue
        seen.add(key)
        yield path, problem


Parts = tuple[str, str, tuple[str, ...], dict[str, str], dict[str, str], str]


def _some(draw: random.Random, specs: dict[str, str], always: int, share: float) -> dict[str, str]:
    """The first so many specs, and a share of the others."""
    return {name: text for place, (name, text) in enumerate(specs.items()) if place < always or draw.random() < share}


def _used(benches: dict[str, str], specs: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in benches.items() if any(f"testbench: {name}," in spec for spec in specs.values())}


def _amplifier(sheet: Sheet, draw: random.Random) -> Parts:
    title = amplifier(sheet)
    supply = sheet.technology.supply
    vcm = round(supply * (draw.uniform(0.3, 0.45) if sheet.turned else draw.uniform(0.5, 0.62)), 2)
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
            "dc_gain": "{testbench: loop, unit: dB, minimum: 50}", "gbw": "{testbench: loop, unit: Hz, minimum: 5M}",
            "phase_margin": "{testbench: loop, unit: deg, minimum: 55}", "power": "{testbench: loop, unit: W, maximum: 1m, objective: minimize}",
            "input_noise": "{testbench: loop, unit: V/√Hz, maximum: 100n}", "slew_rate_up": "{testbench: step, unit: V/us, minimum: 3}",
            "slew_rate_down": "{testbench: step, unit: V/us, minimum: 3}", "settling_time": "{testbench: step, unit: s, maximum: 500n}",
            "gate_area": "{unit: m², maximum: 1000p}", "gain_margin": "{testbench: loop, unit: dB, minimum: 6}",
            "input_offset": "{testbench: loop, unit: V, maximum: 10m}", "output_swing": "{testbench: swing, unit: V, minimum: 0.5}",
            "cmrr": "{testbench: common, unit: dB, minimum: 50}", "psrr_plus": "{testbench: supply, unit: dB, minimum: 40}",
        },
        4, 0.35,
    )  # fmt: skip
    bias = f"{{ib: {{current: {'-' if sheet.turned else ''}{draw.choice((3, 5, 5, 10))}u}}}}"
    return title, "amplifier", ("inp", "inn", "out", "vdd", "vss", "ib"), _used(benches, specs), specs, bias


def _regulator(sheet: Sheet, draw: random.Random) -> Parts:
    title = regulator(sheet)
    vref = 0.8 if sheet.technology.supply < 3 else 1.2
    most, least = draw.choice(("2m", "5m", "10m")), draw.choice(("20u", "50u", "100u"))
    common = f"vref: {vref}, r_top: 100k, r_bottom: {draw.choice(('150k', '200k'))}"
    load = draw.choice(("20p", "100p", "500p"))
    benches = {
        "full": f"{{template: ldo_loop, load_current: {most}, load: {load}, {common}}}",
        "light": f"{{template: ldo_loop, load_current: {least}, load: {load}, {common}}}",
        "ac": f"{{template: ldo_ac, load_current: {most}, load: {load}, at_frequency: 10k, {common}}}",
        "load": f"{{template: ldo_load, load_current: {most}, load_low: {least}, {common}}}",
        "line": f"{{template: ldo_line, load_current: {most}, {common}}}",
        "step": f"{{template: ldo_step, load_current: {most}, load_low: {least}, load: {load}, hold: 4u, edge: 100n, {common}}}",
    }
    specs = _some(
        draw,
        {
            "phase_margin": "{testbench: full, unit: deg, minimum: 45}",
            "quiescent_current": "{testbench: ac, unit: A, maximum: 200u, objective: minimize}",
            "load_regulation": "{testbench: load, unit: Ohm, maximum: 5}",
            "phase_margin_light": "{metric: phase_margin, testbench: light, unit: deg, minimum: 40}", "psrr_plus": "{testbench: ac, unit: dB, minimum: 30}",
            "output_noise": "{testbench: ac, unit: V/√Hz, maximum: 1u}", "dropout": "{testbench: line, unit: V, maximum: 300m}",
            "line_regulation": "{testbench: line, unit: V/V, maximum: 50m}", "load_undershoot": "{testbench: step, unit: V, maximum: 400m}",
            "load_overshoot": "{testbench: step, unit: V, maximum: 400m}", "gate_area": "{unit: m², maximum: 2000p}",
        },
        3, 0.4,
    )  # fmt: skip
    return title, "regulator", ("vdd", "vss", "vref", "fb", "out", "ib"), _used(benches, specs), specs, "{ib: {current: 5u}}"


def _transimpedance(sheet: Sheet, draw: random.Random) -> Parts:
    title = transimpedance(sheet)
    benches = {
        "main": f"{{template: transimpedance, source: {draw.choice(('50f', '100f', '200f'))}, load: {draw.choice(('10f', '20f', '50f'))}}}"
    }
    specs = _some(
        draw,
        {
            "transimpedance": "{testbench: main, unit: Ohm, minimum: 2k}", "bandwidth": "{testbench: main, unit: Hz, minimum: 300M}",
            "power": "{testbench: main, unit: W, maximum: 10m, objective: minimize}", "peaking": "{testbench: main, unit: dB, maximum: 3}",
            "input_noise_current": "{testbench: main, unit: A/√Hz, maximum: 10p}", "gate_area": "{unit: m², maximum: 100p}",
        },
        3, 0.6,
    )  # fmt: skip
    return title, "tia", ("in", "out", "vdd", "vss"), benches, specs, ""


def _comparator(sheet: Sheet, draw: random.Random) -> Parts:
    title = comparator(sheet)
    supply = sheet.technology.supply
    clock = draw.choice((200, 300, 500) if supply < 3 else (100, 200))
    benches = {
        "small": f"{{template: comparator, load: {draw.choice(('10f', '30f'))}, vcm: {supply / 2:.2f}, vdiff: {draw.choice(('1m', '2m', '5m'))}, frequency: {clock}M}}",
        "large": f"{{template: comparator, load: 30f, vcm: {supply / 2:.2f}, vdiff: 0.4, frequency: {clock}M}}",
    }
    specs = _some(
        draw,
        {
            "delay": "{testbench: small, unit: s, maximum: 800p}", "power": "{testbench: small, unit: W, maximum: 500u, objective: minimize}",
            "gate_area": "{unit: m², maximum: 20p}", "large_delay": "{metric: delay, testbench: large, unit: s, maximum: 600p}",
        },
        2, 0.6,
    )  # fmt: skip
    return title, "comparator", ("inp", "inn", "outp", "outn", "clk", "vdd", "vss"), _used(benches, specs), specs, ""


def _oscillator(sheet: Sheet, draw: random.Random) -> Parts:
    title = oscillator(sheet)
    supply = sheet.technology.supply
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
        2, 0.6,
    )  # fmt: skip
    return title, "oscillator", ("out", "vctrl", "vdd", "vss"), _used(benches, specs), specs, ""
