"""Buffers: gain, level shift and output resistance from operating points of a deck written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .plain import ngspice
from .test_logic import MODELS, drafted

BODIES = {
    "nmos": "M1 vdd in out vss n w=20u l=0.2u\nM2 out ib vss vss n w=8u l=0.5u\nM3 ib ib vss vss n w=2u l=0.5u\n",
    "pmos": "M1 vss in out vdd p w=40u l=0.2u\nM2 out ib vdd vdd p w=8u l=0.5u\nM3 ib ib vdd vdd p w=2u l=0.5u\n",
}


@pytest.mark.parametrize(("name", "current"), [("nmos", "Ib 0 ib 5u"), ("pmos", "Ib ib 0 5u")])
def test_follower(name: str, current: str, tmp_path: Path) -> None:
    """`voltage_gain` is a slope, `output_resistance` one of the load line, `level_shift` a difference."""
    models = MODELS.replace("tox=", "lambda=0.05 gamma=0.4 tox=")
    cell = f"{models}.subckt sf in out ib vdd vss\n{BODIES[name]}.ends\n"
    kind, values = drafted(f"* t\n{cell}", tmp_path)
    assert kind == "buffer"
    deck = f"{cell}Vvdd vdd 0 5\nVin in 0 2.5\nIx 0 out 0\n{current}\nXdut in out ib vdd 0 sf\n.option reltol=1e-8\n"
    runs = [("dc vin 2.499 2.501 1m", "v(out)"), ("dc ix -1n 1n 1n", "v(out)")]
    (inputs, outputs), (currents, loaded) = ngspice(deck, runs)
    assert values["voltage_gain"] == pytest.approx((outputs[2] - outputs[0]) / (inputs[2] - inputs[0]), rel=1e-3)
    assert values["output_resistance"] == pytest.approx((loaded[2] - loaded[0]) / (currents[2] - currents[0]), rel=1e-3)
    step = "Vin in 0 2.25 pulse(2.25 2.75 100n 1n 1n 1u 4u)\nCl out 0 1p\n"
    both = deck.replace("Vin in 0 2.5\n", step)
    (swept, moved), (time, value) = ngspice(both, [("dc vin 0 5 10m", "v(out)"), ("tran 1n 2.1u", "v(out)")])
    slope = np.gradient(moved, swept)
    linear = np.abs(slope / np.interp(2.5, swept, slope) - 1) < 0.1
    middle = int(np.argmin(np.abs(swept - 2.5)))
    first = middle - int(np.argmin(linear[middle::-1])) if not linear[: middle + 1].all() else 0
    last = middle + int(np.argmin(linear[middle:])) if not linear[middle:].all() else len(swept) - 1
    assert values["output_swing"] == pytest.approx(abs(float(moved[last] - moved[first])), rel=0.03)
    start, high = float(value[0]), float(np.interp(1.05e-6, time, value))
    rise = time < 1.05e-6
    passed = [float(np.interp(start + part * (high - start), value[rise], time[rise])) for part in (0.2, 0.8)]
    assert values["slew_rate_up"] == pytest.approx(0.6 * (high - start) / (passed[1] - passed[0]), rel=0.05)
    assert values["level_shift"] == pytest.approx(abs(float(outputs[1]) - 2.5), rel=1e-4)
