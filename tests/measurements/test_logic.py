"""Gates and comparators without clock: a transient of a deck written by hand, ten times as fine, and the square-law
threshold in closed form.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.logic import propagation_delay
from eda_agent.metrics.measurable import Censored
from eda_agent.metrics.waveform import Waveform
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

from .plain import Real, ngspice

VTN, VTP, KPN, KPP = 0.45, 0.5, 200e-6, 60e-6
MODELS = (
    f".model n nmos level=1 vto={VTN} kp={KPN} tox=4n cgso=0.3n cgdo=0.3n\n"
    f".model p pmos level=1 vto=-{VTP} kp={KPP} tox=4n cgso=0.3n cgdo=0.3n\n"
)
INVERTER = f"""* t
{MODELS}.subckt inv in out vdd vss
M1 out in vss vss n w=2u l=0.2u
M2 out in vdd vdd p w=3u l=0.2u
.ends
"""
CHAIN = f"""* t
{MODELS}.subckt inv a y vdd vss
M1 y a vss vss n w=1u l=0.5u
M2 y a vdd vdd p w=2u l=0.5u
.ends
.subckt buf in out vdd vss
X1 in x vdd vss inv
X2 x out vdd vss inv
.ends
"""
DECIDER = f"""* t
{MODELS}.subckt comp inp inn out ib vdd vss
M1 d1 inp t vss n w=5u l=0.5u
M2 d2 inn t vss n w=5u l=0.5u
M3 d1 d1 vdd vdd p w=4u l=0.5u
M4 d2 d1 vdd vdd p w=4u l=0.5u
M5 t ib vss vss n w=8u l=1u
M6 ib ib vss vss n w=2u l=1u
M7 out d2 vss vss n w=1u l=0.2u
M8 out d2 vdd vdd p w=2u l=0.2u
.ends
"""


def drafted(text: str, folder: Path) -> tuple[str, dict[str, float | None]]:
    """(kind, what the draft measures)."""
    (folder / "c.spice").write_text(text)
    draft = read_circuit(folder / "c.spice", folder)
    (folder / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    problem = load_problem(folder / "spec.yaml")
    return draft.kind.name, dict(measure_once(problem))


def by_hand(text: str, call: str, cards: str, stop: float, step: float) -> tuple[Real, Real, Real]:
    deck = f"{text.split(chr(10), 1)[1]}Vvdd vdd 0 5\nXdut {call}\n{cards}.option reltol=1e-5\n"
    [(time, driven, output)] = ngspice(deck, [(f"tran {step} {stop} 0 {step}", "v(in) v(out)")])
    return time, driven, output


def at(time: Real, value: Real, level: float, rising: bool, after: float) -> float:
    """The first passage after a time, by counting signs."""
    axis, above = time[time > after], (value[time > after] - level) * (1 if rising else -1)
    index = int(np.flatnonzero((above[:-1] < 0) & (above[1:] >= 0))[0])
    return float(np.interp(0.0, above[index : index + 2], axis[index : index + 2]))


@pytest.mark.parametrize(("text", "cell", "inverts"), [(INVERTER, "inv", True), (CHAIN, "buf", False)])
def test_gate(text: str, cell: str, inverts: bool, tmp_path: Path) -> None:
    kind, values = drafted(text, tmp_path)
    assert kind == "gate"
    half, edge = 2e-9, 2e-11
    pulse = f"Vin in 0 pulse(0 5 {half / 10} {edge} {edge} {half - edge} 1)\nCl out 0 10f\n"
    time, driven, output = by_hand(text, f"in out vdd 0 {cell}", pulse, 2.1 * half, half / 4000)
    up, down = at(time, driven, 2.5, True, 0), at(time, driven, 2.5, False, half)
    first, second = at(time, output, 2.5, not inverts, up), at(time, output, 2.5, inverts, down)
    assert values["propagation_delay"] == pytest.approx(max(first - up, second - down), rel=0.02)
    low, high = 0.1 * 5, 0.9 * 5
    begin = down if inverts else up
    rise = at(time, output, high, True, begin) - at(time, output, low, True, begin)
    begin = up if inverts else down
    fall = at(time, output, low, False, begin) - at(time, output, high, False, begin)
    assert values["rise_time"] == pytest.approx(rise, rel=0.03)
    assert values["fall_time"] == pytest.approx(fall, rel=0.03)


def test_the_threshold_of_a_square_law_inverter(tmp_path: Path) -> None:
    """Both devices are saturated at the threshold: √βn·(V − Vtn) = √βp·(Vdd − V − |Vtp|)."""
    _, values = drafted(INVERTER, tmp_path)
    ratio = math.sqrt(KPP * 3 / (KPN * 2))
    assert values["switching_threshold"] == pytest.approx((VTN + ratio * (5 - VTP)) / (1 + ratio), abs=5e-3)


def test_a_comparator_without_clock(tmp_path: Path) -> None:
    kind, values = drafted(DECIDER, tmp_path)
    assert kind == "comparator without clock" and set(values) >= {"propagation_delay", "power"}
    half = 200e-9
    cards = f"Vin in 0 pulse(2.48 2.52 {half / 10} {half / 1000} {half / 1000} {half} 1)\nVr r 0 2.5\nIb 0 ib 5u\n"
    # inn is the input that the output follows: the draft exchanges the two, and drives that one
    assert "ports: {inp: inn, inn: inp}" in (tmp_path / "spec.yaml").read_text()
    time, driven, output = by_hand(DECIDER, "r in out ib vdd 0 comp", cards + "Cl out 0 10f\n", 2.1 * half, half / 2000)
    up, down = at(time, driven, 2.5, True, 0), at(time, driven, 2.5, False, half)
    rising = bool(output[0] < 2.5)
    delays = at(time, output, 2.5, rising, up) - up, at(time, output, 2.5, not rising, down) - down
    assert values["propagation_delay"] == pytest.approx(max(delays), rel=0.02)


def test_an_output_that_has_not_switched_is_a_bound() -> None:
    time = np.linspace(0, 2.1, 211)
    driven = np.where((time > 0.1) & (time < 1.1), 1.0, 0.0)
    with pytest.raises(Censored) as error:
        propagation_delay(time, driven, np.zeros_like(time), 0.5, (0.09, 1.09, 2.1))
    assert error.value.bound == ">"
    lag = np.where((time > 0.3) & (time < 1.5), 0.0, 1.0)
    assert propagation_delay(time, driven, lag, 0.5, (0.09, 1.09, 2.1)) == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize(("tau", "bound"), [(0.02, ""), (0.1, ""), (0.4, ">"), (1.0, ">")])
def test_an_edge_that_has_not_ended_is_a_bound(tau: float, bound: str) -> None:
    """10 to 90 % of an exponential take τ ln 9; of one that is cut off, less."""
    time = np.unique(np.concatenate([np.linspace(0, 2.1, 21001), [0.1, 1.1]]))
    up = np.where(time > 0.1, 1 - np.exp(-np.maximum(time - 0.1, 0) / tau), 0.0)
    down = np.where(time > 1.1, np.interp(1.1, time, up) * np.exp(-np.maximum(time - 1.1, 0) / tau), up)
    settings = {"hold": 1.0, "vdd": 1.0}
    for name in ("rise_time", "fall_time"):
        found = measure(name, Waveform("tran", time, {"out": down}), settings)
        assert found.bound == bound and found.value is not None
        if bound:
            assert found.value < tau * math.log(9) and found.wanted > 1
        else:
            assert found.value == pytest.approx(tau * math.log(9), rel=1e-3)


@pytest.mark.parametrize(("pulsed", "back"), [(1e-6, 0.0), (1.0, 1.0)])
def test_an_output_that_does_not_switch_has_no_edges(pulsed: float, back: float) -> None:
    time = np.linspace(0, 2.1, 2101)
    out = np.interp(time, [0, 0.3, 0.4, 1.3, 1.4, 2.1], [0, 0, pulsed, pulsed, back, back])
    for name in ("rise_time", "fall_time"):
        found = measure(name, Waveform("tran", time, {"out": out}), {"hold": 1.0, "vdd": 1.0})
        assert found.value is None and found.why.startswith("the output has not switched") and found.wanted > 1
