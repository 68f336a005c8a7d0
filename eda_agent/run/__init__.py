"""Runs: the user's request, its folder, and the run itself.

request         the user's request             sizing          prepares, plays and finishes a run
folder          the files of a run             spec_copy       the run's copy of its spec and netlist
run_problem     a run's problem, for views     evaluate_once   one evaluation outside a run
design_memory   designs of earlier runs        resume, changes  continue a stopped run
baseline_check  do the testbenches test?       schematic       a netlist from a schematic
post_layout     wires that a layout has        drafting        a spec for a bare netlist
process         a run in a process of its own   (drafting and process are imported where they are used)

A name is imported when it is used: the terminal app needs `process` alone and is on the screen in less than half a
second.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eda_agent.run.baseline_check import failed_checks
    from eda_agent.run.evaluate_once import measure_once, open_evaluator, simulate_for_report, try_out
    from eda_agent.run.opening import in_one_corner, with_corners
    from eda_agent.run.post_layout import wires_text
    from eda_agent.run.request import Outcome, Request
    from eda_agent.run.run_problem import RunProblem, problem_of_run
    from eda_agent.run.schematic import netlist_of_schematic
    from eda_agent.run.sizing import size
    from eda_agent.run.spec_copy import changed_since, original_spec

__all__ = [
    "Outcome",
    "Request",
    "RunProblem",
    "changed_since",
    "failed_checks",
    "in_one_corner",
    "measure_once",
    "netlist_of_schematic",
    "open_evaluator",
    "original_spec",
    "problem_of_run",
    "simulate_for_report",
    "size",
    "try_out",
    "wires_text",
    "with_corners",
]

_PLACES = {
    "Outcome": "request",
    "Request": "request",
    "RunProblem": "run_problem",
    "changed_since": "spec_copy",
    "failed_checks": "baseline_check",
    "in_one_corner": "opening",
    "measure_once": "evaluate_once",
    "netlist_of_schematic": "schematic",
    "open_evaluator": "evaluate_once",
    "original_spec": "spec_copy",
    "problem_of_run": "run_problem",
    "simulate_for_report": "evaluate_once",
    "size": "sizing",
    "try_out": "evaluate_once",
    "wires_text": "post_layout",
    "with_corners": "opening",
}
"""Name → its module."""


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'eda_agent.run' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"eda_agent.run.{_PLACES[name]}"), name)
    globals()[name] = found
    return found
