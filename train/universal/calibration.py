"""Calibration measures the error of a surrogate's predictions and the quality of its uncertainty, on structures that it
was not trained on, after an increasing number of turns. Half of these structures give the widening of the deviations
(`fitted_widening`), the other half the table.

    python -m eda_agent.train.universal.calibration [--records FOLDER] [--weights FILE]

For comparison, the table has the Gaussian process that `trust` fits to the turns alone.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from eda_agent.agent.policies.gaussian_process import fit
from eda_agent.agent.universal.checkpoint import FILE, read_network
from eda_agent.agent.universal.graph import Real
from eda_agent.agent.universal.network import KNOTS, Network
from eda_agent.agent.universal.posterior import Measured, Posterior, mixture
from eda_agent.errors import InputError
from eda_agent.train.universal.lessons import OWN, Lesson, lessons
from eda_agent.train.universal.make import default_folder

REFERENCES = 3
NINETY = 1.6449
"""Number of standard deviations on each side that contains 90 % of a normal distribution."""
LEAST = 3
"""Minimum number of values for fitting a process."""
FARTHEST = 5.0


@dataclass(frozen=True)
class Row:
    """The errors of one predictor after some turns: mean absolute error as a share of the spread, rank correlation,
    negative log
    likelihood (of values in units of the spread), and the share of values outside the 90 % interval.
    """

    error: float
    rank: float
    nll: float
    missed: float


def row_of(mean: Real, deviation: Real, truth: Real) -> Row:
    """The row for predictions (m, k) in units of the spread; NaN on either side is left out."""
    good = np.isfinite(mean) & np.isfinite(truth) & np.isfinite(deviation)
    off = np.where(good, mean - truth, np.nan)
    nll = 0.5 * np.log(2 * np.pi * deviation**2) + 0.5 * (off / deviation) ** 2
    ranks = [
        spearmanr(mean[good[:, one], one], truth[good[:, one], one])[0]
        for one in range(mean.shape[1])
        if good[:, one].sum() > 4 and np.ptp(mean[good[:, one], one]) > 1e-9 and np.ptp(truth[good[:, one], one]) > 1e-9
    ]
    missed = np.nanmean(np.where(good, np.abs(off) > NINETY * deviation, np.nan))
    return Row(
        float(np.nanmean(np.minimum(np.abs(off), FARTHEST))),
        float(np.mean(ranks)) if ranks else np.nan,
        float(np.nanmean(np.clip(nll, -5, 20))),
        float(missed),
    )


@dataclass(frozen=True)
class Asked:
    """Predictions after some turns and the truth (m, k), of working designs that are not among these turns. `spread`
    (k): of the working designs. `known`, `asked`: indices of the turns and of these designs.
    """

    mean: Real
    deviation: Real
    truth: Real
    spread: Real
    known: Real
    asked: Real


def predicted(network: Network, lesson: Lesson, turns: int, draw: np.random.Generator) -> Asked | None:
    """The universal surrogate's predictions on one lesson; None if too few designs work."""
    exact, working = lesson.exact, np.flatnonzero(lesson.working)
    others = draw.permutation(np.setdiff1d(np.arange(len(exact)), [OWN]))
    known = np.concatenate([[OWN], others[: turns - 1]])
    asked = np.setdiff1d(working, np.concatenate([[OWN], others[: max(KNOTS) - 1]]))
    if len(asked) < 4:
        return None
    # a quantity that is constant over the working designs has no spread
    spread = np.maximum(np.nanstd(exact[working], axis=0), 1e-3)
    measured = Measured(lesson.turns.x[known], exact[known], lesson.turns.points[known])
    whole = [place for place in range(turns) if np.isfinite(exact[known[place]]).all()] or [0]
    mean, deviation, _ = mixture(
        [
            Posterior(network, lesson.graph, measured, place).predict(lesson.turns.x[asked])
            for place in whole[:REFERENCES]
        ]
    )
    return Asked(mean, deviation, exact[asked], spread, known, asked)


def judged(network: Network, lesson: Lesson, turns: int, draw: np.random.Generator) -> tuple[Row, Row] | None:
    """The rows of the universal surrogate and of the process of the turns alone on one lesson; None if too few designs
    work.
    """
    found = predicted(network, lesson, turns, draw)
    if found is None:
        return None
    exact, known = lesson.exact, found.known
    alone, wide = np.full(found.mean.shape, np.nan), np.full(found.mean.shape, np.nan)
    for column in range(found.mean.shape[1]):
        there = np.isfinite(exact[known, column])
        if there.sum() >= LEAST:
            process = fit(lesson.positions[known[there]], exact[known[there], column])
            alone[:, column], wide[:, column] = process.predict(lesson.positions[found.asked])
        elif there.any():
            # only a level is known, and the usual spread of working designs
            alone[:, column], wide[:, column] = exact[known[there], column].mean(), 1.0
    wide = np.maximum(wide, 1e-3)
    return tuple(
        row_of(one / found.spread, other / found.spread, found.truth / found.spread)
        for one, other in ((found.mean, found.deviation), (alone, wide))
    )  # type: ignore[return-value]


def fitted_widening(network: Network, held: Iterable[Lesson], seed: int = 0) -> Real:
    """The factors of the deviations with which nine of ten values lie in the 90 % interval; every circuit has the same
    weight. `network`: with a widening of one. A factor is at least one.
    """
    every = list(held)
    factors = []
    for turns in KNOTS:
        draw = np.random.default_rng(seed)
        errors, weights = [], []
        for one in every:
            if (found := predicted(network, one, turns, draw)) is None:
                continue
            ratio = np.abs(found.mean - found.truth) / found.deviation
            ratio = ratio[np.isfinite(ratio)]
            errors.append(ratio)
            weights.append(np.full(len(ratio), 1 / max(len(ratio), 1)))
        factors.append(_quantile(np.concatenate(errors), np.concatenate(weights), 0.9) / NINETY if errors else 1.0)
    return np.maximum(factors, 1.0)


def _quantile(values: Real, weights: Real, share: float) -> float:
    if not len(values):
        return 0.0
    order = np.argsort(values)
    below = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(below, share)), len(values) - 1)])


def table(network: Network, held: Iterable[Lesson], seed: int = 0) -> str:
    """The table in Markdown."""
    every = list(held)
    lines = [
        "| turns | predictor | error | rank correlation | NLL | outside 90 % |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for turns in KNOTS:
        draw = np.random.default_rng(seed)
        # means of nothing are nan: specs that no design measured, ranks after one turn
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            found = [rows for one in every if (rows := judged(network, one, turns, draw)) is not None]
            means = np.nanmean([[list(vars(row).values()) for row in rows] for rows in found], axis=0)
        for numbers, name in zip(means, ("universal", "turns alone"), strict=True):
            lines.append(
                f"| {turns} | {name} | {numbers[0]:.2f} | {numbers[1]:.2f} | {numbers[2]:.2f} |"
                f" {100 * numbers[3]:.0f} % |"
            )
    return "\n".join(lines) + "\n"


def arguments_of(name: str, text: str, arguments: Sequence[str] | None) -> tuple[Network, list[Lesson]]:
    """The network and the lessons of a command `name` on the structures that are left out of training."""
    parser = argparse.ArgumentParser(prog=f"python -m eda_agent.train.universal.{name}", description=text)
    parser.add_argument(
        "--records", type=Path, default=None, help="folder written by make (default: in the user's cache)"
    )
    parser.add_argument(
        "--weights", type=Path, default=None, help="file written by learn (default: beside the records)"
    )
    options = parser.parse_args(arguments)
    folder = options.records or default_folder()
    path = options.weights or folder / "model" / FILE
    network = read_network(path)
    if network is None:
        raise InputError(f"{path}: not weights of this version\n    → python -m eda_agent.train.universal.learn")
    held = [one for one in lessons(sorted((folder / "records").glob("*.npz"))) if one.held and not one.tunes]
    return network, held


def main(arguments: Sequence[str] | None = None) -> int:
    network, held = arguments_of("calibration", "Measure the calibration of the universal surrogate.", arguments)
    sys.stdout.write(f"{len(held)} circuits of {len({one.shape for one in held})} structures\n\n{table(network, held)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
