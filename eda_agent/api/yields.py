"""Sizing for yield: the targets are tightened until a share of Monte Carlo samples meets the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eda_agent.api import arguments
from eda_agent.api.circuit import Circuit, HasCircuit, Place, as_circuit
from eda_agent.api.policy_options import policy_options
from eda_agent.api.runs import Run
from eda_agent.api.statistics import MonteCarlo
from eda_agent.api.table import Table
from eda_agent.errors import InputError
from eda_agent.record.event import Event
from eda_agent.record.events import monte_carlo_data
from eda_agent.robust import size_robust as play
from eda_agent.run.request import Request
from eda_agent.units import counted


@dataclass(frozen=True, repr=False)
class RobustRun:
    """`ea.size_robust` makes it.

    Attributes:
        run: of the round with the most passing samples; its targets are those of the round, tighter than the user's.
        monte_carlo: the samples of its design, graded by the user's targets.
        wanted: the share that was asked for.
        met: whether the design meets the user's targets without mismatch.
        reached: whether the lower end of the yield's 95 % interval reaches `wanted`.
        rounds: one row per round: its score by its own targets, and passing samples.
    """

    run: Run
    monte_carlo: MonteCarlo
    wanted: float
    met: bool
    reached: bool
    rounds: Table

    @property
    def sizing(self) -> dict[str, float]:
        """Parameter → value in SI units."""
        return self.run.sizing

    def __repr__(self) -> str:
        low, high = self.monte_carlo.interval
        said = "reached" if self.reached else "not reached"
        found = f"yield {100 * low:.1f} to {100 * high:.1f} %, {100 * self.wanted:g} % {said}"
        return f"<RobustRun {self.run.folder}: {found}, {counted(len(self.rounds), 'round')}>"

    def _repr_html_(self) -> str:
        return f"<p>{repr(self)[1:-1]}</p>{self.monte_carlo.specs._repr_html_()}"


def size_robust(
    target: Circuit | HasCircuit | Place,
    wanted: float,
    *,
    samples: int | None = None,
    policy: str | None = None,
    budget: int | None = None,
    seed: int | None = None,
    out: Place | None = None,
    corners: str | None = None,
    workers: int | None = None,
    force: bool = False,
    listen: Callable[[Event], None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> RobustRun:
    """Size until a share of Monte Carlo samples meets every spec, as `eda-agent size --robust` does.

    Args:
        target: a circuit, or the path of a spec.
        wanted: the share, such as 0.95; the lower end of the yield's 95 % interval must reach it.
        samples: of each round; None for as many as the share needs, at least 100.
        out: folder with one run per round; None for runs/NAME-robust. Rounds that it has are continued.
        policy, budget (of a round), seed, corners, workers, force, listen, options: as in `ea.size`.

    Raises:
        InputError: the number of samples cannot show the yield, or models without mismatch.
    """
    circuit = as_circuit(target)
    share = arguments.share("wanted", wanted)
    if share is None:
        raise InputError("wanted: a share such as 0.95 is needed")
    request = Request(
        spec=circuit.path,
        policy=None if policy is None else arguments.text("policy", policy),
        options=policy_options(options),
        seed=arguments.seed(seed),
        simulations=arguments.whole("budget", budget, 1),
        out=None if out is None else arguments.place("out", out),
        workers=arguments.whole("workers", workers, 1),
        corners=arguments.corner_set(corners) or circuit.corner_set,
        force=force or None,
    )
    found = play(request, share, arguments.whole("samples", samples, 1), listen or (lambda event: None))
    total = found.chips.total.samples
    rows = [
        {"round": number, "score": score, "passed": passed, "samples": total}
        for number, (score, passed) in enumerate(found.rounds)
    ]
    return RobustRun(
        Run(found.outcome.folder),
        MonteCarlo(circuit.name, monte_carlo_data(found.chips)),
        share,
        found.outcome.met,
        found.reached(share),
        Table(rows, ("round", "score", "passed", "samples")),
    )
