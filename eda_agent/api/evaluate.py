"""Evaluating measures sizings outside a run: simulations, waveforms, Monte Carlo and sensitivities.

Each function starts simulator processes and ends them. Results are kept in the cache, so that the same sizing again
costs milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, overload

import numpy as np

from eda_agent.api import arguments
from eda_agent.api.circuit import Circuit, HasCircuit, Place, as_circuit
from eda_agent.api.simulation import Batch, Simulation
from eda_agent.api.statistics import MonteCarlo, Sensitivity
from eda_agent.api.waves import Waveform, Waveforms
from eda_agent.insight.sensitivity import STEP
from eda_agent.insight.sensitivity import sensitivity as slopes_around
from eda_agent.problem.given_sizing import complete
from eda_agent.record.events import monte_carlo_data
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.run.measure import measure, measured_result
from eda_agent.run.widening import how_to_widen
from eda_agent.simulation.montecarlo import monte_carlo as run_samples

Given = Mapping[str, Any]
"""Parameter → number in SI units, or text such as "4u"; omitted sizes are those of the circuit."""


class Frame(Protocol):
    """A table of sizings, one a row, such as a pandas DataFrame."""

    def to_dict(self, orient: Any, /) -> Any: ...


Many = Iterable[Given] | Frame


@overload
def simulate(
    target: Circuit | HasCircuit | Place, sizing: Given | None = None, *, workers: int | None = None, cache: bool = True
) -> Simulation: ...
@overload
def simulate(
    target: Circuit | HasCircuit | Place, sizing: Many, *, workers: int | None = None, cache: bool = True
) -> Batch: ...
def simulate(
    target: Circuit | HasCircuit | Place,
    sizing: Given | Many | None = None,
    *,
    workers: int | None = None,
    cache: bool = True,
) -> Simulation | Batch:
    """Simulate one sizing, or many side by side, in every testbench and corner.

    Args:
        target: a circuit, a run, or the path of a spec or a run. A run gives its best sizes.
        sizing: sizes that differ from the target's; a list of them, or a DataFrame, for a batch. A row of a DataFrame
            is one sizing.
        workers: number of simulator processes; None for one per core.
        cache: use results of earlier simulations.

    Returns:
        a `Simulation`, or a `Batch` in the order of the list.

    Raises:
        InputError: an unknown name, no number, or a value outside its range; nothing was simulated.
        MissingError: ngspice is missing.
    """
    circuit = as_circuit(target)
    workers = arguments.whole("workers", workers, 1)
    one, rows = _rows(sizing)
    sizings = [_complete(circuit, given) for given in rows]
    if not sizings:
        return Batch(circuit, [])
    problem = circuit.problem
    with open_evaluator(problem, workers=workers, cache=cache) as evaluator:
        found = measure(problem, evaluator, sizings)
    results = [Simulation(circuit, measured_result(problem, each), waveforms) for each in found]
    return results[0] if one else Batch(circuit, results)


def waveforms(
    target: Circuit | HasCircuit | Place, sizing: Given | None = None, *, workers: int | None = None
) -> Waveforms:
    """The waveforms of one sizing in every testbench and corner, as numpy arrays. A failed simulation has none."""
    circuit = as_circuit(target)
    chosen = _complete(circuit, sizing)
    with open_evaluator(circuit.problem, workers=arguments.whole("workers", workers, 1)) as evaluator:
        replies = evaluator.waveforms(chosen)
    return Waveforms(
        [
            Waveform(
                bench,
                corner,
                analysis,
                np.array(wave["axis"], dtype=np.float64),
                {role: _array(values) for role, values in wave["probes"].items()},
            )
            for (bench, corner), reply in replies.items()
            for analysis, wave in reply.get("waveforms", {}).items()
        ]
    )


def monte_carlo(
    target: Circuit | HasCircuit | Place,
    sizing: Given | None = None,
    *,
    samples: int = 100,
    seed: int = 0,
    corners: Sequence[str] | str | None = None,
    process: bool | None = None,
    workers: int | None = None,
) -> MonteCarlo:
    """Simulate samples of one sizing with device mismatch.

    Args:
        target, sizing: as in `simulate`.
        samples: number of samples.
        seed: of the samples: the same seed gives the same samples.
        corners: names of corners (or one name), of which the worst counts; None for that of the least margin of a
            run, and the first one of a spec.
        process: vary the process too; None does so if the PDK has statistics.
        workers: number of simulator processes; None for one per core.

    Raises:
        InputError: an unknown corner, or models without mismatch.
    """
    circuit = as_circuit(target)
    problem = circuit.problem
    count = arguments.whole("samples", samples, 1) or 100
    start = arguments.seed(seed) or 0
    workers = arguments.whole("workers", workers, 1)
    where = None if corners is None else arguments.names("corner", corners, [each.name for each in problem.corners])
    if not where and circuit.least_corner:
        where = [circuit.least_corner]
    chosen = _complete(circuit, sizing)
    with open_evaluator(problem, workers=workers) as evaluator:
        found = run_samples(evaluator, chosen, count, start, where or None, process)
    return MonteCarlo(circuit.name, monte_carlo_data(found))


def sensitivity(
    target: Circuit | HasCircuit | Place,
    sizing: Given | None = None,
    *,
    step: float = STEP,
    workers: int | None = None,
    cache: bool = True,
) -> Sensitivity:
    """What each size does to each spec, from two simulations per parameter in the first corner.

    Args:
        target, sizing: as in `simulate`.
        step: to each side, as a share of the range.
    """
    circuit = as_circuit(target)
    size = arguments.share("step", step) or STEP
    workers = arguments.whole("workers", workers, 1)
    chosen = _complete(circuit, sizing)
    with open_evaluator(circuit.problem, workers=workers, cache=cache) as evaluator:
        found = slopes_around(circuit.problem, evaluator, chosen, size)
    return Sensitivity(circuit.name, found.data(size))


def _complete(circuit: Circuit, given: Given | None) -> dict[str, float]:
    wanted = {} if given is None else arguments.sizing(given)
    return complete(circuit.problem.space, wanted, circuit.sizing, widen=lambda: how_to_widen(circuit.path))


def _rows(sizing: Any) -> tuple[bool, list[Given | None]]:
    """(whether it is one sizing, each sizing)."""
    if hasattr(sizing, "to_dict") and not isinstance(sizing, Mapping):
        # a row of a pandas frame is one sizing
        return (True, [dict(sizing.items())]) if sizing.ndim == 1 else (False, sizing.to_dict("records"))
    if isinstance(sizing, Iterable) and not isinstance(sizing, (str, bytes, Mapping)):
        return False, list(sizing)
    return True, [sizing]


def _array(values: Any) -> Any:
    """A probe of a reply: complex ones are two lists."""
    if values and isinstance(values[0], list):
        return np.array(values[0], dtype=np.float64) + 1j * np.array(values[1], dtype=np.float64)
    return np.array(values, dtype=np.float64)
