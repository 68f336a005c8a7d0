"""Samples and holds: closed forms of level-1 models, and `.meas` lines of plain ngspice on decks by hand."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from tests.problem.test_sample_hold import BOOTSTRAPPED, BUFFERED

from .plain import ngspice

VDD, VT, KP, WIDTH, OVERLAP, SATURATION, HOLD, BRIDGE = 3.0, 0.5, 200e-6, 10.0, 1e-9, 1e-12, 1e-12, 2e-15
# the overlap alone couples, and a capacitor across the switch feeds through
MODEL = f".model nch nmos level=1 vto={VT} kp={KP} cgso={OVERLAP} cgdo={OVERLAP} tox=1 is={SATURATION}\n"
SWITCH = f".subckt sh in out clk vss\nM1 out clk in vss nch W=10u L=1u\nC1 out vss {HOLD}\nC2 in out {BRIDGE}\n.ends\n"
MODELS = """.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 cgso=200p cgdo=200p cj=700u mj=0.5 tox=8n
"""


def simulated(folder: Path, text: str, heads: str, benches: dict[str, tuple[str, str]]) -> dict[str, float]:
    """Metric → value. `benches`: template → (settings, metrics)."""
    from eda_agent.api import load, simulate

    rows = [
        f"  {metric}: {{testbench: {template}, {'unit: dB, ' if 'through' in metric else ''}maximum: 1}}\n"
        for template, (_, metrics) in benches.items()
        for metric in metrics.split()
    ]
    device = re.findall(r"(?m)^(M\w+) ", text)[0]
    (folder / "sh.spice").write_text(f"* sample and hold\n{text}")
    (folder / "spec.yaml").write_text(
        f"circuit: sh.spice\nsubckt: sh\npdk: own\n{heads}\nparameters:\n  {device}.w: {{min: 1u, max: 20u}}\ntestbenches:\n"
        + "".join(f"  {template}: {{template: {template}{how}}}\n" for template, (how, _) in benches.items())
        + "specs:\n" + "".join(rows) + f"corners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )  # fmt: skip
    found = simulate(load(folder))
    return {metric: float(found[metric]) for _, metrics in benches.values() for metric in metrics.split()}


def test_a_switch_and_its_capacitor_equal_closed_forms(tmp_path: Path) -> None:
    span = ", signal_low: 0.5, signal_high: 1.5, load: 1a"
    found = simulated(
        tmp_path,
        MODEL + SWITCH,
        "ports: {vdd: none}",
        {
            "sample_hold": (f"{span}, edge: 1p", "acquisition_time pedestal hold_feedthrough"),
            "sample_hold_droop": (f"{span}, hold: 1m", "droop"),
            "sample_hold_resistance": (f"{span}, current: 1u", "tracking_resistance"),
        },
    )
    overlap = OVERLAP * WIDTH * 1e-6
    total = HOLD + overlap + BRIDGE
    # the clock falls from vdd to 0 on the divider of overlap and hold capacitor
    assert found["pedestal"] == pytest.approx(VDD * overlap / total, rel=0.03)
    assert found["hold_feedthrough"] == pytest.approx(20 * math.log10(total / BRIDGE), abs=0.05)
    # one junction discharges the capacitor
    assert found["droop"] == pytest.approx(SATURATION / total, rel=0.03)
    assert found["tracking_resistance"] == pytest.approx(1 / (KP * WIDTH * (VDD - 1.5 - VT)), rel=0.01)
    # a triode at a constant gate from v0 to the input's v: dv/dt = β/C · (a·u − u²/2), u the voltage across it
    beta, span_, a = KP * WIDTH, 1.0, VDD - 1.5 - VT
    # rising: the output is the source, u = in − out and the overdrive a + u at the output: a·u + u²/2
    rising = total / beta / a * math.log(span_ / 1e-3 * (a + 0.5e-3) / (a + span_ / 2))
    assert found["acquisition_time"] == pytest.approx(rising, rel=0.03)


def hand(folder: Path, text: str, call: str, cards: str, slower: int = 1) -> dict[str, float]:
    """What `.meas` lines say; all times in ns are `slower` times as long."""
    deck = (
        f"* by hand\n{text}Vdd vdd 0 {VDD}\nVss vss 0 0\nVclk clk 0 pulse({VDD} 0 50n 0.2n 0.2n 49.8n 100n)\n"
        f"Vclkb clkb 0 pulse(0 {VDD} 50n 0.2n 0.2n 49.8n 100n)\n{call}\n{cards}.option reltol=1e-5\n.end\n"
    )
    circuit, ends, bench = deck.partition(".ends\n")
    deck = circuit + ends + re.sub(r"\b(\d[\d.]*)n\b", lambda found: f"{float(found[1]) * slower:g}n", bench)
    (folder / "hand.cir").write_text(deck)
    command = ["ngspice", "-b", str(folder / "hand.cir")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return {name: float(value) for name, value in re.findall(r"(?m)^(\w+)\s*=\s*([-+.\deE]+)", said)}


def test_a_buffered_one_equals_a_deck_by_hand(tmp_path: Path) -> None:
    text = f"{MODELS}.subckt sh in out clk ib vdd vss\n{BUFFERED}.ends\n"
    metrics = "acquisition_time tracking_error pedestal"
    span = ", signal_low: 1, signal_high: 2, load: 1p, tolerance: 1, frequency: 2M"
    heads = "bias: {ib: {current: 5u}}"
    found = simulated(tmp_path, text, heads, {"sample_hold": (span, metrics)})
    # one sample after two periods of the other end: another waveform than the template's
    cards = "Ib vdd ib 5u\nCl out 0 1p\n"
    runs = []
    for start, end in ((1, 2), (2, 1), (1, 1.5)):
        source = f"Vin in 0 pwl(0 {start} 170n {start} 170.2n {end})\n"
        asked = ".tran 0.2n 300n\n.meas tran before find v(out) at=150n\n.meas tran last find v(out) at=250n\n"
        asked += ".meas tran after find v(out) at=260n\n"
        first = hand(tmp_path, text, "X1 in out clk ib vdd 0 sh", cards + source + asked, 5)
        band = 1e-2 * (first["last"] - first["before"])
        edges = f".meas tran low when v(out)={first['last'] - band} cross=last\n"
        edges += f".meas tran high when v(out)={first['last'] + band} cross=last\n"
        limits = hand(tmp_path, text, "X1 in out clk ib vdd 0 sh", cards + source + ".tran 0.2n 249.9n\n" + edges, 5)
        time = max(limits.get("low", 0.0), limits.get("high", 0.0)) - 1000.5e-9
        runs.append((time, abs(first["last"] - end), abs(first["after"] - first["last"])))
    for metric, values in zip(metrics.split(), zip(*runs, strict=True), strict=True):
        assert found[metric] == pytest.approx(max(values), rel=0.02), metric


def test_a_bootstrapped_switch_equals_a_deck_by_hand(tmp_path: Path) -> None:
    text = f"{MODELS}.subckt sh in out clk clkb vdd vss\n{BOOTSTRAPPED}.ends\n"
    benches = {"sample_hold": ("", "pedestal"), "sample_hold_resistance": ("", "tracking_resistance")}
    found = simulated(tmp_path, text, "ports: {clkb: clkb}", benches)
    steps, resistances = [], []
    for level in (0, VDD / 2, VDD):
        asked = ".tran 0.2n 400n\n.meas tran before find v(out) at=350n\n.meas tran after find v(out) at=360n\n"
        call = "X1 in out clk clkb vdd 0 sh"
        said = hand(tmp_path, text, call, f"Cl out 0 1p\nVin in 0 {level}\n{asked}")
        steps.append(abs(said["after"] - said["before"]))
        current = "I1 0 out pulse(0 10u 310n 0.2n 0.2n 35n 1u)\n"
        asked = f"{current}.tran 0.2n 400n\n.meas tran there find v(out) at=344n\n"
        said = hand(tmp_path, text, call, f"Cl out 0 1p\nVin in 0 {level}\n{asked}")
        resistances.append((said["there"] - level) / 10e-6)
    assert found["pedestal"] == pytest.approx(max(steps), rel=0.02)
    assert found["tracking_resistance"] == pytest.approx(max(resistances), rel=0.02)
    # the gate follows the input: nearly the same resistance over the whole range
    assert max(resistances) < 2 * min(resistances)


def test_what_still_moves_is_not_acquired() -> None:
    time = np.linspace(0, 5, 5001)
    out = np.where(time < 2, 0.0, np.minimum((time - 2) / 3, 1.0))
    wave = Waveform("tran", time, {"out": out, "in": out})
    found = measure("acquisition_time", wave, {"frequency": 1.0, "edge": 0.0, "tolerance": 1.0})
    assert found.bound == ">" and found.why == "not acquired" and found.wanted > 1


WEAK = """.model nch nmos level=1 vto=1.1 kp=200u cgso=200p cgdo=200p tox=1 is=1p
.model pch pmos level=1 vto=-1.1 kp=80u cgso=200p cgdo=200p tox=1 is=3p
.subckt sh in out clk clkb vdd vss
M1 out clk in vss nch W=8u L=1u
M2 out clkb in vdd pch W=8u L=1u
C1 out vss 1p
.ends
"""


def test_the_middle_of_the_range_and_both_ends_count(tmp_path: Path) -> None:
    """Both devices are weak in the middle; the junctions to the upper rail leak more than those to the lower one."""
    benches = {
        "sample_hold": (", load: 1a", "acquisition_time"),
        "sample_hold_droop": (", load: 1a", "droop"),
        "sample_hold_resistance": (", load: 1a", "tracking_resistance"),
    }
    found = simulated(tmp_path, WEAK, "ports: {clkb: clkb}", benches)
    # held low: the junction of the second device
    overlap = 2 * 200e-12 * 8e-6
    assert found["droop"] == pytest.approx(3e-12 / (1e-12 + overlap), rel=0.02)
    # a circuit for each of 47 levels from either end, all in one deck
    cases = [(end, VDD * level / 48) for end in (0, VDD) for level in range(1, 48)] + [(0, VDD), (VDD, 0)]
    clocks = (
        f"Vclk clk 0 pulse({VDD} 0 50n 0.2n 0.2n 49.8n 100n)\nVclkb clkb 0 pulse(0 {VDD} 50n 0.2n 0.2n 49.8n 100n)\n"
    )
    deck = f"{WEAK}Vdd vdd 0 {VDD}\n{clocks}.option reltol=1e-5\n"
    for number, (start, end) in enumerate(cases):
        deck += f"V{number} i{number} 0 pwl(0 {start} 70n {start} 70.2n {end})\n"
        deck += f"X{number} i{number} o{number} clk clkb vdd 0 sh\n"
    (rows,) = ngspice(deck, [("tran 0.1n 140n", " ".join(f"v(o{number})" for number in range(len(cases))))])
    times = {}
    for case, out in zip(cases, rows[1:], strict=True):
        before, last = np.interp([100.1e-9, 139e-9], rows[0], out)
        away = np.flatnonzero((np.abs(out - last) > 1e-3 * abs(last - before)) & (rows[0] < 139e-9))[-1]
        times[case] = float(rows[0][away]) - 100.1e-9
    slowest = max(times.values())
    assert found["acquisition_time"] == pytest.approx(slowest, rel=0.02)
    at_quarters = max(times[end, VDD * level / 48] for end in (0, VDD) for level in (12, 24, 36))
    assert slowest > 1.2 * at_quarters and at_quarters > 1.5 * max(times[0, VDD], times[VDD, 0])
    rows = "I1 0 out 10u\n.dc Vin 0 3 0.01\n.meas dc most max par('v(out)-v(in)')\n.meas dc middle find par('v(out)-v(in)') at=1.5\n"
    swept = hand(tmp_path, WEAK, "X1 in out vdd 0 vdd 0 sh\nVin in 0 0", rows)
    assert found["tracking_resistance"] == pytest.approx(swept["most"] / 10e-6, rel=0.03)
    assert swept["most"] > 1.05 * swept["middle"]
