"""Verifying simulates a run's best design again, without the cache, before the run reports it."""

from __future__ import annotations

from typing import Any

from eda_agent.agent.score import score
from eda_agent.agent.turn import Turn
from eda_agent.insight.saturation import left_saturation, saturated_devices
from eda_agent.problem.spec import Problem, as_asked
from eda_agent.run.baseline_check import failed_checks
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.evaluation import Evaluation
from eda_agent.simulation.executor import Executor
from eda_agent.simulation.soundness import watch


def verify(evaluator: Evaluator, problem: Problem, pool: Executor, best: Turn) -> dict[str, Any]:
    """Simulate the incumbent in every corner, without the cache, independent of the policy, the cache and skipped
    corners.

    Args:
        problem: the final problem, the user's edits included.
        best: the incumbent.

    Returns:
        the data of the event `verified`: `asked_met` is by the user's targets, if the run's are tighter; `deviation` is
        the
        largest relative difference from the turn's values (waveform measurements repeat to the last bit);
        `left_saturation`
        lists devices that must be saturated and are not, in any corner; `unsound` lists the symptoms of its
        testbenches,
        a sentence each.
    """
    assert best.sizing is not None and best.evaluation is not None
    fresh = Evaluator(evaluator.problem, evaluator.workbench, pool, NoCache(), keep_points=True)
    evaluation, seen = watch(fresh, best.sizing)
    graded, asked = (score(specs, evaluation) for specs in (problem.specs, as_asked(problem.specs)))
    return {
        "index": best.index,
        "met": graded.met,
        "asked_met": asked.met,
        "score": graded.value,
        "deviation": _deviation(best.evaluation, evaluation),
        "corners": list(evaluation.values),
        "worst": {result.spec: result.corner for result in graded.results},
        "unsound": failed_checks(seen),
        "left_saturation": left_saturation(
            {
                corner: {name: point.data() for name, point in row.items()}
                for corner, row in evaluation.corner_points.items()
            },
            saturated_devices(problem),
        ),
    }


def _deviation(before: Evaluation, now: Evaluation) -> float:
    """The largest relative difference of a value that both have."""
    deviation = 0.0
    for corner, row in before.values.items():
        for spec, value in row.items():
            again = now.values[corner][spec]
            if value is not None and again is not None:
                deviation = max(deviation, abs(again - value) / max(abs(value), 1e-30))
    return deviation
