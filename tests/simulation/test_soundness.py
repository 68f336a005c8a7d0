"""Testbenches that do not test: degenerate circuits on ngspice are told, and what is merely a bad start is not."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.soundness import Soundness, judge, observe, symptoms_of, watch
from eda_agent.simulation.soundness.noise import BELOW, voltage_bound
from eda_agent.simulation.soundness.reference import sensitivity
from eda_agent.simulation.workbench import Workbench

from ..conftest import NAMES


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no sizing escapes is seen with few."""
    monkeypatch.setattr("eda_agent.simulation.soundness.judgement.DRAWS", 4)


OTA = """* an amplifier with what a test adds
.subckt ota inp inn out ib vdd vss
XM1 d1 inp t vss sky130_fd_pr__nfet_01v8 W=5 L=0.5 nf=1 m=1
XM2 {drain} inn t vss sky130_fd_pr__nfet_01v8 W=5 L=0.5 nf=1 m=1
XM3 d1 d1 vdd vdd sky130_fd_pr__pfet_01v8 W=4 L=0.5 nf=1 m=1
XM4 {drain} d1 vdd vdd sky130_fd_pr__pfet_01v8 W=4 L=0.5 nf=1 m=1
XM5 t ib vss vss sky130_fd_pr__nfet_01v8 W=2 L=1 nf=1 m=4
XM6 ib ib vss vss sky130_fd_pr__nfet_01v8 W=2 L=1 nf=1 m=1
{more}
.ends
"""
OTA_SPEC = """name: ota
circuit: c.spice
subckt: ota
pdk: sky130A
parameters:
  XM1.w: {min: 1u, max: 50u, step: 10n, scale: log}
  XM3.w: {min: 1u, max: 50u, step: 10n, scale: log}
  XM5.m: {min: 1, max: 20, step: 1, scale: log}
match: [[XM1, XM2], [XM3, XM4]]
ports: {PORTS}
bias: {ib: {current: 5u}}
testbenches:
  loop: {template: opamp_open_loop, load: 1p}
  step: {template: opamp_step, load: 1p}
specs:
  dc_gain: {testbench: loop, unit: dB, minimum: 30}
  phase_margin: {testbench: loop, unit: deg, minimum: 60}
  input_noise: {testbench: loop, unit: V/√Hz, maximum: 100n}
  power: {testbench: loop, unit: W, maximum: 200u}
  slew_rate_up: {testbench: step, unit: V/us, minimum: 5}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""


def written(folder: Path, netlist: str, spec: str) -> Problem:
    (folder / "c.spice").write_text(netlist, encoding="utf-8")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    return load_problem(folder / "spec.yaml")


def judged(problem: Problem, pool: LocalPool) -> Soundness:
    return judge(evaluator_of(problem, pool))


def evaluator_of(problem: Problem, pool: LocalPool) -> Evaluator:
    return Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())


def amplifier(
    folder: Path, *, drain: str = "out", more: str = "", inputs: tuple[str, str] = ("inp", "inn"), spec: str = OTA_SPEC
) -> Problem:
    ports = f"inp: {inputs[0]}, inn: {inputs[1]}"
    return written(folder, OTA.format(drain=drain, more=more), spec.replace("PORTS", ports))


@pytest.mark.parametrize(
    ("changed", "check", "did"),
    [
        ({"more": "V9 out vdd 0"}, "still output", "out stands at 1.8 V, the supply, and does not move"),
        (
            {"more": "XME ib en vss vss sky130_fd_pr__nfet_01v8 W=2 L=0.15\nVE en vss 0.9"},
            "pair off",
            "the input pair (xm1 xm2) is off",
        ),
        ({"more": "RL out vss 20"}, "attenuates", "it attenuates: its gain is at most -"),
        ({"drain": "x", "more": "E9 out vss inp inn 1000"}, "noiseless", "its input noise is nothing"),
        # 2 pS into 1 GΩ, then a gain of 1000: √(4kTR) of the 1 GΩ is 4 µV/√Hz, behind a gain of 2 in all
        (
            {"drain": "x", "more": "G8 n vss inp inn 2p\nR8 n vss 1g\nE9 out vss vss n 1000"},
            "noise alone",
            "its input noise is 2 mV/√Hz, that of a resistor of 250 TOhm",
        ),
    ],
)
def test_an_amplifier_that_cannot_work_is_refused(
    changed: dict[str, str], check: str, did: str, tmp_path: Path, pool: LocalPool
) -> None:
    found = judged(amplifier(tmp_path, **changed), pool)  # type: ignore[arg-type]
    assert check in {symptom.check for symptom in found.refused}
    assert any(did in finding.message for finding in found.findings)


def test_exchanged_inputs_are_refused(tmp_path: Path, pool: LocalPool) -> None:
    found = judged(amplifier(tmp_path, inputs=("inn", "inp")), pool)
    assert {symptom.testbench for symptom in found.refused} == {"loop", "step"}


def test_the_source_that_holds_the_output_is_named(
    tmp_path: Path, pool: LocalPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eda_agent.simulation.soundness.judgement.DRAWS", 32)
    (finding,) = judged(amplifier(tmp_path, more="V9 out vdd 0"), pool).findings
    assert "V9 in the netlist" in finding.fix
    assert finding.message.startswith("testbenches loop and step do not test")
    assert "32 other sizings" in finding.message


def test_the_amplifier_itself_is_not_refused(tmp_path: Path, pool: LocalPool) -> None:
    assert judged(amplifier(tmp_path), pool) == Soundness((), ())


def test_a_start_that_is_merely_bad_is_said_and_not_refused(
    tmp_path: Path, pool: LocalPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eda_agent.simulation.soundness.judgement.DRAWS", 16)
    problem = amplifier(tmp_path, more="RL out mid 4k\nVmid mid vss 0.9")
    found = judged(problem, pool)
    assert not found.refused
    assert [symptom.check for symptom in found.said] == ["attenuates a little"]
    assert "at the netlist's own sizes, in testbench loop: it attenuates" in found.notes[0]


COMPARATOR = """name: c
circuit: c.spice
subckt: comparator
pdk: sky130A
parameters:
  W12:  {min: 0.42u, max: 40u, step: 0.01u, scale: log}
  W34:  {min: 0.42u, max: 20u, step: 0.01u, scale: log}
ports: {PORTS}
testbenches:
  clock: {template: comparator, load: 30f, vcm: 0.9, vdiff: 20m, frequency: 200M}
specs:
  delay: {testbench: clock, unit: s, maximum: 400p}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""


@pytest.mark.parametrize(
    ("more", "outputs", "check"),
    [
        ("Rshort outp outn 1", ("outp", "outn"), "never decides"),
        ("", ("outn", "outp"), "decides wrongly"),
        ("XMX xn vdd tail vss sky130_fd_pr__nfet_01v8 W=40 L=0.15", ("outp", "outn"), "one decision"),
        ("", ("outp", "outn"), ""),
    ],
)
def test_a_comparator_that_never_decides(
    more: str, outputs: tuple[str, str], check: str, tmp_path: Path, pool: LocalPool, problems: dict[str, Problem]
) -> None:
    text = (problems["strongarm"].path.parent / "strongarm.spice").read_text(encoding="utf-8")
    head, end, tail = text.partition(".ends comparator")
    problem = written(
        tmp_path, f"{head}{more}\n{end}{tail}", COMPARATOR.replace("PORTS", f"outp: {outputs[0]}, outn: {outputs[1]}")
    )
    found = judged(problem, pool)
    assert [symptom.check for symptom in found.refused] == [check][: bool(check)]


RING = """name: ring
circuit: c.spice
subckt: ring
pdk: sky130A
parameters:
  wn: {min: 0.5u, max: 2u, step: 0.01u, scale: log}
testbenches:
  run: {template: oscillator, frequency: FREQ}
specs:
  oscillation_frequency: {testbench: run, unit: Hz, minimum: 100M}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""


@pytest.mark.parametrize(
    ("stages", "frequency", "check"), [(5, "2G", ""), (4, "2G", "stands still"), (5, "200G", "no periods")]
)
def test_an_oscillator_that_stands_still(
    stages: int, frequency: str, check: str, tmp_path: Path, pool: LocalPool
) -> None:
    nets = ["out", *(f"n{number}" for number in range(1, stages))]
    cells = [
        f"XN{i} {nets[(i + 1) % stages]} {net} vss vss sky130_fd_pr__nfet_01v8 W={{wn}} L=0.15\nXP{i}"
        f" {nets[(i + 1) % stages]} {net} vdd vdd sky130_fd_pr__pfet_01v8 W={{2*wn}} L=0.15"
        for i, net in enumerate(nets)
    ]
    problem = written(
        tmp_path,
        "* a ring\n.subckt ring out vdd vss\n.param wn=1\n" + "\n".join(cells) + "\n.ends\n",
        RING.replace("FREQ", frequency),
    )
    found = judged(problem, pool)
    assert [symptom.check for symptom in found.refused] in ([check], [check][: bool(check)])


REFERENCE = """name: r
circuit: c.spice
subckt: ref
pdk: sky130A
parameters:
  R1: {min: 10k, max: 1MEG, scale: log}
  XM1.w: {min: 1u, max: 20u, step: 10n, scale: log}
testbenches:
  drift: {template: reference}
  line: {template: reference_line}
specs:
  temperature_coefficient: {testbench: drift, unit: ppm/K, maximum: 100}
  line_regulation: {testbench: line, unit: V/V, maximum: 10m}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (
            "R1 vdd out 100k\nR2 out vss 100k\nXM1 x x vss vss sky130_fd_pr__nfet_01v8 W=5 L=1\nR3 vdd x 100k",
            [("line", "follows the supply")],
        ),
        (
            (
                "R1 vdd x 100k\nXM1 x x vss vss sky130_fd_pr__nfet_01v8 W=5 L=1\nXM2 out x vdd vdd"
                " sky130_fd_pr__pfet_01v8 W=5 L=1"
            ),
            [("drift", "output at a rail"), ("line", "follows the supply")],
        ),
        # a diode changes by far less than its supply
        ("R1 vdd out 100k\nXM1 out out vss vss sky130_fd_pr__nfet_01v8 W=5 L=1", []),
    ],
)
def test_a_reference_that_follows_its_supply(
    body: str, refused: list[tuple[str, str]], tmp_path: Path, pool: LocalPool
) -> None:
    problem = written(tmp_path, f"* a reference\n.subckt ref out vdd vss\n{body}\n.ends\n", REFERENCE)
    assert [(symptom.testbench, symptom.check) for symptom in judged(problem, pool).refused] == refused


CURRENT = REFERENCE.replace("template: reference", "template: current_reference").replace(
    "line_regulation: {testbench: line, unit: V/V, maximum: 10m}",
    "line_sensitivity: {testbench: line, unit: '%/V', maximum: 10}\n  output_current: {testbench: drift, unit: A,"
    " minimum: 1u}",
)


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        # its gate at the supply: off
        (
            (
                "R1 vdd x 100k\nXM1 x x vss vss sky130_fd_pr__nfet_01v8 W=5 L=1\nXM2 out vdd vdd vdd"
                " sky130_fd_pr__pfet_01v8 W=5 L=1"
            ),
            [("drift", "no current")],
        ),
        # a resistor and a mirror: poor, and real
        (
            (
                "R1 vdd x 100k\nXM1 x x vss vss sky130_fd_pr__nfet_01v8 W=5 L=1\nXM2 out x vss vss"
                " sky130_fd_pr__nfet_01v8 W=5 L=1"
            ),
            [],
        ),
    ],
)
def test_a_current_reference_that_is_off(
    body: str, refused: list[tuple[str, str]], tmp_path: Path, pool: LocalPool
) -> None:
    problem = written(tmp_path, f"* a reference\n.subckt ref out vdd vss\n{body}\n.ends\n", CURRENT)
    assert [(symptom.testbench, symptom.check) for symptom in judged(problem, pool).refused] == refused


def test_a_regulator_with_its_inputs_exchanged(tmp_path: Path, pool: LocalPool, problems: dict[str, Problem]) -> None:
    ldo = problems["ldo"]
    text = ldo.text.replace("subckt: ldo", "subckt: ldo\nports: {vref: fb, fb: vref}")
    problem = written(
        tmp_path,
        "",
        text.replace("circuit: ldo.spice", f"circuit: {ldo.path.parent / 'ldo.spice'}\ninclude: [{ldo.path.parent}]"),
    )
    checks = {symptom.testbench: symptom.check for symptom in judged(problem, pool).refused}
    assert checks["load"] == checks["ac"] == "does not regulate"


OWN = """name: c
circuit: c.spice
subckt: ota
pdk: sky130A
parameters:
  XM1.w: {min: 1u, max: 50u, step: 10n, scale: log}
  XM5.m: {min: 1, max: 20, step: 1, scale: log}
match: [[XM1, XM2]]
testbenches:
  mine: {deck: tb.spice, probes: {out: OUT, supply: SUPPLY}}
specs:
  dc_gain: {testbench: mine, unit: dB, minimum: -60}
  power: {testbench: mine, unit: W, maximum: 200u}
corners:
  nominal: {process: tt, vdd: 1.8, temperature: 27}
"""
TB = """* my own
Vdd vdd 0 {vdd}
Vcm inp 0 dc 0.9 ac 1
Vother x 0 1
Ra x y 1k
Ca y 0 1p
Vx z 0 dc 1 ac 1
Rb z w 10k
Cb w 0 1p
Ib vdd ib 5u
Xdut inp out out ib vdd 0 ota
.op
.ac dec 10 1 1g
"""


@pytest.mark.parametrize(
    ("out", "supply", "checks"),
    # a follower's gain is below 0 dB, and asked to be
    [("out", "vdd", []), ("w", "vother", ["no power"]), ("w", "vx", ["no power"])],
)
def test_a_supply_that_delivers_nothing(
    out: str, supply: str, checks: list[str], tmp_path: Path, pool: LocalPool
) -> None:
    (tmp_path / "tb.spice").write_text(TB, encoding="utf-8")
    problem = amplifier(tmp_path, spec=OWN.replace("OUT", out).replace("SUPPLY", supply))
    assert [symptom.check for symptom in judged(problem, pool).refused] == checks


def test_results_that_do_not_move_with_the_sizes(tmp_path: Path, pool: LocalPool) -> None:
    # the probes stand beside the circuit that is sized
    (tmp_path / "tb.spice").write_text(TB.replace("Vother x 0 1", "Vother x 0 1\nRc x 0 10k"), encoding="utf-8")
    problem = amplifier(tmp_path, spec=OWN.replace("OUT", "w").replace("SUPPLY", "vother"))
    found = judged(problem, pool)
    assert [symptom.check for symptom in found.refused] == ["unmoved"]
    assert "identical to the last digit" in found.findings[0].message


@pytest.mark.parametrize("name", NAMES)
def test_no_shipped_circuit_is_refused(
    name: str, problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    found = judged(problems[name], pool)
    assert not found.refused
    assert not found.said


def test_of_two_looks_at_a_sizing_both_see_the_same(miller: Problem, pool: LocalPool, tmp_path: Path) -> None:
    evaluator = evaluator_of(miller, pool)
    evaluation, watched = watch(evaluator, miller.space.initial)
    (observed,) = observe(evaluator, [miller.space.initial], miller.corners[0].name)
    plain = evaluator.evaluate([miller.space.initial])[0]
    assert evaluation.values == plain.values
    assert {seen.corner for seen in watched} == {corner.name for corner in miller.corners}
    twins = {seen.testbench: seen for seen in watched if seen.corner == miller.corners[0].name}
    for seen in observed:
        for kind, wave in seen.waves.items():
            assert all(
                np.array_equal(array, twins[seen.testbench].waves[kind].probes[role])
                for role, array in wave.probes.items()
            )
    assert not symptoms_of(watched)


def test_specs_that_do_not_count_in_a_corner_say_nothing_there(tmp_path: Path, pool: LocalPool) -> None:
    problem = amplifier(tmp_path, more="V9 out vdd 0")
    corner = problem.corners[0]
    other = replace(
        problem,
        corners=(corner, replace(corner, name="other")),
        specs=tuple(replace(spec, corners=("nominal",)) for spec in problem.specs),
    )
    evaluator = evaluator_of(other, pool)
    assert {symptom.corner for symptom in symptoms_of(watch(evaluator, problem.space.initial)[1])} == {"nominal"}


def test_the_bound_of_noise_is_that_of_a_device_in_weak_inversion() -> None:
    # 2qI of shot noise over gm = I q/(kT), by hand: at 10 uA and 300 K 4.6 nV/√Hz
    thermal = 1.380649e-23 * 300.15
    assert voltage_bound(10e-6, 27) == pytest.approx(
        math.sqrt(2 * 1.602176634e-19 * 10e-6) / (10e-6 * 1.602176634e-19 / thermal)
    )
    assert voltage_bound(10e-6, 27) == pytest.approx(4.63e-9, rel=0.01)


def test_no_shipped_amplifier_is_near_the_bound(problems: dict[str, Problem], pool: LocalPool, tmp_path: Path) -> None:
    problem = problems["ota_5t"]
    evaluation = evaluator_of(problem, pool).evaluate([problem.space.initial], ["nominal"])[0]
    values = evaluation.values["nominal"]
    noise, power = values["input_noise"], values["power"]
    assert noise is not None and power is not None
    assert noise > voltage_bound(power / 1.8, 27) > BELOW * voltage_bound(power / 1.8, 27)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9])
def test_a_divider_of_any_ratio_follows_its_supply_wholly(ratio: float) -> None:
    supply = np.linspace(1.62, 1.98, 41)
    assert sensitivity(supply, ratio * supply, 1.62, 1.98) == pytest.approx(1.0)
    assert sensitivity(supply, np.full(41, ratio), 1.62, 1.98) == 0.0
