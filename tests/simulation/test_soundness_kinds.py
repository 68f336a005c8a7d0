"""Testbenches that do not test, by kind of circuit: comparators, oscillators, references and regulators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.spec import Problem
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.soundness.reference import sensitivity

from .judged import judged, written

pytestmark = pytest.mark.usefixtures("fewer_draws")


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
        ("Rshort outp outn 1", ("outp", "outn"), "not decided"),
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


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9])
def test_a_divider_of_any_ratio_follows_its_supply_wholly(ratio: float) -> None:
    supply = np.linspace(1.62, 1.98, 41)
    assert sensitivity(supply, ratio * supply, 1.62, 1.98) == pytest.approx(1.0)
    assert sensitivity(supply, np.full(41, ratio), 1.62, 1.98) == 0.0
