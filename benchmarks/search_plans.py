"""Plans of the search with a prior, compared on the same histories: expected gain of the proposal, and processor time.

    python benchmarks/search_plans.py [CIRCUIT] [--seeds 3]

The history is a run in one corner, simulated by ngspice. After each of its turns every plan proposes once. Writes
benchmarks/results/universal/search_plans.json: the geometric mean of the gain and the median of the time, both relative
to the first plan.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
from pathlib import Path

import numpy as np

from benchmarks.proposals import CIRCUIT, one_corner, timed
from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.policies import trust_region
from eda_agent.agent.policies.trust_region import Plan
from eda_agent.agent.policies.universal import UniversalPolicy
from eda_agent.agent.turn import Turn
from eda_agent.files import write_text
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import MemoryCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

RESULT = Path(__file__).parent / "results" / "universal" / "search_plans.json"
TURNS, FIRST = 24, 3
PLANS = {
    "six rounds of 750": Plan(1500, 25, 30, (1.0, 1.0, 1.0, 0.5, 0.5, 0.25)),
    "six rounds of 200": Plan(1500, 10, 20, (1.0, 1.0, 1.0, 0.5, 0.5, 0.25)),
    "ten rounds of 128": Plan(600, 8, 16, (1.0, 1.0, 1.0, 0.7, 0.7, 0.5, 0.5, 0.25, 0.25, 0.12)),
    "twelve rounds of 96": Plan(500, 8, 12, (1.0, 1.0, 1.0, 0.7, 0.7, 0.7, 0.5, 0.5, 0.5, 0.25, 0.25, 0.12)),
}


def policy(seed: int, problem: Problem) -> UniversalPolicy:
    """One that uses the surrogate in every turn."""
    found = UniversalPolicy(seed)
    found.prepare(problem)
    found.within._dropped = lambda place, prior, history: False  # type: ignore[method-assign]  # measured in every turn
    return found


def played(problem: Problem) -> tuple[Turn, ...]:
    used = policy(0, problem)
    with LocalPool(None) as pool:
        workbench = Workbench(problem, cache_folder() / "models")
        env = Environment(problem, Evaluator(problem, workbench, pool, MemoryCache()))
        env.start()
        for _ in range(TURNS):
            env.step(used.propose(env.history))
        return tuple(env.history.turns)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare plans of the search with a prior.")
    parser.add_argument("circuit", nargs="?", default=CIRCUIT, help="a shipped circuit (default %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of the proposals (default %(default)s)")
    options = parser.parse_args()
    problem = one_corner(options.circuit)
    turns = played(problem)
    gains: dict[str, list[float]] = {name: [] for name in PLANS}
    times: dict[str, list[float]] = {name: [] for name in PLANS}
    for seed in range(options.seeds):
        for name, plan in PLANS.items():
            trust_region.KNOWN_PLAN = plan
            used = policy(seed, problem)
            for place in range(FIRST, len(turns)):
                found, taken = timed(used, History(problem, turns[:place]))
                told = re.search(r"score ([\d.e+-]+)", found.reasoning)
                gains[name].append(float(told.group(1)) if told else float("nan"))
                times[name].append(taken)
    first = next(iter(PLANS))
    rows = {
        name: {
            "gain": round(float(np.exp(np.nanmean(np.log(np.array(gains[name]) / gains[first])))), 3),
            "time": round(statistics.median(times[name]) / statistics.median(times[first]), 3),
        }
        for name in PLANS
    }
    about = {"circuit": options.circuit, "seeds": options.seeds, "turns": [FIRST, len(turns) - 1]}
    write_text(RESULT, json.dumps({**about, "relative to": first, "plans": rows}, indent=1) + "\n")
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
