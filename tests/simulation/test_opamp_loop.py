"""Op-amps' loop gain in unity feedback: template against the amplifier's two-port, cut open in AC and measured port by
port in plain ngspice.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eda_agent.metrics.gain import unity_gain_frequency
from eda_agent.metrics.measurable import Censored
from eda_agent.metrics.stability import gain_margin, phase_margin
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from tests.simulation.test_ldo_loop import circuit, run

ROOT = Path(__file__).parents[2]

# a coil closes the feedback in DC; behind capacitors one source a port, of which one has 1 V AC
COPY = """.subckt bench{n} inn out
Vvdd vdd 0 dc {vdd}
Vvss vss 0 dc 0
Vinp inp 0 dc {vcm}
Cload {side} 0 {load}
{bias}
Xdut {ports} {subckt}
.ends
Xb{n} inn{n} out{n} bench{n}
Lfb{n} out{n} inn{n} 1t
Cx{n} px{n} out{n} 10m
Vx{n} px{n} 0 dc 0 ac {at_out}
Cy{n} py{n} inn{n} 10m
Vy{n} py{n} 0 dc 0 ac {at_inn}
"""


def by_two_port(raw: dict[str, np.ndarray], first: int) -> np.ndarray:
    """T = (Yxy + Yyx) / (Yxx + Yyy), x the output and y the input; the sources' currents with 1 V at the one and at the
    other.
    """
    y_xx, y_yx = -raw[f"i(vx{first})"], -raw[f"i(vy{first})"]
    y_xy, y_yy = -raw[f"i(vx{first + 1})"], -raw[f"i(vy{first + 1})"]
    return (y_xy + y_yx) / (y_xx + y_yy)


def _gain_margin(transfer: np.ndarray) -> tuple[float, str]:
    """With ">" where the phase never turns in the sweep."""
    try:
        return gain_margin(transfer), ""
    except Censored as beyond:
        return beyond.value, beyond.bound


@pytest.mark.parametrize(
    ("name", "load"),
    [("two_stage_miller", "3p"), ("ota_5t", "0.2p"), ("folded_cascode", "1p")],
    ids=["miller", "small load", "cascode"],
)
def test_the_template_agrees_with_the_two_port_in_plain_ngspice(
    problems: dict[str, Problem], pool: LocalPool, own_cache: Path, tmp_path: Path, name: str, load: str
) -> None:
    problem = problems[name]
    bench = problem.testbenches["loop"]
    bench = replace(bench, settings={**bench.settings, "load": load.replace("p", "e-12")})
    problem = replace(
        problem, testbenches={"loop": bench}, specs=tuple(spec for spec in problem.specs if spec.name == "phase_margin")
    )
    sizing = problem.space.snap(json.loads((ROOT / "circuits" / name / "known.json").read_text())["sizing"])
    workbench = Workbench(problem, own_cache / "models")
    instance = workbench.instance(sizing)
    replies = Evaluator(problem, workbench, pool, NoCache()).waveforms(sizing)
    for deck in workbench.decks:
        corner = next(corner for corner in problem.corners if corner.name == deck.corner)
        bias = "\n".join(line for line in deck.tail.splitlines() if line.lower().startswith(("ibias", "isink")))
        text = circuit(deck, instance)
        for number, (side, at_out, at_inn) in enumerate((("out", 1, 0), ("out", 0, 1), ("inn", 1, 0), ("inn", 0, 1))):
            text += COPY.format(
                n=number,
                vdd=corner.vdd,
                vcm=repr(deck.settings["vcm"]),
                side=side,
                load=load,
                bias=bias,
                subckt=problem.subckt,
                ports=" ".join(deck.call.split()[1:-1]),
                at_out=at_out,
                at_inn=at_inn,
            )
        raw = run(
            tmp_path / f"{deck.corner}.cir",
            f"{text}.option temp={corner.temperature!r}\n.ac dec 400 1k 10g\n.save all\n.end\n",
            np.complex128,
        )
        wave = replies["loop", deck.corner]["waveforms"]["ac"]
        frequency, template = (
            np.array(wave["axis"]),
            np.array(wave["probes"]["loop"][0]) + 1j * np.array(wave["probes"]["loop"][1]),
        )
        for fine in (by_two_port(raw, 0), by_two_port(raw, 2)):
            other = fine[::20]
            assert phase_margin(other) == pytest.approx(phase_margin(template), abs=0.1), deck.corner
            assert _gain_margin(other) == (
                pytest.approx(_gain_margin(template)[0], abs=0.1),
                _gain_margin(template)[1],
            ), deck.corner
            assert unity_gain_frequency(raw["frequency"].real[::20], other) == pytest.approx(
                unity_gain_frequency(frequency, template), rel=0.005
            ), deck.corner
            # what the template reads between its 20 points a decade
            assert phase_margin(fine) == pytest.approx(phase_margin(template), abs=0.6), deck.corner
            assert unity_gain_frequency(raw["frequency"].real, fine) == pytest.approx(
                unity_gain_frequency(frequency, template), rel=0.01
            ), deck.corner
