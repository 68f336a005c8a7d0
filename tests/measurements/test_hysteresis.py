"""Thresholds of a Schmitt trigger: by the DC sweep of the template, by a slow transient, and by the closed form."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform

VDD, VTN, VTP = 3.0, 0.6, 0.6
MODELS = """.model nch nmos level=1 vto=0.6 kp=200u
.model pch pmos level=1 vto=-0.6 kp=80u
"""
TRIGGER = """.subckt st in out vdd vss
MN1 x in vss vss nch W=2u L=1u
MN2 out in x x nch W=8u L=1u
MN3 vdd out x x nch W=4u L=1u
MP1 y in vdd vdd pch W=5u L=1u
MP2 out in y y pch W=20u L=1u
MP3 vss out y y pch W=10u L=1u
.ends
"""


def closed_form() -> tuple[float, float]:
    """Both thresholds by Baker, CMOS Circuit Design, chapter 18: the stack turns on where its lower device carries the
    current of the feedback device.
    """
    ratio_n, ratio_p = math.sqrt(2 / 4), math.sqrt(5 / 10)
    return (VDD + ratio_n * VTN) / (1 + ratio_n), ratio_p * (VDD - VTP) / (1 + ratio_p)


def swept(folder: Path) -> tuple[float, float]:
    """Both thresholds in plain ngspice from a slow triangle in time."""
    deck = folder / "slow.cir"
    deck.write_text(
        f"* slow\n{MODELS}{TRIGGER}Vdd vdd 0 {VDD}\nVin in 0 pwl(0 0 1m {VDD} 2m 0)\nX1 in out vdd 0 st\nC1 out 0 1f\n"
        f".tran 200n 2m\n.meas tran up find v(in) when v(out)={VDD / 2} fall=1\n"
        f".meas tran down find v(in) when v(out)={VDD / 2} rise=1\n.end\n"
    )
    said = subprocess.run(["ngspice", "-b", str(deck)], capture_output=True, text=True, check=False).stdout
    return tuple(float(re.search(rf"^{name}\s*=\s*(\S+)", said, re.MULTILINE)[1]) for name in ("up", "down"))  # type: ignore[return-value,index]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """The values of `sim` with the template."""
    from eda_agent.api import load, simulate

    folder = tmp_path_factory.mktemp("schmitt")
    (folder / "st.spice").write_text(MODELS + TRIGGER)
    (folder / "spec.yaml").write_text(
        "circuit: st.spice\nsubckt: st\npdk: own\nparameters:\n  MN1.w: {min: 1u, max: 10u}\n"
        "testbenches:\n  dc: {template: hysteresis}\nspecs:\n"
        "  threshold_rising: {minimum: 1}\n  threshold_falling: {minimum: 0.5}\n  hysteresis: {minimum: 0.1}\n"
        f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )
    found = simulate(load(folder))
    return {name: float(found[name]) for name in ("threshold_rising", "threshold_falling", "hysteresis")}


def test_thresholds_equal_a_slow_transient_and_the_closed_form(measured: dict[str, float], tmp_path: Path) -> None:
    up, down = swept(tmp_path)
    assert measured["threshold_rising"] == pytest.approx(up, abs=0.01)
    assert measured["threshold_falling"] == pytest.approx(down, abs=0.01)
    assert measured["hysteresis"] == pytest.approx(up - down, abs=0.02)
    # the closed form leaves out what the devices need beyond their threshold
    assert (measured["threshold_rising"], measured["threshold_falling"]) == pytest.approx(closed_form(), abs=0.08)


@pytest.mark.parametrize("inverts", [True, False])
def test_thresholds_of_a_drawn_loop(inverts: bool) -> None:
    sweep = np.linspace(0, 4, 4001)
    driven = 2 - np.abs(sweep - 2)
    high = np.where(sweep < 2, driven > 1.3, driven > 0.7)
    output = np.where(high != inverts, 2.0, 0.0)
    wave = Waveform("dc", sweep, {"in": driven, "out": output})
    values = {name: measure(name, wave, {"vdd": 2.0}).value for name in ("threshold_rising", "threshold_falling")}
    assert values == pytest.approx({"threshold_rising": 1.3, "threshold_falling": 0.7}, abs=2e-3)


def test_an_output_that_stays_has_no_threshold() -> None:
    sweep = np.linspace(0, 4, 401)
    wave = Waveform("dc", sweep, {"in": 2 - np.abs(sweep - 2), "out": np.zeros(401)})
    found = measure("hysteresis", wave, {"vdd": 2.0})
    assert found.value is None and "0 times while the input is swept upwards" in found.why
