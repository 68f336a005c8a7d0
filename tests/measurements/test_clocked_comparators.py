"""A double-tail comparator with two clocks, and one with one output behind a second stage, against plain ngspice
and its `.meas` lines.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.comparator import decision_delay
from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.waveform import Waveform
from tests.problem.test_clocked_comparators import ARM, MODELS, SELF_BIASED, TAIL

VDD, T = 3.0, 10e-9
DOUBLE = f".subckt cmp inp inn outp outn clk nclk vdd vss\n{TAIL}.ends\n"
SINGLE = f".subckt cmp inp inn out clk vdd vss\n{ARM}{SELF_BIASED}.ends\n"
CLOCKS = f"Vdd vdd 0 {VDD}\nVclk clk 0 pulse(0 {VDD} 5n 0.1n 0.1n 4.9n 10n)\nVk nclk 0 pulse({VDD} 0 5n 0.1n 0.1n 4.9n 10n)\n"
INPUTS = """Vp inp 0 pulse(1.505 1.495 11n 0.1n 0.1n 100n 300n)
Vn inn 0 pulse(1.495 1.505 11n 0.1n 0.1n 100n 300n)
"""


def simulated(folder: Path, text: str, ports: str, benches: str, specs: str) -> dict[str, float]:
    from eda_agent.api import load, simulate

    (folder / "cmp.spice").write_text(f"{MODELS}{text}")
    (folder / "spec.yaml").write_text(
        f"circuit: cmp.spice\nsubckt: cmp\npdk: own\nports: {{{ports}}}\nparameters:\n  M1.w: {{min: 1u, max: 20u}}\n"
        f"testbenches:\n{benches}specs:\n{specs}corners:\n  nominal: {{process: tt, vdd: {VDD:g}, temperature: 27}}\n"
    )
    names = re.findall(r"(?m)^  (\w+):", specs)
    found = simulate(load(folder))
    return {name: float(found[name]) for name in names}


def by_hand(folder: Path, text: str, cards: str, step: str = "20p", reltol: str = "1e-4") -> dict[str, float]:
    deck = f"{MODELS}{text}{CLOCKS}{cards}.option reltol={reltol}\n.tran {step} 24n 0 {step}\n.end\n"
    (folder / "hand.cir").write_text(deck)
    command = ["ngspice", "-b", str(folder / "hand.cir")]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return {name: float(value) for name, value in re.findall(r"(?m)^(\w+)\s*=\s*([-+.\deE]+)", said)}


def test_a_double_tail_with_two_clocks_equals_a_deck_by_hand(tmp_path: Path) -> None:
    found = simulated(
        tmp_path,
        DOUBLE,
        "clkb: nclk",
        "  clock: {template: comparator}\n  kick: {template: comparator_kickback}\n",
        "  delay: {testbench: clock, maximum: 1n}\n  decision_energy: {testbench: clock, unit: J, maximum: 1p}\n"
        "  kickback: {testbench: kick, maximum: 10m}\n",
    )
    call = "X1 inp inn outp outn clk nclk vdd 0 cmp\nCp outp 0 10f\nCn outn 0 10f\n"
    hand = by_hand(
        tmp_path,
        DOUBLE,
        f"{call}{INPUTS}.meas tran one trig v(clk) val=1.5 rise=1 targ par('v(outp)-v(outn)') val=1.5 rise=1\n"
        ".meas tran two trig v(clk) val=1.5 rise=2 targ par('v(outn)-v(outp)') val=1.5 rise=1\n"
        ".meas tran charge integ i(vdd) from=2n to=22n\n",
    )
    assert found["delay"] == pytest.approx(max(hand["one"], hand["two"]), rel=0.01)
    assert found["decision_energy"] == pytest.approx(-hand["charge"] * VDD / 2, rel=0.01)
    still = "Vp sp 0 1.505\nVn sn 0 1.495\nRp sp inp 1k\nRn sn inn 1k\n"
    ends = ".meas tran most max par('v(inp)-v(inn)')\n.meas tran least min par('v(inp)-v(inn)')\n"
    kick = by_hand(tmp_path, DOUBLE, f"{call}{still}{ends}", "1p", "1e-6")
    assert found["kickback"] == pytest.approx(max(kick["most"] - 10e-3, 10e-3 - kick["least"]), rel=0.005)


def test_the_offset_of_a_double_tail_is_a_voltage_at_its_gate(tmp_path: Path) -> None:
    skewed = DOUBLE.replace("M1 d1 inp tail", "Vskew inp moved -12m\nM1 d1 moved tail")
    benches = "  search: {template: comparator_offset}\n"
    found = simulated(tmp_path, skewed, "clkb: nclk", benches, "  decision_offset: {testbench: search, maximum: 1m}\n")
    assert found["decision_offset"] == pytest.approx(12e-3, abs=1e-4)


def test_a_large_offset_flips_where_plain_ngspice_does_with_a_tight_tolerance(tmp_path: Path) -> None:
    """The devices between the tails are unequal."""
    skewed = DOUBLE.replace("M10 outp d1 vss vss nch W=6u", "M10 outp d1 vss vss nch W=9u")
    assert skewed != DOUBLE
    benches = "  search: {template: comparator_offset, range: 300m}\n"
    found = simulated(tmp_path, skewed, "clkb: nclk", benches, "  decision_offset: {testbench: search, maximum: 1m}\n")
    low, high = 0.0, 0.3
    deck = (
        f"{MODELS}{skewed}{CLOCKS}X1 inp inn outp outn clk nclk vdd 0 cmp\nCp outp 0 10f\nCn outn 0 10f\nVm m 0 1.5\n"
    )
    for _ in range(10):
        middle = (low + high) / 2
        one = f"Ep inp m d 0 0.5\nEn inn m d 0 -0.5\nVd d 0 {middle}\n.option reltol=1e-6\n.tran 5p 9.8n 0 5p\n"
        (tmp_path / "one.cir").write_text(f"{deck}{one}.meas tran end find par('v(outp)-v(outn)') at=9.7n\n.end\n")
        command = ["ngspice", "-b", str(tmp_path / "one.cir")]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        end = float(re.search(r"(?m)^end\s*=\s*(\S+)", said)[1])  # type: ignore[index]  # without it the test fails
        low, high = (middle, high) if end < 0 else (low, middle)
    assert found["decision_offset"] == pytest.approx((low + high) / 2, rel=5e-3)
    assert low > 0.1


def test_one_output_behind_a_second_stage_equals_a_deck_by_hand(tmp_path: Path) -> None:
    found = simulated(
        tmp_path,
        SINGLE,
        "",
        "  clock: {template: comparator_single}\n  search: {template: comparator_single_offset}\n",
        "  delay: {testbench: clock, maximum: 1n}\n  decision_offset: {testbench: search, maximum: 1m}\n",
    )
    hand = by_hand(
        tmp_path,
        SINGLE,
        f"X1 inp inn out clk vdd 0 cmp\nCo out 0 10f\n{INPUTS}"
        ".meas tran one trig v(clk) val=1.5 rise=1 targ v(out) val=2.25 rise=last\n"
        ".meas tran two trig v(clk) val=1.5 rise=2 targ v(out) val=0.75 fall=last\n",
    )
    slower = max(value for value in hand.values() if 0 < value < T / 2)
    assert found["delay"] == pytest.approx(slower, rel=0.01)
    assert found["decision_offset"] < 1e-3


def test_a_comparator_that_does_not_decide_has_no_kickback_and_no_energy() -> None:
    time = np.linspace(0, 2.4, 2401)
    clock = time % 1 > 0.5
    kick = np.where(clock, 0.011, 0.010)
    for sides, why in (((1, 1), ""), ((1, -1), "wrong way"), ((1, 0.2), "not decided")):
        flat = np.zeros_like(time)
        settings = {"frequency": 1.0, "vdd": 1.0, "vdiff": 0.01, "average_from": 0.2, "average_to": 2.2}
        # the input of the energy's template changes sign
        for name, sign in (("kickback", 1), ("decision_energy", -1)):
            outputs = np.where(clock, np.where(time < 1, sides[0], sign * sides[1]), 0)
            waves = {"inp": kick, "inn": flat, "outp": outputs, "outn": flat, "supply": flat + 1}
            wave = Waveform("tran", time, waves)
            found = measure(name, wave, settings)
            assert why in (found.why or "")
            assert (found.value is None) == bool(why)


def test_a_decision_that_stands_from_before_has_no_delay() -> None:
    time = np.linspace(0, 4, 4001)
    clock = (time % 2 > 1).astype(float)
    # held high through the first decision, low 0.3 after the second edge
    output = np.where(time < 3.3, 1.0, -1.0)
    windows = [(0.9, 1.96, 1), (2.9, 3.96, -1)]
    assert decision_delay(time, clock, output, 0.5, windows) == pytest.approx(0.3, abs=2e-3)
    with pytest.raises(Unmeasurable, match="does not change"):
        decision_delay(time, clock, np.ones_like(time), 0.5, [(0.9, 1.96, 1), (2.9, 3.96, 1)])
    with pytest.raises(Unmeasurable, match="wrong way"):
        decision_delay(time, clock, np.ones_like(time), 0.5, windows)
