"""Runs: what the user asked for, its folder, and the run itself.

`request` says what is wanted, `size` does it, `folder` keeps it; `once` simulates a single design, `schematic` reads a drawing, `remember`
takes designs from earlier runs.
"""

from eda_agent.run.folder import original_spec
from eda_agent.run.once import measure_once, open_evaluator, simulate_for_report
from eda_agent.run.request import Outcome, Request
from eda_agent.run.schematic import netlist_of_schematic
from eda_agent.run.size import size, with_corners

__all__ = [
    "Outcome", "Request", "measure_once", "netlist_of_schematic", "open_evaluator", "original_spec",  "simulate_for_report", "size",
     "with_corners",
]  # fmt: skip
