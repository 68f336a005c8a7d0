"""The universal prior gives the search a model of every spec's margin on a circuit outside the training: the universal
surrogate's, or the run's own.

Each spec uses the model that has predicted its turns best (`judge`): the surrogate's posterior, a Gaussian process on
the residuals of its mean, or a Gaussian process on the turns alone. Gate area follows exactly from the sizes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from eda_agent.agent.history import History
from eda_agent.agent.policies.expected_gain import Beliefs, Process
from eda_agent.agent.policies.gaussian_process import Real
from eda_agent.agent.policies.judge import TAUGHT, Judge
from eda_agent.agent.policies.measurement_chance import Chance, processes_of_measured, spec_chances
from eda_agent.agent.policies.surrogate_prior import UNTAUGHT, simulated_turns
from eda_agent.agent.policies.training_data import measured, training_data
from eda_agent.agent.policies.universal_margins import (
    Corner,
    ExactArea,
    UniversalMargin,
    log_area,
    rivals_of,
)
from eda_agent.agent.turn import Turn
from eda_agent.agent.universal.checkpoint import FILE, read_network
from eda_agent.agent.universal.graph import CircuitGraph, circuit_graph, transformed
from eda_agent.agent.universal.network import POINT_FEATURES, Generated, Network, point_features
from eda_agent.agent.universal.posterior import Measured, Posterior
from eda_agent.agent.universal.told import told_graph
from eda_agent.problem.spec import Problem, Spec

REFERENCES = 1
"""Number of turns at which the circuit is read, over all corners; at least one per corner."""
MAX_CORNERS = 6
"""Maximum number of corners with posteriors: with more, a proposal takes too long."""
JUDGED_AFTER = 8
"""Number of turns after which the surrogate must have predicted most specs better than the turns alone; otherwise it is
dropped.
"""
STEPS = ((0, 2), (18, 4))
"""From a number of turns on, hyperparameters are fitted at every second turn, then at every fourth."""
HEAD_START = 2.0
"""Bonus of the surrogate in nats: with few turns another model looks good by chance."""
ALONE = 2
"""Place of the process on the turns alone among the rivals."""
EXACT_WITHIN = 1e-3
"""Relative error up to which gate area follows from the sizes."""
UNREADABLE = "the universal surrogate cannot read this circuit"
UNTOLD = "the universal surrogate knows none of these specs"
BOUND = {"": 0, ">": 1, "<": -1}
"""The sign of a bound: the true value is above or below the measured one."""
_KEPT = 8
"""Number of readings of the circuit that are kept: the reference is the same until a better turn comes."""
_POINT = ("id", "gm", "gds", "vth", "vdsat", "vgs", "vds")


@dataclass(frozen=True)
class Models:
    """The models after some turns: of specs that no turn measured or that follow from the sizes (`fixed`), and the
    rivals of all others, the surrogate's first. `chance`: that a spec can be measured.
    """

    fixed: Mapping[int, Process]
    rivals: Mapping[int, Sequence[Process]]
    chance: Chance


class UniversalPrior:
    """The prior of one problem, used by `trust.TrustRegion.informed`. State between calls is only a cache.

    `told`: places of the specs that the network reads; the others use the turns alone.
    """

    basis = "the model of other circuits"
    weighs_model = False
    judged_after = JUDGED_AFTER

    def __init__(self, problem: Problem, network: Network, graph: CircuitGraph):
        self.problem, self.network = problem, network
        self.graph, self.told = told_graph(problem, graph, network)
        self._judge = Judge(self._models)
        self._encoded: dict[bytes, Generated] = {}
        ends = [
            (math.log(one.minimum), math.log(one.maximum)) if one.logarithmic else (one.minimum, one.maximum)
            for one in problem.space.parameters
        ]
        self._begin, self._span = np.array([low for low, _ in ends]), np.array([high - low for low, high in ends])
        self._linear = np.flatnonzero([not one.logarithmic for one in problem.space.parameters])

    def changes(self, points: Real) -> Real:
        """Changes (m, p) of the logarithms of parameters against the initial sizing, of positions."""
        found = self._begin + points * self._span
        found[:, self._linear] = np.log(found[:, self._linear])
        return np.asarray(found - self.graph.initial)

    def beliefs(self, history: History) -> Beliefs:
        models, scores = self._judge.models(history), self._judge.scores(history)
        found = {place: rivals[_best(scores.get(place))] for place, rivals in models.rivals.items()}
        return Beliefs([{**models.fixed, **found}[place] for place in range(len(self.problem.specs))], models.chance)

    def disproved(self, history: History) -> bool:
        """Whether the turns alone predicted the first turns, up to number `judged_after`, better in most specs: the
        circuit differs too much from the training. Specs that were hardly ever measured do not count.
        """
        if len(history.measured) < JUDGED_AFTER:
            return False
        begun = History(history.problem, history.turns[: history.measured[JUDGED_AFTER - 1] + 1])
        judged = [_best(rows) != ALONE for rows in self._judge.scores(begun).values()]
        return 2 * sum(judged) < len(judged)

    def _models(self, history: History) -> Models:
        turns = simulated_turns(history)
        positions = self.problem.space.to_units([turn.sizing for turn in turns if turn.sizing is not None])
        corners = self._corners(turns, positions)
        inputs, margins = training_data(history)
        seen = measured(history)
        margins = np.where(seen, margins, np.nan)
        fixed: dict[int, Process] = {}
        made: dict[int, UniversalMargin] = {}
        for place, spec in enumerate(self.problem.specs):
            if (exact := self._exact(spec, turns, positions)) is not None:
                fixed[place] = exact
            elif place in self.told:
                column = self.told.index(place)
                if known := [corner for corner in corners if corner.knows(column)]:
                    scale = float(self.graph.scales[column])
                    made[place] = UniversalMargin(spec, column, scale, known, positions.shape[1])
        untold = [place for place in range(len(self.problem.specs)) if place not in fixed and place not in made]
        fixed.update(zip(untold, processes_of_measured(inputs, margins[:, untold], UNTAUGHT), strict=True))
        chance = spec_chances(
            lambda points: np.min([one.predict(points)[2] for one in corners], axis=0), positions, seen
        )
        # the rivals of the surrogate count from the second prediction on
        rivals = (
            rivals_of(made, inputs, margins, self._earlier(history))
            if len(inputs) >= TAUGHT
            else {place: (one,) for place, one in made.items()}
        )
        return Models(fixed, rivals, chance)

    def _earlier(self, history: History) -> Mapping[int, Sequence[Process]]:
        """The rivals after the latest turn at which hyperparameters are fitted; empty if that is the last one."""
        count = len(history.measured)
        fitted = fitted_after(count)
        if fitted == count:
            return {}
        return self._judge.models(History(history.problem, history.turns[: history.measured[fitted - 1] + 1])).rivals

    def _corners(self, turns: Sequence[Turn], positions: Real) -> list[Corner]:
        """The posteriors of every corner that has been simulated; of many corners those that decide."""
        x, points = self.changes(positions), self._points(turns)
        names = deciding_corners(self.problem, turns, MAX_CORNERS)
        found: list[Corner] = []
        for number, name in enumerate(names):
            rows = [self._values(turn, name) for turn in turns]
            values, bounds = (np.stack(one) for one in zip(*rows, strict=True))
            # if nothing was measured, one of them still predicts what can be measured
            if np.isfinite(values).any() or (not found and number == len(names) - 1):
                measured = Measured(x, values, points, bounds)
                exact = np.isfinite(values) & (bounds == 0)
                places = self._references(turns, exact, max(1, REFERENCES // len(names)))
                found.append(
                    Corner(
                        [Posterior(self.network, self.graph, measured, place, self._encode) for place in places],
                        self.changes,
                    )
                )
        return found

    def _encode(self, graph: CircuitGraph, x: Real, points: Real, values: Real) -> Generated:
        """`Network.encode`, which is kept."""
        key = b"".join(one.tobytes() for one in (x, points, values))
        if key not in self._encoded:
            self._encoded[key] = self.network.encode(graph, x, points, values)
            for old in list(self._encoded)[:-_KEPT]:
                del self._encoded[old]
        return self._encoded[key]

    def _references(self, turns: Sequence[Turn], finite: Real, count: int) -> list[int]:
        """The turns at which the circuit is read: the best completely measured turns, and further ones with a spec that
        no earlier one has. `finite` (n, k): values that were measured exactly.
        """
        order = sorted(
            range(len(turns)),
            key=lambda place: (finite[place].all(), finite[place].any() * turns[place].value),
            reverse=True,
        )
        chosen = [place for place in order[:count] if finite[place].all()] or order[:1]
        for place in order:
            if len(chosen) <= count and (finite[place] & ~finite[chosen].any(0)).any():
                chosen.append(place)
        return chosen

    def _values(self, turn: Turn, corner: str) -> tuple[Real, Real]:
        """A turn's values (k), transformed, nan for missing ones, and what they bound: 1 if the true value is above."""
        values, bounds = np.full(len(self.told), np.nan), np.zeros(len(self.told))
        if turn.evaluation is None or turn.evaluation.failures:
            return values, bounds
        row, limits = turn.evaluation.values.get(corner, {}), turn.evaluation.bounds
        for column, place in enumerate(self.told):
            spec, sign = self.problem.specs[place], np.sign(self.graph.scales[column])
            value = row.get(spec.name)
            if value is not None:
                values[column] = sign * transformed(spec, np.array(value))
                bounds[column] = sign * BOUND[limits.get((corner, spec.name), "")]
        return values, bounds

    def _points(self, turns: Sequence[Turn]) -> Real:
        """Features (n, d, 7) of the operating points."""
        found = np.full((len(turns), len(self.graph.labels), len(_POINT)), np.nan)
        for number, turn in enumerate(turns):
            seen = turn.evaluation.operating_points if turn.evaluation is not None else {}
            for place, label in enumerate(self.graph.labels):
                if label in seen:
                    found[number, place] = [getattr(seen[label], name) for name in _POINT]
        assert len(_POINT) == POINT_FEATURES
        return point_features(found, self.graph.supply)

    def _exact(self, spec: Spec, turns: Sequence[Turn], positions: Real) -> ExactArea | None:
        """Gate area from the sizes, if the turns confirm it."""
        if spec.metric.name != "gate_area":
            return None
        column = self.told.index(self.problem.specs.index(spec))
        values = np.array([self._values(turn, self.problem.corners[0].name)[0][column] for turn in turns])
        offsets = (values - log_area(self.graph, self.changes(positions)))[np.isfinite(values)]
        return (
            ExactArea(spec, self.graph, self.changes, float(offsets.mean()))
            if len(offsets) and np.ptp(offsets) < EXACT_WITHIN
            else None
        )


def _best(scores: Real | None) -> int:
    """The place of the rival with the largest sum of `scores` (turns, rivals); the surrogate's without any."""
    return 0 if scores is None else int(np.argmax(scores.sum(0) + np.array([HEAD_START, 0.0, 0.0])))


def fitted_after(count: int) -> int:
    """The number of turns whose hyperparameters are used after `count` turns. A fit takes a third of a proposal's time,
    and a further turn changes it little.
    """
    begin, step = next(one for one in reversed(STEPS) if one[0] <= count)
    return count - (count - begin) % step


def deciding_corners(problem: Problem, turns: Sequence[Turn], count: int) -> list[str]:
    """At most `count` corners, those in which most specs of the turns were worst, in the order of the problem."""
    names = [corner.name for corner in problem.corners]
    worst = Counter(result.corner for turn in turns if turn.score is not None for result in turn.score.results)
    chosen = sorted(names, key=lambda name: -worst[name])[:count]
    return [name for name in names if name in chosen]


def shipped_weights() -> Path:
    """The file of the package's weights; it may be missing."""
    return Path(str(resources.files("eda_agent.agent.language"))) / "weights" / FILE


def load_universal(path: Path, problem: Problem) -> UniversalPrior | str:
    """The prior of a problem, or why it has none."""
    if (network := read_network(path)) is None:
        return f"{path.name}: no weights of a universal surrogate of this version"
    graph = circuit_graph(problem)
    if graph is None:
        return UNREADABLE
    made = UniversalPrior(problem, network, graph)
    return made if made.told else UNTOLD
