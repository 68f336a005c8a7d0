"""A bench runs policies × circuits × targets × seeds at equal simulation budgets, and counts what each reached.

    suite     which circuits and targets, and the jobs that come of them
    runs      the jobs, side by side, one line of results a run
    tables    what came out, with intervals
    picture   the curves of it
    paired    two policies run by run

One line of `results.jsonl` a run, written when it ends: a bench that was stopped goes on where it was. A suite is the shipped circuits with
their targets, or a YAML file of the user's own:

    tasks:
      - {spec: my_opamp/spec.yaml, targets: my_opamp/targets.json}     # without targets the spec itself is the one target
"""

from eda_agent.bench.paired import pair_runs
from eda_agent.bench.runs import run_bench, run_job
from eda_agent.bench.suite import LEARNED, UNSEEN, Job, Suite, jobs_of, read_suite
from eda_agent.bench.tables import MARKS, Estimate, curves, estimate, markdown, score_at, solved_at

__all__ = [
    "LEARNED",
    "MARKS",
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
