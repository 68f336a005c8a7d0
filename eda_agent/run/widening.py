"""Widening is what a user does to use a size outside its range: where the range stands that can be changed."""

from __future__ import annotations

from pathlib import Path

from eda_agent.problem.shipped import shipped_circuits
from eda_agent.run.spec_copy import ORIGIN, original_spec


def how_to_widen(spec: Path) -> str:
    """What to do for a wider range than that of a spec.

    A run keeps its ranges, so its original spec is named. The next installation replaces a shipped circuit, so a copy
    is advised.
    """
    of_run = (spec.parent / ORIGIN).is_file()
    place = original_spec(spec.parent) if of_run else spec
    text = f"widen min and max in {place}"
    if place.resolve().parent in {folder.resolve() for folder in shipped_circuits().values()}:
        text = f"copy the folder {place.parent} of this shipped circuit, and widen min and max in the copy"
    return f"the run keeps its ranges: {text}, and name that spec in place of the run" if of_run else text
