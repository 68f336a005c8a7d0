"""Circuits that oscillate by themselves have no small-signal numbers: transients of plain ngspice, sections in closed
form with a quality factor of either sign, and sharp sections on coarse sweeps.
"""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.own_oscillation import why_not_stable
from eda_agent.metrics.waveform import Waveform

GM, CAP = 50e-6, 2e-12


def gyrator(loss: float) -> str:
    """A band-pass; `loss`: the conductance (S) at its output, negative where it oscillates."""
    return (
        f".subckt part in out vdd vss\nGi vss out in vss 5u\nGl out vss out vss {loss}\nG1 vss x out vss {GM}\n"
        f"G2 out vss x vss {GM}\nC1 out vss {CAP - 10e-15}\nC2 x vss {CAP}\nRv vdd vss 1MEG\n.ends\n"
    )


def matched(back: float) -> str:
    """An amplifier between two matched ports with a loop of gain 4·`back` around its inner nets, behind 6 pF."""
    return (
        ".subckt part in out vdd vss\nR1 in vss 52\nG1 vss a in vss 15m\nR2 a vss 200\nC2 a vss 300f\n"
        "G2 vss b a vss 10m\nR3 b vss 200\nC3 b vss 400f\nC4 b c 6p\nR4 c vss 2k\n"
        f"G3 vss a c vss {back * 10e-3}\nG4 vss out a vss 8m\nR5 out vss 51\nRv vdd vss 1k\n.ends\n"
    )


def simulated(folder: Path, cell: str, size: str, bench: str, names: tuple[str, ...]) -> dict[str, float | None]:
    from eda_agent.api import load, simulate

    (folder / "part.spice").write_text(f"* part\n.model nch nmos level=1 vto=0.5 kp=200u\n{cell}")
    decibels = {"s11", "s21", "noise_figure"}
    (folder / "spec.yaml").write_text(
        f"circuit: part.spice\nsubckt: part\npdk: own\nparameters:\n  {size}\ntestbenches:\n  one: {{template: {bench}}}\n"
        "specs:\n" + "".join(f"  {name}: {{minimum: 1n{', unit: dB' * (name in decibels)}}}\n" for name in names)
        + "corners:\n  nominal: {process: tt, vdd: 3, temperature: 27}\n"
    )  # fmt: skip
    found = simulate(load(folder))
    return {name: found[name] for name in names}


def grows(folder: Path, cell: str, lines: str, period: float) -> bool:
    """Whether the output swings more later, after a kick, in plain ngspice."""
    deck = (
        f"* kick\n{cell}V1 vdd 0 3\nX1 in out vdd 0 part\n{lines}.tran {period / 50} {period * 20}\n"
        f".meas tran early pp v(out) from={period} to={4 * period}\n"
        f".meas tran late pp v(out) from={16 * period} to={20 * period}\n.end\n"
    )
    (folder / "k.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "k.cir"], cwd=folder, capture_output=True, text=True, check=False).stdout
    early, late = (float(re.findall(rf"^{name}\s*=\s*(\S+)", said, re.MULTILINE)[0]) for name in ("early", "late"))
    return late > early


@pytest.mark.parametrize("loss", [5e-6, 1e-6, -5e-6])
def test_a_filter_that_oscillates_has_no_value(loss: float, tmp_path: Path) -> None:
    names = ("q_factor", "bandwidth", "output_noise_rms", "power")
    found = simulated(tmp_path, gyrator(loss), "C1: {min: 100f, max: 10p}", "filter", names)
    center = GM / CAP / (2 * math.pi)
    kick = "Vin in 0 pulse(0 1m 0 1n 1n 1)\nCl out 0 10f\n.option reltol=1e-5 method=gear\n"
    if loss < 0:
        assert grows(tmp_path, gyrator(loss), kick, 1 / center) and set(found.values()) == {None}
        return
    assert not grows(tmp_path, gyrator(loss), kick, 1 / center)
    assert found["q_factor"] == pytest.approx(GM / loss, rel=2e-3)
    assert found["bandwidth"] == pytest.approx(center * loss / GM, rel=2e-3)


@pytest.mark.parametrize("back", [0.1, 2.0])
def test_an_amplifier_between_ports_that_oscillates_has_no_value(back: float, tmp_path: Path) -> None:
    names = ("s21", "s11", "noise_figure", "stability_factor", "power")
    found = simulated(tmp_path, matched(back), "R2: {min: 10, max: 1k}", "low_noise_amplifier", names)
    lines = "Vs s 0 pulse(0 1m 0 10p 10p 1)\nRs s in 50\nRl out 0 50\n"
    if grows(tmp_path, matched(back), lines, 0.3e-9):
        assert back > 1 and set(found.values()) == {None}
    else:
        assert back < 1 and None not in found.values()


@pytest.mark.parametrize("quality", [0.6, 3.0, 30.0, 300.0])
@pytest.mark.parametrize("shape", ["low", "band"])
def test_sharp_sections_on_a_coarse_sweep(quality: float, shape: str) -> None:
    frequency = np.logspace(3, 9, 241)
    for sign in (1, -1):
        ratio = frequency / 1.23e6 * 1j
        response = (1 if shape == "low" else ratio / quality) / (1 + sign * ratio / quality + ratio**2)
        wave = Waveform("ac", frequency, {"out": response, "response": response})
        assert bool(why_not_stable(wave)) == (sign < 0)
        if sign > 0:
            assert measure("q_factor", wave, {}).value == pytest.approx(quality, rel=5e-3)


@pytest.mark.parametrize("quality", [3.0, 30.0, 100.0])
def test_the_noise_of_a_sharp_section(quality: float) -> None:
    # ∫ |1 / (1 + jx/Q - x²)|² dx from 0 to infinity is π Q / 2
    frequency = np.logspace(3, 9, 241)
    ratio = frequency / 1.23e6
    density = 1e-8 / np.abs(1 + 1j * ratio / quality - ratio**2)
    found = measure("output_noise_rms", Waveform("noise", frequency, {"output": density}), {}).value
    assert found == pytest.approx(1e-8 * math.sqrt(1.23e6 * math.pi * quality / 2), rel=5e-3)
