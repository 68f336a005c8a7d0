"""Phase noise against closed forms, and against the jitter of a transient with noise sources in plain ngspice."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.noisy_device import Noisy, NoisyDevice
from eda_agent.metrics.oscillator import rises
from eda_agent.metrics.phase_noise import phase_noise
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

BOLTZMANN = 1.380649e-23
R, L, C = 600.0, 4e-9, 2e-12
TANK = """* cross-coupled pair on a tank
.model n nmos level=1 vto=0.5 kp=200u lambda=0.02
.subckt osc out outn vdd vss
M1 out outn tail vss n w=200u l=1u
M2 outn out tail vss n w=200u l=1u
R9 tail vss 1k noisy=0
L1 vdd out 2n
L2 vdd outn 2n
C1 out outn 2p
R1 out outn {R}
.param R=600
.ends
"""
VDD, R_LOAD = 3.0, 10e3
STAGES = """M1 b out vss vss n w={W} l=1u
M2 c b vss vss n w={W} l=1u
M3 out c vss vss n w={W} l=1u
C1 b vss {C}
C2 c vss {C}
C3 out vss {C}
"""
LOADS = "R1 vdd b {R}NOISY\nR2 vdd c {R}NOISY\nR3 vdd out {R}NOISY\n"
MODEL = ".model n nmos level=1 vto=0.7 kp=200u lambda=0.05 tox=1u KF\n"
RING = f"* ring\n{MODEL}.subckt osc out vdd vss\n{STAGES}{LOADS}.param W=20u C=100f R=10k\n.ends\n"


def write(folder: Path, netlist: str, bench: str, vdd: float = VDD, bias: str = "", temperature: float = 27) -> None:
    (folder / "c.spice").write_text(netlist)
    (folder / "spec.yaml").write_text(
        f"circuit: c.spice\nsubckt: osc\npdk: own\nparameters: {{R: {{min: 1, max: 1M}}}}\n{bias}"
        f"testbenches: {{t: {{template: oscillator, {bench}}}}}\n"
        "specs: {phase_noise: {testbench: t, unit: dBc/Hz, maximum: -60},"
        " oscillation_frequency: {testbench: t, unit: Hz, minimum: 1}}\n"
        f"corners: {{nominal: {{process: tt, vdd: {vdd}, temperature: {temperature}}}}}\n"
    )


def measured(folder: Path, *arguments: object, **rest: object) -> dict[str, float | None]:
    write(folder, *arguments, **rest)  # type: ignore[arg-type]  # mixed arguments
    return measure_once(load_problem(folder / "spec.yaml"))


def ring(folder: Path, netlist: str = RING, bench: str = "", **rest: float) -> dict[str, float]:
    plain = netlist.replace("NOISY", "").replace("KF", "")
    found = measured(folder, plain, f"frequency: 250M, load: 1a, {bench}", **rest)
    return {name: value for name, value in found.items() if value is not None}


def test_an_lc_oscillator_has_the_noise_of_its_tank_and_of_its_pair(tmp_path: Path) -> None:
    """2FkT/P · (f₀/2QΔf)² with P = A²/2R and F = 1 + γ: the pair adds γ = 2/3 of the tank's noise, whatever its
    transconductance (J. Bank, "A harmonic-oscillator design methodology based on describing functions", PhD thesis,
    Chalmers, 2006).
    """
    temperature = 127
    bench = "frequency: 1.8G, load: 1a, run: 120/frequency, offset_frequency: 300k"
    found = measured(tmp_path, TANK, bench, 1.8, "bias: {outn: {resistance: 1G}}\n", temperature)
    frequency = found["oscillation_frequency"] or 0
    deck = (
        TANK.replace(".param R=600\n", "").replace("{R}", "600")
        + "Vdd vdd 0 1.8\nX1 out outn vdd 0 osc\nIk out 0 pulse(0 200u 0 1p 1p 160p 1)\n"
        f".option trtol=1 reltol=1e-4 temp={temperature}\n"
    )
    time, wave = transient(tmp_path, deck, 2e-12, 70e-9, "v(out,outn)")
    late = wave[time > 60e-9]
    amplitude = float(np.ptp(late)) / 2
    capacitance = 1 / ((2 * math.pi * frequency) ** 2 * L)
    quality = 2 * math.pi * frequency * R * capacitance
    power = amplitude**2 / (2 * R)
    expected = 2 * (1 + 2 / 3) * BOLTZMANN * (temperature + 273.15) / power * (frequency / (2 * quality * 300e3)) ** 2
    assert found["phase_noise"] == pytest.approx(10 * math.log10(expected), abs=0.5)


def transient(folder: Path, deck: str, step: float, stop: float, what: str, before: str = "") -> tuple[np.ndarray, ...]:
    (folder / "d.cir").write_text(
        f"{deck}.control\n{before}set wr_vecnames\nset wr_singlescale\ntran {step} {stop} 0 {step}\n"
        f"wrdata d.txt {what}\n.endc\n.end\n"
    )
    subprocess.run(["ngspice", "-b", "d.cir"], cwd=folder, capture_output=True, check=False)
    rows = np.loadtxt(folder / "d.txt", skiprows=1)
    return rows[:, 0], rows[:, 1]


def test_the_jitter_of_noise_sources_in_a_transient_grows_as_the_phase_noise_says(tmp_path: Path) -> None:
    """White sources make the variance of N periods grow by c per second, and L = f₀² c/Δf². The loads' share of the
    noise is what is left out without their noise.
    """
    full = ring(tmp_path)
    without = ring(tmp_path, RING.replace("NOISY", " noisy=0"))
    frequency = full["oscillation_frequency"]
    loads = 10 ** (full["phase_noise"] / 10) - 10 ** (without["phase_noise"] / 10)
    period, density = 1 / frequency, 3e5 * 4 * BOLTZMANN * 300.15 / R_LOAD
    sample = period / 30
    # ngspice's values of standard deviation a, one each `sample`: single-sided density 2 a² · sample at low frequencies
    sources = "".join(
        f"I{net} {net} 0 dc 0 trnoise({math.sqrt(density / 2 / sample)} {sample} 0 0)\n" for net in ("b", "c", "out")
    )
    circuit = (STAGES + LOADS).replace("NOISY", "").replace("vss", "0")
    for name, value in (("W", "20u"), ("C", "100f"), ("R", "10k")):
        circuit = circuit.replace(f"{{{name}}}", value)
    deck = (
        f"* noise in a transient\n{MODEL.replace('KF', '')}{circuit}Vdd vdd 0 {VDD}\nIk out 0 pulse(0 200u 0 1p 1p 1n 1)\n"
        f"{sources}.option reltol=1e-4\n"
    )
    time, wave = transient(tmp_path, deck, period / 100, 1500 * period, "v(out)", "setseed 3\n")
    edges = rises(time, wave, float(wave.max() + wave.min()) / 2)[10:]
    spread = np.array([np.var(edges[n:] - edges[:-n]) for n in (1, 2, 3)])
    assert spread[2] / spread[0] == pytest.approx(3, rel=0.25), "white noise: the variance grows with the time"
    growth = float(spread[2]) / (3 * period)
    jitter = frequency**2 * growth / 1e6**2
    assert 10 * math.log10(jitter * 4 * BOLTZMANN * 300.15 / R_LOAD / density) == pytest.approx(
        10 * math.log10(loads), abs=1
    )


def test_a_slow_current_shifts_the_frequency_as_the_flicker_noise_says(tmp_path: Path) -> None:
    """Flicker noise is a slow current g(state): a source of that course in plain ngspice changes the period by
    mean(h g), and L = f₀²/Δf² · mean(h g)²/2 for each of the three devices.

    The density of level 1 follows Id in ngspice 39 and gm² in 44: a point in saturation and one below it say which.
    """
    flicker = "kf=1e-22 af=1"
    netlist = RING.replace("KF", flicker).replace("NOISY", "")
    found = {offset: ring(tmp_path, netlist, f"offset_frequency: {offset}")["phase_noise"] for offset in ("10", "100")}
    assert found["10"] - found["100"] == pytest.approx(30, abs=0.1)
    course, share = flicker_course(tmp_path, MODEL.replace("KF", flicker))
    periods = []
    for sign in (-1, 1):
        circuit = (STAGES + LOADS).replace("NOISY", "").replace("vss", "0").replace("M1 b out", "Vm b d dc 0\nM1 d out")
        for name, value in (("W", "20u"), ("C", "100f"), ("R", "10k")):
            circuit = circuit.replace(f"{{{name}}}", value)
        deck = (
            f"* slow\n{MODEL.replace('KF', '')}{circuit}Vdd vdd 0 {VDD}\nIk out 0 pulse(0 200u 0 1p 1p 1n 1)\n"
            f"Bslow b 0 i={sign}*3e-6*{course}\n.option reltol=1e-5\n"
        )
        time, wave = transient(tmp_path, deck, 8e-12, 60e-9, "v(out)")
        edges = rises(time, wave, float(wave.max() + wave.min()) / 2)[10:]
        periods.append(float(edges[-1] - edges[0]) / (edges.size - 1))
    per_course = (periods[1] - periods[0]) / (periods[1] + periods[0]) / 3e-6
    frequency = 2 / (periods[0] + periods[1])
    expected = 3 * (frequency / 10) ** 2 / 2 * (per_course * share) ** 2 / 10
    assert found["10"] == pytest.approx(10 * math.log10(expected), abs=0.5)


def flicker_course(folder: Path, model: str) -> tuple[str, float]:
    """What the flicker current of the ring's first transistor follows in the installed ngspice, as an expression of its
    waveforms that is 1 at Vgs = 1.5 V and Vds = 2 V, and its density there (A/√Hz at 1 Hz).
    """
    rows = []
    for drain in (2, 0.3):
        said = plain(
            folder,
            f"* bias\n{model}M1 d g 0 0 n w=20u l=1u\nVg g 0 1.5\nVd d 0 {drain}\nFo 0 o Vd 1\nRo o 0 1\n"
            "Io 0 o dc 0 ac 1\n.control\nop\nprint i(Vd) @m1[gm]\nnoise v(o) Io dec 1 1 10\nsetplot noise1\n"
            "print onoise_spectrum[0]",
        )
        rows.append([abs(float(one)) for one in re.findall(r"= (\S+e\S+)", said)])
    (current, slope, density), (low_current, low_slope, low_density) = rows
    ratio = low_density / density
    if ratio == pytest.approx(math.sqrt(low_current / current), rel=1e-4):
        return f"sqrt(abs(i(Vm))/{current})", density
    assert ratio == pytest.approx(low_slope / slope, rel=1e-4)
    return f"max(min(v(out)-0.7,v(b)),0)*(1+0.05*v(b))/{0.8 * 1.1}", density


def test_an_offset_near_the_oscillation_has_no_value() -> None:
    device = NoisyDevice(np.ones(3), np.ones(3), np.zeros(3), 1.0, np.ones(3))
    with pytest.raises(Unmeasurable, match="not far below the oscillation"):
        phase_noise(Noisy(1e-9, {"r1": device}), 5e8)


def plain(folder: Path, deck: str) -> str:
    (folder / "p.cir").write_text(f"{deck}\n.endc\n.end\n")
    return subprocess.run(["ngspice", "-b", "p.cir"], cwd=folder, capture_output=True, text=True, check=False).stdout


def test_twice_the_width_and_the_load_is_half_of_the_noise(tmp_path: Path) -> None:
    double = RING.replace("W=20u C=100f R=10k", "W=40u C=200f R=5k")
    one, two = ring(tmp_path), ring(tmp_path, double)
    assert two["oscillation_frequency"] == pytest.approx(one["oscillation_frequency"], rel=1e-3)
    assert one["phase_noise"] - two["phase_noise"] == pytest.approx(10 * math.log10(2), abs=0.05)


@pytest.mark.parametrize(
    ("netlist", "bench", "why"),
    [
        (RING, "ripple: 10m", "the supply has a ripple"),
        (RING.replace("R3 vdd", "V9 c d 0\nR9 d 0 1G\nR3 vdd"), "ripple: 0", "voltage sources to ground, not v"),
        (RING.replace(".ends", "E9 e 0 c 0 1\nR9 e 0 1k\n.ends"), "ripple: 0", "diodes, R, L and C alone"),
        (
            RING.replace(".ends", "Q9 vdd e 0 q\nR9 e 0 1k\n.ends").replace("KF", "\n.model q npn"),
            "ripple: 0",
            "diodes, R, L and C alone",
        ),
    ],
)
def test_no_value_says_why(tmp_path: Path, netlist: str, bench: str, why: str) -> None:
    write(tmp_path, netlist.replace("NOISY", "").replace("KF", ""), f"frequency: 250M, load: 1a, {bench}")
    problem = load_problem(tmp_path / "spec.yaml")
    with LocalPool(1) as pool:
        evaluator = Evaluator(problem, Workbench(problem, tmp_path), pool, NoCache())
        (found,) = evaluator.evaluate([problem.space.initial])
    assert why in found.reasons["nominal", "phase_noise"]
