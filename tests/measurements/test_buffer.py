"""Buffers: gain, level shift and output resistance from operating points of a deck written by hand; the slew rate of a
current in a capacitor in closed form.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.load import load_problem
from eda_agent.run.evaluate_once import open_evaluator

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
    step = "Vin in 0 2.25 pulse(2.25 2.75 100n 0.1n 0.1n 1u 4u)\nCl out 0 1p\n"
    both = deck.replace("Vin in 0 2.5\n", step)
    (swept, moved), (time, value) = ngspice(both, [("dc vin 0 5 10m", "v(out)"), ("tran 1n 2.1u 0 50p", "v(out)")])
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


@pytest.mark.parametrize("load", [1, 3])
def test_a_falling_follower_slews_with_its_current_in_its_load(load: int, tmp_path: Path) -> None:
    """M1 is off until the last tenth of the step, M2 sinks 4 · 5 uA: 20 V/us in 1 pF. M1 drives the rising edge with
    amperes and follows the source, 2 V in 0.1 ns: that is no limit of the circuit.
    """
    wide = BODIES["nmos"].replace("w=20u", "w=100u")
    (tmp_path / "c.spice").write_text(
        f".model n nmos level=1 vto=0.45 kp=200u\n.subckt sf in out ib vdd vss\n{wide}.ends\n"
    )
    bench = f"{{template: buffer_step, load: {load}p, step: 2, vcm: 3}}"
    specs = "".join(f"  slew_rate_{way}: {{testbench: s, unit: V/us, minimum: 1}}\n" for way in ("up", "down"))
    (tmp_path / "spec.yaml").write_text(
        "circuit: c.spice\nsubckt: sf\npdk: own\nbias: {ib: {current: 5u}}\n"
        "parameters: {M1.l: {min: 200n, max: 1u, step: 10n}}\n"
        f"testbenches: {{s: {bench}}}\nspecs:\n{specs}corners: {{n: {{process: tt, vdd: 5, temperature: 27}}}}\n"
    )
    problem = load_problem(tmp_path / "spec.yaml")
    with open_evaluator(problem) as evaluator:
        found = evaluator.evaluate([problem.space.initial])[0]
    values = found.values["n"]
    assert values["slew_rate_down"] == pytest.approx(20e6 / load, rel=0.01)
    assert 0.2 * 2 / 100e-12 < (values["slew_rate_up"] or 0.0) < 2 / 100e-12
    assert found.bounds == {("n", "slew_rate_up"): ">"}
