"""Power-on resets: thresholds and delay in closed form, a circuit against a deck by hand, and their recognition."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics import measure
from eda_agent.metrics.waveform import Waveform
from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.draft.released_level import level_named
from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from tests.run.test_kinds_signed_off import KINDS, MODELS

VDD, VTO, KP = 3.0, 0.5, 200e-6
IDEAL = f".model nch nmos level=1 vto={VTO} kp={KP} tox=1\n.model pch pmos level=1 vto=-{VTO} kp={KP} tox=1\n"
GATES = "MN2 b a 0 0 nch W=1u L=1u\nMP2 b a vdd vdd pch W=1u L=1u\nMN3 out b 0 0 nch W=1u L=1u\nMP3 out b vdd vdd pch W=1u L=1u\n"
TOP, BOTTOM, LOAD = 300e3, 200e3, 1e6
DETECTOR = f"R1 vdd s {TOP}\nR2 s vss {BOTTOM}\nMN1 a s vss vss nch W=1u L=1u\nRL vdd a {LOAD}\n"
SPANS = {"trip_rising": "threshold", "trip_falling": "threshold", "trip_hysteresis": "threshold"}
RAMPS = {"reset_delay": "fast", "reset_glitch": "fast", "reset_glitch_slow": "slow"}


def simulated(
    folder: Path, cell: str, out: str, wanted: dict[str, str], ramp: str = "1u", released: str = "vdd"
) -> dict[str, float]:
    from eda_agent.api import load, simulate

    benches = {
        "threshold": "{template: reset_threshold}",
        "fast": f"{{template: reset_ramp, ramp: {ramp}}}",
        "slow": "{template: reset_slow_ramp}",
    }
    (folder / "por.spice").write_text(f"* reset\n{cell}")
    size = next(name for name in ("R1", "RL") if f"{name} " in cell)
    lines = [f"  {name}: {benches[name][:-1]}, released: {released}}}" for name in dict.fromkeys(wanted.values())]
    specs = [f"  {name}: {{testbench: {bench}, minimum: 1n}}" for name, bench in wanted.items()]
    (folder / "spec.yaml").write_text(
        f"circuit: por.spice\nsubckt: por\npdk: own\nports: {{out: {out}, vdd: vdd, vss: vss}}\n"
        f"parameters:\n  {size}: {{min: 1k, max: 10M}}\ntestbenches:\n" + "\n".join(lines) + "\nspecs:\n" + "\n".join(specs)
        + f"\ncorners:\n  nominal: {{process: tt, vdd: {VDD}, temperature: 27}}\n"
    )  # fmt: skip
    found = simulate(load(folder))
    return {name: float(found[name]) for name in wanted}


@pytest.mark.parametrize("high", [False, True])
def test_the_threshold_of_a_divider_equals_its_closed_form(high: bool, tmp_path: Path) -> None:
    gates = GATES.replace(" 0", " vss")
    gates = gates.replace("out", "c") if high else gates
    more = "MN4 out c vss vss nch W=1u L=1u\nMP4 out c vdd vdd pch W=1u L=1u\n" if high else ""
    found = simulated(
        tmp_path,
        f"{IDEAL}.subckt por out vdd vss\n{DETECTOR}{gates}{more}.ends\n",
        "out",
        SPANS,
        released="vdd" if high else "0",
    )
    # the load drops half of the supply: kp/2 (share V - vto)² load = V/2
    share = BOTTOM / (TOP + BOTTOM)
    a, b, c = share**2, -(2 * share * VTO + 1 / (KP * LOAD)), VTO**2
    threshold = (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)
    assert found["trip_rising"] == pytest.approx(threshold, abs=0.01)
    assert found["trip_falling"] == pytest.approx(threshold, abs=0.01)
    assert abs(found["trip_hysteresis"]) < 5e-3


def test_the_delay_of_a_charged_capacitor_equals_its_closed_form(tmp_path: Path) -> None:
    gates = GATES.replace(" 0", " vss")
    cell = f"{IDEAL}.subckt por out vdd vss\nR1 vdd a 1MEG\nC1 a vss 2p\n{gates}.ends\n"
    found = simulated(tmp_path, cell, "out", {"reset_delay": "fast"}, "10n")
    assert found["reset_delay"] == pytest.approx(2e-6 * math.log(2), rel=0.01)


@pytest.mark.parametrize("late", [False, True])
def test_a_delay_beyond_the_window_is_a_lower_bound(late: bool, tmp_path: Path) -> None:
    from eda_agent.api import load, simulate

    # no gate: RC ln 2 behind a fast ramp, 0.48 ms or 69 ms; the window ends 640 us behind the ramp
    resistance, capacitance = 7e6 if not late else 1e9, 1e-10
    simulated(
        tmp_path,
        f".subckt por out vdd vss\nR1 vdd out {resistance}\nC1 out vss {capacitance}\n.ends\n",
        "out",
        {"reset_delay": "fast"},
    )
    found = simulate(load(tmp_path))
    delay = resistance * (capacitance + 10e-15) * math.log(2)
    shown = subprocess.run(
        [sys.executable, "-m", "eda_agent", "sim", str(tmp_path)], capture_output=True, text=True, check=False
    ).stdout
    if late:
        assert 600e-6 < float(found["reset_delay"]) < 700e-6 < delay and re.search(r"reset_delay .* > 64\d us", shown)
    else:
        assert found["reset_delay"] == pytest.approx(delay, rel=0.01) and "> " not in shown.split("\n")[1]


def test_a_whole_circuit_equals_a_deck_by_hand(tmp_path: Path) -> None:
    cell = f"{MODELS}.subckt por {KINDS['por'].circuit}\n.ends\n"
    found = simulated(tmp_path, cell, "resetb", {**SPANS, **RAMPS})
    half = "find v(vdd) when v(out)=v(half)"
    up = ngspice(tmp_path, cell, f"V1 vdd 0 pwl(0 0 1m {VDD})", "2u 1m 0 1u", f"trip {half} rise=last")
    down = ngspice(tmp_path, cell, f"V1 vdd 0 pwl(0 {VDD} 1m 0)", "2u 1m 0 1u", f"trip {half} fall=1")["trip"]
    assert found["trip_rising"] == pytest.approx(up["trip"], abs=0.01) and up["trip"] > 1.5
    assert found["trip_falling"] == pytest.approx(down, abs=0.01)
    assert found["trip_hysteresis"] == pytest.approx(up["trip"] - down, abs=0.01)
    low = ngspice(tmp_path, cell, f"V1 vdd 0 pwl(0 0 1m {VDD})", "0.1u 0.4m 0 20n", "low max v(out)")["low"]
    assert found["reset_glitch_slow"] == pytest.approx(low, rel=0.06)
    fast = ngspice(
        tmp_path, cell, f"V1 vdd 0 pwl(0 0 1u {VDD})", "1n 8u 0 0.5n",
        f"delay trig v(vdd) val={VDD / 2} rise=1 targ v(out) val={VDD / 2} rise=last", "low max v(out) from=0 to=1u",
    )  # fmt: skip
    assert found["reset_delay"] == pytest.approx(fast["delay"], rel=0.01)
    assert found["reset_glitch"] == pytest.approx(fast["low"], rel=0.03)


def test_a_long_delay_is_no_hysteresis(tmp_path: Path) -> None:
    """A detector without hysteresis whose release waits for a capacitor: the ramp of the supply grows with it."""
    slow = "R9 b h 1MEG\nC9 h vss 1n\nMN8 g h vss vss nch W=1u L=1u\nMP8 g h vdd vdd pch W=1u L=1u\n"
    gates = GATES.replace(" 0", " vss").replace("MN3 out b", "MN3 out g").replace("MP3 out b", "MP3 out g")
    cell = f"{IDEAL}.subckt por out vdd vss\n{DETECTOR}{slow}{gates}.ends\n"
    found = simulated(tmp_path, cell, "out", SPANS)
    # far slower than any delay
    half = "find v(vdd) when v(out)=v(half)"
    up = ngspice(tmp_path, cell, f"V1 vdd 0 pwl(0 0 10 {VDD})", "5m 10 0 5m", f"trip {half} rise=last")["trip"]
    down = ngspice(tmp_path, cell, f"V1 vdd 0 pwl(0 {VDD} 10 0)", "5m 10 0 5m", f"trip {half} fall=1")["trip"]
    assert found["trip_rising"] == pytest.approx(up, abs=0.012)
    assert found["trip_falling"] == pytest.approx(down, abs=0.012)
    assert abs(found["trip_hysteresis"]) < 0.02


def ngspice(folder: Path, cell: str, source: str, tran: str, *measures: str) -> dict[str, float]:
    lines = "".join(f".meas tran {one}\n" for one in measures)
    deck = (
        f"* by hand\n{cell}{source}\nX1 out vdd 0 por\nE1 half 0 vdd 0 0.5\nC1 out 0 10f\n.tran {tran}\n{lines}.end\n"
    )
    (folder / "d.cir").write_text(deck)
    said = subprocess.run(["ngspice", "-b", "d.cir"], cwd=folder, capture_output=True, text=True, check=False).stdout
    return {
        one.split()[0]: float(re.search(rf"^{one.split()[0]}\s*=\s*(\S+)", said, re.MULTILINE)[1]) for one in measures
    }  # type: ignore[index]  # without it the test fails


def drawn(*points: tuple[float, float, float]) -> Waveform:
    """(time, supply, output) joined by lines."""
    time = np.linspace(0, points[-1][0], 8001)
    at = [point[0] for point in points]
    probes = {role: np.interp(time, at, [point[place] for point in points]) for role, place in (("in", 1), ("out", 2))}
    return Waveform("tran", time, probes)


@pytest.mark.parametrize("high", [False, True])
def test_a_glitch_before_the_release_is_seen(high: bool) -> None:
    spike = [
        (0, 0, 0),
        (1, 1, 0.4),
        (2, 2, 0),
        (3, 2, 0),
        (3.1, 2, 1.3),
        (3.2, 2, 0),
        (5, 2, 0),
        (5.1, 2, 2),
        (9, 2, 2),
    ]
    points = [(time, supply, supply - out if high else out) for time, supply, out in spike]
    settings = {"vdd": 2.0, "released": 0.0 if high else 2.0}
    assert measure("reset_glitch", drawn(*points), settings).value == pytest.approx(1.3, abs=0.01)
    assert measure("reset_delay", drawn(*points), settings).value == pytest.approx(5.05 - 1, abs=0.01)


def test_an_output_that_is_never_released_has_no_delay() -> None:
    # below the thresholds of its gates the output follows the supply
    wave = drawn((0, 0, 0), (0.3, 0.3, 0.3), (0.4, 0.4, 0), (2, 2, 0), (9, 2, 0))
    found = measure("reset_delay", wave, {"vdd": 2.0, "released": 0.0})
    assert found.value is None and "below a quarter" in found.why and found.wanted > 1
    assert measure("reset_glitch", drawn((0, 0, 0), (2, 2, 0), (9, 2, 0)), {"vdd": 2.0, "released": 0.0}).value is None


@pytest.mark.parametrize(
    ("port", "level"),
    [("porb", "vdd"), ("rst_n", "vdd"), ("nreset", "vdd"), ("porb_h", "vdd"), ("por", "0"), ("y", "")],
)
def test_the_name_says_the_level_of_a_released_reset(port: str, level: str) -> None:
    assert level_named(port) == level


def test_the_check_reads_the_ramp_of_the_thresholds() -> None:
    """The second ramp is too fast for this circuit: its table has thresholds, and the check does not deny them."""
    from eda_agent.simulation.soundness.observation import Observation
    from eda_agent.simulation.soundness.power_on_reset import check

    slow = [(0, 0, 0), (0.6, 1.2, 0), (0.61, 1.22, 1.22), (1, 2, 2), (1.5, 1, 1), (1.51, 0.98, 0), (2, 0, 0)]
    wave = drawn(*slow, (2.3, 1.2, 0), (2.301, 1.2, 1.2), (2.5, 2.0001, 2.0001), (3, 0, 0))
    settings = {"vdd": 2.0, "ramp": 1.0}
    seen = Observation("threshold", "nominal", "reset_threshold", (), frozenset(), settings, {"tran": wave}, {})
    assert not list(check(seen))
    still = replace(seen, waves={"tran": drawn((0, 0, 0), (1, 2, 2), (2, 0, 0), (2.5, 2, 2), (3, 0, 0))})
    assert "never signals a reset" in next(iter(check(still))).did


def test_a_reset_that_is_not_released_has_no_values() -> None:
    # low at the full supply: an inverted reset that is still on, or a plain one that is off
    wave = drawn((0, 0, 0), (0.7, 0.7, 0.7), (0.8, 0.8, 0), (2, 2, 0), (9, 2, 0))
    found = measure("trip_rising", wave, {"vdd": 2.0, "released": 2.0})
    assert found.value is None and "not released at the full supply" in found.why
    assert measure("reset_glitch", wave, {"vdd": 2.0, "released": 2.0}).value is None
    assert measure("reset_glitch", wave, {"vdd": 2.0, "released": 0.0}).value is not None
    # nobody says the level: it may be either
    for name in (*SPANS, *RAMPS):
        assert "level of the released output is not known" in measure(name, wave, {"vdd": 2.0}).why


def inverter(number: int, gate: str, out: str) -> list[Fet]:
    return [Fet(f"mn{number}", "nmos", out, gate, "vss", "vss"), Fet(f"mp{number}", "pmos", out, gate, "vdd", "vdd")]


@pytest.mark.parametrize(("back", "kind"), [("out", "power-on reset"), ("b", "oscillator")])
def test_feedback_of_odd_sign_makes_an_oscillator(back: str, kind: str) -> None:
    """A device on the sense net keeps its state, or pulls it back: a relaxation oscillator."""
    shunt = Fet("mx", "nmos", "s", back, "vss", "vss")
    gates = [*inverter(1, "s", "a"), *inverter(2, "a", "b"), *inverter(3, "b", "out")]
    passives = (Passive("r1", "r", ("vdd", "s")), Passive("c1", "c", ("s", "vss")))
    shown = Structure(("out", "vdd", "vss"), (*gates, shunt), passives, "vdd", "vss")
    assert classify(replace(shown, roles={fet.name: f"inverter {fet.type}" for fet in gates})).name == kind


def test_a_reset_that_never_comes_is_said(tmp_path: Path) -> None:
    dead = KINDS["por"].circuit.replace("resetb f ", "resetb vdd ")
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt por {dead}\n.ends\n")
    command = ["init", "c.spice", "--supply", "3", "--kind", "por", "--size", "R1"]
    said = subprocess.run([sys.executable, "-m", "eda_agent", *command], cwd=tmp_path, capture_output=True, text=True)
    assert "never signals a reset while the supply goes" in said.stdout + said.stderr
