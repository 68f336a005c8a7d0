"""Runs: what the user asked for, its folder, and the run itself.

`request` says what is wanted, `size` does it, `folder` and `copy` keep it, `asked` gives its problem back to the views; `once` simulates a single design, `schematic` reads a drawing, `remember`
takes designs from earlier runs.
"""

from eda_agent.run.asked import Asked, problem_of_run
from eda_agent.run.copy import changed_since, original_spec
from eda_agent.run.evaluate_once import measure_once, open_evaluator, simulate_for_report, try_out
from eda_agent.run.opening import with_corners
from eda_agent.run.request import Outcome, Request
from eda_agent.run.schematic import netlist_of_schematic
from eda_agent.run.size import size
from eda_agent.run.soundly import unsound_at

__all__ = [
    "Asked", "Outcome", "Request", "changed_since", "measure_once", "netlist_of_schematic", "open_evaluator", "original_spec", "problem_of_run",
    "simulate_for_report", "size", "try_out", "unsound_at", "with_corners",
]  # fmt: skip
