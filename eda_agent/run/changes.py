"""Comparing finds what has changed between a run and the present spec: what is reported, and what is refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError, visible
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import RunState
from eda_agent.run.fingerprint import differences, fingerprint, targets
from eda_agent.run.request import Request
from eda_agent.run.resume import weights_of
from eda_agent.simulation.workbench import Workbench

_LONGEST_DIFF = 60


@dataclass(frozen=True)
class Changes:
    """`anew`: whether earlier turns are scored with other targets. `edits`: the user's commands that still apply.
    `diff`: of the spec, as lines.
    """

    anew: bool
    edits: tuple[Mapping[str, Any], ...]
    diff: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def compare(request: Request, state: RunState, problem: Problem, workbench: Workbench, folder: Path) -> Changes:
    """Compare the present spec with that of the run. Raises `InputError` if the run's measurements no longer apply."""
    try:
        return _compared(request, state, problem, workbench, folder)
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            Finding(
                "the journal's data on the run's spec is not in the format of this program",
                folder,
                fix="the journal was changed after it was written",
            )
        ) from None


def _compared(request: Request, state: RunState, problem: Problem, workbench: Workbench, folder: Path) -> Changes:
    edits = tuple(state.edits)
    if not state.started:
        return Changes(False, edits)
    kept = state.opened.get("fingerprint")
    wrong = (
        differences(kept, fingerprint(problem, workbench))
        if isinstance(kept, Mapping)
        else _other_names(state, problem)
    )
    before, now = _targets(state), targets(problem)
    diff = tuple(_diff(str(state.opened.get("spec", problem.text)), problem.text))
    if wrong:
        words = "\n    ".join(["the results of the run no longer apply. Changed since then:", *wrong, *diff])
        raise InputError(
            Finding(
                words,
                folder,
                fix=(
                    "restore what changed, or start a new run; --memory starts it with earlier designs of the same"
                    " circuit"
                ),
            )
        )
    notes = (
        [
            f"the model of policy {request.chosen_policy} has changed since the start of the run, so its proposals"
            " differ from now on"
        ]
        if _other_weights(request, state)
        else []
    )
    asked = before["specs"]
    changed = {
        name
        for name, bounds in now["specs"].items()
        if any(bounds[side] != value for side, value in asked.get(name, {}).items())
    }
    anew = bool(changed) or (bool(asked) and list(now["specs"]) != list(asked))
    if anew:
        notes.append(
            f"the spec has changed ({', '.join(sorted(changed)) or 'the order of the specs'}): every earlier turn is"
            " scored with the new spec"
        )
    if before["budget"] and now["budget"] != before["budget"]:
        notes.append(
            "the budget in the spec has changed"
            + (f"; the run keeps its own budget of {request.simulations} simulations" if request.simulations else "")
        )
    kept = tuple(edit for edit in edits if not (edit.get("do") == "target" and edit.get("spec") in changed))
    return Changes(anew, kept, diff, tuple(notes))


def _other_names(state: RunState, problem: Problem) -> list[str]:
    """Differences that can be found for a run whose journal has no fingerprint."""
    then = state.started
    names = {
        "parameters": ([entry["name"] for entry in then["parameters"]], list(problem.space.names)),
        "specs": ([entry["name"] for entry in then["specs"]], list(problem.spec_names)),
        "corners": (then["corners"], [corner.name for corner in problem.corners]),
    }  # fmt: skip
    return [
        f"{part}: {', '.join(sorted(set(before) ^ set(now))) or 'their order'}"
        for part, (before, now) in names.items()
        if before != now
    ]


def _targets(state: RunState) -> Mapping[str, Any]:
    """The targets of the run; of a journal without them, those of its first event, unless the user has changed them
    since.
    """
    kept = state.opened.get("targets")
    if isinstance(kept, Mapping):
        return kept
    sides = ("minimum", "maximum", "weight", "objective")
    specs = (
        {}
        if state.edits
        else {entry["name"]: {side: entry[side] for side in sides if side in entry} for entry in state.started["specs"]}
    )
    return {"specs": specs, "budget": {}}


def _diff(before: str, now: str) -> list[str]:
    lines = list(
        difflib.unified_diff(
            before.splitlines(), now.splitlines(), "spec.yaml of the run", "spec.yaml now", n=0, lineterm=""
        )
    )
    lines = [visible(line) for line in lines]
    return (
        lines if len(lines) <= _LONGEST_DIFF else [*lines[:_LONGEST_DIFF], f"… {len(lines) - _LONGEST_DIFF} more lines"]
    )


def _other_weights(request: Request, state: RunState) -> bool:
    kept = state.opened.get("weights")
    return bool(kept) and kept != weights_of(request)
