"""`auto` without a circuit's own surrogate, as on a circuit of a user, beside `trust`: kinds that the universal surrogate was not taught.

    python benchmarks/without_own.py [--circuits ring_vco,strongarm] [--targets 5] [--budget 50]

Each run has a shipped target in one corner and ends when it is met. Adds missing runs to benchmarks/results/universal/without_own.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from eda_agent.agent.env import Environment
from eda_agent.agent.policies.auto import AutoPolicy, shipped_priors
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.policies.prior_search import PriorSearch
from eda_agent.agent.policies.trust_region import TrustRegion
from eda_agent.bench.suite import jobs_of, read_suite
from eda_agent.files import write_text
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.problem.target import read_targets, with_target
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench

RESULT = Path(__file__).parent / "results" / "universal" / "without_own.json"
AT = (5, 10, 20, 30, 50)


def policy_of(name: str) -> Policy:
    if name == "trust":
        return TrustRegion(0)
    policy = AutoPolicy(0)
    # the loader of the circuits' own surrogates is the first
    policy.within = PriorSearch(0, shipped_priors()[1:])
    policy.search = policy.within.search
    return policy


def played(problem: Problem, name: str, pool: LocalPool, budget: int) -> dict[str, Any]:
    """The turn that met the target, and the turns at which the run changed hands."""
    policy, met = policy_of(name), None
    env = Environment(problem, Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache()))
    env.start()
    if isinstance(policy, AutoPolicy):
        policy.prepare(problem)
    handed = []
    while met is None and len(env.history.turns) <= budget:
        proposal = policy.propose(env.history)
        if proposal.handover:
            handed.append([len(env.history.turns), proposal.policy])
        if env.step(proposal).met:
            met = len(env.history.turns) - 1
    best = env.history.incumbent
    return {"met": met, "best": round(best.value, 5) if best is not None else 0.0, "handed_over": handed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--circuits", default="ring_vco,strongarm")
    parser.add_argument("--targets", type=int, default=5)
    parser.add_argument("--budget", type=int, default=50)
    parser.add_argument("--specs", type=Path, nargs="*", default=[], help="spec files with targets of their own")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = json.loads(RESULT.read_text()) if RESULT.exists() else []
    done = {(row["circuit"], row["target"], row["policy"]) for row in rows}
    tasks = [
        (circuit, job.target, Path(job.spec), Path(job.targets))
        for circuit in options.circuits.split(",")
        for job in jobs_of(read_suite(circuit), ["trust"], 1, options.budget, options.targets)
    ]
    tasks += [(path.parent.name, "", path, None) for path in options.specs]
    with LocalPool(1) as pool:
        for circuit, name, path, targets in tasks:
            problem = load_problem(path)
            if targets is not None:
                problem = with_target(problem, next(one for one in read_targets(targets) if one.name == name))
            for policy in ("auto", "trust"):
                if (circuit, name, policy) not in done:
                    found = played(problem, policy, pool, options.budget)
                    rows.append({"circuit": circuit, "target": name, "policy": policy, **found})
                    write_text(RESULT, json.dumps(rows).replace("}, {", "},\n {") + "\n")
    print("| circuit | policy | " + " | ".join(f"met at {turn}" for turn in AT) + " | turns to met |")
    for circuit in dict.fromkeys(task[0] for task in tasks):
        for name in ("auto", "trust"):
            met = [row["met"] for row in rows if (row["circuit"], row["policy"]) == (circuit, name)]
            shares = [f"{sum(one is not None and one <= turn for one in met)} of {len(met)}" for turn in AT]
            print(f"| {circuit} | {name} | " + " | ".join(shares) + f" | {', '.join(map(str, met))} |")


if __name__ == "__main__":
    main()
