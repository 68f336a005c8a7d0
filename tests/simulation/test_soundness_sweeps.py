"""The output of a sweep that leaves the range in which the circuit works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eda_agent.metrics.waveform import Waveform
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.soundness import output
from eda_agent.simulation.soundness.observation import Observation, observe
from eda_agent.simulation.workbench import Workbench

DROPS_OUT = {
    **{"W12": 37.63e-6, "L12": 1.05e-6, "W34": 9.87e-6, "L34": 530e-9, "Wb": 2.31e-6, "Lb": 370e-9, "mt": 9},
    **{"Wp": 24.82e-6, "Lp": 170e-9, "mp": 28, "Cc": 10.71e-12, "Rz": 5277},
}
"""Sizes of the shipped regulator that meet its specs in all sign-off corners."""


def swept(out: np.ndarray) -> Observation:
    wave = Waveform("dc", np.linspace(1.7, 0.5, out.size), {"out": out})
    empty: frozenset[str] = frozenset()
    settings = {"vdd": 1.62, "temperature": -40.0}
    return Observation("line", "slow", "ldo_line", (), empty, settings, {"dc": wave}, {}, ())


@pytest.mark.parametrize("working", [0.02, 0.3, 0.49, 0.51, 1.0])
def test_a_regulator_that_drops_out_in_a_part_of_the_sweep_is_no_symptom(working: float) -> None:
    supply = np.linspace(1.7, 0.5, 201)
    seen = swept(np.where(np.arange(201) < working * 201, 1.2, 0.005 * supply))
    assert seen.level == pytest.approx(1.2)


def test_an_output_that_is_at_a_rail_in_the_whole_sweep_is_a_symptom() -> None:
    seen = replace(swept(np.full(201, 0.005)), able=output.HOLDING)
    assert [symptom.check for symptom in output.check(seen)] == ["output at a rail"]


@pytest.mark.parametrize("on", [0.0, 0.2, 1.0])
def test_a_reference_whose_supply_is_off_most_of_the_time_is_at_a_rail_only_if_it_never_starts(on: float) -> None:
    time = np.linspace(0.0, 1e-4, 501)
    out = np.where(time >= (1 - on) * 1e-4, 1.1, 2e-4) if on else np.full(501, 2e-4)
    seen = replace(swept(out), template="reference_startup", able=output.HOLDING)
    seen = replace(seen, waves={"tran": Waveform("tran", time, {"out": out})})
    assert [symptom.check for symptom in output.check(seen)] == ([] if on else ["output at a rail"])


def test_the_regulator_below_its_dropout_in_the_slow_cold_corner(problems: dict[str, Problem], pool: LocalPool) -> None:
    from eda_agent.run.opening import with_corners

    problem = with_corners(problems["ldo"], "signoff")
    evaluator = Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache())
    (line,) = observe(evaluator, [DROPS_OUT], "ss_1.62V_-40C", ["line"])[0]
    wave = line.wave("dc", "out")
    assert wave is not None
    # more than half of the sweep lies below the dropout voltage
    assert np.median(wave.real("out")) < 0.1 < 1.1 < wave.real("out")[0]
    assert not list(output.check(line))
