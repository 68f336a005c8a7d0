"""A bench runs policies × circuits × targets × seeds with equal simulation budgets and compares the results.

    suite     circuits and targets, and the jobs made of them
    runs      the jobs, in parallel, one line of results per run
    tables    results with intervals
    picture   their curves
    paired    two policies, run by run

One line of `results.jsonl` per run, written when it ends: a stopped bench continues from there. A suite is the shipped
circuits with their targets, or the user's YAML file:

    tasks:
      - {spec: my_opamp/spec.yaml, targets: my_opamp/targets.json}     # without targets the spec itself is the only
        target
"""

from eda_agent.bench.paired import pair_runs
from eda_agent.bench.runs import run_bench, run_job
from eda_agent.bench.suite import FRESH, HELD_OUT, LEARNED, SHIPPED, UNSEEN, Job, Suite, jobs_of, read_suite
from eda_agent.bench.tables import MARKS, Estimate, curves, estimate, markdown, score_at, solved_at

__all__ = [
    "FRESH",
    "HELD_OUT",
    "LEARNED",
    "MARKS",
    "SHIPPED",
    "UNSEEN",
    "Estimate",
    "Job",
    "Suite",
    "curves",
    "estimate",
    "jobs_of",
    "markdown",
    "pair_runs",
    "read_suite",
    "run_bench",
    "run_job",
    "score_at",
    "solved_at",
]
