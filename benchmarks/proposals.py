"""The processor time of a proposal with the universal surrogate, beside one of `trust` on the same history.

    python benchmarks/proposals.py [CIRCUIT] [--turns 30]

One run in one corner, simulated by ngspice, which does not end when the target is met. At every turn both policies propose, each
once, as in a run; the surrogate's design is simulated. Writes benchmarks/results/universal/proposals.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.policies.prior_search import PriorSearch
from eda_agent.agent.policies.registry import make_policy
from eda_agent.agent.policies.universal import UniversalPolicy
from eda_agent.agent.turn import Proposal
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

HERE = Path(__file__).parent
RESULT = HERE / "results" / "universal" / "proposals.json"
CIRCUIT = "three_stage_nmc"
WINDOWS = ((1, 5), (6, 10), (11, 20), (21, 30))
GOAL = 60.0
"""Milliseconds at 20 parameters."""


def one_corner(circuit: str) -> Problem:
    """A shipped circuit in its first corner, with targets that nothing meets."""
    problem = load_problem(HERE.parent / "circuits" / circuit)
    specs = tuple(
        replace(
            spec,
            corners=(),
            minimum=None if spec.minimum is None else 1.5 * spec.minimum,
            maximum=None if spec.maximum is None else spec.maximum / 1.5,
        )
        for spec in problem.specs
        if not spec.devices
    )
    return replace(problem, corners=problem.corners[:1], specs=specs)


def timed(policy: Policy, history: History) -> tuple[Proposal, float]:
    with threadpool_limits(1):
        start = time.process_time()
        found = policy.propose(history)
        return found, 1e3 * (time.process_time() - start)


def measured(problem: Problem, turns: int) -> tuple[list[float], list[float], int]:
    """Milliseconds of each proposal by `universal` and by `trust`, and the turns in which the surrogate was used."""
    universal, trust = UniversalPolicy(0), make_policy("trust", 0)
    universal.prepare(problem)
    # the surrogate is measured in every turn, also where the policy would drop it
    keep: PriorSearch = universal.within
    keep._dropped = lambda place, prior, history: False  # type: ignore[method-assign]
    times: tuple[list[float], list[float]] = ([], [])
    used = 0
    with LocalPool(None) as pool:
        env = Environment(
            problem, Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, MemoryCache())
        )
        env.start()
        for _ in range(turns):
            proposal, cost = timed(universal, env.history)
            times[0].append(cost)
            times[1].append(timed(trust, env.history)[1])
            used += "taught" in proposal.reasoning
            env.step(proposal)
    return *times, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("circuit", nargs="?", default=CIRCUIT)
    parser.add_argument("--turns", type=int, default=30)
    options = parser.parse_args()
    problem = one_corner(options.circuit)
    ours, theirs, used = measured(problem, options.turns)
    rows = []
    for first, last in WINDOWS:
        one, other = ours[first - 1 : last], theirs[first - 1 : last]
        if one:
            rows.append(
                {
                    "turns": [first, last],
                    "universal_ms": round(statistics.median(one), 1),
                    "mean_ms": round(statistics.mean(one), 1),
                    "trust_ms": round(statistics.median(other), 1),
                    "most_ms": round(max(one), 1),
                }
            )
    found = {
        "circuit": options.circuit,
        "parameters": len(problem.space.parameters),
        "specs": len(problem.specs),
        "turns_with_the_surrogate": used,
        "clock": "processor time, one thread",
        "rows": rows,
    }
    write_text(RESULT, json.dumps(found, indent=1) + "\n")
    print(f"{options.circuit}: {found['parameters']} parameters, {found['specs']} specs, goal {GOAL:.0f} ms")
    for row in rows:
        print(
            f"turns {row['turns']}: {row['universal_ms']} ms (mean {row['mean_ms']}, at most {row['most_ms']}), trust {row['trust_ms']} ms"
        )


if __name__ == "__main__":
    main()
