"""Filters: sections in closed form, kT/C, and a biquad of transconductors against plain ngspice."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from tests.run.test_kinds_signed_off import KINDS, MODELS

VDD, GM, C1, C2 = 3.0, 100e-6, 1e-12, 2e-12


def simulated(folder: Path, cell: str, size: str, names: tuple[str, ...], wiring: str = "") -> dict[str, float]:
    from eda_agent.api import load, simulate

    (folder / "filter.spice").write_text(f"* filter\n{cell}")
    (folder / "spec.yaml").write_text(
        f"circuit: filter.spice\nsubckt: biquad\npdk: own\n{wiring}parameters:\n  {size}\n"
        "testbenches:\n  band: {template: filter, noise_stop: 10G}\nspecs:\n"
        + "".join(f"  {name}: {{minimum: 1n}}\n" for name in names)
        + f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    found = simulate(load(folder))
    return {name: float(found[name]) for name in names}


def test_an_ideal_biquad_equals_its_closed_form(tmp_path: Path) -> None:
    cell = (
        f".subckt biquad in out vdd vss\nG1 vss x in out {GM}\nG2 vss out x out {GM}\nC1 x vss {C1}\nC2 out vss {C2}\n"
        "RV vdd vss 1MEG\nR1 x vss 1T\n.ends\n"
    )
    found = simulated(tmp_path, cell, "C1: {min: 100f, max: 10p}", ("q_factor", "bandwidth"))
    # 1 / (1 + s C1/gm + s² C1 C2/gm²); the load adds 10 fF to C2
    last = C2 + 10e-15
    quality, center = math.sqrt(last / C1), GM / math.sqrt(C1 * last) / (2 * math.pi)
    assert found["q_factor"] == pytest.approx(quality, rel=2e-3)
    inner = 1 - 1 / (2 * quality**2)
    assert found["bandwidth"] == pytest.approx(center * math.sqrt(inner + math.sqrt(inner**2 + 1)), rel=2e-3)


@pytest.mark.parametrize("quality", [0.55, 2.0, 12.0])
@pytest.mark.parametrize("shape", ["low", "band"])
def test_the_quality_of_a_drawn_section(quality: float, shape: str) -> None:
    frequency = np.logspace(3, 9, 1201)
    ratio = frequency / 1e6 * 1j
    response = (1 if shape == "low" else ratio / quality) / (1 + ratio / quality + ratio**2)
    found = measure("q_factor", Waveform("ac", frequency, {"out": response}), {}).value
    assert found == pytest.approx(quality, rel=0.01)


def test_a_section_of_first_order_has_no_quality() -> None:
    frequency = np.logspace(3, 9, 601)
    found = measure("q_factor", Waveform("ac", frequency, {"out": 1 / (1 + 1j * frequency / 1e6)}), {})
    assert found.value is None and "second order" in found.why


def test_the_noise_of_a_resistor_on_a_capacitor_is_kt_over_c(tmp_path: Path) -> None:
    cell = ".subckt biquad in out vdd vss\nR1 in out 10k\nC1 out vss 990f\nRV vdd vss 1MEG\n.ends\n"
    found = simulated(tmp_path, cell, "C1: {min: 100f, max: 10p}", ("output_noise_rms",))
    assert found["output_noise_rms"] == pytest.approx(math.sqrt(1.380649e-23 * 300.15 / 1e-12), rel=0.01)


def test_a_biquad_equals_plain_ngspice(tmp_path: Path) -> None:
    cell = f"{MODELS}.subckt biquad {KINDS['biquad'].circuit}\n.ends\n"
    wiring = "bias: {ib: {current: 5u}}\n"
    names = ("voltage_gain", "bandwidth", "q_factor", "output_noise_rms")
    found = simulated(tmp_path, cell, "C1: {min: 100f, max: 10p}", names, wiring)
    deck = (
        f"* by hand\n{cell}VS vdd 0 {VDD}\nIB 0 ib 5u\nVI in 0 dc {VDD / 2} ac 1\nX1 in out ib vdd 0 biquad\nCL out 0 10f\n"
        ".ac dec 200 1k 1G\n.meas ac flat find vm(out) at=1k\n.meas ac turned find vm(out) when vp(out)=-1.5707963 fall=1\n"
        ".control\nrun\nnoise v(out) vi dec 50 1k 10g\nprint onoise_total\n.endc\n.end\n"
    )
    (tmp_path / "d.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "d.cir"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    plain = {name: float(value) for name, value in re.findall(r"^(\w+)\s*=\s*(-?[\d.]+e[-+]\d+)", said, re.MULTILINE)}
    assert found["voltage_gain"] == pytest.approx(plain["flat"], rel=1e-3)
    assert found["q_factor"] == pytest.approx(plain["turned"] / plain["flat"], rel=5e-3) and found["q_factor"] > 0.6
    assert found["output_noise_rms"] == pytest.approx(plain["onoise_total"], rel=0.01)
