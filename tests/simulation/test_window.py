"""Windows grow until the value lies inside: what they give is what a window that was long enough at once gives, on real
circuits in ngspice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eda_agent.metrics import METRICS
from eda_agent.problem.spec import Problem, Spec
from eda_agent.simulation.cache import Cache, NoCache, ResultCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.montecarlo import monte_carlo
from eda_agent.simulation.soundness.observation import watch
from eda_agent.simulation.window import merged
from eda_agent.simulation.workbench import Workbench


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalPool]:
    with LocalPool(1) as executor:
        yield executor


def asked(problem: Problem, bench: str, metrics: list[str], **settings: str) -> Problem:
    """One testbench of a problem with other settings, and some of its metrics, in the first corner."""
    old = problem.testbenches[bench]
    specs = tuple(Spec(name, METRICS[name], bench, 1.0, None) for name in metrics)
    return replace(
        problem,
        testbenches={bench: replace(old, settings={**old.settings, **settings})},
        specs=specs,
        corners=problem.corners[:1],
    )


def measured(problem: Problem, pool: LocalPool, folder: Path, cache: ResultCache | None = None) -> Evaluation:
    evaluator = Evaluator(problem, Workbench(problem, folder), pool, cache or NoCache())
    return evaluator.evaluate([problem.space.initial])[0]


STEP = ["settling_time", "slew_rate_up", "slew_rate_down", "overshoot"]


def test_a_slow_amplifier_settles_after_as_long_as_in_a_long_window(
    problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    ota = problems["ota_5t"]
    slow = asked(ota, "step", STEP, load="60e-12", hold="1e-6", step="0.2")
    grown = measured(slow, pool, tmp_path)
    long = measured(
        asked(ota, "step", STEP, load="60e-12", hold="2e-5", step="0.2", edge="1e-9", time_step="1e-8"), pool, tmp_path
    )
    corner = ota.corners[0].name
    assert not grown.bounds and not long.bounds and (grown.jobs, long.jobs) == (2, 1)
    assert 1e-6 < grown.values[corner]["settling_time"] < 2e-5  # type: ignore[operator]
    for name in STEP[:3]:
        assert grown.values[corner][name] == pytest.approx(long.values[corner][name], rel=0.01), name
    assert grown.values[corner]["overshoot"] == pytest.approx(long.values[corner]["overshoot"], abs=0.1)
    # what is inside at once costs nothing
    assert measured(asked(ota, "step", STEP, hold="1e-6"), pool, tmp_path).jobs == 1


def test_beyond_the_longest_window_the_value_is_a_bound(
    problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    ota = problems["ota_5t"]
    slow = measured(asked(ota, "step", STEP, load="10e-9", hold="1e-6", step="0.2"), pool, tmp_path)
    corner = ota.corners[0].name
    assert slow.values[corner]["settling_time"] == pytest.approx(64e-6, rel=1e-6)
    assert slow.bounds[corner, "settling_time"] == ">" and slow.reasons[corner, "settling_time"] == "not settled"
    assert slow.bounds[corner, "slew_rate_up"] == "<" and slow.values[corner]["slew_rate_up"] < 10e-6 / 10e-9 * 10  # type: ignore[operator]


def test_the_windows_are_cached_and_the_result_depends_on_the_sizing_alone(
    problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    slow = asked(problems["ota_5t"], "step", STEP, load="60e-12", hold="1e-6", step="0.2")
    cache = Cache(tmp_path / "results.sqlite")
    first, again = (measured(slow, pool, tmp_path, cache) for _ in range(2))
    assert (first.jobs, first.cached) == (2, 0) and (again.jobs, again.cached) == (2, 2)
    assert first.values == again.values
    # after another sizing in another order, side by side
    evaluator = Evaluator(slow, Workbench(slow, tmp_path), pool, NoCache())
    other = slow.space.snap({name: value * 1.3 for name, value in slow.space.initial.items()})
    assert [one.values for one in evaluator.evaluate([other, slow.space.initial])][1] == first.values
    cache.close()


def test_a_sample_of_a_monte_carlo_run_grows_its_window_too(
    problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    slow = asked(problems["ota_5t"], "step", STEP[:1], load="60e-12", hold="1e-6", step="0.2")
    evaluator = Evaluator(slow, Workbench(slow, tmp_path), pool, NoCache())
    nominal = evaluator.evaluate([slow.space.initial])[0].values[slow.corners[0].name]["settling_time"]
    found = monte_carlo(evaluator, slow.space.initial, 3, seed=1, process=False)
    assert found.censored("settling_time") == 0
    assert all(value == pytest.approx(nominal, rel=0.2) for value in found.values["settling_time"])
    assert len(set(found.values["settling_time"])) == 3


def test_an_oscillator_slower_than_expected_runs_longer(
    problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    ring = problems["ring_vco"]
    grown = measured(asked(ring, "low", ["oscillation_frequency"], frequency="6e8"), pool, tmp_path)
    right = measured(asked(ring, "low", ["oscillation_frequency"], frequency="1e8", time_step="1e-11"), pool, tmp_path)
    corner = ring.corners[0].name
    assert not grown.bounds and grown.jobs == 2 and right.jobs == 1
    assert grown.values[corner]["oscillation_frequency"] == pytest.approx(
        right.values[corner]["oscillation_frequency"], rel=2e-3
    )


def test_a_sweep_that_starts_above_the_pole_starts_lower(
    problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    miller = problems["two_stage_miller"]
    metrics = ["dc_gain", "bandwidth", "gbw", "gain_margin"]
    grown = measured(asked(miller, "loop", metrics, f_start="1e5", f_stop="1e6"), pool, tmp_path)
    wide = measured(asked(miller, "loop", metrics), pool, tmp_path)
    corner = miller.corners[0].name
    assert ("gbw" in {spec for _, spec in grown.bounds}) == (wide.values[corner]["gbw"] > 1e7)  # type: ignore[operator]
    for name in ("dc_gain", "bandwidth"):
        assert grown.values[corner][name] == pytest.approx(wide.values[corner][name], rel=5e-3), name
    assert wide.jobs == 1


def test_a_wider_window_that_fails_changes_nothing() -> None:
    narrow = {
        "metrics": {"settling_time": [1e-6, "not settled", ">"], "power": [1e-5, "", ""]},
        "wanted": {"settling_time": 8.0},
        "seconds": 1.0,
    }
    failed = merged(narrow, {"failure": {"kind": "timeout", "words": ""}, "seconds": 2.0})
    assert failed == {**narrow, "wanted": {}, "seconds": 3.0}
    nothing = merged(narrow, {"metrics": {"settling_time": [None, "the output oscillates", ""]}, "seconds": 0.5})
    assert nothing["metrics"] == narrow["metrics"]
    # what lay inside stays what it was
    wide = merged(narrow, {"metrics": {"settling_time": [4e-6, "", ""], "power": [2e-5, "", ""]}, "seconds": 0.5})
    assert wide["metrics"] == {"settling_time": [4e-6, "", ""], "power": [1e-5, "", ""]}


def test_the_sign_off_grows_its_windows_as_the_run_did(
    problems: dict[str, Problem], pool: LocalPool, tmp_path: Path
) -> None:
    slow = asked(problems["ota_5t"], "step", STEP, load="60e-12", hold="1e-6", step="0.2")
    evaluator = Evaluator(slow, Workbench(slow, tmp_path), pool, NoCache())
    found, _ = watch(evaluator, slow.space.initial)
    assert found.values == measured(slow, pool, tmp_path).values and not found.bounds
